#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program from outside: exit codes, messages, tables and JSON, on a tree made of files.
# usage: test-cli.sh VGPULAB        prints TAP
set -u
# shellcheck source=cli/tests/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
vgpulab=$(realpath "$1") || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 99
number=0
failed=0

is_json() {
	python3 -c 'import json, sys; json.loads(sys.stdin.buffer.read())' <"$1" 2>/dev/null
	verdict "$1 is JSON"
}

uuid=c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5
gpu=devices/pci0000:00/0000:00:02.0
type() {
	mkdir -p "sys/$gpu/mdev_supported_types/$1/devices"
	echo "$2" >"sys/$gpu/mdev_supported_types/$1/available_instances"
	echo vfio-pci >"sys/$gpu/mdev_supported_types/$1/device_api"
	printf 'low_gm_size: %sMB\nhigh_gm_size: %sMB\nfence: 4\nresolution: %s\nweight: %s\n' \
		"$3" "$4" "$5" "$6" >"sys/$gpu/mdev_supported_types/$1/description"
	: >"sys/$gpu/mdev_supported_types/$1/create"
}
mkdir -p sys/class/mdev_bus "sys/$gpu/$uuid" sys/bus/mdev/devices empty
ln -s ../../$gpu sys/class/mdev_bus/0000:00:02.0
ln -s ../../../$gpu/$uuid sys/bus/mdev/devices/$uuid
ln -s ../mdev_supported_types/i915-GVTg_V5_8 sys/$gpu/$uuid/mdev_type
ln -s ../../../../bus/mdev/drivers/intel_vgpu_mdev sys/$gpu/$uuid/driver
ln -s ../../../../kernel/iommu_groups/7 sys/$gpu/$uuid/iommu_group
: >sys/$gpu/$uuid/remove
type i915-GVTg_V5_4 1 128 512 1920x1200 4
type i915-GVTg_V5_8 0 64 384 1024x768 2

check 'version' 0 --version
says out 'vgpulab '
check 'help' 0 --help
says out 'Manage vGPUs:'
says out 'sysfs[:DIR]'
check 'help of a verb' 0 create --help
says out 'Usage: vgpulab create [--parent PARENT] --type TYPE [UUID]'
check 'help after other options' 0 create --type x --help
check 'no verb' 2
says err "'vgpulab --help' lists the verbs"
check 'misspelt verb' 2 craete
says err "did you mean 'create'?"
check 'unknown option' 2 --fasst
says err "no option '--fasst'"
check 'misspelt option of a verb' 2 create --tpye x
says err "did you mean '--type'?"
check 'option without its argument' 2 create --type
says err "option '--type' needs an argument"
check 'short option' 2 types -x
says err "no option '-x'"
check 'short option, not the last of its word' 2 types --json -xz
says err "no option '-x'"
check 'misspelt backend' 2 --backend sysf types
says err "did you mean 'sysfs'?"

check 'types' 0 --backend sysfs:sys types
cat >expected <<'END'
PARENT       TYPE           AVAILABLE RESOLUTION  LOW HIGH FENCES WEIGHT API
0000:00:02.0 i915-GVTg_V5_4         1 1920x1200  128M 512M      4      4 vfio-pci
0000:00:02.0 i915-GVTg_V5_8         0 1024x768    64M 384M      4      2 vfio-pci
END
cmp -s expected out
verdict 'types prints the table'
check 'list' 0 -b sysfs:sys list
cat >expected <<END
UUID                                 PARENT       TYPE           DRIVER          GROUP
$uuid 0000:00:02.0 i915-GVTg_V5_8 intel_vgpu_mdev     7
END
cmp -s expected out
verdict 'list prints the table'
check 'list of one' 0 -b sysfs:sys list -o path,node "$uuid"
says out "sys/$gpu/$uuid /dev/vfio/7"
check 'list of one that is not there' 8 -b sysfs:sys list 00000000-0000-4000-8000-000000000000
check 'list of what is no UUID' 2 -b sysfs:sys list mtty
says err 'vgpulab list --parent PARENT'
check 'list as a tree, of one column' 2 -b sysfs:sys list --tree -o uuid
check 'list as a tree, of one vGPU' 2 -b sysfs:sys list --tree -u $uuid
check 'list of one twice over' 2 -b sysfs:sys list -u 00000000-0000-4000-8000-000000000000 $uuid
says err '--uuid or UUIDs, not both'
cp -a sys two
mkdir -p two/devices/pci0000:00/0000:00:03.0/mdev_supported_types
ln -s ../../devices/pci0000:00/0000:00:03.0 two/class/mdev_bus
check 'list of one that is on another GPU' 8 -b sysfs:two list -p 0000:00:03.0 $uuid
says err 'on 0000:00:03.0'
check 'test --list of what is no scenario' 2 test --list nope
says err 'no scenario is named so'
check 'added column' 0 -b sysfs:sys types -o +description 00:02.0
says out DESCRIPTION
check 'unknown column' 2 -b sysfs:sys types -o TPYE
says err 'did you mean TYPE?'
check 'types of an unknown parent' 3 -b sysfs:sys types 0000:00:03.0
says err 'did you mean 0000:00:02.0?'
check 'types as JSON, asked for after the verb' 0 -b sysfs:sys types --json
is_json out
says out '"low_mib":128'
check 'list as JSON' 0 --json -b sysfs:sys list
is_json out
says out '"iommu_group":7'

