# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# The way of newer clients: /dev/iommu and /dev/vfio/devices/vfioN, on kernels that have them.

uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c03
create='/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create'
cat >vgpu.sh <<EOS
echo $uuid >$create || exit 1
group=\$(basename \$(readlink /sys/bus/mdev/devices/$uuid/iommu_group))
EOS
cat >check.sh <<EOS
. ./vgpu.sh
exec $WORK/cdev-client check $uuid \$group
EOS
for kernel in 6.6 6.12; do
	said=$("$VGPULAB" run --kernel $kernel -- sh check.sh)
	is "on Linux $kernel the client finds all as it should be" \
		"$? $(echo "$said" | grep '^not ok')" '0 '
done
is 'on Linux 6.1 there is nothing of it' \
	"$("$VGPULAB" run -- sh -c '. ./vgpu.sh; ls -d /dev/iommu /dev/vfio/devices 2>/dev/null')" ''

cat >legacy.sh <<EOS
. ./vgpu.sh
exec $CLIENT check $uuid \$group
EOS
said=$("$VGPULAB" run --kernel 6.12 -- sh legacy.sh)
is 'the way by groups is there as before' "$? $(echo "$said" | grep '^not ok')" '0 '

cat >busy.sh <<EOS
. ./vgpu.sh
sh ./removal-waits $uuid \$1 $WORK/cdev-client hold $uuid
test -e /dev/vfio/devices || echo no devices
EOS
for end in close kill; do
	is "removal waits for the client's $end" \
		"$("$VGPULAB" run --kernel 6.6 -- sh busy.sh $end 2>/dev/null)" \
		"$(printf 'waiting\nremoved\nno devices')"
done

# attempt SENTENCE MODE GROUP WANTED SETPRIV-OPTION...: of a node of that mode and group.
cat >attempt.sh <<EOS
. ./vgpu.sh
for node in /dev/vfio/devices/*; do
	chmod \$1 \$node && chgrp \$2 \$node
done
shift 2
setpriv "\$@" -- $WORK/cdev-client hold $uuid </dev/null 2>&1
EOS
chmod a+rx . && chmod a+rx cdev-client
attempt() {
	sentence=$1 mode=$2 group=$3 wanted=$4
	shift 4
	has "$sentence" "$("$VGPULAB" run --kernel 6.6 -- sh attempt.sh $mode $group "$@")" "$wanted"
}
attempt 'root opens a node that its mode closes' 000 0 open --no-new-privs
attempt '  and without his power over files does not' 000 0 'Permission denied' --bounding-set=-dac_override
attempt '  but as its owner does' 600 0 open --bounding-set=-dac_override
attempt '  whom the mode for others does not help' 466 0 'Permission denied' --bounding-set=-dac_override
if [ "$(id -u)" = 0 ]; then
	attempt 'another user opens none' 600 0 'Permission denied' --reuid=1000 --regid=1000 --clear-groups
	attempt '  but one that is open to all' 666 0 open --reuid=1000 --regid=1000 --clear-groups
	attempt '  or to his group' 660 1000 open --reuid=1000 --regid=1000 --clear-groups
	attempt '  or to one of his groups' 660 77 open --reuid=1000 --regid=1000 --groups=5,77
	attempt '  and not if that is shut out' 606 77 'Permission denied' --reuid=1000 --regid=1000 --groups=5,77
fi
