# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# What a program cannot reach through the supervisor, which may do more than it.

uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c05
create='/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create'
file=/etc/shadow
# Inside, root is root, but what is real of /sys is read-only there, and not so for the supervisor.
[ "$who" = user ] || file=/sys/kernel/mm/transparent_hugepage/enabled
cat >escape.sh <<EOS
echo $uuid >$create || exit 1
group=\$(basename \$(readlink /sys/bus/mdev/devices/$uuid/iommu_group))
exec $WORK/escape-client check $uuid \$group $file
EOS
for kernel in 6.1 6.12; do
	said=$("$VGPULAB" run --kernel $kernel -- sh escape.sh)
	is "on Linux $kernel a program reaches nothing but its own" \
		"$? $(echo "$said" | grep '^not ok')" '0 '
done
