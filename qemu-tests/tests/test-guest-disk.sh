#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A disk that boots a system of nobody's, made here: one partition, and in the first sector a program
# that says so and types back what is typed. As a command line's disk, and as a libvirt domain's;
# the image is not written to.
# usage: test-guest-disk.sh VGPULAB [OPTION...]
set -eu
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$1
shift
out=$(mktemp -d /tmp/vgpulab-disk-XXXXXX)
python3 - "$out/disk.img" <<'EOS'
import struct, sys

text = b"vgpulab's disk has booted. Press a key: \0"
code = bytes([
    0x31, 0xC0, 0x8E, 0xD8,        # xor ax, ax; mov ds, ax
    0xFC,                          # cld
    0xBE, 0x00, 0x00,              # mov si, TEXT
    0xAC, 0x84, 0xC0, 0x74, 0x06,  # next: lodsb; test al, al; jz keys
    0xB4, 0x0E, 0xCD, 0x10,        # say: mov ah, 0x0e; int 0x10
    0xEB, 0xF5,                    # jmp next
    0xB4, 0x00, 0xCD, 0x16,        # keys: mov ah, 0; int 0x16
    0xB4, 0x0E, 0xCD, 0x10,        # mov ah, 0x0e; int 0x10
    0xEB, 0xF6,                    # jmp keys
])
# the BIOS loads it to 0x7c00, and wants its mark at the end
code = code.replace(b"\xbe\0\0", b"\xbe" + struct.pack("<H", 0x7C00 + len(code)))
partition = struct.pack("<B3sB3sII", 0x80, b"\0\2\0", 0x83, b"\0\3\0", 1, 2047)
sector = (code + text).ljust(446, b"\0") + partition.ljust(64, b"\0") + b"\x55\xaa"
open(sys.argv[1], "wb").write(sector + bytes(2047 * 512))
EOS
before=$(sha256sum <"$out/disk.img")
chmod 755 "$out"
code=0
"$vgpulab" test --gpu kaby-lake --guest "$out/disk.img" --out "$out/r" "$@" ramfb-seabios || code=$?
[ $code != 12 ] && [ $code != 125 ] || need userns 'no fake host here'
grep '"notes": .*at rest after .*answers a key' "$out/r/verdict.json"
# SeaBIOS' menu stood for 2.5 s before it
grep '"picture": "guest.png"' "$out/r/verdict.json"
grep 'guest-1.png' "$out/r/verdict.json"
[ -s "$out/r/ramfb-seabios/guest-1.png" ]
[ "$before" = "$(sha256sum <"$out/disk.img")" ]
rm -r "$out"
