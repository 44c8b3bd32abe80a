# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# A real udevd, with our rule, starts what is defined with --auto when the GPU registers.

command -v udevadm >/dev/null || need udev 'udevadm is not installed'
udevd=/lib/systemd/systemd-udevd
[ -x $udevd ] || need udev "there is no $udevd"
[ -r "$RULE" ] || need udev "this user cannot read $RULE"
auto=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c01
manual=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c02
gpu=0000:00:02.0
sed "s,$BINDIR/vgpulab,$VGPULAB," "$RULE" >rule
grep -q "$VGPULAB start-parent-mdevs" rule || holds 'the rule names the program' false

# The machine's own /etc and /run are covered; /dev is private already.
cat >prepare.sh <<EOS
mkdir -p etc/mdevctl.d
for dir in /run /etc; do mount -t tmpfs none \$dir || exit; done
mkdir -p /run/udev/rules.d /etc/mdevctl.d && cp rule /run/udev/rules.d/60-vgpulab.rules || exit
echo root:x:0:0::/:/bin/sh >/etc/passwd
echo root:x:0: >/etc/group
"$VGPULAB" define --auto --parent $gpu --type i915-GVTg_V5_8 $auto >/dev/null &&
	"$VGPULAB" define --parent $gpu --type i915-GVTg_V5_8 $manual >/dev/null || exit
daemon() {
	$udevd --debug >udevd.log 2>&1 &
	for _ in \$(seq 1200); do [ -S /run/udev/control ] && udevadm control --ping && break; sleep 0.05; done
}
reload() {
	echo $gpu >/sys/bus/pci/drivers/i915/unbind
	echo $gpu >/sys/bus/pci/drivers/i915/bind
	udevadm settle --timeout 60
}
EOS
cat >register.sh <<EOS
. ./prepare.sh
daemon
reload
ls /sys/bus/mdev/devices
EOS
is 'when the driver is bound' "$("$VGPULAB" run -- sh register.sh 2>register.err)" "$auto"
[ $failed = 0 ] || cat register.err

cat >coldplug.sh <<EOS
. ./prepare.sh
daemon
ls /sys/bus/mdev/devices
# this device alone: all others in /sys are the machine's own
udevadm trigger --action=add --settle /sys/bus/pci/devices/$gpu
ls /sys/bus/mdev/devices
EOS
is 'when the machine starts and udev looks at what is there' \
	"$("$VGPULAB" run -- sh coldplug.sh 2>coldplug.err)" "$auto"

cat >systemd.sh <<EOS
. ./prepare.sh
mkdir -p /run/systemd/system
daemon
udevadm monitor --udev --property >heard &
for _ in \$(seq 1200); do [ -s heard ] && grep -q '^\$' heard && break; sleep 0.05; done
reload
for _ in \$(seq 1200); do grep -q '^SYSTEMD_WANTS=' heard && break; sleep 0.05; done
ls /sys/bus/mdev/devices
grep -B 99 '^SYSTEMD_WANTS=' heard | grep -E '^(ACTION|SYSTEMD_WANTS)=' | tail -n 2
EOS
is 'where systemd runs, it is told to' "$("$VGPULAB" run -- sh systemd.sh 2>systemd.err)" \
	"ACTION=change
SYSTEMD_WANTS=vgpulab-start-parent-mdevs@$gpu.service"

cat >undefined.sh <<EOS
. ./prepare.sh
rm -r /etc/mdevctl.d/$gpu
daemon
reload
! grep -q 'start-parent-mdevs' udevd.log && echo quiet
EOS
is 'without definitions nothing is run' "$("$VGPULAB" run -- sh undefined.sh 2>undefined.err)" quiet
