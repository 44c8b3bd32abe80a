#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# docs/fidelity.md is what the tables of cases say. FIDELITY_WRITE=1 writes it anew.
# usage: page.sh CONFORMANCE PAGE

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM
"$1" --page >"$work/page"
if [ -n "${FIDELITY_WRITE:-}" ]; then
	cp "$work/page" "$2"
fi
diff -u "$2" "$work/page" || {
	echo "docs/fidelity.md is old: FIDELITY_WRITE=1 meson test -C build fidelity-page" >&2
	exit 1
}
