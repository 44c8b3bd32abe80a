#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs a test that mounts: as the caller, or as an ordinary user who is root of a user namespace.
# Root has to become that user first; /dev/fuse may be closed to users on a bare machine, so that
# one gets a node of its own, in a private mount namespace, and copies of all programs among the
# arguments, of a script with those beside it and tests/need.sh, which it may source.
# usage: fuse-as.sh caller|user PROGRAM [ARGUMENT...]

set -eu
who=$1
shift
if [ "$(id -u)" != 0 ]; then
	exec unshare -Urm "$@"
fi
if [ "$who" = caller ]; then
	exec "$@"
fi
# shellcheck disable=SC2016
exec unshare -m sh -euc '
	dir=$(mktemp -d)
	mount -t tmpfs -o mode=755 tmpfs "$dir"
	mknod -m 666 "$dir/fuse" c 10 229
	place=$dir/room/tests # as deep as in the tree
	mkdir -p "$place" "$dir/tests"
	cp "$0" "$dir/tests"
	for word; do
		shift
		if [ -f "$word" ] && [ -x "$word" ]; then
			cp "$word" "$place"
			[ "${word%.sh}" = "$word" ] || cp "$(dirname "$word")"/*.sh "$place"
			[ ! -f "$word-full" ] || cp "$word-full" "$place" # what vgpulab hands most verbs to
			word=$place/$(basename "$word")
		fi
		set -- "$@" "$word"
	done
	mount --bind "$dir/fuse" /dev/fuse
	trap "umount -l $dir; rmdir $dir" EXIT
	setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urm "$@"
' "$(dirname "$0")/../../tests/need.sh" "$@"
