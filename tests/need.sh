# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What tests that are scripts say when they cannot run, as testing/need.h is for those in C. To be sourced
# before any cd:
#
#	. "$(dirname "$0")/../../tests/need.sh"
#
# What VGPULAB_STRICT names ("all", or a list separated by commas) must not be missing: then the test fails.

# need NAME WHY: of a test that speaks by its exit code
need() {
	case ",${VGPULAB_STRICT-}," in
	*",$1,"* | ,all,) echo "FAIL: needs $1: $2" >&2 && exit 1 ;;
	esac
	echo "SKIP: needs $1: $2" >&2
	exit 77
}

# need_tap NAME WHY: of one that prints TAP, and has printed nothing yet
need_tap() {
	case ",${VGPULAB_STRICT-}," in
	*",$1,"* | ,all,) echo "Bail out! needs $1: $2" && exit 1 ;;
	esac
	echo "1..0 # SKIP needs $1: $2"
	exit 0
}

# need_ran CODE LOG: `vgpulab test` ended so, and printed LOG; what it lacked is a need of this test, too
need_ran() {
	[ "$1" != 12 ] ||
		need "$(sed -n 's/.*needs \([a-z-]*\): .*/\1/p' "$2" | tail -n 1)" "$(tail -n 1 "$2")"
	[ "$1" = 0 ] || exit 1
}
