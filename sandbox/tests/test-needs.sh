# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# What the machine lacks is named, with the cure, and nothing is run.

# fails_with SENTENCE WHAT CURE COMMAND...: COMMAND would run the program where something lacks.
fails_with() {
	sentence=$1 what=$2 cure=$3
	shift 3
	said=$("$@" 2>&1)
	is "$sentence: 125" $? 125
	has '  the message' "$said" "$what"
	has '  the cure' "$said" "$cure"
	holds '  the program is not run' [ ! -e ran ]
}
prefix="exec $VGPULAB run -- touch ran"

fails_with 'no more user namespaces' 'cannot make a user namespace: No space left on device' \
	'sysctl' unshare -Ur sh -c "echo 0 >/proc/sys/user/max_user_namespaces && $prefix"
# Any file that we may not open will do.
[ ! -e /etc/shadow ] || [ -r /etc/shadow ] ||
	fails_with 'a /dev/fuse that is closed to us' 'cannot open /dev/fuse: Permission denied' \
		'chmod 0666 /dev/fuse' \
		unshare -Urm sh -c "mount --bind /etc/shadow /dev/fuse && $prefix"
fails_with 'no /dev/fuse' 'cannot open /dev/fuse' '--device /dev/fuse' \
	unshare -Urm sh -c "mkdir -p e && mount -t tmpfs none e && mount --bind e /dev && $prefix"
fails_with 'a /proc that is not wholly visible' 'cannot mount a new /proc' \
	'systempaths=unconfined' \
	unshare -Urm sh -c "mount -t tmpfs none /proc/sys && $prefix"
# A program that is linked with a sanitizer's runtime takes no library before that.
if LD_PRELOAD=$WORK/no-fork.so "$VGPULAB" --version >/dev/null 2>&1; then
	for process in vgpulab-build vgpulab-init; do
		fails_with "no more processes in $process" \
			'cannot start a process inside: Resource temporarily unavailable' 'ulimit -u' \
			env LD_PRELOAD="$WORK/no-fork.so" NO_FORK_IN=$process sh -c "$prefix"
	done
fi
[ ! -e /usr/sbin/libvirtd ] || fails_with 'no libvirtd' 'libvirtd ended: cannot execute libvirtd' \
	'apt install libvirt-daemon-system' \
	unshare -Urm sh -c "mount --bind /dev/null /usr/sbin/libvirtd &&
		exec $VGPULAB run --libvirt -- touch ran"
