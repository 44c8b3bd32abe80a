#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The vGPU's OpRegion and an option ROM, as firmware in the guest would find them.
# usage: test-firmware.sh VGPULAB FIRMWARE-READER

set -u
VGPULAB=$1 READER=$2
ROM=/usr/lib/ipxe/qemu/efi-virtio.rom
export VGPULAB READER ROM

need() {
	case ",${VGPULAB_STRICT:-}," in
	*",$1,"* | *,all,*) echo "Bail out! needs $1: $2" && exit 1 ;;
	esac
	echo "1..0 # SKIP needs $1: $2"
	exit 0
}
command -v qemu-system-x86_64 >/dev/null || need qemu 'qemu-system-x86_64 is not installed'
[ -r "$ROM" ] || need qemu "$ROM is not there; install ipxe-qemu"
said=$("$VGPULAB" run --gpu kaby-lake -- true 2>&1) || need fuse "$said"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cat >vm.sh <<'INSIDE'
uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c09
echo $uuid >/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create
group=$(basename "$(readlink /sys/bus/mdev/devices/$uuid/iommu_group)")
"$READER" $uuid "$group" opregion || exit 1
qemu-system-x86_64 -nodefaults -display none -machine pc -m 128 -S -qtest unix:qtest,server=on,wait=off \
	-qtest-log none -device vfio-pci,addr=02.0,sysfsdev=/sys/bus/mdev/devices/$uuid,x-igd-opregion=on,romfile="$ROM" &
qemu=$!
"$READER" qtest opregion "$ROM"
code=$?
kill $qemu
wait $qemu
exit $code
INSIDE
exec 2>errors
"$VGPULAB" run --gpu kaby-lake -- sh vm.sh
code=$?
sed 's/^/# /' errors
exit $code