check 'empty list' 0 -b sysfs:empty list
silent out
check 'empty types' 0 -b sysfs:empty types
silent out
says err 'there is no GPU that offers vGPUs'
check 'empty types as JSON' 0 -b sysfs:empty --json types
[ "$(cat out)" = '[]' ]
verdict 'an empty listing is [] in JSON'
silent err

check 'create without a type' 2 -b sysfs:sys create
says err '--type is missing'
check 'create with a malformed UUID' 2 -b sysfs:sys create --type GVTg_V5_4 "{$uuid}"
says err 'is no UUID'
check 'create with two UUIDs' 2 -b sysfs:sys create --type GVTg_V5_4 $uuid $uuid
check 'create without a GPU' 3 -b sysfs:empty create --type GVTg_V5_4
check 'create of an unknown type' 5 -b sysfs:sys create --type GVTg_V4_4
says err 'did you mean GVTg_V5_4?'
check 'create without room' 6 -b sysfs:sys create --type GVTg_V5_8
says err 'what still fits there: 1 x i915-GVTg_V5_4'
check 'create without room, as JSON' 6 -b sysfs:sys --json create --type GVTg_V5_8
is_json err
says err '"kind":"no-room","code":6,"errno":"ENOSPC"'
silent out
check 'create of a duplicate' 7 -b sysfs:sys create --type GVTg_V5_4 "$uuid"
check 'create that makes nothing' 11 -b trace:trace,sysfs:sys create --type GVTg_V5_4
silent out
says trace '"call":"write"'
check 'remove of nothing' 2 -b sysfs:sys remove
check 'a name that is empty' 2 -b mem:kaby-lake create --type GVTg_V5_8 --name ''
says err '--name is empty'
echo nonsense >nonsense
check 'apply of what is no JSON' 2 -b mem:kaby-lake apply nonsense
says err "'vgpulab export' prints"
check 'doctor with what is no bundle' 2 doctor --facts nonsense
says err 'nonsense: this is no bundle'
check 'lint of what is no XML' 2 libvirt-xml --libvirt 9.0 --qemu 7.2 --lint nonsense
says err 'nonsense: line 1'
check 'apply of an empty standard input' 2 -b mem:kaby-lake apply - </dev/null
says err 'standard input is no JSON'
mkdir -p veto/scripts.d/callouts
printf '#!/bin/sh\nexit 1\n' >veto/scripts.d/callouts/never
chmod +x veto/scripts.d/callouts/never
env --ignore-signal=CHLD "$vgpulab" -b mem:kaby-lake -C veto define -p 00:02.0 -t GVTg_V5_8 >out 2>err
[ $? -eq 1 ]
verdict 'a script forbids, even if whoever started the program ignores SIGCHLD'
"$vgpulab" doctor --json | grep '"rule"' >rules
env --ignore-signal=CHLD "$vgpulab" doctor --json 2>err | grep '"rule"' >out
cmp -s rules out
verdict 'and doctor finds the same'
check 'define from what is no definition' 2 -b mem:kaby-lake -C defs define -p 00:02.0 --jsonfile nonsense
says err 'nonsense is no definition'
check 'start of nothing' 2 -b mem:kaby-lake -C defs start
says err 'which vGPU?'
check 'a directory that is empty' 2 --config-dir '' list
says err '--config-dir is empty'
check 'a parent that is empty' 2 -b mem:kaby-lake types --parent ''
says err '--parent is empty'
check 'a plan of none' 2 -b mem:kaby-lake plan 0xV5_4
says err 'COUNT from 1 to 1000'
check 'a plan of an unknown type' 5 -b mem:kaby-lake plan GVTg_V4_4
says err 'did you mean GVTg_V5_4?'
echo '{"vgpus":[{"name":"","parent":"0000:00:02.0","type":"i915-GVTg_V5_8"}]}' >nameless
check 'apply of one without a name' 2 -b mem:kaby-lake -C defs apply nameless
says err '"name" is empty'
vgpu='"parent":"0000:00:02.0","type":"i915-GVTg_V5_8"'
echo "{\"vgpus\":[{\"name\":\"a\",$vgpu,\"start\":5}]}" >typo
check 'apply of a start that is no word' 2 -b mem:kaby-lake -C defs apply typo
says err 'vGPU 1: "start" is no string'
echo "{\"vgpus\":[{\"name\":5,\"uuid\":\"$uuid\",$vgpu}]}" >typo
check 'apply of a name that is none, beside a UUID' 2 -b mem:kaby-lake -C defs apply typo
says err 'vGPU 1: "name" is no string'
echo "{\"vgpus\":[],\"prune\":true}" >typo
check 'apply of a wish that nobody reads' 2 -b mem:kaby-lake -C defs apply typo
says err 'typo has an unknown member "prune"'
check 'apply of what never ends' 1 -b mem:kaby-lake -C defs apply /dev/zero
says err 'it is longer than 8 MiB'
check 'a port that is none' 2 qemu-args --path dmabuf,vnc --vgpu "$uuid" --port 65536
says err 'expected: 1 to 65535'
check 'a version that is none' 2 libvirt-xml --path region --vgpu "$uuid" --libvirt x
says err 'expected: a number like 9.0'
check 'memory of no domain' 2 libvirt-xml --path region --vgpu "$uuid" --libvirt 9.0 --qemu 7.2 --memory 100
says err '--memory, --vcpus and --disk go with --domain'
check 'nothing edited, nothing recorded' 2 libvirt-xml --path region --vgpu "$uuid" --libvirt 9.0 --qemu 7.2 --no-record
says err 'go with --edit'
check 'fake guests takes nothing' 2 fake guests this
check 'an option of another subverb' 2 fake plug --clear 1 0000:00:02.0
says err 'fake plug takes no --clear'
check 'the last of the subverbs that take an option' 2 fake guests --state s --host /nowhere
says err 'fake guests takes no --state'
check 'test with no jobs' 2 test --jobs 0
says err "--jobs: '0' is not 1 to 64"
check 'test as often as a number that wraps around' 2 test --repeat -4294967295
says err "--repeat: '-4294967295' is not 1 to 1000000"
check 'a plan with a sign' 5 -b sysfs:sys plan +1xGVTg_V5_4
check 'test of a part below none' 2 test --shard -1/-1
check 'test with half a number' 2 test --repeat 5x
says err "--repeat: '5x' is not 1 to 1000000"
check 'test of a directory as a guest' 2 test --guest .
says err "--guest: '.' is no file or disk"
check 'test --format without its file' 2 test --format junit: bochs-1024x768
check 'test --format where nothing can be written' 1 test --format junit:missing/x bochs-1024x768
says err 'cannot write missing/x'
check 'test --expect of a directory' 2 test --expect . bochs-1024x768
says err 'cannot read .: Is a directory'
check 'test --resume of nothing' 1 test --resume --out never bochs-1024x768
says err 'nothing ran with --out never before'
check 'test of what failed and of what is left' 2 test --rerun-failed --resume
says err 'not both'
check 'test on a tree of files' 2 -b sysfs:sys test bochs-1024x768
says err 'no other --backend'
check 'test with two things on standard output' 2 test --json --format tap bochs-1024x768
says err 'not both'
check 'test with a file that goes with the lab VM' 2 test --in lab-vm --out out.d --format tap:out.d2/x
says err 'only what is below --out stays'
check 'test of a fault that no guest draws' 2 test --tamper wrong-console bochs-1024x768
says err "no guest draws a fault named 'wrong-console'"
check 'test of a guest that cannot draw wrong' 2 test --guest out --tamper stale
says err 'do not go with --guest'
check 'test of a fake host whose kernel is to be watched' 2 test --gpu kaby-lake --kernel-log out
says err 'go with --gpu ADDRESS'
check 'test with a kernel log that is not there' 2 test --gpu 0000:00:02.0 --kernel-log missing
says err "--kernel-log: 'missing' is no file that can be read"
check 'test with an option that is none behind one that is' 2 test --gpu kaby-lake -xz
says err "no option '-x'"
check 'test on a GPU that is none' 3 test --gpu kabylake bochs-1024x768
says err 'vgpulab fake profiles'
check 'export takes nothing' 2 export this
grep -qx ' *usage: vgpulab export' err
verdict 'usage ends without a blank'
check 'remove of what is no UUID' 2 -b sysfs:sys remove "$uuid" junk
[ ! -s "sys/$gpu/$uuid/remove" ]
verdict 'nothing is removed when one argument is malformed'
check 'remove of one that is not there' 8 -b sysfs:sys remove 00000000-0000-4000-8000-000000000000
check 'remove that does nothing' 11 -b sysfs:sys remove "$uuid"
[ "$(cat sys/$gpu/$uuid/remove)" = 1 ]
verdict 'remove writes 1'

