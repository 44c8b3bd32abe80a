#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A fake host must not grow while a guest lives on it: its memory and its open descriptors once the
# guest is at work, against those at the end.
#
#   test-growth.sh VGPULAB GPU SCENARIO REPEAT      exit code 0, 1, 77

set -eu
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$1 gpu=$2 scenario=$3 repeat=$4
allowed_kib=4096

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 99' INT TERM

# It becomes the fake host itself: the same process, then "vgpulab run".
"$vgpulab" test --gpu "$gpu" --repeat "$repeat" --out "$out" "$scenario" >"$out/log" 2>&1 &
pid=$!

resident_kib() {
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2>/dev/null
}

descriptors() {
	ls "/proc/$pid/fd" 2>/dev/null | wc -l
}

first=0 last=0 first_fds=0 last_fds=0
while kib=$(resident_kib) && [ -n "$kib" ]; do
	# the guest is at work once its first frame is there
	if [ "$first" = 0 ] && [ -e "$out/$scenario/frame-01-expected.png" ]; then
		sleep 5
		first=$(resident_kib)
		first_fds=$(descriptors)
	fi
	last=$kib
	fds=$(descriptors)
	# while the process ends there are none
	[ "$fds" -lt "$first_fds" ] || last_fds=$fds
	sleep 1
done

code=0
wait "$pid" || code=$?
tail -n 4 "$out/log" >&2
need_ran "$code" "$out/log"
grew=$((last - first))
echo "$scenario x $repeat on $gpu: $first KiB at work, $last KiB at the end, grew by $grew KiB;" \
	"descriptors $first_fds, $last_fds" >&2
[ "$first" -gt 0 ] && [ "$grew" -le "$allowed_kib" ] && [ "$last_fds" -le "$first_fds" ]
