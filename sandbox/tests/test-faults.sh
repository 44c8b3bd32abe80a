# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# --fault breaks what it names, and nothing else.

uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c01
types=/sys/devices/pci0000:00/0000:00:02.0/mdev_supported_types

# run FAULT SCRIPT: what the shell inside says, in English
run() {
	LC_ALL=C "$VGPULAB" run --fault "$1" -- sh -c "$2" 2>&1
}

has 'a creation fails' "$(run create,errno=ENOSPC "echo $uuid | tee $types/i915-GVTg_V5_8/create")" \
	'No space left on device'
is 'and left nothing' "$(run create,errno=ENOSPC "echo $uuid | tee $types/i915-GVTg_V5_8/create >/dev/null 2>&1
	ls /sys/bus/mdev/devices" | grep -c "^$uuid")" 0
has 'an open fails' "$(run 'open:*/0000:00:02.0/vendor,errno=EACCES' \
	'cat /sys/bus/pci/devices/0000:00:02.0/vendor')" 'Permission denied'
is 'its neighbour does not' "$(run 'open:*/0000:00:02.0/vendor,errno=EACCES' \
	'cat /sys/bus/pci/devices/0000:00:02.0/device')" 0x5912
is 'two reads go well, the third fails' "$(run 'read:*/vendor,errno=EIO,after=2' \
	'for i in 1 2 3; do head -c 6 /sys/bus/pci/devices/0000:00:02.0/vendor 2>/dev/null || echo no; done')" \
	0x80860x8086no
has 'a directory cannot be listed' "$(run 'list:*/mdev_supported_types,errno=EIO' "ls $types")" \
	'Input/output error'
has 'a link cannot be read' "$(run 'readlink:*/driver,errno=ENOMEM' \
	'readlink -v /sys/bus/pci/devices/0000:00:02.0/driver')" 'Cannot allocate memory'
cat >late.sh <<'EOS'
begin=$(date +%s%N)
cat /sys/bus/pci/devices/0000:00:02.0/$1 >/dev/null
echo $((($(date +%s%N) - begin) / 1000000))
EOS
holds 'a read is late' [ "$(run 'read:*/vendor,delay=300' 'sh late.sh vendor')" -ge 300 ]
holds '  its neighbour is not' [ "$(run 'read:*/vendor,delay=60000' 'sh late.sh device')" -lt 60000 ]
"$VGPULAB" run --fault nonsense,errno=EIO -- true 2>/dev/null
is 'a fault that is none is refused' $? 2

# The same on a host that is at work.
cat >live.sh <<EOS
vendor=/sys/bus/pci/devices/0000:00:02.0/vendor
look() { head -c 7 \$vendor 2>&1 | sed 's/.*: //'; }
"$VGPULAB" fake fault 'read:*/vendor,errno=EIO,after=1' create,errno=ENOSPC
look; look
"$VGPULAB" fake fault --clear 1
look
echo $uuid | tee $types/i915-GVTg_V5_8/create 2>&1 >/dev/null | sed 's/.*: //'
"$VGPULAB" fake fault | sed '1d; s/  */ /g'
"$VGPULAB" fake fault --clear 1 2>/dev/null || echo "none such: \$?"
"$VGPULAB" fake fault '*,errno=EIO' 2>/dev/null || echo "nonsense: \$?"
"$VGPULAB" fake fault read,errno=EIO open,errno=EIO
"$VGPULAB" fake fault --clear all
look
"$VGPULAB" fake fault
EOS
is 'faults come and go while clients are at work' "$(LC_ALL=C "$VGPULAB" run -- sh live.sh)" \
	'0x8086
Input/output error
0x8086
No space left on device
 2 1 1 create,errno=ENOSPC
none such: 2
nonsense: 2
0x8086'
"$VGPULAB" fake fault --host /nowhere 2>/dev/null
is 'where there is no fake host it says so' $? 2

# Pulling the card. Source: drivers/pci/remove.c, pci_stop_dev(); mdev_unregister_parent() waits for users
cat >unplug.sh <<EOS
echo $uuid >$types/i915-GVTg_V5_8/create || exit
mkfifo hold.in
"$CLIENT" hold $uuid \$(basename \$(readlink /sys/bus/mdev/devices/$uuid/iommu_group)) <hold.in >hold.out &
exec 9>hold.in
until grep -q open hold.out; do sleep 0.02; done
udevadm monitor --kernel --property >heard 9>&- &
until grep -q '^\$' heard; do sleep 0.05; done
(exec 9>&-; exec "$VGPULAB" fake unplug 0000:00:02.0) & unplug=\$!
while [ -e /sys/bus/mdev/devices/$uuid ]; do sleep 0.02; done
sleep 0.2
kill -0 \$unplug && echo 'waits for the user'
echo 22222222-1f0e-4b1a-8d0a-3a3b6f6b7c01 | tee $types/i915-GVTg_V5_8/create 2>&1 >/dev/null | sed 's/.*: //'
exec 9>&-
wait \$unplug && [ ! -e /sys/bus/pci/devices/0000:00:02.0 ] && echo out
"$VGPULAB" fake unplug 0000:00:02.0 2>/dev/null || echo "twice: \$?"
"$VGPULAB" fake plug 00:02.0 && cat $types/i915-GVTg_V5_8/available_instances
until grep -q ACTION=bind heard; do sleep 0.05; done
grep -E '^(ACTION|MDEV_STATE)=' heard | xargs
EOS
if command -v udevadm >/dev/null; then
	is 'a GPU whose vGPU is in use is pulled, and put back' "$(LC_ALL=C "$VGPULAB" run -- sh unplug.sh)" \
		'waits for the user
No such device
out
twice: 2
6
ACTION=remove ACTION=remove ACTION=remove ACTION=remove ACTION=unbind ACTION=remove ACTION=change MDEV_STATE=unregistered ACTION=unbind ACTION=remove ACTION=add ACTION=change MDEV_STATE=registered ACTION=add ACTION=add ACTION=bind'
fi
