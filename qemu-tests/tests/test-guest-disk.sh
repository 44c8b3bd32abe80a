#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A disk that boots a system of nobody's, made here: one partition, and in the first sector a program
# that says so, is busy for ten seconds, and types back what is typed. As a command line's disk, and as
# a libvirt domain's; the image is not written to. What stands while it is busy is not taken for rest.
# usage: test-guest-disk.sh VGPULAB [OPTION...]
set -eu
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$1
shift
out=$(mktemp -d /tmp/vgpulab-disk-XXXXXX)
python3 - "$out/disk.img" <<'EOS'
import struct, sys

first = b"vgpulab's disk is busy\r\n\0"
second = b"vgpulab's disk has booted. Press a key: \0"
code = bytes([
    0x31, 0xC0, 0x8E, 0xD8, 0xFC,  # xor ax, ax; mov ds, ax; cld
    0xBE, 0x00, 0x00,              # mov si, FIRST
    0xE8, 0x1E, 0x00,              # call say
    0x8B, 0x1E, 0x6C, 0x04,        # mov bx, [0x46c]: the BIOS' clock, 18.2 a second
    0xA1, 0x6C, 0x04, 0x29, 0xD8,  # wait: mov ax, [0x46c]; sub ax, bx
    0x3D, 0xB6, 0x00, 0x72, 0xF6,  # cmp ax, 182; jb wait
    0xBE, 0x00, 0x00,              # mov si, SECOND
    0xE8, 0x0A, 0x00,              # call say
    0xB4, 0x00, 0xCD, 0x16,        # keys: mov ah, 0; int 0x16
    0xB4, 0x0E, 0xCD, 0x10,        # mov ah, 0x0e; int 0x10
    0xEB, 0xF6,                    # jmp keys
    0xAC, 0x84, 0xC0, 0x74, 0x06,  # say: lodsb; test al, al; jz back
    0xB4, 0x0E, 0xCD, 0x10,        # mov ah, 0x0e; int 0x10
    0xEB, 0xF5, 0xC3,              # jmp say; back: ret
])
# the BIOS loads it to 0x7c00, and wants its mark at the end
for text in (0x7C00 + len(code), 0x7C00 + len(code) + len(first)):
    code = code.replace(b"\xbe\0\0", b"\xbe" + struct.pack("<H", text), 1)
partition = struct.pack("<B3sB3sII", 0x80, b"\0\2\0", 0x83, b"\0\3\0", 1, 2047)
sector = (code + first + second).ljust(446, b"\0") + partition.ljust(64, b"\0") + b"\x55\xaa"
open(sys.argv[1], "wb").write(sector + bytes(2047 * 512))
EOS
before=$(sha256sum <"$out/disk.img")
chmod 755 "$out"
code=0
"$vgpulab" test --gpu kaby-lake --guest "$out/disk.img" --patience 1 --out "$out/r" "$@" ramfb-seabios || code=$?
[ $code != 12 ] && [ $code != 125 ] || need userns 'no fake host here'
grep '"notes": .*at rest after [1-9][0-9]\..*answers a key' "$out/r/verdict.json"
# SeaBIOS' menu stood for 2.5 s before it
grep '"picture": "guest.png"' "$out/r/verdict.json"
grep 'guest-1.png' "$out/r/verdict.json"
[ -s "$out/r/ramfb-seabios/guest-1.png" ]
[ "$before" = "$(sha256sum <"$out/disk.img")" ]
# libvirt does not tell how its QEMU ended
if [ "${2-qemu}" = qemu ]; then
	printf '#!/bin/sh\nqemu-system-x86_64 "$@"\nexit 3\n' >"$out/qemu"
	chmod +x "$out/qemu"
	! "$vgpulab" test --gpu kaby-lake --guest "$out/disk.img" --patience 0.7 --qemu "$out/qemu" --out "$out/ill" \
		ramfb-seabios
	grep 'QEMU ended with status 3' "$out/ill/verdict.json"
fi
rm -r "$out"
