#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The mode for a real GPU on a real kernel's own devices: mbochs, in the lab VM, driven by our own program and
# by Debian's bochs. Its display stays off: Mesa's software renderer crashes with QEMU when it samples mbochs'
# DMA-BUFs, which it could not map. The guest reads its picture back.
# usage: test-real-host-lab.sh VGPULAB
set -eu
. "$(dirname "$0")/../../tests/need.sh"
out=$(mktemp -d /tmp/vgpulab-real-lab-XXXXXX)
code=0
"$1" test --in lab-vm:vgem,mbochs --gpu mbochs --type mbochs-large --no-preflight --patience 20 \
	--out "$out/run" display-off mbochs-off-driver || code=$?
[ $code != 12 ] || need lab 'see above'
[ $code = 0 ]
grep '"tier": 3' "$out/run/verdict.json"
# the slice of the kernel's log begins and ends with the scenario's own vGPU
for scenario in display-off mbochs-off-driver; do
	log=$out/run/$scenario/kernel.log
	grep 'mbochs_init_dev: mbochs-large' "$log"
	grep 'Removing from iommu group' "$log"
done
rm -r "$out"
