#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The doctor in fake hosts, each broken in one way: it names that one, and only consequences besides.
# usage: test-doctor.sh VGPULAB FIXTURES        prints TAP
set -u
vgpulab=$(realpath "$1") fixtures=$(realpath "$2")
. "$(dirname "$0")/../../tests/need.sh"
unshare -Urm true 2>/dev/null || need_tap userns 'user namespaces cannot be made here'
[ -w /dev/fuse ] || need_tap fuse '/dev/fuse cannot be opened'
command -v python3 >/dev/null || need_tap python3 'it reads the JSON here'
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 99
uuid=c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5
number=0 failed=0

# The host's facts are the healthy host's, with as many vGPU nodes, in use, as any host here needs;
# its /sys is the fake one.
python3 - "$fixtures/healthy.json" >facts.json <<'END' || exit 99
import json, sys
host = json.load(open(sys.argv[1]))
del host["sysfs"]
host["files"] = {k: v for k, v in host["files"].items() if not k.startswith("/etc/mdevctl.d")}
for n in range(8):
    host["nodes"]["/dev/vfio/%d" % n] = host["nodes"]["/dev/vfio/7"]
host["facts"]["vfio-users"] = ["/dev/vfio/%d 4711 qemu-system-x86" % n for n in range(8)]
json.dump(host, sys.stdout)
END

# What the break commands use, inside the fake host.
cat >break.sh <<'END'
gpu=/sys/devices/pci0000:00/0000:00:02.0
put() { printf '%s\n' "$2" >"$WORK/put" && mount --bind "$WORK/put" "$1"; }
# a directory without some of its entries
without() {
	dir=$1 copy=$(mktemp -d "$WORK/copy.XXXXXX")
	shift
	cp -rdL "$dir/." "$copy" 2>/dev/null
	for name; do rm -rf "${copy:?}/$name"; done
	mount --bind "$copy" "$dir"
}
modules() {
	copy=$(mktemp -d "$WORK/modules.XXXXXX")
	mkdir -p "$copy/i915/parameters" "$copy/kvmgt" "$copy/mdev" "$copy/vfio_iommu_type1"
	echo Y >"$copy/i915/parameters/enable_gvt"
	echo 0 >"$copy/i915/parameters/enable_guc"
	for name; do rm -rf "${copy:?}/$name"; done
	mount --bind "$copy" /sys/module
}
no_types() {
	copy=$(mktemp -d "$WORK/gpu.XXXXXX")
	for name in class vendor device resource; do cat "$gpu/$name" >"$copy/$name"; done
	ln -s ../../../bus/pci/drivers/i915 "$copy/driver"
	mkdir -p "$copy/drm/renderD128" "$WORK/nothing"
	mount --bind "$copy" "$gpu"
	mount --bind "$WORK/nothing" /sys/class/mdev_bus
}
create() { "$VGPULAB" create --parent 0000:00:02.0 --type "$@" >/dev/null; }
set -e
END

