# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# The program is run as env(1) or unshare(1) would: status, signals, streams, terminal.

run() {
	"$VGPULAB" run -- "$@"
}

is 'it runs the program' "$(run echo hello)" hello
is 'standard input reaches it' "$(echo hello | run cat)" hello
is 'arguments with spaces stay whole' "$(run printf '<%s>' 'a b' -v --gpu)" '<a b><-v><--gpu>'
run true
is 'success is success' $? 0
run sh -c 'exit 42'
is 'its exit code is ours' $? 42
run sh -c 'kill -TERM $$'
is 'killed by SIGTERM: 128 + 15' $? 143
run sh -c 'kill -KILL $$'
is 'killed by SIGKILL: 128 + 9' $? 137
said=$(run ./no-such-program 2>&1)
is 'not found: 127' $? 127
has 'and it says what' "$said" 'cannot execute ./no-such-program: No such file or directory'
run no-such-program-in-path 2>/dev/null
is 'not found in PATH: 127' $? 127
: >text
run ./text 2>/dev/null
is 'not executable: 126' $? 126
"$VGPULAB" run --gpu no-such-gpu -- true 2>/dev/null
is 'a GPU that we do not know: usage' $? 2
"$VGPULAB" run 2>/dev/null
is 'no program: usage' $? 2

is 'the working directory stays' "$(run pwd)" "$(pwd)"
is 'it is root inside' "$(run id -u)" 0
is 'udev is told that /sys is not sysfs' "$(run printenv SYSTEMD_DEVICE_VERIFY_SYSFS)" 0
# libvirt raises this limit for a VFIO device, which only real root may.
is 'raising the limit of locked memory succeeds, without effect' "$(
	ulimit -l 64
	run sh -c 'prlimit --pid $$ --memlock=9999999:9999999 && ulimit -Hl'
)" 64
is 'lowering it is left to the kernel' "$(
	ulimit -l 64
	run sh -c 'prlimit --pid $$ --memlock=8192:16384 && ulimit -Sl && ulimit -Hl'
)" "$(printf '8\n16')"
is 'it has processes of its own' "$(run sh -c 'echo $$ $(ls /proc | grep -cx 1)')" '2 1'
is 'loopback is up' "$(run cat /sys/class/net/lo/operstate 2>/dev/null; run sh -c \
	'ip link show lo 2>/dev/null | grep -c LOOPBACK,UP || echo 1' | tail -1)" "$(printf 'unknown\n1')"
is 'pseudo-terminals work' "$(run script -qec 'tty' /dev/null | tr -d '\r')" /dev/pts/0
is 'so does the terminal of the caller' "$(script -qec "$VGPULAB run -- tty" /dev/null | tr -d '\r')" \
	/dev/console
is 'job control works' "$(script -qec "$VGPULAB run -- bash -ic 'sleep 9 & kill %1; echo here'" \
	/dev/null 2>/dev/null | tr -d '\r' | grep -c here)" 1
for node in null zero full random urandom tty ptmx shm fuse fd/0; do
	holds "/dev/$node is there" run test -e "/dev/$node"
done

said=$(run "$VGPULAB" run -- true 2>&1)
is 'a fake host inside a fake host: 125' $? 125
has 'and it says why' "$said" 'answered by another supervisor already'

# A signal from another process is passed on; the program decides what it does with it. (A shell
# starts background jobs with SIGINT and SIGQUIT ignored, which we would respect.)
for signal in TERM HUP INT QUIT; do
	: >out # the last one's "ready" is not this one's
	env --default-signal=INT,QUIT "$VGPULAB" run -- bash -c \
		"trap 'echo got $signal; exit 7' $signal; echo ready; while :; do sleep 0.05; done" \
		>out 2>/dev/null &
	us=$!
	until_true grep -q ready out
	kill -$signal $us
	wait $us
	is "SIG$signal is passed on" "$? $(tail -1 out)" "7 got $signal"
done

# What the program leaves running ends with it, and a reader of its output is not kept waiting.
begin=$(date +%s)
is 'what runs in the background ends with it' "$(run sh -c 'setsid sleep 600 & echo done')" done
holds 'at once' [ $(($(date +%s) - begin)) -lt 300 ]
