#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The mode for a real GPU, rehearsed on one that is not there: preflight, only one's own vGPUs are
# removed, a slice of the kernel's log for each scenario, the stop on an unsound kernel, and a QEMU
# that is wedged.
# usage: test-real-host.sh VGPULAB
set -eu
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$(realpath "$1")

if [ "${2-}" != --inside ]; then
	out=$(mktemp -d /tmp/vgpulab-real-XXXXXX)
	status=0
	"$vgpulab" run --gpu kaby-lake -- "$(realpath "$0")" "$vgpulab" --inside "$out" || status=$?
	[ $status != 125 ] || need userns 'no fake host here'
	code=0
	"$vgpulab" run --gpu kaby-lake,gvt=guc -- "$vgpulab" test --gpu 0000:00:02.0 --out "$out/guc" \
		region-1024x768 2>"$out/guc.log" || code=$?
	if [ $code != 12 ] || ! grep -q 'preflight: error: GuC submission excludes GVT-g' \
		"$out/guc.log"; then
		echo "FAIL: preflight lets a GPU with GuC submission pass ($code)"
		cat "$out/guc.log"
		exit 1
	fi
	echo "ok - preflight stops at what the doctor calls an error"
	[ $status != 0 ] || rm -r "$out"
	exit $status
fi

dir=$3
cd "$dir"
log=$dir/kmsg
echo '6,1,1000,-;long before' >"$log"
others=$("$vgpulab" create --type GVTg_V5_8)

fail() {
	echo "FAIL: $1"
	cat "$dir/said"
	exit 1
}
# run OUT OPTION... SCENARIO...: on "this machine's" GPU
run() {
	name=$1
	shift
	"$vgpulab" test --gpu 0000:00:02.0 --kernel-log "$log" --jobs 1 --out "$dir/$name" "$@" \
		>"$dir/said" 2>&1
}
nothing_of_ours() {
	[ "$(ls /sys/bus/mdev/devices)" = "$others" ] || fail "$1: vGPUs: $(ls /sys/bus/mdev/devices)"
	! grep -lqs '^qemu-system' /proc/[0-9]*/comm || fail "$1: a QEMU is left"
}

(while ! ls good/region-1024x768/qmp.sock; do sleep 0.1; done >/dev/null 2>&1
echo '6,2,2000001,-;vfio_mdev: adding to IOMMU group' >>"$log") &
run good refused-xres region-1024x768 || fail 'two good scenarios'
grep -q 'preflight: .* rules, no error' said || fail 'no preflight'
nothing_of_ours 'good'
grep -q '"tier": 2' good/verdict.json || fail 'a fake is no tier 4'
grep -q 'adding to IOMMU group' good/*/kernel.log || fail "the kernel's log has no slice"
! grep -q 'long before' good/*/kernel.log || fail 'the slice has what was said before'
echo "ok - a run leaves others' vGPUs, removes its own, keeps the kernel's log; tier 2"

# The kernel warns while the first scenario runs: the second is not begun.
(while ! ls bad/region-1024x768/qmp.sock; do sleep 0.1; done >/dev/null 2>&1
echo '4,3,3000000,-;watchdog: BUG: soft lockup - CPU#1 stuck for 22s!' >>"$log") &
! run bad region-1024x768 refused-xres || fail 'an unsound kernel is no failure'
grep -q 'STOP: .*soft lockup' said || fail 'no stop'
grep -q '"fault": "host-kernel"' bad/verdict.json || fail 'not named'
grep -q '^SKIP refused-xres: not begun: .*soft lockup' said || fail 'it went on, or does not say'
nothing_of_ours 'bad'
echo 'ok - an unsound kernel stops the run, and is named'

# QEMU ignores SIGTERM and stops (SIGSTOP) while the guest boots; the one after it is well.
cat >qemu-wedged <<'EOS'
#!/bin/sh
trap '' TERM
case $PWD in
*/region-1024x768) (sleep 2 && kill -STOP $$) & ;;
esac
exec qemu-system-x86_64 "$@"
EOS
chmod +x qemu-wedged
! run wedged --qemu "$dir/qemu-wedged" --patience 0.4 region-1024x768 refused-xres || fail 'wedged'
grep -q '^FAIL region-1024x768' said || fail 'a wedged QEMU is no failure'
grep -q '^PASS refused-xres' said || fail 'the scenario after a wedged QEMU'
nothing_of_ours 'wedged'
echo 'ok - a wedged QEMU is killed, its vGPU removed, and the next scenario passes'
