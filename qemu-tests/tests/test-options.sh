#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What options of `vgpulab test` do to a run, with scenarios that boot nothing.
# usage: test-options.sh VGPULAB        prints TAP
set -u
. "$(dirname "$0")/../../tests/need.sh"
# shellcheck source=cli/tests/verdicts.sh
. "$(dirname "$0")/../../cli/tests/verdicts.sh"
vgpulab=$(realpath "$1") || exit 99
number=0 failed=0
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work" || exit 99
export VGPULAB_ACCEL=tcg # what is refused runs nothing

"$vgpulab" run --gpu kaby-lake -- true || need_tap userns 'no fake host here'
command -v qemu-system-x86_64 >/dev/null || need_tap qemu 'nobody refuses'

for gpu in '--gp kaby-lake' '--gp=kaby-lake' '-gkaby-lake'; do
	# shellcheck disable=SC2086 # one word or two
	check "a GPU as $gpu, among operands" 0 test refused-absent $gpu -- refused-xres
	says out 'PASS: 2 passed'
done
check 'a GPU by its short address' 0 test --gpu kaby-lake --parent 00:02.0 refused-xres
check 'a GPU that is not there' 12 test --gpu kaby-lake --parent 00:07.0 refused-xres
says err 'there is no device 0000:00:07.0'
check 'a GPU of its own by its short address' 0 run --gpu kaby-lake -- "$vgpulab" test --gpu 00:02.0 --no-preflight refused-xres
grep -q 'test --gpu 0000:00:02.0 --accel tcg --no-preflight --out' vgpulab-results/refused-xres/repeat.sh
verdict 'what repeats it guards it, too'

# shellcheck disable=SC2016 # the script's own
printf '#!/bin/sh\nexec qemu-system-x86_64 "$@"\n' >qemu
chmod +x qemu
check 'a QEMU beside us' 0 test --gpu kaby-lake --qemu ./qemu refused-xres
if command -v virsh >/dev/null; then
	# libvirt asks it twice what it can before it looks at the domain, and this one is slow to tell
	sed "2i case \"\$*\" in *'-machine none'*) sleep 8 ;; esac" qemu >'a qemu'
	chmod +x 'a qemu'
	check 'and as libvirt has it' 0 test --through libvirt --gpu kaby-lake --patience 0.5 --qemu './a qemu' refused-absent
	grep -q '<emulator>.*/a qemu</emulator>' vgpulab-results/refused-absent/domain.xml
	verdict 'libvirt is told of it'
fi

printf '#!/bin/sh\necho "this is no QEMU" >&2\nexit 1\n' >qemu
check 'a QEMU that is none' 1 test --gpu kaby-lake --qemu ./qemu refused-xres
printf 'fail refused-xres:not-refused that QEMU\n' >known
check 'a failure that is known' 0 test --gpu kaby-lake --qemu ./qemu --expect known refused-xres
printf 'fail refused-xres:stride that QEMU\n' >known
check 'another failure of it' 1 test --gpu kaby-lake --qemu ./qemu --expect known refused-xres
says err '     only stride is expected of it: that QEMU'
check 'what failed, by a name that is none' 2 test --gpu kaby-lake --rerun-failed refused-nothing
check 'what failed is still known' 0 test --gpu kaby-lake --rerun-failed
says out 'PASS: 1 passed'

# QEMU runs elsewhere.
mkdir guest
echo 'no kernel' >guest/vmlinux
VGPULAB_GUEST_DIR=guest check 'a guest beside us' 1 test bochs-1024x768
grep -q "\"$work/guest/vmlinux\"" vgpulab-results/verdict.json
verdict 'is where it was'
VGPULAB_GUEST_DIR=guest check 'a guest beside us, and patience' 1 test --patience 2.5 bochs-1024x768
(unset VGPULAB_GUEST_DIR && cd / && "$work/vgpulab-results/bochs-1024x768/repeat.sh") >out 2>err
grep -q "\"$work/guest/vmlinux\"" vgpulab-results/bochs-1024x768/repeat/verdict.json &&
	grep -q -- '--patience 2.5' vgpulab-results/bochs-1024x768/repeat.sh
verdict 'are what repeats it has, too'

# A run that was cut off goes on where it was.
check 'a run on one GPU' 0 test --gpu kaby-lake --out cut refused-xres
check 'that goes on, on another' 2 test --gpu skylake --out cut --resume refused-xres
says err 'the last run was another: {"host":"a fake kaby-lake"'
check 'that goes on' 0 test --gpu kaby-lake --out cut --resume refused-xres refused-absent
says out 'PASS: 2 passed'

# What the directory of results has besides, and what an earlier run left in it.
mkdir -p results/mine
touch results/mine/memory results/mine/vnc.sock
echo 'BUG: long ago' >vgpulab-results/refused-xres/kernel.log
check 'among what others have' 0 test --gpu kaby-lake --out results refused-xres
[ -e results/mine/memory ] && [ -e results/mine/vnc.sock ]
verdict 'what is not ours is left alone'
check 'where a run has been before' 0 test --gpu kaby-lake refused-xres
! grep -q 'long ago' vgpulab-results/report.html
verdict 'the report tells of this run'
echo "1..$number"
exit $failed
