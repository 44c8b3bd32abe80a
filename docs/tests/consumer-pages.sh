#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The pages of qemu-args, libvirt-xml and doctor know every option, path and rule.
# usage: consumer-pages.sh SOURCE-ROOT VGPULAB
set -eu
vgpulab=$(realpath "$2")
cd "$1"
failed=0
miss() {
	echo "$1 lacks $2"
	failed=1
}
for verb in qemu-args libvirt-xml doctor; do
	page=docs/man/vgpulab-$verb.1
	for option in $("$vgpulab" $verb --help | sed -n 's/^  .*--\([a-z-]*\).*/\1/p'); do
		grep -q "^\.\(It\|Op\)\{0,1\} *Fl .*-$option\>\|^\.Fl -$option\>" "$page" ||
			miss "$page" "--$option"
	done
done
for name in $(sed -n 's/^\t\t*\.name = "\(.*\)",/\1/p; s/^\t{ VGPU_VIEWER_[A-Z_]*, "\([^"]*\)".*/\1/p' \
	core/display-path.c); do
	grep -q "^\.It Cm $name" docs/man/vgpulab-qemu-args.1 || miss vgpulab-qemu-args.1 "the path $name"
done
for rule in $(sed -n 's/.*{ { "\([a-z0-9-]*\)",.*/\1/p' core/libvirt-lint-*.c); do
	grep -q "^\.It Cm $rule " docs/man/vgpulab-libvirt-xml.1 ||
		miss vgpulab-libvirt-xml.1 "the rule $rule"
done
for rule in $("$vgpulab" doctor --list-rules | cut -d' ' -f1); do
	grep -q "^\.It Cm $rule " docs/man/vgpulab-doctor.1 || miss vgpulab-doctor.1 "the rule $rule"
done
exit $failed
