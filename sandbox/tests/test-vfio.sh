# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# A VFIO client that is not QEMU, and what the host makes of it.

uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c02
create='/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create'
cat >vgpu.sh <<EOS
# makes the vGPU; \$group is its group
echo $uuid >$create || exit 1
group=\$(basename \$(readlink /sys/bus/mdev/devices/$uuid/iommu_group))
EOS

cat >check.sh <<EOS
. ./vgpu.sh
exec $CLIENT check $uuid \$group
EOS
holds 'the client finds all as it should be' "$VGPULAB" run -v -- sh check.sh 2>log
is 'a copy at another number is told of, once' "$(grep -c "copy of a device's descriptor" log)" 1

# The machine's KVM makes the device of which it asks, even where it can run no guest.
cat >kvm.sh <<EOS
. ./vgpu.sh
exec $CLIENT kvm $uuid \$group
EOS
said=$("$VGPULAB" run -- sh kvm.sh)
status=$?
[ $status = 77 ] && echo 'KVM is not here, or not for us' ||
	is 'a KVM guest has the group' "$status $(echo "$said" | grep '^not ok')" '0 '

# A second open of the group fails while the first is there, and a removal waits for its end.
cat >busy.sh <<EOS
. ./vgpu.sh
while_held="$CLIENT open \$group; echo \"open: \\\$?\"" sh ./removal-waits $uuid \$1 $CLIENT hold $uuid \$group
EOS
for end in close kill; do
	is "removal waits for the client's $end" "$("$VGPULAB" run -- sh busy.sh $end 2>/dev/null)" \
		"$(printf 'open: 16\nwaiting\nremoved')"
done

cat >storm.sh <<EOS
. ./vgpu.sh
for i in 1 2; do
	$CLIENT storm $uuid \$group 2 || exit 1
done
exec $CLIENT check $uuid \$group
EOS
"$VGPULAB" run -- sh storm.sh >storm.out 2>&1
is 'after a storm of wrong calls all is as it should be' "$? $(grep '^not ok' storm.out)" '0 '
