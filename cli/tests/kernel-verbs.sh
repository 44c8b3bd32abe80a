#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every verb that touches a host, and the errnos it maps, on the kernel's own mdev samples: mtty, mdpy and
# mbochs. The same on a real kernel, in the lab VM, and on the fake that plays them.
# usage: kernel-verbs.sh VGPULAB VFIO-CLIENT [LAB-VM]     prints TAP
set -u
# shellcheck source=cli/tests/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
config=d

# one_of NAME CODES: did the last commands, by turns or at once, end with these codes?
one_of() {
	[ "$2" = "$3" ]
	verdict "$1 (wanted $2, got $3)"
}
# until_true COMMAND...: waits at most 60 s for it
until_true() {
	for _ in $(seq 600); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	return 1
}
runs() { [ -e "/sys/bus/mdev/devices/$1" ]; }
off_the_bus() { [ ! -e "/sys/bus/mdev/devices/$1" ]; }
free_of() { cat "/sys/class/mdev_bus/$1/mdev_supported_types/$2/available_instances"; }
as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

listing() {
	check 'types' 0 types --json
	for type in mbochs-small mdpy-hd mtty-2; do
		says out "\"type\":\"$type\""
	done
	check 'types of one parent' 0 types mtty
	says out mtty-1
	check 'a parent that is not there' 3 types nonesuch
	check 'list when there is none' 0 list
	silent out
}

creating() {
	check 'create' 0 create -p mtty -t mtty-1 $A
	check 'create by the short name of a type' 0 create -p mdpy -t hd $B
	check 'create where one parent alone has the type' 0 create -t mbochs-medium $C
	check 'list them' 0 list
	says out "$A mtty   mtty-1"
	says out "$B mdpy   mdpy-hd"
	says out "$C mbochs mbochs-medium"
	check 'list one as JSON' 0 --json list -o +node $B
	says out '"driver":"mdpy"'
	says out "\"node\":\"/dev/vfio/$(basename "$(readlink /sys/bus/mdev/devices/$B/iommu_group)")\""
	check 'list as a tree' 0 list --tree
	says out "$C"
	one_of 'the capacity is counted' 23 "$(free_of mtty mtty-1)"
	check 'EEXIST: the UUID is taken' 7 create -p mbochs -t mbochs-small $A
	check 'qemu-args name it' 0 qemu-args --path none --vgpu $B
	says out "sysfsdev=/sys/bus/mdev/devices/$B"
	check 'remove' 0 remove $A $B $C
	check 'remove again' 8 remove $A
	one_of 'the capacity is back' 24 "$(free_of mtty mtty-1)"
}

# Both have looked before either writes, often enough: the kernel's answer counts then.
racing() {
	codes=
	for _ in 1 2 3; do
		"$vgpulab" create -p mtty -t mtty-1 $A >/dev/null 2>err.1 &
		one=$!
		"$vgpulab" create -p mbochs -t mbochs-small $A >/dev/null 2>err.2 &
		two=$!
		wait $one
		first=$?
		wait $two
		codes="$codes $(printf '%s\n' $first $? | sort | xargs)"
		"$vgpulab" remove $A
	done
	cat err.1 err.2 >err
	one_of 'EEXIST: of two at once for one UUID one succeeds' '0 7 0 7 0 7' "${codes# }"
	for uuid in $A $B $C; do "$vgpulab" create -p mbochs -t mbochs-large $uuid; done >/dev/null
	codes=
	for i in 4 5 6 7; do
		("$vgpulab" create -p mbochs -t mbochs-large "${A%1}$i" >/dev/null 2>err.$i; echo $? >code.$i) &
	done
	wait
	cat err.? >err
	one_of 'ENOSPC: of four at once for the last place one succeeds' '0 6 6 6' "$(sort code.? | xargs)"
	says err 'no instance of mbochs-large is left on mbochs'
	check 'ENOSPC: full' 6 create -p mbochs -t mbochs-small
	says err 'remove a vGPU first'
	for uuid in $("$vgpulab" list -o uuid | grep -v UUID); do "$vgpulab" remove "$uuid"; done
	for uuid in $A $B $C "${A%1}4"; do "$vgpulab" create -p mdpy -t mdpy-vga $uuid; done >/dev/null
	check 'no instance: a fixed number of them' 6 create -p mdpy -t mdpy-xga
	for uuid in $("$vgpulab" list -o uuid | grep -v UUID); do "$vgpulab" remove "$uuid"; done
}

