#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The lab VM: a program runs there as it would here, and only what is asked for comes out.
# usage: test-lab-vm.sh LAB-VM

set -u
. "$(dirname "$0")/../../tests/need.sh"
lab=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM
n=0
status=0

check() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "wanted: $2" "got: $3" | sed 's/^/# /'
		status=1
	fi
}

inside=$(cat <<'INSIDE'
cat in
echo "$COLOUR $PWD"
[ -c /dev/dri/card0 ] && [ "$(uname -r)" != "$HERE" ] && echo 'another kernel with vgem'
ls /sys/module | grep -x vgem
modprobe -n vgem && echo 'modprobe finds it'
cat /sys/class/net/lo/operstate /sys/class/net/lo/flags | tail -n 1
unshare -Urm true && [ -c /dev/fuse ] && echo 'user namespaces and FUSE'
echo changed >in
mkdir out/sub && echo result >out/sub/file
rm "$GONE"
printf '%s' "$*" >&2
(sleep 1000) &
kill -9 $$
INSIDE
)
cd "$work" || exit 1
echo 'seen in the VM' >in
: >keep
mkdir out
echo earlier >out/before
COLOUR='deep blue' HERE=$(uname -r) GONE=$work/keep "$lab" --modules vgem --out out -- \
	sh -c "$inside" sh 'a  b' 'c
d' >said 2>errors
code=$?
[ $code != 77 ] || need_tap lab "$(cat errors)"
check 'what a signal ended has code 128 + its number' 137 $code
check 'files, environment, directory, kernel, drivers and network are there' "seen in the VM
deep blue $work
another kernel with vgem
vgem
modprobe finds it
0x9
user namespaces and FUSE" "$(cat said)"
check 'arguments arrive as they are, errors on their own stream' 'a  b c
d' "$(cat errors)"
check 'nothing that it changes is changed here' 'seen in the VM keep' "$(cat in) $(ls keep)"
check 'what is in the results directory comes out' 'earlier result' \
	"$(cat out/before) $(cat out/sub/file)"

"$lab" --timeout 20 -- sh -c 'echo began; exec sleep 1000' >said 2>&1
check 'a command that takes too long is ended' 124 $?
check 'its output is there, and why it ended' 'began
lab-vm: the command did not end within 20 s' "$(cat said)"

# which directory, a descriptor of it tells
"$lab" -- sleep 1000 >said 2>&1 &
pid=$!
directory() {
	for fd in /proc/"$pid"/fd/*; do readlink "$fd"; done | grep -o '^/tmp/vgpulab-lab-[^/]*' | head -n 1
}
for _ in $(seq 300); do [ -n "$(directory)" ] && [ -e "$(directory)/console.log" ] && break; sleep 0.1; done
files=$(directory)
check 'its files are in a directory' there "$([ -s "$files/initramfs" ] && echo there)"
kill -9 $pid
wait $pid
for _ in $(seq 300); do [ -e "$files" ] || break; sleep 0.1; done
check 'that goes when it is killed' '' "$(ls -d "$files" 2>/dev/null)"
"$lab" --guest-dir "$work" -- true 2>said
check 'without a kernel the code is 77' 77 $?
"$lab" --modules no-such-driver -- true 2>said
check 'so it is without a driver' 77 $?
check 'which is named' 1 "$(grep -c no-such-driver said)"
echo "1..$n"
exit $status
