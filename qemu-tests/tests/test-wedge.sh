#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# QEMU stops (SIGSTOP) at each stage of a row: the run goes on in bounded time, the row's verdict
# says that it is QEMU that does not answer, and where; the rows after it pass.
# usage: test-wedge.sh VGPULAB
set -eu
. "$(dirname "$0")/../../tests/need.sh"

vgpulab=$(realpath "$1")
dir=$(mktemp -d /tmp/vgpulab-wedge-XXXXXX)
cd "$dir"
# A row's directory; the log that tells when it has got there, and by which words; its fault. "-":
# before anything. "silent": in the place of QEMU there is somebody who accepts, and says nothing.
cat >stages <<'EOS'
region-layouts-quick - - no-qemu
region-layouts-quick.2 - silent no-qemu
region-layouts-quick.3 control.log >.show qemu-wedged
region-layouts-quick.4 qmp.log >.*screendump qemu-wedged
region-layouts-quick.5 qmp.log screendump.*"return" qemu-wedged
region-1024x768 qmp.log "return" qemu-wedged
region-cursor clock 3 qemu-wedged
region-spice qmp.log screendump.*"return" qemu-wedged
region-dbus qmp.log screendump.*"return" qemu-wedged
region-odd-width control.log >.quit qemu-wedged
EOS
cat >qemu <<EOS
#!/usr/bin/python3
import os, re, signal, socket, sys, time

def has_come(log, words, start):
    if log == "clock":
        return time.monotonic() - start > int(words)
    try:
        return re.search(words, open(log).read(), re.S)
    except OSError:
        return False

def watch(pid, log, words):
    start = time.monotonic()
    while not has_come(log, words, start):
        os.kill(pid, 0)  # throws when it has ended
        time.sleep(0.001)
    os.kill(pid, signal.SIGSTOP)
    os._exit(0)

for line in open("$dir/stages"):
    row, log, words, fault = line.split()
    if row != os.path.basename(os.getcwd()):
        continue
    if words == "-":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif words == "silent":
        socket_ = socket.socket(socket.AF_UNIX)
        socket_.bind("qmp.sock")
        socket_.listen()
        time.sleep(1000)
    else:
        pid = os.getpid()
        if os.fork() == 0:
            watch(pid, log, words)
os.execvp("qemu-system-x86_64", ["qemu-system-x86_64"] + sys.argv[1:])
EOS
chmod +x qemu

fail() {
	echo "FAIL: $1"
	cat said-*
	exit 1
}
# run NAME OPTION...: in bounded time
run() {
	name=$1 status=0
	shift
	timeout -s KILL 900 "$vgpulab" test --gpu kaby-lake --accel tcg --qemu "$dir/qemu" \
		--out "$dir/$name" "$@" >"said-$name" 2>&1 || status=$?
	[ $status != 12 ] && [ $status != 125 ] || need userns 'no fake host here'
	[ $status = 1 ] || fail "$name: status $status"
}
run quick --jobs 1 --patience 0.4 --rounds 5 region-layouts-quick refused-xres
[ "$(grep -c '^PASS refused-xres' said-quick)" = 5 ] || fail 'the rows between them'
run boots --jobs 2 --patience 0.4 region-1024x768 region-cursor region-spice region-dbus \
	region-odd-width refused-xres
grep -q '^PASS refused-xres' said-boots || fail 'the row after them'

python3 - quick boots <<'EOS' || fail 'a verdict'
import json, re, sys

verdicts = {}
for name in sys.argv[1:]:
    for row in json.load(open(name + "/verdict.json"))["results"]:
        verdicts[row.get("directory", row["scenario"])] = row
bad = 0
for line in open("stages"):
    row, log, words, fault = line.split()
    got = verdicts[row]
    right = got["verdict"] == "FAIL" and got["fault"] == fault and re.match(
        r"QEMU \(process [0-9]+, (sleeping|stopped)\) does not answer: ", got["reason"])
    print("ok" if right else "NOT OK", "-", row, log, words, got.get("fault"), got.get("reason"))
    bad += not right
sys.exit(bad)
EOS
rm -r "$dir"
