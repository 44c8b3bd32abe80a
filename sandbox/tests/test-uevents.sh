# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# The fake host's uevents go through the kernel: a stock monitor hears them, a stock udevd acts on them.

command -v udevadm >/dev/null || need udev 'udevadm is not installed'
command -v mdevctl >/dev/null || need mdevctl 'mdevctl is not installed'
udevd=/lib/systemd/systemd-udevd
[ -x $udevd ] || need udev "there is no $udevd"
rule=/lib/udev/rules.d/60-mdevctl.rules
[ -r $rule ] || need mdevctl "there is no $rule"
[ -d /etc/mdevctl.d ] || need mdevctl 'there is no /etc/mdevctl.d'
uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c01
gpu=/devices/pci0000:00/0000:00:02.0

# listen FILE ARGUMENT...: a monitor that is listening when this returns; its output goes to FILE.
cat >functions.sh <<'EOS'
listen() {
	out=$1
	shift
	: >"$out" # the last one's first lines are not this one's
	udevadm monitor "$@" >"$out" 2>&1 &
	for _ in $(seq 1200); do
		! grep -q '^$' "$out" || return 0
		sleep 0.05
	done
	return 1
}
# await FILE PATTERN: until it says so, 60 s at most
await() {
	for _ in $(seq 1200); do
		! grep -q "$2" "$1" || return 0
		sleep 0.05
	done
	return 1
}
EOS

cat >monitor.sh <<EOS
. ./functions.sh
listen heard --kernel
mdevctl start -u $uuid -p 0000:00:02.0 -t i915-GVTg_V5_8
echo 'add 11111111-2222-4333-8444-555555555555 A=1' >/sys/bus/mdev/devices/$uuid/uevent
mdevctl stop -u $uuid
echo change >/sys$gpu/uevent
await heard "change *$gpu (pci)"
EOS
# Source: a recording of Linux 6.1, fixtures/uevents
holds 'a monitor hears until the last event' "$VGPULAB" run -- sh monitor.sh
is 'start and stop of a vGPU, in the kernel'"'"'s order' \
	"$(sed -n 's/^KERNEL[[][^ ]* *\([a-z]*\) *\([^ ]*\) .*/\1 \2/p' heard)" \
	"add $gpu/$uuid
add /devices/virtual/vfio/0
add $gpu/$uuid/vfio-dev/vfio0
bind $gpu/$uuid
add $gpu/$uuid
remove $gpu/$uuid/vfio-dev/vfio0
remove /devices/virtual/vfio/0
unbind $gpu/$uuid
remove $gpu/$uuid
change $gpu"

sed 's/^mdevctl stop/#&/; s/--kernel/--kernel --property/' monitor.sh >property.sh
"$VGPULAB" run -- sh property.sh
has 'a synthetic event has its arguments' "$(cat heard)" 'SYNTH_ARG_A=1'
holds 'the kernel numbers them' grep -q '^SEQNUM=[1-9]' heard
has 'the driver is named' "$(cat heard)" 'DRIVER=intel_vgpu_mdev'

# A udevd of its own: private /run, the distribution's rule with the path of the binary put right.
cat >autostart.sh <<EOS
. ./functions.sh
mount -t tmpfs none /run && mkdir -p /run/udev/rules.d || exit
sed "s,/usr/sbin/mdevctl,\$(command -v mdevctl),g" $rule >/run/udev/rules.d/60-mdevctl.rules
mdevctl define --auto -u $uuid -p 0000:00:02.0 -t i915-GVTg_V5_4 || exit
$udevd --debug >udevd.log 2>&1 &
udevd=\$!
for _ in \$(seq 1200); do [ -S /run/udev/control ] && udevadm control --ping && break; sleep 0.05; done
listen heard --kernel --udev
echo 0000:00:02.0 >/sys/bus/pci/drivers/i915/unbind
echo 0000:00:02.0 >/sys/bus/pci/drivers/i915/bind
await heard "UDEV.* bind *$gpu/$uuid (mdev)" || exit
udevadm settle --timeout 60
mdevctl list
stat -c %a /dev/vfio/0
kill \$udevd
EOS
is 'udevd starts the vGPU that is to start with its parent' \
	"$("$VGPULAB" run -- sh autostart.sh 2>autostart.err | head -n 1)" \
	"$uuid 0000:00:02.0 i915-GVTg_V5_4 auto (defined)"
[ $failed = 0 ] || tail -n 40 heard autostart.err udevd.log

# Whoever keeps the network gets no events: they would be the machine's.
cat >shared.sh <<EOS
mdevctl start -u $uuid -p 0000:00:02.0 -t i915-GVTg_V5_8 && mdevctl list
EOS
is 'with --share-network all but events works' "$("$VGPULAB" run --share-network -- sh shared.sh)" \
	"$uuid 0000:00:02.0 i915-GVTg_V5_8 manual"
