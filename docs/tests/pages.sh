#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Manual pages are clean mdoc, and refer to pages of ours only if these exist.
# usage: pages.sh PAGE...
set -eu
. "$(dirname "$0")/../../tests/need.sh"
command -v mandoc >/dev/null || need mandoc 'not installed'
failed=0
ours=" $(for page; do basename "$page" .in; done | tr '\n' ' ')"
for page; do
	# what other packages' pages are installed here is no fault of the page
	complaints=$(mandoc -Tlint -Wstyle "$page" 2>&1 |
		grep -v 'outdated mandoc.db\|referenced manual not found' || true)
	[ -z "$complaints" ] || {
		echo "$complaints"
		failed=1
	}
	# shellcheck disable=SC2013 # words
	for other in $(sed -n 's/^\.Xr \(vgpulab[a-z-]*\) \([1-8]\).*/\1.\2/p' "$page"); do
		case $ours in
		*" $other "*) ;;
		*) echo "$page refers to $other, which does not exist" && failed=1 ;;
		esac
	done
done
exit $failed
