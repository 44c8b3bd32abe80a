#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vgpulab fake serve as people use it: on a directory, with mdevctl and lspci on top, ended by a
# signal, by an unmount, by kill -9; as the caller and as an ordinary user.
# usage: fake-serve.sh VGPULAB

set -eu
# shellcheck source=cli/tests/serve-host.sh
. "$(dirname "$0")/serve-host.sh"
UUID=a297db4a-f4c2-11e6-90f6-d3b88d6c9525

finish() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || :
	umount -l "$dir/mnt" 2>/dev/null || :
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 99' INT TERM

types=sys/class/mdev_bus/0000:00:02.0/mdev_supported_types

echo "# a signal ends it and leaves nothing"
serve --gpu broadwell,aperture=1G --gpu skylake
[ "$(cat "$dir/mnt/$types/i915-GVTg_V4_8/available_instances")" = 7 ] || fail "not seven"
echo $UUID >"$dir/mnt/$types/i915-GVTg_V4_8/create"
[ "$("$VGPULAB" --backend "sysfs:$dir/mnt/sys" list --output UUID | tail -1)" = $UUID ] ||
	fail "the manager does not list it"
kill "$pid"
ended 0
mountpoint -q "$dir/mnt" && fail "it is still mounted"

echo "# unmounting ends it"
serve
umount "$dir/mnt"
ended 0

echo "# killed, it leaves a mount, which the next one explains"
serve
kill -9 "$pid"
ended 137
if "$VGPULAB" fake serve "$dir/mnt" 2>"$dir/err"; then fail "served on a dead mount"; fi
grep -q "fusermount3 -u" "$dir/err" || fail "no cure told: $(cat "$dir/err")"
umount -l "$dir/mnt"

echo "# who serves is replaced when killed; if the recording has gone meanwhile, it says so and ends"
"$VGPULAB" --backend mem:kaby-lake fake record >"$dir/host.json"
serve --state "$dir/state" --gpu "$dir/host.json" 2>"$dir/err"
rm "$dir/host.json"
for child in $(cat "/proc/$pid/task/$pid/children"); do
	[ "$(cat "/proc/$child/comm")" = vgpulab-notify ] || kill -9 "$child"
done
ended 2
grep -q 'host.json: No such file' "$dir/err" || fail "not said: $(cat "$dir/err")"

echo "# bad command lines are usage errors"
for arguments in "serve" "serve a b" "serv $dir/mnt" "" "profiles x" "serve --gpu nothing $dir/mnt" \
	"serve --ready-fd 77 $dir/mnt" "serve $dir/none" "serve $dir"; do
	code=0
	# shellcheck disable=SC2086
	"$VGPULAB" fake $arguments 2>"$dir/err" || code=$?
	[ "$code" = 2 ] || fail "fake $arguments: exit code $code: $(cat "$dir/err")"
done
"$VGPULAB" fake serve --gpu brodwell "$dir/mnt" 2>&1 | grep -q "did you mean 'broadwell'" ||
	fail "no nearest name"
[ "$("$VGPULAB" fake profiles --json | grep -c '"pci_id":"8086:')" = 5 ] ||
	fail "not five generations with GVT-g"

echo "# it dies with its parent"
sh -c '"$1" fake serve --die-with-parent --ready-fd 9 "$2/mnt" 9>"$2/ready" &
	read -r line <"$2/ready"; kill -9 $$' sh "$VGPULAB" "$dir" || :
for _ in $(seq 300); do
	mountpoint -q "$dir/mnt" || break
	sleep 0.2
done
mountpoint -q "$dir/mnt" && fail "it outlived its parent"

echo "# unmodified tools"
serve --gpu kaby-lake,aperture=512M
mount --bind "$dir/mnt/sys" /sys
if command -v lspci >/dev/null; then
	lspci -nn | grep -q '^00:02.0 VGA compatible controller \[0300\]: .*\[8086:5912\] (rev 04)$' ||
		fail "lspci: $(lspci -nn)"
fi
if command -v mdevctl >/dev/null; then
	mdevctl types | grep -A1 i915-GVTg_V5_2 | grep -q 'Available instances: 1' ||
		fail "mdevctl types: $(mdevctl types)"
	mdevctl start -u $UUID -p 0000:00:02.0 -t i915-GVTg_V5_4
	mdevctl list | grep -q "^$UUID 0000:00:02.0 i915-GVTg_V5_4" || fail "mdevctl list"
	mdevctl stop -u $UUID
	[ -z "$(mdevctl list)" ] || fail "mdevctl stop left it"
fi
umount /sys
kill "$pid"
ended 0
echo "ok"
