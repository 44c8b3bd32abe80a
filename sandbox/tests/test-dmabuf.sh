#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# DMA-BUFs as a VFIO client gets them, in the lab VM, whose vgem exports them: ids and lifetimes, then
# each layout of a picture that GVT-g decodes. Then: who asks for them where nothing can export them, is
# told so, and gets the region.
# With a fourth argument the kernel has udmabuf, too, which Debian's has not: built for the lab VM.
# usage: test-dmabuf.sh LAB-VM VGPULAB DMABUF-CLIENT [udmabuf]

set -u
. "$(dirname "$0")/../../tests/need.sh"
lab=$1
VGPULAB=$2 CLIENT=$3 UDMABUF=${4-}
export VGPULAB CLIENT UDMABUF

# shellcheck disable=SC2016 # for the inner shells
inside='
create="/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V${1}_8/create"
uuid=2f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7d01
echo $uuid >$create || exit 1
exec "$CLIENT" $2 $uuid $(basename $(readlink /sys/bus/mdev/devices/$uuid/iommu_group)) $3'
export inside
# shellcheck disable=SC2016
"$lab" --modules "vgem${UDMABUF:+,udmabuf}" --timeout 500 -- sh -c '
	client() {
		gpu=$1
		shift
		"$VGPULAB" run -v --gpu $gpu,display=dmabuf -- sh -c "$inside" sh "$@"
	}
	client kaby-lake 5 planes || exit 1
	client broadwell 4 layouts 8 || exit 1
	client kaby-lake 5 layouts 9 || exit 1
	mount -t tmpfs none /dev/dri || exit 1
	if [ -n "$UDMABUF" ]; then
		client kaby-lake 5 planes || exit 1
		rm /dev/udmabuf || exit 1
	fi
	said=$(client kaby-lake 5 planes 2>&1)
	case $said in
	*"no DMA-BUF display: "*"the region path instead"*"not ok 1 - DMA-BUFs are offered"*) ;;
	*) printf "%s\n" "$said" && exit 1 ;;
	esac
'
code=$?
[ $code != 77 ] || need lab 'see above'
exit $code
