#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A VFIO client on the kernel's sample devices: what it tells of ours must be what it told of a real
# kernel's, line by line; with LAB-VM, also what it tells of that VM's kernel's, beside ours.
# usage: test-samples.sh VGPULAB SAMPLE-CLIENT RECORDING [LAB-VM]

set -u
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$1 client=$2 recording=$3
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 99' INT TERM

cat >"$out/tell" <<'SCRIPT'
client=$1
for type in mtty-1 mtty-2 mdpy-vga mdpy-xga mbochs-small mbochs-medium; do
	sample=${type%-*}
	uuid=$(cat /proc/sys/kernel/random/uuid)
	echo "== $type"
	echo "$uuid" >"/sys/class/mdev_bus/$sample/mdev_supported_types/$type/create" || exit 1
	group=$(basename "$(readlink "/sys/bus/mdev/devices/$uuid/iommu_group")")
	"$client" "$sample" "$uuid" "$group" || exit 1
	echo 1 >"/sys/bus/mdev/devices/$uuid/remove" || exit 1
done
SCRIPT
fakes='--gpu mtty --gpu mdpy --gpu mbochs'

# same REAL FAKE WHOSE
same() {
	diff "$1" "$2" && return
	echo "FAIL: the fake differs from $3"
	exit 1
}

if [ $# -eq 3 ]; then
	# shellcheck disable=SC2086 # words
	"$vgpulab" run $fakes -- sh "$out/tell" "$client" >"$out/fake" || exit $?
	# mbochs' planes need what exports DMA-BUFs: the lab VM has it
	for who in "$recording" "$out/fake"; do
		awk '/^==/ { mbochs = /mbochs/ } !mbochs || !/^plane/' "$who" >"$out/${who##*/}.less"
	done
	same "$out/${recording##*/}.less" "$out/fake.less" "a real kernel's record"
	echo "$(wc -l <"$out/fake.less") facts of 6 devices: 0 different"
	exit 0
fi

status=0
# shellcheck disable=SC2016 # expanded in the VM
"$4" --modules vgem,mtty,mdpy,mbochs --timeout 900 --out "$out" -- sh -c '
	sh "$1/tell" "$3" >"$1/real" || exit 1
	"$2" run $4 -- sh "$1/tell" "$3" >"$1/fake" || exit 2
' sh "$out" "$vgpulab" "$client" "$fakes" || status=$?
[ $status != 77 ] || need lab 'see above'
[ $status = 0 ] || exit $status
same "$out/real" "$out/fake" "the kernel"
same "$recording" "$out/fake" "a real kernel's record"
echo "$(wc -l <"$out/real") facts of 6 devices: 0 different"
