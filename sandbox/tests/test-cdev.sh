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
mkfifo hold.in
$WORK/cdev-client hold $uuid <hold.in >hold.out & client=\$!
exec 9>hold.in
while ! grep -q open hold.out; do sleep 0.02; done
(exec 9>&-; echo 1 >/sys/bus/mdev/devices/$uuid/remove; echo removed >removed) &
sleep 0.3
test -e removed || echo waiting
case \$1 in
close) exec 9>&- ;;
kill) kill -9 \$client ;;
esac
wait
cat removed
ls /sys/bus/mdev/devices
test -e /dev/vfio/devices || echo no devices
EOS
for end in close kill; do
	rm -f hold.in hold.out removed
	is "removal waits for the client's $end" \
		"$("$VGPULAB" run --kernel 6.6 -- sh busy.sh $end 2>/dev/null)" \
		"$(printf 'waiting\nremoved\nno devices')"
done
