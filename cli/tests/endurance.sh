#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Creating and removing vGPUs again and again: who serves them needs no more memory and no more
# descriptors at the end than after the first tenth.
# usage: endurance.sh VGPULAB CHURN CYCLES [OPTION...]

set -eu
VGPULAB=$1 CHURN=$2 cycles=$3
if [ -z "${ENDURANCE_INSIDE:-}" ]; then
	[ -r /dev/fuse ] && [ -w /dev/fuse ] || {
		echo "SKIP: needs fuse: /dev/fuse cannot be opened" >&2
		exit 77
	}
	flags=-m
	[ "$(id -u)" = 0 ] || flags=-Urm
	ENDURANCE_INSIDE=1 exec unshare $flags "$0" "$@"
fi
shift 3
dir=$(mktemp -d)
server=
finish() {
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null || :
		wait "$server" || :
	fi
	rm -rf "$dir"
}
trap finish EXIT
mkdir "$dir/mnt"
mkfifo "$dir/ready"
cd "$dir"
"$VGPULAB" fake serve --ready-fd 9 "$@" "$dir/mnt" 9>"$dir/ready" &
server=$!
read -r _ <"$dir/ready"

# The process that serves: with a state the youngest child of the one that we started.
serving() {
	# shellcheck disable=SC2046
	set -- $(cat "/proc/$server/task/$server/children")
	while [ $# -gt 1 ]; do shift; done
	echo "${1-$server}"
}
memory_kib() { awk '/^RssAnon:/ { print $2 }' "/proc/$(serving)/status"; }
descriptors() { ls "/proc/$(serving)/fd" | wc -l; }

"$CHURN" "$dir/mnt" cycle $((cycles / 10))
memory=$(memory_kib) files=$(descriptors)
"$CHURN" "$dir/mnt" cycle "$cycles"
echo "memory: $memory KiB, then $(memory_kib) KiB; descriptors: $files, then $(descriptors)"
# 64 KiB are a page cache of malloc's, not a leak of 100,000 somethings
[ "$(memory_kib)" -le $((memory + 64)) ] && [ "$(descriptors)" = "$files" ]
[ ! -e state ] || [ "$(wc -c <state)" -le 4000000 ]
