#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-fetch-kernel.sh FETCH_KERNEL: with an apt of our own making, so that no network is needed.

set -eu
. "$(dirname "$0")/../../tests/need.sh"
fetch=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM

for tool in dpkg-deb depmod xz; do
	PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null || need $tool 'not installed'
done

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# A kernel whose boot header says: one sector of set-up, payload at 0, its length.
mkdir -p "$work/package/DEBIAN" "$work/package/boot" "$work/package/lib/modules/9.9-test/kernel"
printf 'Package: linux-image-9.9-test\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@b>\nDescription: test\n' \
	>"$work/package/DEBIAN/control"
printf 'the kernel itself' | xz --check=crc32 >"$work/payload"
printf '\021\000\000\000' >>"$work/payload"
kernel=$work/package/boot/vmlinuz-9.9-test
head -c 1024 /dev/zero >"$kernel"
cat "$work/payload" >>"$kernel"
poke() { # OFFSET BYTE
	printf "\\$(printf %o "$2")" | dd of="$kernel" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
poke 497 1
poke 588 "$(wc -c <"$work/payload")"
dpkg-deb -b "$work/package" "$work/linux-image-9.9-test_1_all.deb" >/dev/null

mkdir "$work/bin"
cat >"$work/bin/apt-cache" <<'SCRIPT'
#!/bin/sh
echo 'Package: linux-image-amd64'
echo 'Depends: linux-image-9.9-test (= 1)'
SCRIPT
cat >"$work/bin/apt-get" <<'SCRIPT'
#!/bin/sh
case "$*" in
*download*) [ -z "${TEST_OFFLINE-}" ] || { echo 'E: Failed to fetch it' >&2; exit 100; }
	cp "$TEST_DEB" . ;;
*update*) [ -z "${TEST_OFFLINE-}" ] || { echo 'E: second complaint' >&2; exit 100; } ;;
esac
SCRIPT
chmod +x "$work/bin/apt-cache" "$work/bin/apt-get"
export TEST_DEB="$work/linux-image-9.9-test_1_all.deb"
real_path=$PATH
PATH=$work/bin:$PATH

# a failed download: one line with apt's reason, and nothing left behind
if TEST_OFFLINE=1 "$fetch" "$work/guest" 2>"$work/err"; then
	fail "a failed download is no failure"
fi
[ "$(wc -l <"$work/err")" = 1 ] || fail "more than one line: $(cat "$work/err")"
grep -q 'cannot download.*Failed to fetch it' "$work/err" || fail "no reason: $(cat "$work/err")"
[ -z "$(ls -A "$work/guest")" ] || fail "left behind: $(ls -A "$work/guest")"

# a good one
"$fetch" "$work/guest" || fail "it fails"
cmp "$kernel" "$work/guest/vmlinuz" || fail "vmlinuz differs"
[ "$(cat "$work/guest/vmlinux")" = "the kernel itself" ] || fail "vmlinux differs"
[ -f "$work/guest/lib/modules/9.9-test/modules.dep" ] || fail "depmod did not run"
[ "$(ls -A "$work/guest" | tr '\n' ' ')" = "lib vmlinux vmlinuz " ] || fail "left behind: $(ls -A "$work/guest")"

# again: nothing is fetched, and a decompressed kernel that is missing comes back
rm "$work/guest/vmlinux"
TEST_OFFLINE=1 "$fetch" "$work/guest" || fail "the second run fetches"
[ -s "$work/guest/vmlinux" ] || fail "vmlinux did not come back"

# a kernel packed in a way that xz does not know is still a kernel
rm -rf "$work/guest"
poke 1024 0
dpkg-deb -b "$work/package" "$TEST_DEB" >/dev/null
"$fetch" "$work/guest" || fail "it fails on another compression"
[ "$(ls -A "$work/guest" | tr '\n' ' ')" = "lib vmlinuz " ] || fail "left behind: $(ls -A "$work/guest")"

# misuse
PATH=$real_path
if "$fetch" 2>/dev/null || "$fetch" "" 2>/dev/null || "$fetch" /proc/none 2>"$work/err"; then
	fail "misuse is accepted"
fi
[ "$(wc -l <"$work/err")" = 1 ] || fail "more than one line: $(cat "$work/err")"
