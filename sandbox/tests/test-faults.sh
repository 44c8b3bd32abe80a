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
begin=$(date +%s%N)
run 'read:*/vendor,delay=300' 'cat /sys/bus/pci/devices/0000:00:02.0/vendor' >/dev/null
holds 'a read is late' [ $(($(date +%s%N) - begin)) -ge 300000000 ]
"$VGPULAB" run --fault nonsense,errno=EIO -- true 2>/dev/null
is 'a fault that is none is refused' $? 2
