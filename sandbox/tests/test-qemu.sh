# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# Unmodified QEMU opens the vGPU.

command -v qemu-system-x86_64 >/dev/null || need qemu 'qemu-system-x86_64 is not installed'
uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c04
create='/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create'

cat >vm.sh <<EOS
echo $uuid >$create
mkfifo monitor
qemu-system-x86_64 -accel tcg -m 128 -nodefaults -display none -S -monitor stdio \
	-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$uuid,display=on,rombar=0 <monitor &
exec 9>monitor
printf 'info pci\nquit\n' >&9
wait
echo "status \$?"
# it is free again: it can be removed at once
timeout 60 sh -c 'echo 1 >/sys/bus/mdev/devices/$uuid/remove' && echo "removed \$(ls /sys/bus/mdev/devices | wc -l)"
EOS
said=$("$VGPULAB" run --gpu kaby-lake -- sh vm.sh 2>&1 | tr -d '\r')
has 'the guest sees the GPU' "$said" 'VGA controller: PCI device 8086:5912'
has 'with 16 MiB of registers' "$said" 'BAR0: 64 bit memory at 0xffffffffffffffff [0x00fffffe]'
has 'QEMU quits as usual, and the vGPU can be removed' "$said" 'status 0
removed 0'

# The guest is played through QEMU's qtest protocol.
head -c 4096 /dev/urandom >rom
cat >guest.sh <<EOS
echo $uuid >$create
group=\$(basename \$(readlink /sys/bus/mdev/devices/$uuid/iommu_group))
exec $WORK/qtest-guest $uuid \$group $WORK/rom
EOS
said=$("$VGPULAB" run --gpu kaby-lake -- sh guest.sh)
is 'a guest has OpRegion, romfile and reset' "$? $(echo "$said" | grep '^not ok')" '0 '

# Up to its first vCPU: KVM need not be able to run a guest here.
if [ -w /dev/kvm ]; then
	sed 's/-accel tcg/-accel kvm/; s/^mkfifo/rm -f monitor; mkfifo/' vm.sh >kvm-vm.sh
	said=$("$VGPULAB" run --gpu kaby-lake -- sh kvm-vm.sh 2>&1 | tr -d '\r')
	has 'with KVM it quits as usual' "$said" 'status 0'
	case $said in
	*'KVM VFIO'*) is 'and warns of nothing' "$said" '' ;;
	esac
fi
