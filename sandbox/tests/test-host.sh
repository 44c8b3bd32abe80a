# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# Unmodified tools find the GPUs that are not there.

command -v mdevctl >/dev/null || need mdevctl 'mdevctl is not installed'
command -v lspci >/dev/null || need pciutils 'lspci is not installed'
uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c01

# Source: the layout of mdevctl 1.2; the numbers of GVT-g: 128 MiB aperture blocks of a 512 MiB BAR 2
said=$("$VGPULAB" run --gpu kaby-lake -- mdevctl types)
has 'mdevctl types names the parent and type' "$said" '0000:00:02.0
  i915-GVTg_V5_'
has 'and what a type has' "$said" '    Device API: vfio-pci'
has 'and its description' "$said" 'Description: low_gm_size: 64MB'
has 'lspci shows it' "$("$VGPULAB" run --gpu kaby-lake -- lspci -nn)" \
	'00:02.0 VGA compatible controller [0300]: Intel Corporation'
has 'with the identity of its kind' "$("$VGPULAB" run --gpu broadwell -- lspci -n -s 00:02.0)" '8086:1616'
is 'two GPUs are two' "$("$VGPULAB" run --gpu skylake --gpu broadwell -- ls /sys/class/mdev_bus | wc -l)" 2

cat >life.sh <<EOS
set -e
mdevctl start -u $uuid -p 0000:00:02.0 -t i915-GVTg_V5_8
mdevctl list
test -e /dev/vfio/\$(basename \$(readlink /sys/bus/mdev/devices/$uuid/iommu_group))
mdevctl stop -u $uuid
mdevctl list
test ! -e /sys/bus/mdev/devices/$uuid
EOS
is 'mdevctl starts, lists and stops a vGPU' "$("$VGPULAB" run -- sh life.sh 2>&1)" \
	"$uuid 0000:00:02.0 i915-GVTg_V5_8 manual"

cat >definition.sh <<EOS
set -e
mdevctl define -u $uuid -p 0000:00:02.0 -t i915-GVTg_V5_8
mdevctl modify -u $uuid -p 0000:00:02.0 -t i915-GVTg_V5_4 --auto
mdevctl list -d
mdevctl start -u $uuid
mdevctl modify -u $uuid -p 0000:00:02.0 --manual
mdevctl list -d
mdevctl stop -u $uuid
mdevctl undefine -u $uuid
mdevctl list -d
EOS
is 'mdevctl defines, modifies and undefines one' \
	"$("$VGPULAB" run -- sh definition.sh 2>&1 | sed '/^$/d')" \
	"$uuid 0000:00:02.0 i915-GVTg_V5_4 auto
$uuid 0000:00:02.0 i915-GVTg_V5_4 manual (active)"
if [ -d /etc/mdevctl.d ]; then
	before=$(find /etc/mdevctl.d | sort)
	is 'what is defined is defined inside alone' "$("$VGPULAB" run -- sh -c "
		mdevctl define -u $uuid -p 0000:00:02.0 -t i915-GVTg_V5_8; cd /etc/mdevctl.d; find * -type f")" \
		"0000:00:02.0/$uuid"
	is 'and not on the machine' "$(find /etc/mdevctl.d | sort)" "$before"
fi

is 'our own manager agrees' "$("$VGPULAB" run -- sh -c "$VGPULAB create --type i915-GVTg_V5_8 $uuid &&
	$VGPULAB remove $uuid && ls /sys/bus/mdev/devices")" "$uuid"
for path in kernel/mm bus/platform class/net devices/system module; do
	[ ! -e "/sys/$path" ] || holds "the real /sys/$path shows beneath" \
		"$VGPULAB" run -- ls "/sys/$path" >/dev/null
done
[ ! -r /sys/kernel/mm/transparent_hugepage/enabled ] ||
	is 'with its contents' "$("$VGPULAB" run -- cat /sys/kernel/mm/transparent_hugepage/enabled)" \
		"$(cat /sys/kernel/mm/transparent_hugepage/enabled)"
is 'another kernel has another driver for vGPUs' \
	"$("$VGPULAB" run --kernel 5.10 -- ls /sys/bus/mdev/drivers)" vfio_mdev
holds 'where GVT-g is off mdevctl finds no type' \
	[ -z "$("$VGPULAB" run --gpu kaby-lake,gvt=off -- mdevctl types)" ]
is 'and the parameter says so' "$("$VGPULAB" run --gpu kaby-lake,gvt=off -- \
	cat /sys/module/i915/parameters/enable_gvt)" N
[ ! -e /sys/devices/virtual/mem/null/uevent ] ||
	has 'the real devices cannot be written to, not even by root' \
		"$("$VGPULAB" run -- sh -c 'echo add >/sys/devices/virtual/mem/null/uevent' 2>&1)" \
		'Read-only file system'
