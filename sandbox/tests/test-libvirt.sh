# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# Unmodified libvirt manages vGPUs and domains that show them; the machine's own is not touched.

command -v virsh >/dev/null || need libvirt 'virsh is not installed'
[ -x /usr/sbin/libvirtd ] || need libvirt 'libvirtd is not installed'
command -v qemu-system-x86_64 >/dev/null || need qemu 'qemu-system-x86_64 is not installed'
command -v python3 >/dev/null || need python3 'python3 is not installed'
command -v mdevctl >/dev/null || need mdevctl 'mdevctl is not installed'

# run NAME COMMANDS: they run beside a libvirtd; what they say is in $said.
run() {
	cat >"$1.sh"
	"$VGPULAB" run --gpu kaby-lake --libvirt -- sh "$1.sh" >said 2>&1
	status=$?
	said=$(grep . said)
}
machine() {
	find /etc/libvirt /etc/mdevctl.d /var/lib/libvirt /var/cache/libvirt /var/log/libvirt \
		/run/libvirt /run/udev -printf '%p %s %T@ %U %m\n' 2>/dev/null | sort
	ls /run
}
uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c04
device=mdev_9f1c2e52_1f0e_4b1a_8d0a_3a3b6f6b7c04_0000_00_02_0
create="echo $uuid >/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create"
before=$(machine)

run who <<'EOS'
virsh uri
id -u
env | grep -c '^XDG_.*=/dev/libvirt'
EOS
if [ "$(id -u)" = 0 ]; then
	is 'root has a libvirt of the system' "$said" "$(printf 'qemu:///system\n0\n0')"
else
	is 'a user is himself, with a libvirt of the session' "$said" \
		"$(printf 'qemu+unix:///session?socket=/dev/libvirt/run/libvirt/libvirt-sock\n%d\n0' \
			"$(id -u)")"
fi

# A container whose /run is bare gets a /run of its own, with what is there.
is 'it starts where libvirt has never run' "$(unshare -Urm sh -c "mount -t tmpfs none /run &&
	echo kept >/run/file && $VGPULAB run --libvirt -- sh -c 'virsh uri && cat /run/file'
	ls /run" 2>&1 | grep .)" "$(printf 'qemu:///system\nkept\nfile')"

cat >node.xml <<EOS
<device>
  <parent>pci_0000_00_02_0</parent>
  <capability type='mdev'><type id='i915-GVTg_V5_4'/><uuid>$uuid</uuid></capability>
</device>
EOS
run nodes <<EOS
# listed WANTED: the vGPUs that libvirt lists. It learns of a change from udev's event, later.
listed() {
	for _ in \$(seq 300); do
		[ "\$(virsh nodedev-list --cap mdev | xargs)" = "\$1" ] && break
		sleep 0.1
	done
	virsh nodedev-list --cap mdev | xargs
}
echo "types: \$(virsh nodedev-list --cap mdev_types | xargs)"
virsh nodedev-dumpxml pci_0000_00_02_0 >gpu.xml
echo "none: \$(virsh nodedev-list --cap mdev | xargs)"
timeout 60 virsh nodedev-create node.xml
echo "one: \$(virsh nodedev-list --cap mdev | xargs)"
virsh nodedev-dumpxml $device >vgpu.xml
timeout 60 virsh nodedev-destroy $device
echo "gone: \$(listed '') \$(ls /sys/bus/mdev/devices | wc -l)"
virsh nodedev-define node.xml && timeout 60 virsh nodedev-start $device
echo "again: \$(listed $device) \$(ls /sys/bus/mdev/devices)"
timeout 60 virsh nodedev-destroy $device && virsh nodedev-undefine $device
EOS
has 'the GPU has types of vGPUs' "$said" 'types: pci_0000_00_02_0'
has '  all three, and room for two of this' "$(tr -d ' \n' <gpu.xml)" \
	"<typeid='i915-GVTg_V5_4'><name>GVTg_V5_4</name><deviceAPI>vfio-pci</deviceAPI><availableInstances>3<"
