#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What mdevctl lacks, on a fake host: verified starts, plans, declarations, events, owners.
# usage: manager-verbs.sh VGPULAB        prints TAP
set -u
# shellcheck source=cli/tests/verdicts.sh
. "$(dirname "$0")/verdicts.sh"

runs() { [ -e "/sys/bus/mdev/devices/$1" ]; }

inside() {
	cd "$work" || exit 99
	config=$work/d number=0 failed=0
	A=11111111-0000-4000-8000-000000000001
	B=11111111-0000-4000-8000-000000000002
	P=0000:00:02.0

	check 'define on a GPU that is not there' 3 define -p 0000:7f:1f.7 -t GVTg_V5_4 $A
	check 'define of a type that is not there' 5 define -p $P -t GVTg_V5_3 $A
	says err 'did you mean'
	[ ! -e d/$P/$A ]
	verdict 'what is refused is not defined'
	check 'define by force' 0 define -f -p nonesuch -t nonesuch $A
	check 'undefine' 0 undefine $A
	check 'define by force, with a short address' 0 define -f -p 00:02.0 -t nonesuch $A
	check 'undefine with a short address' 0 undefine -p 00:02.0 $A
	check 'define with short names' 0 define -p 00:02.0 -t GVTg_V5_4 --auto $A
	grep -q '"mdev_type": "i915-GVTg_V5_4"' d/$P/$A
	verdict 'the file has the full names'
	check 'define again' 7 define -p $P -t GVTg_V5_4 $A
	check 'modify nothing' 2 modify $A
	check 'modify what is not defined' 8 modify $B --auto
	check 'start' 0 start $A
	runs $A
	verdict 'it runs'
	check 'start again' 0 start $A
	[ "$(cat out)" = $A ]
	verdict 'to start what runs is no failure'
	check 'list --defined' 0 list --defined
	says out running
	check 'list --dumpjson' 0 list --dumpjson $A
	says out '  "mdev_type": "i915-GVTg_V5_4",'
	check 'list --tree' 0 list --tree
	says out "$A"
	check 'stop' 0 stop $A
	check 'stop again' 8 stop $A
	check 'start what is not defined, with short names' 0 start -p 00:02.0 -t GVTg_V5_8 $B
	check 'start that again' 0 start -p 00:02.0 -t GVTg_V5_8 $B
	check 'stop that' 0 stop $B
	check 'modify to a type that is not there' 5 modify $A -t GVTg_V5_9
	says err 'did you mean'
	check 'modify to a short name' 0 modify -p 00:02.0 $A -t GVTg_V5_4
	grep -q '"mdev_type": "i915-GVTg_V5_4"' d/$P/$A
	verdict 'the file has the full name'
	check 'list --defined by a short address' 0 list --defined -p 00:02.0
	says out $A
	check 'autostart by a short address' 0 start-parent-mdevs 00:02.0
	runs $A
	verdict 'it has started'
	check 'stop' 0 stop $A

	check 'attribute that is not there' 0 modify $A --addattr nonesuch --value 1
	check 'start with it' 1 start $A
	says err "no attribute 'nonesuch'"
	! runs $A
	verdict 'a vGPU whose attribute fails is removed again'
	check 'attribute that can be written' 0 modify $A --addattr power/control --value on -i 0
	check 'take out the other' 0 modify $A --delattr
	check 'start with that' 0 start $A
	[ "$(cat /sys/bus/mdev/devices/$A/power/control)" = on ]
	verdict 'the attribute is written'
	check 'stop it' 0 stop $A

	: >".mark" && : >"d/.vgpulab.starting.$P.$A"
	echo $A >/sys/class/mdev_bus/$P/mdev_supported_types/i915-GVTg_V5_4/create
	check 'start of what a killed start left half-made' 0 start $A
	[ "$(cat /sys/bus/mdev/devices/$A/power/control)" = on ]
	verdict 'it is made anew, with its attribute'
	[ ! -e "d/.vgpulab.starting.$P.$A" ]
	verdict 'the mark has gone'

	echo '{' >d/$P/$B
	check 'list beside a broken file' 1 list --defined
	says out $A
	says err "d/$P/$B"
	check 'autostart beside a broken file' 1 start-parent-mdevs $P
	check 'undefine a broken file' 1 undefine $B
	says err '--parent'
	check 'undefine a broken file, naming its parent' 0 undefine -p $P $B

	check 'plan that fits' 0 plan V5_8
	check 'plan that does not' 6 plan 3xV5_4
	says out 'it fits without'
	check 'plan as JSON' 6 --json plan 9xV5_8
	says out '"verdict":"full"'
	check 'plan of nonsense' 5 plan 2xnonesuch

	check 'create by name' 0 create --name desk -t GVTg_V5_8
	[ "$(cat out)" = 19dfa1bd-5656-5c38-8545-d24e6cc2e907 ]
	verdict 'the UUID is the one of RFC 4122'
	desk=$(cat out)

	check 'export' 0 export
	cp out now.json
	check 'diff with what is' 0 diff now.json
	silent out
	cat >want.json <<END
{"vgpus": [{"name": "desk", "parent": "$P", "type": "i915-GVTg_V5_8", "start": "auto",
            "running": true},
           {"uuid": "$A", "parent": "$P", "type": "i915-GVTg_V5_8", "running": true}]}
END
	check 'diff' 1 diff want.json
	says out "define $desk"
	check 'apply that would stop a running one' 9 apply want.json
	grep -q V5_4 d/$P/$A
	verdict 'nothing has been changed'
	check 'apply --restart' 0 apply --restart want.json
	check 'apply again' 0 apply want.json
	silent out
	check 'diff after apply' 0 diff want.json
	sed "s/$P/00:02.0/; s/i915-//" want.json >short.json
	check 'diff with short names of what is so' 0 diff short.json
	silent out
	sed "s/$P/0000:00:03.0/" want.json >moved.json
	check 'diff with what moves to another GPU' 1 diff --prune moved.json
	[ "$(grep -c "^stop $A" out)" = 1 ]
	verdict 'a vGPU that moves is stopped once'
	echo '{"vgpus": [{"name": "x", "parent": "p", "type": "t", "runing": true}]}' >typo.json
	check 'apply of a misspelt word' 2 apply typo.json
	says err 'runing'
	echo '{"vgpus": []}' >none.json
	check 'apply without --prune' 0 apply none.json
	runs $A
	verdict 'what is not mentioned goes on'
	check 'apply --prune' 0 apply --prune none.json
	! runs $A && [ ! -e d/$P/$A ]
	verdict 'what is not mentioned has gone'

	"$vgpulab" --config-dir "$work/d" watch --count 4 >events 2>&1 &
	watcher=$!
	for _ in $(seq 1000); do
		"$vgpulab" --config-dir "$work/d" define -p $P -t GVTg_V5_8 $B >/dev/null
		"$vgpulab" --config-dir "$work/d" start $B >/dev/null
		"$vgpulab" --config-dir "$work/d" stop $B
		"$vgpulab" --config-dir "$work/d" undefine $B
		kill -0 $watcher 2>/dev/null || break
	done
	kill -0 $watcher 2>/dev/null && kill $watcher
	wait $watcher
	verdict 'watch ends after as many events as asked for'
	cp events out
	[ "$(wc -l <events)" = 4 ] && [ "$(grep -c '^{"event":"' events)" = 4 ]
	verdict 'each event is a line of JSON'

	check 'one to hold' 0 create -t GVTg_V5_8 $B
	group=$(basename "$(readlink /sys/bus/mdev/devices/$B/iommu_group)")
	if [ -e "/dev/vfio/$group" ]; then
		sh -c "exec 9<>/dev/vfio/$group; sleep 600 9<&-; :" vm -name guest=box,debug-threads=on &
		holder=$!
		for _ in $(seq 600); do ls -l /proc/$holder/fd | grep -q /dev/vfio/ && break; sleep 0.1; done
		check 'owner' 0 list -o pid,program,vm $B
		kill $holder
		says out "$holder sh      box"
	fi
	unseen=44444444-0000-4000-8000-000000000004
	check 'one whose link may not be read' 0 create -t GVTg_V5_8 $unseen
	check 'remove that' 10 remove $unseen
	says err "/sys/bus/mdev/devices/$unseen"
	echo "1..$number"
	exit $failed
}

if [ "${1-}" = --inside ]; then
	vgpulab=$2 work=$3
	inside
fi
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$(realpath "$1")
"$vgpulab" run --gpu kaby-lake -- true || need_tap userns "vgpulab run does not work here"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
"$vgpulab" run --gpu kaby-lake --fault 'readlink:*bus/mdev/devices/4444*,errno=EACCES' -- sh "$(realpath "$0")" --inside "$vgpulab" "$work"
