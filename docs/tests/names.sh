#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every `function()` and every `file` that the documents name is there.
# usage: names.sh SOURCE-ROOT

set -eu
cd "$1"
sources=$(find . -name 'build*' -prune -o -name .git -prune -o -type f -print)
pages=$(printf '%s\n' "$sources" | grep '\.md$')
status=0
# shellcheck disable=SC2086 # a list of files
for name in $(grep -ohE '`[a-z][a-z_0-9]+\(\)`' $pages | tr -d '`()' | sort -u); do
	printf '%s\n' "$sources" | grep -E '\.[ch]$|meson\.build$' |
		xargs grep -qE "(^|[^a-zA-Z_])$name\(" || {
		echo "no function $name(): $(grep -lF "\`$name()\`" $pages | xargs)"
		status=1
	}
done
# shellcheck disable=SC2086 # a file may be named from any directory above it
for file in $(grep -ohE '`[a-zA-Z0-9_.-]+/[a-zA-Z0-9_./-]+\.(c|h|sh|md|json|build)`' $pages | tr -d '`' | sort -u); do
	case $file in
	*NAME* | host.json) continue ;;
	esac
	printf '%s\n' "$sources" | grep -qF "/${file#../}" || {
		echo "no file $file: $(grep -lF "\`$file\`" $pages | xargs)"
		status=1
	}
done
exit $status