# no event tells when the first look is over: the type changes until both events are there
"$vgpulab" -b sysfs:two -C defs watch --count 2 >out 2>err &
watcher=$!
for _ in $(seq 400); do
	for other in 4 8; do
		ln -s ../mdev_supported_types/i915-GVTg_V5_$other two/$gpu/$uuid/new
		mv -T two/$gpu/$uuid/new two/$gpu/$uuid/mdev_type
		sleep 0.1
	done
	kill -0 $watcher 2>/dev/null || break
done
kill $watcher 2>/dev/null
wait $watcher
verdict 'watch sees what was made anew between two looks'
grep -q '"removed"' out && grep -q '"created"' out
verdict 'as one that has gone and one that has come'

check 'create on a fake host' 0 -b mem:kaby-lake create --type GVTg_V5_4
grep -qxE '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}' out && [ "$(wc -l <out)" = 1 ]
verdict 'create prints the UUID and nothing else'
silent err
check 'create of a given UUID' 0 -b mem:kaby-lake create -p 00:02.0 -t GVTg_V5_4 "$(echo $uuid | tr a-f A-F)"
[ "$(cat out)" = $uuid ]
verdict 'create prints the UUID as the kernel names it'
check 'create as JSON' 0 -b mem:kaby-lake --json create --type GVTg_V5_4
is_json out
says out '"type":"i915-GVTg_V5_4"'
check 'create on an unknown fake GPU' 2 -b mem:kabylake create --type GVTg_V5_4
says err 'kaby-lake'

if [ -w /dev/full ]; then
	"$vgpulab" -b sysfs:sys types >/dev/full 2>err
	[ $? -eq 1 ]
	verdict 'a full disk is not success'
	says err 'No space left on device'
fi
check 'bytes that are no text, in JSON' 2 --json list "$(printf '\377x')"
is_json err
check 'text that is cut within a letter, in JSON' 2 --json list "x$(printf 'é%.0s' $(seq 300))"
is_json err
# the name of a file must not drive the terminal
mkdir "$(printf 'sys/%s/mdev_supported_types/x-\033[31m' "$gpu")"
echo 1 >"$(printf 'sys/%s/mdev_supported_types/x-\033[31m/available_instances' "$gpu")"
check 'name with an escape sequence' 0 -b sysfs:sys types
! grep -q "$(printf '\033')" out
verdict 'no escape sequence from the tree reaches the terminal'
check 'type with an escape sequence' 5 -b sysfs:sys create --type "$(printf '\033[31m')"
! grep -q "$(printf '\033')" err
verdict 'no escape sequence from an argument reaches the terminal'

echo "1..$number"
exit $failed
