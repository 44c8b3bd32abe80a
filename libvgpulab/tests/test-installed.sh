#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What `meson install` leaves is complete, exports what its headers declare, and can be built on.
# shellcheck disable=SC2317 # check() calls the functions
# usage: test-installed.sh BUILD PREFIX LIBDIR LIBEXECDIR EXAMPLE.c UDEVDIR UNITDIR
set -eu
build=$1 prefix=$2 libdir=$3 libexecdir=$4 example=$5 udevdir=$6 unitdir=$7
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 99' INT TERM
n=0 failed=0
check() {
	n=$((n + 1))
	name=$1
	shift
	# not as a condition: that would let the commands within fail unseen
	set +e
	(
		set -e
		"$@"
	) >"$root/log" 2>&1
	status=$?
	set -e
	[ $status = 0 ] && echo "ok $n - $name" && return
	echo "not ok $n - $name"
	sed 's/^/# /' "$root/log"
	failed=1
}
refused() {
	if "$@"; then return 1; fi
}

DESTDIR=$root/dest meson install -C "$build" --no-rebuild --quiet >"$root/install.log" 2>&1 || {
	cat "$root/install.log" >&2
	exit 1
}
dest=$root/dest$prefix
PKG_CONFIG_SYSROOT_DIR=$root/dest
PKG_CONFIG_PATH=$dest/$libdir/pkgconfig
LD_LIBRARY_PATH=$dest/$libdir
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH LD_LIBRARY_PATH
so=$dest/$libdir/libvgpulab.so.0

# A sanitizer's runtime belongs to the build, not to what is installed.
sanitized() {
	nm -D "$so" | grep -q ' U __\(asan\|ubsan\|tsan\|msan\)'
}
# "lib/udev" is below the prefix, "/lib/udev" is not.
installed() {
	case $1 in
	/*) echo "$root/dest$1" ;;
	*) echo "$dest/$1" ;;
	esac
}
rules_name_the_program() {
	for file in "$(installed "$udevdir")/rules.d/60-vgpulab.rules" \
		"$(installed "$unitdir")/vgpulab-start-parent-mdevs@.service"; do
		program=$(sed -n 's,.*[="]\(/[^ ]*/vgpulab\) start-parent-mdevs .*,\1,p' "$file")
		echo "$file calls $program"
		[ -x "$root/dest$program" ]
	done
}
completions() {
	for file in bash-completion/completions/vgpulab zsh/site-functions/_vgpulab \
		fish/vendor_completions.d/vgpulab.fish; do
		[ -f "$dest/share/$file" ]
	done
}
soname() {
	objdump -p "$so" | grep 'SONAME *libvgpulab\.so\.0$'
}
every_file() {
	for file in bin/vgpulab "$libexecdir/vgpulab/guest-init" "$libexecdir/vgpulab/fetch-kernel" \
		include/vgpulab/error.h include/vgpulab/manager.h include/vgpulab/backends.h \
		"$libdir/libvgpulab.so" "$libdir/pkgconfig/vgpulab.pc" share/man/man1/vgpulab.1; do
		[ -e "$dest/$file" ] || {
			echo "$file is not there"
			return 1
		}
	done
	for file in "$libexecdir"/vgpulab/guest-init "$libexecdir"/vgpulab/fetch-kernel bin/vgpulab; do
		[ -x "$dest/$file" ] || {
			echo "$file cannot be executed"
			return 1
		}
	done
}
# Read by another reader of C than the one that wrote the version script.
exported_is_declared() {
	nm -D --defined-only "$so" | awk '$2 ~ /[TDRB]/ { sub(/@.*/, "", $3); print $3 }' |
		LC_ALL=C sort >"$root/exported"
	ctags -x --c-kinds=px -D 'VGPU_DEFINE_DESTROYP(type)=' --_xformat=%N \
		"$dest"/include/vgpulab/*.h | grep '^vgpu_' | LC_ALL=C sort -u >"$root/declared"
	[ -s "$root/declared" ] && diff "$root/declared" "$root/exported"
}
headers_alone() {
	for header in "$dest"/include/vgpulab/*.h; do
		# shellcheck disable=SC2046 # flags
		echo "#include <vgpulab/${header##*/}>" |
			cc -std=gnu17 -Wall -Werror -fsyntax-only $(pkg-config --cflags vgpulab) -x c -
	done
}
example() {
	# shellcheck disable=SC2046 # flags
	cc -std=gnu17 -Wall -Werror -o "$root/example" "$example" \
		$(pkg-config --cflags --libs vgpulab)
	"$root/example" mem:kaby-lake GVTg_V5_4 >"$root/out"
	cat "$root/out"
	grep -x 'created a i915-GVTg_V5_4 on 0000:00:02.0' "$root/out"
	refused "$root/example" mem:kaby-lake GVTg_V5_99 2>"$root/out"
	grep 'no-type' "$root/out"
}
program_runs() {
	unset LD_LIBRARY_PATH
	"$dest/bin/vgpulab" --version
	"$dest/bin/vgpulab" --backend mem:kaby-lake types | grep i915-GVTg_V5_8
}
# The scenario has no kernel here, but knows its own files, and says how to get one.
finds_own_files() {
	mkdir -p "$root/home"
	HOME=$root/home XDG_CACHE_HOME='' refused "$dest/bin/vgpulab" test --out "$root/results" \
		bochs-1024x768 >"$root/out" 2>&1
	cat "$root/out"
	refused grep 'no guest program' "$root/out"
	[ -e /var/cache/vgpulab/guest/vmlinuz ] || ! command -v qemu-system-x86_64 >/dev/null ||
		grep -F "$libexecdir/vgpulab/fetch-kernel $root/home/.cache/vgpulab/guest'" "$root/out"
}
no_path_of_the_build() {
	for file in bin/vgpulab "$libdir/libvgpulab.so.0" "$libexecdir/vgpulab/guest-init"; do
		objcopy --strip-all "$dest/$file" "$root/stripped"
		refused grep -a -F "$(realpath "$build")" "$root/stripped" || {
			echo "$file knows where it was built"
			return 1
		}
	done
}

check 'every file is in its place' every_file
check 'udev rule and unit call the program where it is' rules_name_the_program
check 'three shells find their completions' completions
check 'the library has a soname' soname
if command -v ctags >/dev/null; then
	check 'the library exports what its headers declare and nothing else' exported_is_declared
fi
check 'each installed header compiles alone' headers_alone
sanitized || check 'a program builds on the installed library and runs' example
check 'the installed program runs from where it was moved to' program_runs
check 'the installed program finds its guest program and says how to get a kernel' finds_own_files
sanitized || check 'no installed program has the path of the build in it' no_path_of_the_build
echo "1..$n"
exit $failed
