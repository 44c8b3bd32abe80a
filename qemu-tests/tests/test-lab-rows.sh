#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Scenarios that need a render node, in one lab VM: each must pass, none may be skipped.
# usage: test-lab-rows.sh VGPULAB GPU SCENARIO...

set -u
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$1 gpu=$2
shift 2
out=$(mktemp -d /tmp/vgpulab-rows-XXXXXX)
trap 'case $? in 0 | 77) rm -r "$out" ;; *) echo "results are kept in $out" ;; esac' EXIT
trap 'exit 99' INT TERM
said=$("$vgpulab" test --in lab-vm --gpu "$gpu" --out "$out" "$@" 2>"$out/progress")
code=$?
cat "$out/progress"
printf '%s\n' "$said"
[ $code != 12 ] || need lab "$(tail -n 1 "$out/progress")"
[ $code = 0 ] || exit 1
case $said in
*", 0 failed, 0 skipped"*) ;;
*) exit 1 ;;
esac
