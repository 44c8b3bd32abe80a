#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the documentation links to exists, and so does each file that it names by its path.
# usage: links.sh SOURCE-ROOT
set -eu
# No path of ours has a space in it.
cd "$1"
failed=0
miss() {
	echo "$1 names $2, which does not exist"
	failed=1
}
# shellcheck disable=SC2013,SC2016,SC2044 # words
for page in $(find . -name '*.md' -not -path './build*' -not -path './.git/*'); do
	dir=$(dirname "$page")
	for link in $(grep -o '](\([^)#: ]*\)[)#]' "$page" | sed 's/^](//; s/[)#]$//'); do
		[ -e "$dir/$link" ] || miss "$page" "$link"
	done
	# `core/plan.c`, `fakevfio/models/`: below a room of ours; a pattern must fit something
	for path in $(grep -o '`[a-z][a-z-]*/[A-Za-z0-9_./*-]*`' "$page" | tr -d '`' | sort -u); do
		[ -d "${path%%/*}" ] && git check-ignore -q "$path" 2>/dev/null && continue
		[ -d "${path%%/*}" ] || [ -d "$dir/${path%%/*}" ] || continue
		case $path in *NAME*) continue ;; esac
		# with or without a suffix, from the top, beside the page, or as an exported header
		# shellcheck disable=SC2086 # a pattern
		set -- $path $path.* $dir/$path ${path%%/*}/include/$path
		for found; do
			[ ! -e "$found" ] || break
		done
		[ -e "$found" ] || miss "$page" "$path"
	done
done
exit $failed
