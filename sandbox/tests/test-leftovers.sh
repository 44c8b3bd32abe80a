# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# Whoever is killed, whenever: no process, no mount, no file stays.

uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c03
create='/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create'
rounds=${VGPULAB_KILL_ROUNDS:-30}

# The mark makes all processes of this test known by their command line.
mark=sandbox-mark-$$
cp "$CLIENT" $mark
cat >client.sh <<EOS
echo $uuid >$create
group=\$(basename \$(readlink /sys/bus/mdev/devices/$uuid/iommu_group))
setsid sh -c 'sleep 600; :' $mark & # longer than anybody waits for its end
exec $WORK/$mark hold $uuid \$group
EOS

# Processes, alive, whose command line has the mark. (Not grep itself, hence the bracket.)
marked() {
	grep -l "[s]${mark#s}" /proc/[0-9]*/cmdline 2>/dev/null | tr -dc '0-9\n'
}
none_marked() {
	[ -z "$(marked)" ]
}
# The one of them that has this name, if it is there.
named() {
	for pid in $(marked); do
		! grep -qx "$1" "/proc/$pid/comm" 2>/dev/null || echo "$pid"
	done
}

mkdir tmp
export TMPDIR="$WORK/tmp"
mounts=$(wc -l </proc/self/mountinfo)
mkfifo in
sleep 3600 >in & # keeps the client's input open
keeper=$!
bad=0
set -- vgpulab vgpulab-init vgpulab-build $mark
for round in $(seq "$rounds"); do
	"$VGPULAB" run -- sh client.sh $mark <in >/dev/null 2>&1 &
	us=$!
	# From before there is a sandbox to well after the device is open.
	sleep "0.$(printf %03d $((round * 7919 % 140)))"
	victim=$(named "$(echo "$1" | cut -c1-15)" | head -1)
	kill -9 "${victim:-$us}" 2>/dev/null || kill -9 $us
	set -- "$2" "$3" "$4" "$1"
	wait $us 2>/dev/null
	until_true none_marked || { bad=$((bad + 1)) && echo "round $round: $(marked)"; }
done
kill $keeper

# While it asks its own file system: who waits for that answer, and for nobody else's, must not wait for ever.
cat >storm.sh <<EOS
echo $uuid >$create
exec $WORK/$mark storm $uuid \$(basename \$(readlink /sys/bus/mdev/devices/$uuid/iommu_group)) 600
EOS
ended() { # a zombie whose threads have not all ended shows them
	[ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" -lt 2 ]
}
stuck=0
for round in $(seq "$rounds"); do
	"$VGPULAB" run -- sh storm.sh $mark >/dev/null 2>&1 &
	us=$!
	sleep "0.$(printf %03d $((200 + round * 7919 % 100)))"
	kill -9 $us
	if until_true ended $us; then wait $us; else stuck=$((stuck + 1)) && echo "round $round: $us does not end"; fi
	until_true none_marked || { bad=$((bad + 1)) && echo "round $round: $(marked)"; }
done 2>/dev/null
is "no supervisor is stuck" $stuck 0
is "twice $rounds kills at random moments leave no process" $bad 0
is 'and no mount' "$(wc -l </proc/self/mountinfo)" "$mounts"
is 'and no file' "$(find "$WORK/tmp" | wc -l)" 1

cat >again.sh <<EOS
echo $uuid >$create
group=\$(basename \$(readlink /sys/bus/mdev/devices/$uuid/iommu_group))
for i in 1 2 3 4 5 6 7 8 9 10; do
	mkfifo again.\$i
	$CLIENT hold $uuid \$group <again.\$i >again.out & client=\$!
	exec 9>again.\$i
	while ! grep -q open again.out; do kill -0 \$client || exit 1; sleep 0.01; done
	kill -9 \$client
	wait \$client
	: >again.out
done
echo 1 >/sys/bus/mdev/devices/$uuid/remove
echo 10 times
EOS
is 'a vGPU whose client was killed is free again' "$("$VGPULAB" run -- sh again.sh 2>/dev/null)" '10 times'