# host RULE GPUS BREAK [DOCTOR-ARGUMENT...]: only RULE must be a cause.
host() {
	rule=$1 gpus=$2
	printf '. "$WORK/break.sh"\n%s\nset +e\nexec "$VGPULAB" --json doctor --facts "$WORK/facts.json" "$@"\n' \
		"$3" >run.sh
	shift 3
	# shellcheck disable=SC2086
	WORK=$work VGPULAB=$vgpulab "$vgpulab" run $gpus -- sh "$work/run.sh" "$@" >out 2>err
	got=$(python3 -c 'import json, sys
print(" ".join(f["rule"] for f in json.load(sys.stdin)["findings"] if not f["consequence_of"]))' <out 2>>err)
	number=$((number + 1))
	if [ "$got" = "$rule" ]; then
		echo "ok $number - ${rule:-healthy}"
	else
		failed=1
		echo "not ok $number - ${rule:-healthy}: got '$got'"
		sed 's/^/# /' err
	fi
}
delta() {
	printf '%s\n' "$1" >delta.json
}

one='--gpu coffee-lake,aperture=1G'
host '' "$one" ''
host '' "$one" 'create GVTg_V5_4'
for id in 0x0412:gpu-too-old 0x3185:gpu-atom 0x8a52:gpu-gen11 0x4680:gpu-sriov-instead 0x56a0:gpu-discrete \
	0xffff:gpu-unknown; do
	host "${id#*:}" "$one" "no_types; put \$gpu/device ${id%:*}"
done
host kvmgt-not-loaded "$one" 'no_types; modules kvmgt'
host type1-not-loaded "$one" 'modules vfio_iommu_type1'
host kernel-without-gvt "$one" 'no_types; modules i915/parameters/enable_gvt'
host types-missing "$one" 'no_types'
delta '{ "facts": { "kernel-command-line": "" }, "files": { "/etc/modprobe.d/i915.conf": null } }'
host gvt-off "$one" 'no_types; put /sys/module/i915/parameters/enable_gvt N' --facts "$work/delta.json"
delta '{ "facts": { "kernel-command-line": "i915.enable_gvt=1 i915.enable_guc=3" } }'
host guc-submission "$one" 'no_types; put /sys/module/i915/parameters/enable_guc 3' --facts "$work/delta.json"
host aperture-limits-types '--gpu coffee-lake,aperture=256M' ''
host aperture-too-small '--gpu coffee-lake,aperture=128M' ''
host several-gpus "$one --gpu skylake,aperture=1G" ''
host no-room "$one" 'for i in 1 2 3 4 5; do create GVTg_V5_4; done'
host vgpu-small "$one" 'create GVTg_V5_8'
host vgpu-unbound "$one" "create GVTg_V5_4 $uuid; echo $uuid >/sys/bus/mdev/drivers/intel_vgpu_mdev/unbind"
host vgpu-missing "$one" '' --uuid $uuid
delta '{ "facts": { "vfio-users": "" } }'
host vgpu-stale "$one" 'create GVTg_V5_4' --facts "$work/delta.json"
for rule in kvm-not-working kvm-node-missing render-node-missing memlock-low qemu-too-old qemu-without-egl \
	libvirt-override-crash autostart-program-missing definition-broken qemu-missing; do
	host $rule "$one" '' --facts "$fixtures/$rule.json"
done

# The doctor asks the real machine about all but /sys.
"$vgpulab" run $one -- "$vgpulab" doctor --record >bundle.json 2>err
number=$((number + 1))
if "$vgpulab" --json doctor --facts bundle.json >again.json; [ $? -le 12 ] &&
	"$vgpulab" run $one -- "$vgpulab" --json doctor >first.json; [ $? -le 12 ] && cmp -s first.json again.json; then
	echo "ok $number - a recorded host gets the same diagnosis"
else
	failed=1
	echo "not ok $number - a recorded host gets the same diagnosis"
	diff first.json again.json | head -20 | sed 's/^/# /'
fi
printf 'x\nqemu-system-x86_64: vfio-display-dmabuf: opengl not available\n' |
	"$vgpulab" doctor --explain - >out
code=$?
number=$((number + 1))
if [ $code -eq 12 ] && grep -q '^line 2: ' out && grep -q 'egl-headless' out; then
	echo "ok $number - a log is explained"
else
	failed=1
	echo "not ok $number - a log is explained"
fi
printf 'caf\351 \303\251: opengl not available\n' | "$vgpulab" --json doctor --explain - >out
number=$((number + 1))
if python3 -c 'import json; assert json.load(open("out", encoding="utf-8"))[0]["text"].startswith("caf? \u00e9:")'; then
	echo "ok $number - a log in another encoding gives JSON"
else
	failed=1
	echo "not ok $number - a log in another encoding gives JSON"
fi
echo "1..$number"
exit $failed
