# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# Unmodified programs that look at devices: each finds the GPU and its vGPU, live where it can.

command -v lspci >/dev/null || need pciutils 'lspci is not installed'
command -v udevadm >/dev/null || need udev 'udevadm is not installed'
command -v virsh >/dev/null || need libvirt 'virsh is not installed'
[ -x /usr/sbin/libvirtd ] || need libvirt 'libvirtd is not installed'
[ -x /lib/systemd/systemd-udevd ] || need udev 'there is no systemd-udevd'
uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c05
gpu=/sys/devices/pci0000:00/0000:00:02.0
device=mdev_9f1c2e52_1f0e_4b1a_8d0a_3a3b6f6b7c05_0000_00_02_0

# Source: the PCI function that the profile copies; lspci(8), udevadm(8)
said=$("$VGPULAB" run --gpu kaby-lake -- lspci -k -v -nn -s 00:02.0 2>/dev/null)
has 'lspci names the device' "$said" '[8086:5912]'
has '  its aperture' "$said" 'prefetchable) [size=512M]'
has '  and its driver' "$said" 'Kernel driver in use: i915'
said=$("$VGPULAB" run --gpu kaby-lake -- udevadm info --query=property $gpu)
has 'udevadm knows its properties' "$said" 'PCI_SLOT_NAME=0000:00:02.0'
has '  and its subsystem' "$said" 'SUBSYSTEM=pci'
cat >walk.sh <<EOS
echo $uuid >$gpu/mdev_supported_types/i915-GVTg_V5_8/create
udevadm info --attribute-walk --path $gpu/$uuid
EOS
said=$("$VGPULAB" run --gpu kaby-lake -- sh walk.sh)
has 'udevadm walks from a vGPU' "$said" 'DRIVER=="intel_vgpu_mdev"'
has '  to its parent' "$said" 'ATTRS{device}=="0x5912"'
if command -v lshw >/dev/null; then
	has 'lshw finds the display' "$("$VGPULAB" run --gpu kaby-lake -- lshw -businfo -class display 2>/dev/null)" \
		'pci@0000:00:02.0'
fi

# What virt-host-validate thinks of the rest is the machine's affair; it must run to its end.
if command -v virt-host-validate >/dev/null; then
	has 'virt-host-validate runs to its end' \
		"$("$VGPULAB" run --gpu kaby-lake -- virt-host-validate qemu 2>&1)" 'IOMMU'
fi

cat >events.sh <<EOS
virsh nodedev-event --event lifecycle --loop --timeout 60 >heard 2>&1 &
listener=\$!
# again and again, until the listener is there to hear it
for _ in \$(seq 20); do
	echo $uuid >$gpu/mdev_supported_types/i915-GVTg_V5_8/create
	for _ in \$(seq 10); do grep -q "$device: Created" heard && break; sleep 0.1; done
	! grep -q "$device: Created" heard || break
	echo 1 >$gpu/$uuid/remove
done
# what it hears of is not all over where events are slow: those of the rounds before may still come
for _ in \$(seq 200); do virsh nodedev-dumpxml $device >vgpu.xml 2>&1 && break; sleep 0.1; done
cat vgpu.xml
echo 1 >$gpu/$uuid/remove
for _ in \$(seq 200); do tail -n 1 heard | grep -q "$device: Deleted" && break; sleep 0.1; done
kill -INT \$listener
wait \$listener
EOS
said=$("$VGPULAB" run --gpu kaby-lake --libvirt -- sh events.sh 2>&1)
has 'libvirt describes a vGPU that it did not make' "$said" "<uuid>$uuid</uuid>"
# what the listener has not written yet when it is told to end is lost: the events before are there
has 'libvirt hears that it came' "$(cat heard)" "event 'lifecycle' for node device $device: Created"
has '  and that it went' "$(cat heard)" "event 'lifecycle' for node device $device: Deleted"
[ $failed = 0 ] || cat heard
