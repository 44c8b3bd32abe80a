#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The registers of a vGPU through an unmodified QEMU, for FUZZ_SECONDS; FUZZ_SEED repeats a run.
# usage: fuzz-qtest.sh VGPULAB FUZZ-QTEST

set -u
. "$(dirname "$0")/../../tests/need.sh"
seed=${FUZZ_SEED:-$(date +%s)}
log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT
trap 'exit 99' INT TERM
command -v qemu-system-x86_64 >/dev/null || need qemu 'no qemu-system-x86_64'
echo "seed $seed"
# What a sanitizer says of the supervisor ends it, and with it all.
"$1" run --gpu "${FUZZ_GPU:-kaby-lake}" -- "$2" "$seed" "${FUZZ_SECONDS:-10}" 2>"$log"
status=$?
grep -v '^vgpulab: guest:' "$log" >&2
[ $status = 0 ] && ! grep -qE 'ERROR: |runtime error' "$log"
