#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A guest with nothing of ours in it: GRUB's own rescue disk. And one that shows nothing: an empty
# disk on a path without a boot display must be found blank.
# usage: test-guest-image.sh VGPULAB
set -eu
. "$(dirname "$0")/../../tests/need.sh"
iso=/usr/lib/grub-rescue/grub-rescue-cdrom.iso
[ -r $iso ] || need grub-rescue "no $iso; install grub-rescue-pc"
out=$(mktemp -d /tmp/vgpulab-image-XXXXXX)
code=0
"$1" test --gpu kaby-lake --guest $iso --out "$out/grub" ramfb-seabios || code=$?
[ $code != 12 ] && [ $code != 125 ] || need userns 'no fake host here'
grep '"notes": .*at rest after .*answers a key' "$out/grub/verdict.json"
[ -s "$out/grub/ramfb-seabios/guest.png" ]
truncate -s 1M "$out/empty.img"
! "$1" test --gpu kaby-lake --guest "$out/empty.img" --patience 0.5 --out "$out/empty" \
	region-1024x768
grep '"fault": "guest-display"' "$out/empty/verdict.json"
grep '"reason": "the guest.s display was blank all the time' "$out/empty/verdict.json"
rm -r "$out"
