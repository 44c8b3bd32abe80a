#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: kill-steps.sh VGPULAB KILL-STEPS      KILLS in the environment: how many (200)
set -u
vgpulab=$(realpath "$1") steps=$(realpath "$2")
"$vgpulab" run --gpu kaby-lake -- true || {
	echo "needs userns: vgpulab run does not work here"
	case ",${VGPULAB_STRICT-}," in *,userns,*) exit 1 ;; esac
	exit 77
}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
"$vgpulab" run --gpu kaby-lake -- "$steps" "$vgpulab" "$work/mdevctl.d"
