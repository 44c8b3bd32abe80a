# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# Root in a chroot, where the kernel refuses user namespaces: whether its root is a mount or not.

[ "$(id -u)" = 0 ] || need root 'only root may chroot'
try='ls /sys/class/mdev_bus; cat /proc/1/comm; test -e /dev/vfio/vfio && echo with VFIO'

mkdir -p jail
cat >enter.sh <<EOS
# shared mounts, as systemd has them: what the sandbox mounts must not come back here
mount --make-rshared / 2>/dev/null
[ "\$1" = plain ] || mount --bind jail jail
for d in usr bin sbin lib lib64 etc dev proc sys tmp $(dirname "$VGPULAB"); do
	[ -e /\${d#/} ] || continue
	mkdir -p jail/\$d && mount --rbind /\${d#/} jail/\$d || exit 9
done
mounts=\$(wc -l </proc/self/mountinfo)
chroot jail $VGPULAB run -- sh -c "\$2" 2>&1
[ "\$mounts" = "\$(wc -l </proc/self/mountinfo)" ] && echo no mount is left
EOS
for root in plain mounted; do
	said=$(unshare -m sh enter.sh $root "$try")
	has "a chroot, its root $root: the GPU is there" "$said" 0000:00:02.0
	has '  in a pid namespace of its own' "$said" vgpulab-init
	has '  with VFIO' "$said" 'with VFIO'
	has '  and nothing mounted reaches the outside' "$said" 'no mount is left'
done