# What this very look does not see, the kernel does: strace makes the look fail.
asked_for() {
	"$vgpulab" create -p mtty -t mtty-1 $A >/dev/null
	ASAN_OPTIONS=detect_leaks=0 strace -o /dev/null -P bus/mdev/devices/$A \
		-P devices/virtual/mtty/mtty/$A \
		-e inject=newfstatat:error=ENOENT "$vgpulab" create -p mdpy -t mdpy-hd $A >out 2>err
	one_of "EEXIST: the kernel's own" 7 $?
	says err '/create: File exists)'
	"$vgpulab" remove $A
}

refused() {
	as_user "$vgpulab" create -p mtty -t mtty-1 >out 2>err
	one_of 'EACCES: a user may not create' 10 $?
	says err 'run as root'
	"$vgpulab" create -p mtty -t mtty-1 $A >/dev/null
	as_user "$vgpulab" list >out 2>err
	one_of '  but list' 0 $?
	says out $A
	as_user "$vgpulab" remove $A >out 2>err
	one_of 'EACCES: a user may not remove' 10 $?
	unshare -m sh -c "mount --bind /sys /sys && mount -o remount,bind,ro /sys &&
		exec '$vgpulab' create -p mtty -t mtty-1" >out 2>err
	one_of 'EROFS: a read-only /sys' 10 $?
	says err 'read-only'
	"$vgpulab" remove $A
}

defining() {
	check 'define' 0 define -p mtty -t mtty-2 --auto $A
	check 'define what is not offered' 5 define -p mtty -t mtty-3 $B
	check 'list what is defined' 0 list --defined
	says out 'stopped'
	check 'start' 0 start $A
	check 'start again' 0 start $A
	check 'list what is defined, and runs' 0 list --defined
	says out 'running'
	check 'modify the definition' 0 modify $A --type mtty-1 --manual
	check 'stop' 0 stop $A
	check 'start as it is now' 0 start $A
	[ "$(basename "$(readlink /sys/bus/mdev/devices/$A/mdev_type)")" = mtty-1 ]
	verdict '  the type is the new one'
	check 'stop it' 0 stop $A
	check 'an attribute' 0 modify $A --addattr power/control --value on
	check 'start with it' 0 start $A
	[ "$(cat /sys/bus/mdev/devices/$A/power/control)" = on ]
	verdict '  it is written'
	check 'stop it' 0 stop $A
	check 'EINVAL: a value that the kernel refuses' 0 modify $A --addattr power/control --value nonsense
	check '  start' 1 start $A
	says err 'Invalid argument'
	off_the_bus $A
	verdict '  what was created is removed again'
	check 'undefine' 0 undefine $A
	check 'undefine again' 8 undefine $A
	check 'define for autostart' 0 define -p mdpy -t mdpy-xga --auto $B
	check 'start-parent-mdevs' 0 start-parent-mdevs mdpy
	runs $B
	verdict '  it runs'
	check 'stop' 0 stop $B
	check 'undefine' 0 undefine $B
}

declaring() {
	cat >want.json <<END
{"vgpus": [{"name": "tty", "parent": "mtty", "type": "mtty-1", "start": "manual", "running": true},
           {"uuid": "$B", "parent": "mbochs", "type": "mbochs-large", "start": "auto", "running": true}]}
END
	check 'plan that fits' 0 plan -p mbochs 4xmbochs-large
	check 'plan that does not' 6 plan -p mbochs 5xmbochs-large
	check 'diff' 1 diff want.json
	check 'apply' 0 apply want.json
	runs $B
	verdict '  it runs'
	check 'apply again' 0 apply want.json
	[ ! -s out ]
	verdict '  there was nothing to do'
	check 'export' 0 export
	cp out is.json
	check 'diff with that' 0 diff is.json
	echo '{"vgpus": []}' >none.json
	check 'apply nothing' 0 apply --prune none.json
	off_the_bus $B
	verdict '  it has gone'
}

