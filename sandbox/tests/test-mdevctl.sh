# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# Unmodified libvirt with vgpulab in mdevctl's place: the same virsh commands, the same answers, files
# and calls as with mdevctl itself.

command -v virsh >/dev/null || need libvirt 'virsh is not installed'
[ -x /usr/sbin/libvirtd ] || need libvirt 'libvirtd is not installed'
command -v mdevctl >/dev/null || need mdevctl 'mdevctl is not installed'
[ -x /lib/systemd/systemd-udevd ] || need udev 'libvirt learns of vGPUs from udevd'

A=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c04
B=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c05
name() { echo "mdev_$(echo "$1" | tr - _)_0000_00_02_0"; }
device() { # UUID-ELEMENT TYPE [ATTRIBUTE-ELEMENT]
	echo "<device><parent>pci_0000_00_02_0</parent>
<capability type='mdev'><type id='$2'/>$1${3-}</capability></device>"
}
device "<uuid>$A</uuid>" i915-GVTg_V5_4 >a.xml
device "<uuid>$B</uuid>" i915-GVTg_V5_8 "<attr name='nonesuch' value='1'/>" >b.xml
device '' i915-GVTg_V5_8 >any.xml
device "<uuid>$B</uuid>" nonesuch >nonesuch.xml

# libvirtd looks for mdevctl in its PATH. This one writes down how it was called.
for who in mdevctl vgpulab; do
	mkdir -p bin/$who/real
	cat >bin/$who/mdevctl <<EOS
#!/bin/sh
echo "\$*" >>$WORK/$who.calls
exec $WORK/bin/$who/real/mdevctl "\$@"
EOS
	chmod +x bin/$who/mdevctl
done
ln -s "$(command -v mdevctl)" bin/mdevctl/real/mdevctl
ln -s "$VGPULAB" bin/vgpulab/real/mdevctl

cat >steps.sh <<EOS
a=$(name $A) b=$(name $B)
# libvirt hears of what mdevctl did from udev and from a watch on its directory: a little later
is() { # COMMAND WANTED
	for _ in \$(seq 300); do
		[ "\$(eval "\$1" | xargs)" != "\$2" ] || break
		sleep 0.1
	done
	echo "\$1: \$(eval "\$1" | xargs)"
}
do_() {
	echo "\$ virsh \$*"
	timeout 40 virsh "\$@" 2>&1 | grep .
}
definition() {
	cat /etc/mdevctl.d/0000:00:02.0/*
}
running() {
	ls /sys/bus/mdev/devices
}
do_ nodedev-define a.xml
is "virsh nodedev-list --cap mdev --inactive" \$a
do_ nodedev-dumpxml \$a
do_ nodedev-info \$a
do_ nodedev-autostart \$a
do_ nodedev-info \$a
definition
do_ nodedev-start \$a
is "virsh nodedev-list --cap mdev" \$a
is running $A
do_ nodedev-dumpxml \$a
do_ nodedev-info \$a
do_ nodedev-start \$a
do_ nodedev-define a.xml
do_ nodedev-destroy \$a
is running ''
is "virsh nodedev-list --cap mdev --inactive" \$a
do_ nodedev-autostart \$a --disable
definition
do_ nodedev-undefine \$a
is "virsh nodedev-list --cap mdev --all" ''
ls -A /etc/mdevctl.d/0000:00:02.0
do_ nodedev-create a.xml
is "virsh nodedev-list --cap mdev" \$a
do_ nodedev-info \$a
do_ nodedev-create a.xml
do_ nodedev-destroy \$a
is "virsh nodedev-list --cap mdev --all" ''
# what is no type, an attribute that is not there, no UUID
do_ nodedev-define nonesuch.xml
do_ nodedev-create nonesuch.xml
do_ nodedev-undefine \$b
do_ nodedev-define b.xml
is "virsh nodedev-list --cap mdev --inactive" \$b
do_ nodedev-dumpxml \$b
definition
do_ nodedev-start \$b
is running ''
do_ nodedev-undefine \$b
do_ nodedev-define any.xml
any=\$(cd /etc/mdevctl.d/0000:00:02.0 && echo *)
is "virsh nodedev-list --cap mdev --inactive" mdev_\$(echo \$any | tr - _)_0000_00_02_0
do_ nodedev-start mdev_\$(echo \$any | tr - _)_0000_00_02_0
is "virsh nodedev-list --cap mdev" mdev_\$(echo \$any | tr - _)_0000_00_02_0
is running \$any
do_ nodedev-destroy mdev_\$(echo \$any | tr - _)_0000_00_02_0
do_ nodedev-undefine mdev_\$(echo \$any | tr - _)_0000_00_02_0
# somebody else's definition appears
$WORK/bin/\$WHO/real/mdevctl define -u $A -p 0000:00:02.0 -t i915-GVTg_V5_4
is "virsh nodedev-list --cap mdev --inactive" \$a
$WORK/bin/\$WHO/real/mdevctl undefine -u $A
is "virsh nodedev-list --cap mdev --all" ''
EOS
for who in mdevctl vgpulab; do
	env WHO=$who PATH="$WORK/bin/$who:$PATH" "$VGPULAB" run --gpu kaby-lake --libvirt -- sh steps.sh >$who.said 2>&1
	# UUIDs that were made up are not the same twice; errors name the program
	sed -i -E 's/[0-9a-f]{8}([-_])[0-9a-f]{4}[-_]4[0-9a-f]{3}[-_][89ab][0-9a-f]{3}[-_][0-9a-f]{12}/(uuid\1)/g
		'"s|$WORK/bin/[a-z]*/||" $who.said $who.calls
	# how often libvirt asks for the list depends on how its events fall together
	grep -v '^list' $who.calls | sort -u >$who.asked
done
holds 'libvirt called vgpulab' grep -q '^start' vgpulab.calls
is 'libvirt called it as it calls mdevctl' "$(cat vgpulab.asked)" "$(cat mdevctl.asked)"
holds '  for each of its commands' [ "$(cut -d' ' -f1 mdevctl.asked | sort -u | xargs)" = \
	'define modify start stop undefine' ]
holds 'a definition was made, started and forgotten' grep -q "Undefined node device" mdevctl.said
diff mdevctl.said vgpulab.said >differences
is 'the answers are the same with both' "$(cat differences)" ''
