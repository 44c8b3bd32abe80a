# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# A host is recorded and played, with the program and with umockdev-record, for unmodified clients.

command -v mdevctl >/dev/null || need mdevctl 'mdevctl is not installed'
command -v lspci >/dev/null || need pciutils 'lspci is not installed'
command -v umockdev-record >/dev/null || need umockdev 'umockdev-record is not installed'

# What clients see; the third argument is what they do.
cat >look.sh <<'EOS'
mdevctl types
mdevctl list
lspci -nn -vv -s 00:02.0
EOS
cat >make.sh <<EOS
mdevctl start -u e0000000-0000-4000-8000-000000000001 -p 0000:00:02.0 -t i915-GVTg_V4_4
mdevctl start -u e0000000-0000-4000-8000-000000000002 -p mtty -t mtty-2
sh look.sh >before 2>/dev/null
"$VGPULAB" fake record >host.json
"$VGPULAB" --backend sysfs:/sys fake record >same.json
# it gives up when a device of the machine's own goes while it looks
for _ in 1 2 3 4 5; do umockdev-record --all >all.umockdev 2>/dev/null && break; done
EOS
look() {
	"$VGPULAB" run --gpu "$1" -- sh look.sh 2>/dev/null
}
"$VGPULAB" run --gpu broadwell,aperture=1G,address=0000:00:02.0 --gpu mtty -- sh make.sh
is 'a recorded host is played as it was' "$(look ./host.json,vgpus=yes)" "$(cat before)"
is 'the backend may be named' "$(cat same.json)" "$(cat host.json)"
is 'so is what umockdev-record wrote' "$(look all.umockdev,vgpus=yes)" "$(cat before)"
is 'without its vGPUs unless they are wanted' \
	"$("$VGPULAB" run --gpu ./host.json -- sh -c 'mdevctl list | wc -l; ls /sys/class/mdev_bus' | xargs)" \
	'1 0000:00:02.0 mtty'
is 'and it behaves' "$("$VGPULAB" run --gpu ./host.json,vgpus=yes -- sh -c '
	cd /sys/class/mdev_bus/0000:00:02.0/mdev_supported_types
	cat i915-GVTg_V4_8/available_instances
	mdevctl start -u e0000000-0000-4000-8000-000000000003 -p 0000:00:02.0 -t i915-GVTg_V4_2
	cat i915-GVTg_V4_8/available_instances
	mdevctl stop -u e0000000-0000-4000-8000-000000000001
	cat i915-GVTg_V4_8/available_instances' | xargs)" '5 3 4'
sed 's/"kernel-command-line": *"[^"]*"/"kernel-command-line":"quiet i915.enable_gvt=1"/' host.json >line.json
is 'its kernel command line is shown' "$("$VGPULAB" run --gpu ./line.json -- cat /proc/cmdline)" \
	'quiet i915.enable_gvt=1'
log='"kernel-log":["<6>[    1.500000] i915 0000:00:02.0: hello","<4>[    2.0] vfio: RLIMIT_MEMLOCK (65536) exceeded"]'
sed "/\"kernel-log\":[{[]/,/^    []}]/c$log
/\"kernel-log\":\"/c$log" host.json >log.json
is 'so is its log' "$("$VGPULAB" run --gpu ./log.json -- dmesg)" "$(
	echo '[    1.500000] i915 0000:00:02.0: hello'
	echo '[    2.000000] vfio: RLIMIT_MEMLOCK (65536) exceeded'
)"
has 'which a doctor inside reads' "$("$VGPULAB" run --gpu ./log.json -- "$VGPULAB" doctor 2>&1)" \
	'RLIMIT_MEMLOCK (65536) exceeded'
# 23 bytes a line: 178 of them are all that 4096 bytes can take
lines=$(seq -f '"<6>[%5.0f.000000] line"' 300 | paste -sd,)
sed "s/\"kernel-log\":.*/\"kernel-log\":[$lines]/" log.json >long.json
"$VGPULAB" run --gpu ./long.json -- dmesg --syslog --buffer-size 4096 >last
is 'a small buffer gets its last lines' "$(wc -l <last), $(sed -n '1p;$p' last | xargs)" \
	'178, [ 123.000000] line [ 300.000000] line'
is 'nobody clears it' "$("$VGPULAB" run --gpu ./log.json -- sh -c 'dmesg -C 2>/dev/null; dmesg | wc -l')" 2
is 'a fake host has the real one' "$("$VGPULAB" run -- cat /proc/cmdline)" "$(cat /proc/cmdline)"
is 'beside other parents' "$("$VGPULAB" run --gpu ./host.json --gpu tesla-p4 --gpu mdpy -- \
	ls /sys/class/mdev_bus | xargs)" '0000:00:02.0 0000:07:00.0 mdpy mtty'
is 'a doctor reads the same file' "$("$VGPULAB" doctor --facts log.json 2>/dev/null |
	grep -oE '\[(no-gpu|mdev-not-loaded|memlock-exceeded)\]' | xargs)" '[memlock-exceeded]'
"$VGPULAB" run --gpu ./host.json,vgpus=yes -- "$VGPULAB" fake record --redact >redacted.json
is 'redacted, its vGPUs are others' \
	"$("$VGPULAB" run --gpu ./redacted.json,vgpus=yes -- ls /sys/bus/mdev/devices | xargs)" \
	'00000000-0000-4000-8000-000000000001 00000000-0000-4000-8000-000000000002'
sed 's/"link":"..\/..\/devices\/virtual\/mtty\/mtty"/"link":"nowhere"/' host.json >bad.json
is 'a bad recording is told with its place' "$("$VGPULAB" run --gpu ./bad.json -- true 2>&1)" \
	"vgpulab: ./bad.json: class/mdev_bus/mtty: 'nowhere' leads to no device"
sed 's/"kernel-release":"[^"]*"/"kernel-release":"6.1.0"/' host.json >6.1.json
is 'its conformance is that of its kind' "$("$VGPULAB" fake conformance --gpu ./6.1.json 2>&1 |
	grep -o '[0-9]* different')" '0 different'
