#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# While one scenario waits, another runs: on one core, the second is through before the first, which began earlier.
# Where somebody has set how many may run, none is added.
# usage: test-waits.sh VGPULAB
set -eu
. "$(dirname "$0")/../../tests/need.sh"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 99' INT TERM

passed() { # SCENARIO..., in the order in which they must be through
	cat "$out/progress"
	need_ran $code "$out/progress"
	[ "$(sed -n 's/^PASS \([^:]*\):.*/\1/p' "$out/progress" | xargs)" = "$*" ]
}

run() {
	code=0
	taskset -c "$core" "$vgpulab" test --accel tcg --gpu kaby-lake --out "$out" "$@" 2>"$out/progress" || code=$?
}

vgpulab=$1
core=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
run i915-hang refused-absent
passed refused-absent i915-hang
run --jobs 1 i915-hang refused-absent
passed i915-hang refused-absent