if [ -x /lib/systemd/systemd-udevd ]; then
	has 'nodedev-create makes one' "$said" "none: 
Node device $device created from node.xml"
	has '  and it is listed' "$said" "one: $device"
	has '  with its type' "$(cat vgpu.xml)" "<type id='i915-GVTg_V5_4'/>"
	has '  and its IOMMU group' "$(cat vgpu.xml)" "<iommuGroup number='0'/>"
	has 'nodedev-destroy removes it' "$said" 'gone:  0'
	has 'a defined one is started' "$said" "again: $device $uuid"
	has '  and forgotten' "$said" "Undefined node device '$device'"
fi

"$VGPULAB" libvirt-xml --domain vm --path region --vgpu $uuid --qemu 7.2 --libvirt 9.0 \
	--memory 128 | sed "s/type='kvm'/type='qemu'/; /host-passthrough/d" >vm.xml
run domain <<EOS
$create
virsh define --validate vm.xml && virsh start vm
virsh screenshot vm picture
virsh domstate vm
timeout 90 python3 draw vm
virsh destroy vm && virsh undefine vm
echo 1 >/sys/bus/mdev/devices/$uuid/remove && echo removed
cat /dev/libvirt/libvirtd.log
EOS
has 'a domain with the vGPU starts' "$said" "Domain 'vm' started"
has '  its screenshot is a picture' "$(file picture)" 'PNG image data'
has '  it runs on' "$said" running
has '  what is drawn with registers is in the screenshot' "$said" 'the picture, pixel for pixel'
has '  it is destroyed' "$said" "Domain 'vm' destroyed"
has '  and its vGPU is free' "$said" removed
case $said in *'cannot limit locked memory'*) is 'no limit is in the way' "$said" '' ;; esac

sed '/<hostdev/,/<\/hostdev>/d' vm.xml >bare.xml
sed -n '/<hostdev/,/<\/hostdev>/p' vm.xml |
	sed "/address type='pci'/d; s/display='on'/display='off'/" >hostdev.xml
run plug <<EOS
$create
virsh create bare.xml
virsh attach-device vm hostdev.xml
for _ in \$(seq 300); do # the bus behind a port is shown once the firmware has numbered it
	virsh qemu-monitor-command --hmp vm 'info pci' | grep 8086:5912 && break
	sleep 0.1
done
virsh detach-device vm hostdev.xml
virsh reset vm # there is no guest to agree: QEMU takes it away now
for _ in \$(seq 300); do
	virsh dumpxml vm | grep -q "$uuid" || break
	sleep 0.1
done
virsh qemu-monitor-command --hmp vm 'info pci' | grep -q 8086:5912 || echo unplugged
timeout 5 sh -c 'echo 1 >/sys/bus/mdev/devices/$uuid/remove' && echo removed
virsh domstate vm
EOS
has 'a vGPU is plugged into a running domain' "$said" 'Device attached successfully'
has '  and the guest has it' "$said" 'PCI device 8086:5912'
has '  it is unplugged' "$said" unplugged
has '  and free again while the domain runs on' "$said" "$(printf 'removed\nrunning')"

sed "s/display='off'/display='on'/" hostdev.xml >display.xml
run plug-display <<EOS
$create
virsh create bare.xml
virsh attach-device vm display.xml
virsh reset vm # there is no guest that gives it addresses: the firmware does
timeout 90 python3 draw vm
virsh destroy vm
EOS
has 'one with a display is plugged in' "$said" 'Device attached successfully'
has '  and shows what is drawn on it' "$said" 'the picture, pixel for pixel'

run status <<'EOS'
virsh list >/dev/null
exit 42
EOS
is 'the exit code is that of the program' $status 42
is "the machine's own directories are as before" "$(machine)" "$before"
