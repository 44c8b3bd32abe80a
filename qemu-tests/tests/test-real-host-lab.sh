#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The mode for a real GPU on a real kernel's own device: mbochs, in the lab VM. Its display stays
# off, since there is no OpenGL to show DMA-BUFs with; the guest reads its picture back.
# usage: test-real-host-lab.sh VGPULAB
set -eu
. "$(dirname "$0")/../../tests/need.sh"
out=$(mktemp -d /tmp/vgpulab-real-lab-XXXXXX)
code=0
"$1" test --in lab-vm:vgem,mbochs --gpu mbochs --type mbochs-small --no-preflight --patience 20 \
	--out "$out/run" display-off || code=$?
[ $code != 12 ] || need lab 'see above'
[ $code = 0 ]
grep '"tier": 3' "$out/run/verdict.json"
# the slice of the kernel's log begins and ends with this scenario's own vGPU
grep 'mbochs_init_dev: mbochs-small' "$out/run/display-off/kernel.log"
grep 'Removing from iommu group' "$out/run/display-off/kernel.log"
rm -r "$out"
