# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# Parents of every kind in one host, for unmodified mdevctl, lspci and udevadm.

command -v mdevctl >/dev/null || need mdevctl 'mdevctl is not installed'
command -v lspci >/dev/null || need lspci 'lspci is not installed'
command -v udevadm >/dev/null || need udev 'udevadm is not installed'

cat >each.sh <<'EOS'
export LC_ALL=C
mdevctl types | grep '^[^ ]' | sort | xargs
n=0
while read -r parent type; do
	n=$((n + 1))
	uuid=7e270a25-e163-4922-af60-757fc8ed480$n
	mdevctl start -u $uuid -p "$parent" -t "$type" || echo "no $type"
	udevadm info -q property -p "/sys/bus/mdev/devices/$uuid" | grep ^DRIVER=
done <<EOL
0000:00:02.0 i915-GVTg_V5_8
0000:00:03.0 i915-GVTg_V4_1
0000:07:00.0 nvidia-63
0.0.0313 vfio_ccw-io
matrix vfio_ap-passthrough
mtty mtty-2
mdpy mdpy-xga
mbochs mbochs-large
EOL
mdevctl list | awk 'NF { print $2, $3 }' | sort
mdevctl types -p 0000:07:00.0 | grep -A1 'nvidia-6[36]' | grep -o 'instances: .*' | xargs
mdevctl types -p mbochs | grep -A1 mbochs-small | grep -o 'instances: .*'
lspci -n -s 07:00.0
lspci -n -s 00:03.0
for device in /sys/bus/mdev/devices/*; do
	mdevctl stop -u "${device##*/}"
done
ls /sys/bus/mdev/devices | wc -l
EOS
is 'each of eight kinds has a device' "$("$VGPULAB" run --gpu mtty --gpu kaby-lake --gpu tesla-p4 \
	--gpu vfio-ccw --gpu broadwell,aperture=1G --gpu mdpy --gpu vfio-ap --gpu mbochs \
	-- sh each.sh 2>&1)" \
	'0.0.0313 0000:00:02.0 0000:00:03.0 0000:07:00.0 matrix mbochs mdpy mtty
DRIVER=intel_vgpu_mdev
DRIVER=intel_vgpu_mdev
DRIVER=nvidia-vgpu-vfio
DRIVER=vfio_ccw_mdev
DRIVER=vfio_ap_mdev
DRIVER=mtty
DRIVER=mdpy
DRIVER=mbochs
0.0.0313 vfio_ccw-io
0000:00:02.0 i915-GVTg_V5_8
0000:00:03.0 i915-GVTg_V4_1
0000:07:00.0 nvidia-63
matrix vfio_ap-passthrough
mbochs mbochs-large
mdpy mdpy-xga
mtty mtty-2
instances: 7 instances: 0
instances: 48
07:00.0 0302: 10de:1bb3 (rev a1)
00:03.0 0300: 8086:1616 (rev 09)
0'