watching() {
	"$vgpulab" --config-dir d watch --count 3 >events 2>err &
	watcher=$!
	# it says nothing when it is ready: events come until it has had enough
	for _ in $(seq 2000); do
		"$vgpulab" create -p mtty -t mtty-1 $A >/dev/null
		"$vgpulab" remove $A
		kill -0 $watcher 2>/dev/null || break
	done
	kill $watcher 2>/dev/null
	wait $watcher
	cp events out
	[ "$(grep -c '^{"event":"' events)" = 3 ]
	verdict "watch hears of what happens by the kernel's events"
}

unbinding() {
	"$vgpulab" create -p mtty -t mtty-1 $A >/dev/null
	echo $A >/sys/bus/mdev/drivers/mtty/unbind
	check 'list one without a driver' 0 --json list $A
	says out '"driver":null'
	check 'remove it' 0 remove $A
}

# The removal waits for the client: off the bus, but not gone.
in_use() {
	"$vgpulab" create -p mdpy -t mdpy-vga $A >/dev/null
	group=$(basename "$(readlink /sys/bus/mdev/devices/$A/iommu_group)")
	mkfifo end
	"$client" hold $A "$group" <end >held 2>err &
	holder=$!
	exec 7>end
	until_true grep -q open held
	verdict 'a client opens it'
	check 'who uses it' 0 --json list -o uuid,pid,program $A
	says out "\"pid\":$holder"
	"$vgpulab" remove $A >removed 2>&1 7>&- &
	remover=$!
	until_true off_the_bus $A
	verdict 'its removal takes it off the bus'
	check '  it is listed no longer' 8 list $A
	check '  its UUID is not free yet' 7 create -p mtty -t mtty-1 $A
	says err 'still being removed from mdpy'
	kill -0 $remover
	verdict '  the removal waits'
	exec 7>&-
	wait $holder
	wait $remover
	one_of '  and ends when the client has gone' 0 $?
	check '  its UUID is free' 0 create -p mtty -t mtty-1 $A
	check 'remove' 0 remove $A
}

# The parents come and go under it: whatever it says, it is one of these, and it does not hang.
reloading() {
	for _ in $(seq 6); do rmmod mdpy && insmod "$samples/mdpy.ko"; done &
	reloader=$!
	: >codes
	while kill -0 $reloader 2>/dev/null; do
		timeout 60 "$vgpulab" create -p mdpy -t mdpy-hd >out 2>>err
		echo $? >>codes
		timeout 60 "$vgpulab" list >>out 2>>err
		echo $? >>codes
	done
	wait $reloader
	! grep -vxE '0|3|4|5|6|11' codes >out
	verdict 'ENODEV, ENOENT: parents that come and go are named as such'
	rmmod mdpy
	check 'the parent has gone' 3 create -p mdpy -t mdpy-hd
	insmod "$samples/mdpy.ko"
	check 'the parent is back' 0 create -p mdpy -t mdpy-hd $A
	check 'remove' 0 remove $A
}

inside() {
	cd "$work" || exit 99
	number=0 failed=0
	A=11111111-0000-4000-8000-000000000001
	B=11111111-0000-4000-8000-000000000002
	C=11111111-0000-4000-8000-000000000003
	samples=/run/lab-vm/samples
	: >out
	: >err
	listing
	creating
	racing
	! command -v strace >/dev/null || asked_for
	refused
	defining
	declaring
	watching
	unbinding
	in_use
	[ "$where" = fake ] || reloading
	"$vgpulab" doctor >out 2>err
	says out '107 rules checked'
	check 'nothing is left' 0 list
	[ ! -s out ]
	verdict '  no vGPU'
	echo "1..$number"
	exit $failed
}

if [ "${1-}" = --inside ]; then
	where=$2 vgpulab=$3 client=$4 work=$5
	[ "$where" = fake ] || { work=/run/kernel-verbs && mkdir $work; }
	inside
fi
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$(realpath "$1") client=$(realpath "$2") script=$(realpath "$0")
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
if [ $# = 3 ]; then
	"$3" --modules mtty,mdpy,mbochs --timeout 1500 -- \
		sh "$script" --inside kernel "$vgpulab" "$client" "$work" 2>"$work/err"
	code=$?
	[ $code != 77 ] || need_tap lab "$(cat "$work/err")"
	sed 's/^/# /' "$work/err"
	exit $code
fi
"$vgpulab" run --gpu mtty -- true || need_tap userns "vgpulab run does not work here"
"$vgpulab" run --gpu mtty --gpu mdpy --gpu mbochs -- sh "$script" --inside fake "$vgpulab" "$client" "$work"
