#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Who serves a host with a state is killed at random moments while clients work: they never see an
# error, and a checker finds an order that explains all that they saw.
# usage: crash-proof.sh VGPULAB STRESS-CLIENT CLIENTS KILLS

set -eu
# shellcheck source=cli/tests/serve-host.sh
. "$(dirname "$0")/serve-host.sh"
CLIENT=$2 clients=$3 kills=$4

client=''
finish() {
	[ -z "$client" ] || kill -9 "$client" 2>/dev/null || :
	if [ -n "$pid" ]; then # its holder, that is
		kill "$pid" 2>/dev/null || :
		wait "$pid" || :
	fi
	umount -l "$dir/mnt" 2>/dev/null || :
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 99' INT TERM

# The youngest child of the holder, unless that is its notifier.
kill_worker() {
	# shellcheck disable=SC2046
	set -- $(cat "/proc/$pid/task/$pid/children")
	while [ $# -gt 1 ]; do shift; done
	[ $# = 1 ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" != vgpulab-notify ] &&
		kill -9 "$1" 2>/dev/null
}

# A number from 0 to 99.
dice() {
	od -An -N1 -tu1 /dev/urandom | tr -d ' ' | awk '{ printf "%02d", $1 % 100 }'
}

gpu='--gpu kaby-lake,aperture=1G'
# shellcheck disable=SC2086
serve --state "$dir/state" $gpu $gpu $gpu $gpu
"$CLIENT" "$dir/mnt" "$clients" 3600 4 7 "$kills" "$dir/stop" >"$dir/said" 2>&1 &
client=$!
done=0
while [ $done -lt "$kills" ] && kill -0 $client 2>/dev/null; do
	sleep "0.0$(dice)"
	! kill_worker || done=$((done + 1))
done
: >"$dir/stop"
code=0
wait $client || code=$?
client=
cat "$dir/said"
[ $code = 0 ] || fail "after $done kills"
[ $done = "$kills" ] || fail "killed $done times, not $kills"
echo "ok - $kills kills while $clients clients worked"

echo "# the same host later"
uuid=a297db4a-f4c2-11e6-90f6-d3b88d6c9525
types=$dir/mnt/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types
echo $uuid >"$types/i915-GVTg_V5_8/create"
chmod 600 "$types/i915-GVTg_V5_8/available_instances"
"$VGPULAB" fake unplug --host "$dir/mnt" 0000:00:05.0
"$VGPULAB" fake fault --host "$dir/mnt" 'read:*/vendor,errno=EIO'
kill_worker
[ "$(stat -c %a "$types/i915-GVTg_V5_8/available_instances")" = 600 ] || fail "chmod is lost"
[ ! -e "$dir/mnt/sys/bus/pci/devices/0000:00:05.0" ] || fail "the GPU is in its slot again"
! cat "$dir/mnt/sys/bus/pci/devices/0000:00:02.0/vendor" 2>/dev/null || fail "the fault is lost"
"$VGPULAB" fake fault --host "$dir/mnt" --clear all
kill_worker
cat "$dir/mnt/sys/bus/pci/devices/0000:00:02.0/vendor" >/dev/null || fail "the fault is back"
code=0
"$VGPULAB" fake serve --state "$dir/state" "$dir" 2>"$dir/err" || code=$?
[ $code != 0 ] || fail "it serves on a directory that is not empty"
kill "$pid"
ended 0
serve --state "$dir/state"
[ -e "$dir/mnt/sys/bus/mdev/devices/$uuid" ] || fail "the vGPU is lost"
[ ! -e "$dir/mnt/sys/bus/pci/devices/0000:00:05.0" ] || fail "the GPU came back"
"$VGPULAB" fake plug --host "$dir/mnt" 0000:00:05.0
echo 1 >"$dir/mnt/sys/bus/mdev/devices/$uuid/remove"
mkdir "$dir/other"
code=0
"$VGPULAB" fake serve --state "$dir/state" "$dir/other" 2>"$dir/err" || code=$?
[ $code != 0 ] && grep -q 'belongs to another' "$dir/err" || fail "two hosts have one state: $(cat "$dir/err")"
kill "$pid"
ended 0
code=0
"$VGPULAB" fake serve --state "$dir/state" --gpu broadwell "$dir/mnt" 2>"$dir/err" || code=$?
[ $code = 2 ] && grep -q 'not of a host with these GPUs' "$dir/err" || fail "another GPU: $(cat "$dir/err")"
printf 'created for=0 ser' >>"$dir/state"
serve --state "$dir/state"
[ -z "$(ls "$dir/mnt/sys/bus/mdev/devices")" ] || fail "vGPUs out of nothing"
kill "$pid"
ended 0
sed -i 's/^next for=0/next for=1/' "$dir/state"
line=$(grep -n '^next for=1' "$dir/state" | cut -d: -f1)
code=0
"$VGPULAB" fake serve --state "$dir/state" "$dir/mnt" 2>"$dir/err" || code=$?
[ $code != 0 ] && grep -q "is damaged: line $line\$" "$dir/err" || fail "damage: $code $(cat "$dir/err")"
echo ok
