#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A guest with nothing of ours in it: GRUB's own rescue disk. And one that shows nothing: an empty
# disk on a path without a boot display must be found blank.
# usage: test-guest-image.sh VGPULAB
set -eu
iso=/usr/lib/grub-rescue/grub-rescue-cdrom.iso
if [ ! -r $iso ]; then
	echo "SKIP: needs grub-rescue: no $iso; install grub-rescue-pc"
	case ",${VGPULAB_STRICT:-}," in *,grub-rescue,* | ,all,) exit 1 ;; esac
	exit 77
fi
out=$(mktemp -d /tmp/vgpulab-image-XXXXXX)
code=0
"$1" test --gpu kaby-lake --guest $iso --out "$out/grub" ramfb-seabios || code=$?
[ $code != 12 ] && [ $code != 125 ] || { echo 'SKIP: needs userns: no fake host here' && exit 77; }
grep '"notes": .*at rest after .*answers a key' "$out/grub/verdict.json"
[ -s "$out/grub/ramfb-seabios/guest.png" ]
truncate -s 1M "$out/empty.img"
! "$1" test --gpu kaby-lake --guest "$out/empty.img" --patience 0.05 --out "$out/empty" \
	region-1024x768
grep '"fault": "guest-display"' "$out/empty/verdict.json"
grep '"reason": "the guest.s display was blank all the time' "$out/empty/verdict.json"
rm -r "$out"
