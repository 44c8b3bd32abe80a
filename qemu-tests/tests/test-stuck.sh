#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A QEMU that not even SIGKILL ends, because it waits in the kernel for an answer that never comes:
# its row is judged and the fault named, the rows after it run (on a real host they do not, and are
# told so), and the program ends, naming the process that stays.
# usage: test-stuck.sh VGPULAB NEVER-OPENS
set -eu
. "$(dirname "$0")/../../tests/need.sh"

if [ "${3-}" != --inside ]; then
	unshare -Ur true 2>/dev/null && [ -w /dev/fuse ] || need userns 'no fake host here'
	out=$(mktemp -d /tmp/vgpulab-stuck-XXXXXX)
	status=0
	# its end is that of the file system's daemon, and with that all who wait for it can die
	unshare -Urmpf --mount-proc --kill-child "$0" "$(realpath "$1")" \
		"$(realpath "$2")" --inside "$out" || status=$?
	[ $status != 0 ] || rm -r "$out"
	exit $status
fi
vgpulab=$1 dir=$4
cd "$dir"
mkdir mnt
"$2" -f mnt 2>fuse.log &
daemon=$!
cat >qemu <<EOS
#!/bin/sh
# the probe of KVM, and rows
case "\$* \$PWD" in
*'-accel kvm'* | */region-1024x768 | */refused-screendump)
	echo \$\$ >>"$dir/stuck"
	exec 3<"$dir/mnt/file"
	;;
esac
exec qemu-system-x86_64 "\$@"
EOS
chmod +x qemu

fail() {
	echo "FAIL: $1"
	cat said
	exit 1
}
# run NAME SECONDS COMMAND...: its end must come
run() {
	name=$1 limit=$2 status=0 before=$(date +%s)
	shift 2
	timeout -s KILL "$limit" "$@" --qemu "$dir/qemu" --jobs 1 --patience 0.4 --out "$dir/$name" \
		region-1024x768 refused-screendump refused-xres >said 2>&1 || status=$?
	[ $status = 1 ] || fail "$name: status $status after $(($(date +%s) - before)) s"
}
is_stuck() {
	grep -q '^State:.D' "/proc/$1/status" && kill -9 "$1" && sleep 0.2 &&
		grep -q '^State:.D' "/proc/$1/status"
}

run stuck-fake 300 "$vgpulab" test --gpu kaby-lake
for row in region-1024x768 refused-screendump; do
	grep -q "^FAIL $row: qemu-stuck: QEMU (process [0-9]*) does not die of SIGKILL; vGPU [0-9a-f-]\{36\} stays" \
		said || fail "$row: not named"
done
grep -q '^PASS refused-xres' said || fail 'the row after them'
grep -q '^FAIL: 1 passed, 2 failed, 0 skipped' said || fail 'no verdict'
for pid in $(grep 'but for what cannot die' said | grep -o '[0-9]* (qemu' | cut -d' ' -f1); do
	is_stuck "$pid" || fail "process $pid can die"
	pids="${pids-} $pid"
done
[ "$(echo ${pids-} | wc -w)" = "$(wc -l <stuck)" ] || fail "the end names:${pids-}"
echo "ok - QEMUs that cannot die, two rows that say so, one that passes; processes$pids stay"

run stuck-guarded 300 "$vgpulab" run --gpu kaby-lake -- "$vgpulab" test --gpu 0000:00:02.0 \
	--kernel-log /dev/null
grep -q '^FAIL region-1024x768: qemu-stuck' said || fail 'not named'
for row in refused-screendump refused-xres; do
	grep -q "^SKIP $row: .*not begun.*does not die of SIGKILL" said || fail "$row: nothing said"
	grep -q "\"$row\"" stuck-guarded/verdict.json || fail "$row: not in the verdict"
done
grep -q 'cannot die: [0-9]* (qemu' said || fail 'the end names no process'
echo 'ok - on a real host nothing is begun after that, and what was not is said'

kill -9 $daemon
for try in $(seq 300); do
	grep -qs '^qemu$' /proc/[0-9]*/comm || break
	sleep 0.1
done
[ "$try" != 300 ] || fail 'they are still there'
echo 'ok - with the answer that they waited for they go'
