#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Scenarios that need a render node, in one lab VM: each must pass, none may be skipped.
# usage: test-lab-rows.sh VGPULAB GPU SCENARIO...

set -u
vgpulab=$1 gpu=$2
shift 2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
said=$("$vgpulab" test --in lab-vm --gpu "$gpu" --out "$out" "$@" 2>"$out/progress")
code=$?
cat "$out/progress"
printf '%s\n' "$said"
if [ $code = 12 ]; then
	case ",${VGPULAB_STRICT:-}," in
	*,lab,* | *,all,*) exit 1 ;;
	esac
	tail -n 2 "$out/progress" >&2
	exit 77
fi
[ $code = 0 ] || exit 1
case $said in
*", 0 failed, 0 skipped"*) ;;
*) exit 1 ;;
esac
