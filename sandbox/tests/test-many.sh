# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# Eight QEMUs, each with a vGPU, on three GPUs of one host: at once, and when they end.

command -v qemu-system-x86_64 >/dev/null || need qemu 'qemu-system-x86_64 is not installed'

cat >vgpus.sh <<'EOS'
# makes the vGPUs 1..8, on the GPUs in turn
uuid() { echo "9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b700$1"; }
dir() { echo "/sys/bus/mdev/devices/$(uuid "$1")"; }
vms='1 2 3 4 5 6 7 8'
for vm in $vms; do
	gpu=0000:00:0$((2 + vm % 3)).0
	for create in /sys/class/mdev_bus/$gpu/mdev_supported_types/*_8/create; do
		uuid $vm >"$create" || exit 1
	done
done
EOS

# All at once, with all of their threads in the supervisor: guests played by qtest.
cat >storm.sh <<'EOS'
. ./vgpus.sh
for vm in $vms; do
	"$WORK/fuzz-qtest" $vm "${STORM_SECONDS:-5}" "$(uuid $vm)" &
	eval "pid$vm=$!"
done
for vm in $vms; do eval "wait \$pid$vm" && echo well; done
EOS
said=$("$VGPULAB" run --gpu kaby-lake --gpu skylake --gpu broadwell -- sh storm.sh 2>storm.err)
is 'eight hostile guests at once harm nobody' "$(echo "$said" | grep -c well)" 8
[ "$failed" = 0 ] || cat storm.err
holds 'nor who answers them' sh -c '! grep -qE "ERROR: |WARNING: Thread|runtime error" storm.err'

cat >life.sh <<'EOS'
. ./vgpus.sh
declare -A monitor pid
device() { echo "vfio-pci,id=vgpu,bus=slot1,sysfsdev=$(dir "$1"),display=$2,rombar=0"; }
# start VM [OPTION...]
start() {
	vm=$1
	shift
	mkfifo "m$vm"
	qemu-system-x86_64 -accel tcg -machine q35 -m 64 -nodefaults -display none -S \
		-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off -monitor stdio -device pcie-root-port,id=slot1,chassis=1 "$@" \
		<"m$vm" >>"o$vm" 2>&1 &
	pid[$vm]=$!
	exec {fd}>"m$vm"
	monitor[$vm]=$fd
}
# ask VM COMMAND TEXT: gives the command, and waits until the whole of an answer with TEXT is there
ask() {
	: >"o$1"
	printf '%s\n' "$2" >&"${monitor[$1]}"
	for _ in $(seq 1200); do
		! grep -qa "$3" "o$1" || [ "$(tail -c 7 "o$1")" != '(qemu) ' ] || return 0
		sleep 0.05
	done
	echo "VM $1 does not answer $2"
	return 1
}
# removed VM TEXT: at once, or at least within reason
removed() { timeout 60 sh -c "echo 1 >$(dir "$1")/remove" && ! [ -e "$(dir "$1")" ] && echo "$2"; }
alive() { for vm in "$@"; do ask "$vm" 'info status' paused; done; }
# ended VM HOW: what QEMU's end was
ended() {
	wait "${pid[$1]}" 2>/dev/null
	echo "$2: $?"
}

for vm in 1 2 3 4 5; do start $vm -device "$(device $vm on)"; done
start 6
start 7
for vm in 1 2 3 4 5; do ask $vm 'info qtree' 'pci id 8086:[15]' && echo "VM $vm has its GPU"; done
# A second QEMU is refused, and the first has not noticed.
qemu-system-x86_64 -accel tcg -m 64 -nodefaults -display none -S -monitor none \
	-device vfio-pci,sysfsdev=$(dir 1) 2>&1 | grep -o 'Device or resource busy'
alive 1

ulimit -c 0
echo quit >&"${monitor[1]}"
ended 1 quit
for how in TERM KILL SEGV; do
	case $how in TERM) vm=2 ;; KILL) vm=3 ;; SEGV) vm=4 ;; esac
	kill -$how "${pid[$vm]}"
	ended $vm $how
done
for vm in 1 2 3 4; do removed $vm "$vm is removed"; done
alive 5 6 7

# Removal of what is in use waits, and no one else has to.
(echo 1 >"$(dir 5)/remove"; echo '5 is removed') >removed5 &
remover=$!
sleep 0.5
[ -s removed5 ] || echo '5 is in use'
removed 8 'meanwhile 8 is removed'
alive 5 6 7
kill -9 "${pid[5]}"
wait $remover
cat removed5

# Plugged, unplugged, and plugged into another QEMU. The CPU never starts: the slot is off, and
# QEMU need not wait for a guest to let go, if the slot and not ACPI does it.
# Source: QEMU, hw/pci/pcie.c, pcie_cap_slot_unplug_request_cb()
# QEMU lets go of a device a moment after it has gone: then the next one's open is refused. With
# display=on QEMU 7.2 never does: its console keeps the device.
plugged() {
	for _ in $(seq 60); do
		ask $1 "device_add $(device 6 off)" '(qemu)'
		sleep 0.3
		ask $1 'info qtree' 'pcie-root-port' && grep -qa 'pci id 8086:[15]' "o$1" && return 0
	done
	echo "VM $1 does not get 6"
}
for turn in 1 2; do
	for vm in 6 7; do
		plugged $vm && echo "VM $vm has 6"
		ask $vm 'device_del vgpu' '(qemu)'
		ask $vm 'info qtree' 'pcie-root-port'
		grep -qa vfio-pci "o$vm" && echo "VM $vm still has it"
	done
done
removed 6 'and 6 is removed'
alive 6 7
kill "${pid[6]}" "${pid[7]}"
wait
EOS
is 'QEMUs come and go in every way, and none disturbs another' \
	"$("$VGPULAB" run --gpu kaby-lake --gpu skylake --gpu broadwell -- bash life.sh 2>life.err)" \
	"VM 1 has its GPU
VM 2 has its GPU
VM 3 has its GPU
VM 4 has its GPU
VM 5 has its GPU
Device or resource busy
quit: 0
TERM: 0
KILL: 137
SEGV: 139
1 is removed
2 is removed
3 is removed
4 is removed
5 is in use
meanwhile 8 is removed
5 is removed
VM 6 has 6
VM 7 has 6
VM 6 has 6
VM 7 has 6
and 6 is removed"

# Before Linux 5.2 a vGPU in use could not be removed. Source: mdev_core.c, mdev_device_remove()
cat >busy.sh <<'EOS'
. ./vgpus.sh
qemu-system-x86_64 -accel tcg -m 64 -nodefaults -display none -S -monitor none \
	-device vfio-pci,sysfsdev=$(dir 1),rombar=0 &
qemu=$!
while ! ls -l /proc/$qemu/fd | grep -q 'memfd:vfio' && kill -0 $qemu; do sleep 0.05; done
for vm in 1 2; do echo 1 2>&1 >"$(dir $vm)/remove" | grep -q busy && echo $vm is busy; done
kill -9 $qemu
wait $qemu 2>/dev/null
timeout 60 sh -c "until echo 1 >$(dir 1)/remove; do sleep 0.1; done" 2>/dev/null
ls -d "$(dir 1)" "$(dir 2)" 2>/dev/null
EOS
is 'on Linux 4.16 removal of what is in use is refused' \
	"$("$VGPULAB" run --kernel 4.16 --gpu kaby-lake --gpu skylake --gpu broadwell -- bash busy.sh 2>/dev/null)" \
	'1 is busy'
