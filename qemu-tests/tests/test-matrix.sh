#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every row there is, in one run on two cores, as a user starts it: each must pass, but for those that want a render
# node or a type of vGPU that the fake GPU has not. In 15 minutes, and not much slower than its guests boot; the aim is
# 1.5 times, which the last lines tell.
# usage: test-matrix.sh VGPULAB
set -eu
. "$(dirname "$0")/../../tests/need.sh"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 99' INT TERM

cores=$(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' |
	while IFS=- read -r first last; do seq "$first" "${last:-$first}"; done | head -n 2 | paste -sd,)
code=0
taskset -c "$cores" "$1" test --accel tcg --gpu kaby-lake --out "$out" >"$out/progress" 2>&1 || code=$?
grep -v '^ *[0-9.]* s ' "$out/progress"
need_ran $code "$out/progress"
lacks=$(grep '^SKIP' "$out/progress" | grep -v 'needs drm: \|needs vgpu-type: ' || :)
[ -z "$lacks" ] || need "$(printf '%s\n' "$lacks" | sed -n '1s/.*needs \([a-z-]*\): .*/\1/p')" "$lacks"
sed -n 's/^took \([0-9.]*\) s.*: \([0-9.]*\) times.*/\1 \2/p' "$out/progress" |
	awk '{ lines++; slow = $1 > 900 || $2 > 2 } END { exit lines != 1 || slow }'
[ "$(stat -c %s "$out/report.html")" -lt 20000000 ]
