#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual page knows every verb with all options of its --help, every backend and every exit code.
# usage: man-page.sh PAGE VGPULAB
set -eu
page=$1 vgpulab=$(realpath "$2")
failed=0
miss() {
	echo "$page lacks $1"
	failed=1
}
names() {
	"$vgpulab" --help | sed -n "$1"'s/^  \([a-z][a-z-]*\)[ :[].*/\1/p'
}
for verb in $(names '/^Manage/,/^Options:/'); do
	grep -q "^\.Ss $verb" "$page" || miss "the verb $verb"
	section=$(sed -n "/^\.Ss $verb\>/,/^\.S[sh] /p" "$page" | sed 's/\\&//g; s/\\-/-/g')
	for option in $("$vgpulab" "$verb" --help | sed -n 's/^  .*\(--[a-z][a-z-]*\).*/\1/p'); do
		printf '%s\n' "$section" | grep -q "^\.It .*Fl ${option#-}\>" || miss "the option $verb $option"
	done
done
for backend in $(names '/^Backends:/,/^$/'); do
	grep -q "^\.It Cm $backend" "$page" || miss "the backend $backend"
done
for code in 0 1 2 3 4 5 6 7 8 9 10 11 12; do
	grep -q "^\.It $code\$" "$page" || miss "the exit code $code"
done
exit $failed
