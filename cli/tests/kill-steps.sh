#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: kill-steps.sh VGPULAB KILL-STEPS      KILLS in the environment: how many (200)
set -u
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$(realpath "$1") steps=$(realpath "$2")
"$vgpulab" run --gpu kaby-lake -- true || need userns 'vgpulab run does not work here'
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
"$vgpulab" run --gpu kaby-lake -- "$steps" "$vgpulab" "$work/mdevctl.d"
