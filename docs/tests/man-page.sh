#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual page is clean mdoc and knows every verb, every backend and every exit code.
# usage: man-page.sh PAGE VGPULAB
set -eu
page=$1 vgpulab=$(realpath "$2")
command -v mandoc >/dev/null || {
	echo "SKIP: needs mandoc: not installed" >&2
	exit 77
}
failed=0
miss() {
	echo "$page lacks $1"
	failed=1
}
# what other packages' pages are installed here is no fault of the page
complaints=$(mandoc -Tlint -Wstyle "$page" | grep -v 'outdated mandoc.db\|referenced manual not found' || true)
[ -z "$complaints" ] || {
	echo "$complaints"
	failed=1
}
names() {
	"$vgpulab" --help | sed -n "$1"'s/^  \([a-z][a-z-]*\)[ :[].*/\1/p'
}
for verb in $(names '/^Manage/,/^Options:/'); do
	grep -q "^\.Ss $verb" "$page" || miss "the verb $verb"
done
for backend in $(names '/^Backends:/,/^$/'); do
	grep -q "^\.It Cm $backend" "$page" || miss "the backend $backend"
done
for code in 0 1 2 3 4 5 6 7 8 9 10 11 12; do
	grep -q "^\.It $code\$" "$page" || miss "the exit code $code"
done
exit $failed
