#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The harness is killed (SIGKILL) at random moments while the host that it works on stays: no QEMU
# and no vGPU may be left, nor a socket; and what resumes it completes the rest, nothing twice.
# usage: test-kill.sh VGPULAB KILLS
set -eu
. "$(dirname "$0")/../../tests/need.sh"

if [ "${3-}" != --inside ]; then
	out=$(mktemp -d /tmp/vgpulab-kill-XXXXXX)
	status=0
	"$1" run --gpu kaby-lake -- "$0" "$1" "$2" --inside "$out" || status=$?
	case $status in
	0) rm -r "$out" ;;
	125) need userns 'no fake host here' ;;
	*) echo "results are kept in $out" ;;
	esac
	exit $status
fi

vgpulab=$1 kills=$2 out=$4/results
# Becomes the harness: in a subshell only.
run() {
	exec "$vgpulab" test --out "$out" --jobs 2 --rounds 3 "$@" 'refused-*' region-1024x768 \
		region-cursor >"$out.log" 2>&1
}
# This PID namespace has nobody's processes but ours.
left() {
	for comm in /proc/[0-9]*/comm; do
		read -r name <"$comm" || continue
		case $name in qemu-system* | vgpulab-keeper) echo "$comm: $name" ;; esac
	done 2>/dev/null
	ls /sys/bus/mdev/devices
	find "$out" -name '*.sock' 2>/dev/null || :
}

# Ctrl-C while its QEMU runs
status=0
"$vgpulab" test --out "$out" region-1024x768 >"$out.log" 2>&1 &
while kill -0 $! && [ ! -e "$out/region-1024x768/qmp.sock" ]; do sleep 0.05; done
kill -INT $! || :
wait $! || status=$?
if [ $status != 130 ] || [ -n "$(left)" ] || ! grep -q '^vgpulab: interrupted; --resume' "$out.log"; then
	echo "FAIL: Ctrl-C: exit code $status, and left: $(left)"
	cat "$out.log"
	exit 1
fi

resume='' before=0 cleaned_ms=0
for kill in $(seq "$kills"); do
	# shellcheck disable=SC2086 # none or one option
	run $resume &
	pid=$!
	# From before anything was made to well after the first results.
	sleep "$(shuf -i 0-7 -n 1).$(shuf -i 100-999 -n 1)"
	if kill -9 $pid 2>/dev/null; then
		before=$((before + 1))
	fi
	wait $pid 2>/dev/null || :
	tries=0
	while [ -n "$(left)" ] && [ $tries -lt 300 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ $tries -le "$cleaned_ms" ] || cleaned_ms=$tries
	if [ -n "$(left)" ]; then
		echo "FAIL: after kill $kill there is left:"
		left
		exit 1
	fi
	resume=--resume
	# it was done before it was killed: from the start again
	! grep -q '^PASS: ' "$out.log" || resume=
	[ -s "$out/journal.jsonl" ] || resume=
done
# shellcheck disable=SC2086
(run $resume) || { cat "$out.log" && exit 1; }
# what this machine lacks is skipped, and that is a result, too
passed=$(grep -cE '"verdict": "(PASS|SKIP)"' "$out/verdict.json")
# each, and the verdict on all of them; the list has a headline
all=$(($("$vgpulab" test --list 'refused-*' region-1024x768 region-cursor | wc -l) * 3 - 3))
echo "$before of $kills killed, clean within ${cleaned_ms}00 ms each; then $((passed - 1)) of $all done, none failed"
[ $((passed - 1)) = "$all" ]
