# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# Begin of a test of `vgpulab fake serve`, to be sourced: goes into a mount namespace of its own, where an
# ordinary user is root, makes $dir with the mount point $dir/mnt, and has what both such tests do.

if [ -z "${SERVE_HOST_INSIDE:-}" ]; then
	. "$(dirname "$0")/../../tests/need.sh"
	[ -r /dev/fuse ] && [ -w /dev/fuse ] || need fuse '/dev/fuse cannot be opened'
	if [ "$(id -u)" = 0 ]; then
		SERVE_HOST_INSIDE=1 exec unshare -m "$0" "$@"
	fi
	SERVE_HOST_INSIDE=1 exec unshare -Urm "$0" "$@"
fi

VGPULAB=$1
dir=$(mktemp -d)
pid=''
mkdir "$dir/mnt"
mkfifo "$dir/ready"

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# serve ARG...: starts a server, $pid, on the mount point; it is ready when this returns.
serve() {
	"$VGPULAB" fake serve --ready-fd 9 "$@" "$dir/mnt" 9>"$dir/ready" &
	pid=$!
	read -r line <"$dir/ready"
	[ "$line" = ready ] || fail "it says '$line' instead of 'ready'"
}

# ended CODE: the server does or did, with this exit code.
ended() {
	code=0
	wait "$pid" || code=$?
	pid=''
	[ "$code" = "$1" ] || fail "it ended with $code, not $1"
}
