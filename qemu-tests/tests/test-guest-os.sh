#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A whole system with nothing of ours in it, from power-on to its console: firmware, GRUB, Debian's
# kernel, its i915, and a shell that waits for a key. One disk for SeaBIOS and UEFI, made here by
# grub-mkrescue. What firmware and GRUB showed is kept; at rest is i915's own mode, which no firmware
# knows; a path without a boot display shows the same console.
# usage: test-guest-os.sh VGPULAB GUEST-DIR [OPTION...]
set -eu
. "$(dirname "$0")/../../tests/need.sh"
PATH=$PATH:/usr/sbin:/sbin
vgpulab=$1 guest=$2
shift 2
for tool in grub-mkrescue xorriso mformat cpio modprobe; do
	command -v $tool >/dev/null || need lab "no $tool; see packages.txt, group lab"
done
busybox=/bin/busybox
[ -x $busybox ] || need lab "no $busybox; install busybox-static"
[ -s "$guest/vmlinuz" ] || need guest-kernel "none in $guest"
out=$(mktemp -d /tmp/vgpulab-os-XXXXXX)
chmod 755 "$out"
root=$out/root

mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/modules" "$out/disk/boot/grub"
cp $busybox "$root/bin/busybox"
version=$(ls "$guest/lib/modules")
for module in atkbd i8042 i915; do
	modprobe -d "$guest" -S "$version" --show-depends $module
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | while read -r file; do
	[ -e "$root/modules/${file##*/}" ] || echo "${file##*/}" >>"$root/modules/order"
	cp "$file" "$root/modules"
done
cat >"$root/init" <<'EOS2'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
exec </dev/tty1 >/dev/tty1 2>&1
echo "A system of nobody's is starting: Linux $($b uname -r)"
for module in $($b cat /modules/order); do
	$b insmod "/modules/$module"
done
echo "Press a key: "
exec $b cat >/dev/null
EOS2
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$out/disk/boot/initrd"
cp "$guest/vmlinuz" "$out/disk/boot/vmlinuz"
cat >"$out/disk/boot/grub/grub.cfg" <<'EOS2'
insmod all_video
set gfxmode=auto
set gfxpayload=keep
loadfont unicode && terminal_output gfxterm
set timeout=4
menuentry "A system of nobody's" {
	linux /boot/vmlinuz quiet no_timer_check
	initrd /boot/initrd
}
EOS2
grub-mkrescue -o "$out/disk.img" "$out/disk" >"$out/grub.log" 2>&1 || {
	cat "$out/grub.log"
	exit 1
}
code=0
"$vgpulab" test --gpu kaby-lake --type i915-GVTg_V5_4 --guest "$out/disk.img" --out "$out/r" "$@" \
	ramfb-seabios ramfb-ovmf region-1024x768 || code=$?
[ $code != 12 ] && [ $code != 125 ] || need userns 'no fake host here'
python3 - "$out/r" <<'EOS2'
import json, os, sys

out = sys.argv[1]
results = json.load(open(out + "/verdict.json"))["results"]
assert [r["scenario"] for r in results] == ["region-1024x768", "ramfb-seabios", "ramfb-ovmf"], results
for result in results:
    name, shown = result["scenario"], result["boot_display"]
    print(name, result["verdict"], result.get("reason", ""), shown, result.get("notes", ""))
    assert result["verdict"] == "PASS", name
    # the largest mode of this vGPU type's monitor
    assert (shown["width_px"], shown["height_px"]) == (1920, 1200), name
    assert result["notes"].endswith("answers a key"), name
    stages = shown.get("stages", [])
    assert all(os.path.getsize(f"{out}/{result['directory']}/{s}") for s in stages), name
    # of firmware and GRUB, at least GRUB's menu stood for a moment
    assert stages or name == "region-1024x768", name
EOS2
rm -r "$out"
