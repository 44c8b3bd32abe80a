#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# UEFI firmware through libvirt: what it remembers goes with the domain. One libvirtd that sees two rounds, and where
# it would keep such a file.
# usage: test-libvirt-nvram.sh VGPULAB
set -eu
. "$(dirname "$0")/../../tests/need.sh"
out=$(mktemp -d /tmp/vgpulab-nvram-XXXXXX)
code=0
# shellcheck disable=SC2016 # for the inner shell
"$1" run --libvirt --gpu kaby-lake -- sh -c '"$1" test --through libvirt --rounds 2 --out "$2/r" ramfb-ovmf || exit
	find /var/lib/libvirt "${XDG_CONFIG_HOME:-$HOME/.config}/libvirt" -name "vgpulab-*" >"$2/kept" 2>/dev/null || :' \
	- "$1" "$out" >"$out/log" 2>&1 || code=$?
cat "$out/log"
need_ran $code "$out/log"
grep '"passed": 2' "$out/r/verdict.json"
cat "$out/kept"
[ ! -s "$out/kept" ]
! find "$out/r" -name nvram | grep .
rm -r "$out"
