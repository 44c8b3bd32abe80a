#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The registers of a vGPU through an unmodified QEMU, for FUZZ_SECONDS; FUZZ_SEED repeats a run.
# usage: fuzz-qtest.sh VGPULAB FUZZ-QTEST

set -u
seed=${FUZZ_SEED:-$(date +%s)}
log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT
if ! command -v qemu-system-x86_64 >/dev/null; then
	echo "SKIP: qemu-system-x86_64 is not installed" >&2
	exit 77
fi
echo "seed $seed"
# What a sanitizer says of the supervisor ends it, and with it all.
"$1" run --gpu "${FUZZ_GPU:-kaby-lake}" -- "$2" "$seed" "${FUZZ_SECONDS:-10}" 2>"$log"
status=$?
grep -v '^vgpulab: guest:' "$log" >&2
[ $status = 0 ] && ! grep -qE 'ERROR: |runtime error' "$log"
