#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How much of the time in which a guest unloads and loads its driver, until its plane is lit, is the
# fake's own: its processor time against that of QEMU and itself together. Processor time, because it
# hardly depends on what else the machine does; the guest's sleeps are left out, which makes the share
# larger than a clock would show it.
#
#   test-load-share.sh VGPULAB GPU REPEAT PERCENT      exit code 0, 1 (more than PERCENT), 77

set -eu
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$1 gpu=$2 repeat=$3 percent=$4

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 99' INT TERM

# It becomes the fake host itself: the same process, then "vgpulab run".
"$vgpulab" test --gpu "$gpu" --repeat "$repeat" --out "$out" i915-reload >"$out/log" 2>&1 &
fake=$!

# QEMU runs in the scenario's directory.
find_qemu() {
	for exe in /proc/[0-9]*/cwd; do
		[ "$(readlink "$exe" 2>/dev/null)" = "$out/i915-reload" ] || continue
		qemu=${exe%/cwd}
		case $(cat "$qemu/comm" 2>/dev/null) in
		qemu-system*) qemu=${qemu#/proc/}; return 0 ;;
		esac
	done
	return 1
}

# Ticks of processor time that a process and all its threads have had: utime and stime.
ticks() {
	sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | awk '{ print $12 + $13 }'
}

begin_fake= end_fake=0 begin_qemu=0 end_qemu=0
while kill -0 "$fake" 2>/dev/null; do
	if [ -z "$begin_fake" ] && grep -q 'reload 1/' "$out/log" && find_qemu; then
		begin_fake=$(ticks "$fake") begin_qemu=$(ticks "$qemu")
	elif [ -n "$begin_fake" ]; then
		# the last frame comes after the last reload
		grep -q 'frame 2' "$out/log" && break
		end_fake=$(ticks "$fake") end_qemu=$(ticks "$qemu")
	fi
	sleep 0.05
done

code=0
wait "$fake" || code=$?
tail -n 3 "$out/log" >&2
need_ran "$code" "$out/log"
load_us=$(sed -n 's/.* load_us=\([0-9]*\).*/\1/p' "$out/i915-reload/control.log" | awk '{ n += $1 } END { print n }')
awk -v fake="$((end_fake - begin_fake))" -v qemu="$((end_qemu - begin_qemu))" -v gpu="$gpu" \
	-v hz="$(getconf CLK_TCK)" -v us="$load_us" -v times="$((2 * repeat))" -v most="$percent" 'BEGIN {
	share = 100 * fake / (fake + qemu)
	printf "%s: %d loads of i915, %.2f s each on the guest'\''s clock: the fake took %.0f ms of processor" \
		" time each, QEMU %.0f ms: %.1f %%\n", gpu, times, us / times / 1e6,
		1000 * fake / hz / times, 1000 * qemu / hz / times, share
	exit !(fake + qemu > 0 && share <= most)
}' >&2
