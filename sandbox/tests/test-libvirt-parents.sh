# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# An unmodified libvirt knows parents of every kind, and makes devices of them.

command -v virsh >/dev/null || need libvirt 'virsh is not installed'
[ -x /usr/sbin/libvirtd ] || need libvirt 'libvirtd is not installed'
command -v mdevctl >/dev/null || need mdevctl 'mdevctl is not installed'

# device FILE PARENT TYPE UUID [ATTRIBUTES]
device() {
	cat >"$1" <<EOS
<device>
  <parent>$2</parent>
  <capability type='mdev'><type id='$3'/><uuid>$4</uuid>${5:-}</capability>
</device>
EOS
}
uuid=7e270a25-e163-4922-af60-757fc8ed48c
device ccw.xml css_0_0_0313 vfio_ccw-io ${uuid}6
device ap.xml ap_matrix vfio_ap-passthrough ${uuid}7 \
	"<attr name='assign_adapter' value='5'/><attr name='assign_domain' value='4'/>"
device card.xml pci_0000_07_00_0 nvidia-64 ${uuid}8
device mtty.xml mtty_mtty mtty-1 ${uuid}9
cat >nodes.sh <<'EOS'
virsh nodedev-list --cap mdev_types | xargs
virsh nodedev-dumpxml css_0_0_0313 | grep -c "<type id='vfio_ccw-io'>"
virsh nodedev-dumpxml ap_matrix | grep -c "<deviceAPI>vfio-ap</deviceAPI>"
virsh nodedev-dumpxml pci_0000_07_00_0 | grep -c "<type id='nvidia-[0-9]*'>"
virsh nodedev-dumpxml mtty_mtty | grep -A3 mtty-2 | grep -o '<availableInstances>.*'
for file in ccw ap card mtty; do
	timeout 60 virsh nodedev-create $file.xml >log 2>&1 || cat log
done
virsh nodedev-list --cap mdev | sort | xargs
cat /sys/bus/mdev/devices/*/matrix
for node in $(virsh nodedev-list --cap mdev); do
	timeout 60 virsh nodedev-destroy "$node" >log 2>&1 || cat log
done
ls /sys/bus/mdev/devices | wc -l
EOS
node=mdev_7e270a25_e163_4922_af60_757fc8ed48c
is 'libvirt makes a device of each kind' "$("$VGPULAB" run --libvirt --gpu tesla-p4 --gpu vfio-ccw \
	--gpu vfio-ap --gpu mtty -- sh nodes.sh 2>&1 | grep .)" \
	"ap_matrix css_0_0_0313 mtty_mtty pci_0000_07_00_0
1
1
14
<availableInstances>12</availableInstances>
${node}6_0_0_0313 ${node}7_matrix ${node}8_0000_07_00_0 ${node}9_mtty
05.0004
0"
