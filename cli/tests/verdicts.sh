# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2034,SC2154
#
# For tests of the program from outside that print TAP, to be sourced before any cd. They set $vgpulab, $number
# and $failed to 0, and $config to a directory for definitions, if there is to be one of their own.
config=''

# verdict NAME: of the command before it
verdict() {
	if [ $? -eq 0 ]; then result=ok; else result='not ok' failed=1; fi
	number=$((number + 1))
	echo "$result $number - $1"
	[ "$result" = ok ] || sed 's/^/# /' out err
}

# check NAME CODE ARGUMENT...: runs vgpulab, leaves out and err
check() {
	name=$1 expected=$2
	shift 2
	"$vgpulab" ${config:+--config-dir "$config"} "$@" >out 2>err
	code=$?
	[ $code -eq "$expected" ]
	verdict "$name: exit code is $expected (got $code)"
}

# says FILE TEXT
says() {
	grep -qF -- "$2" "$1"
	verdict "  $1 says: $2"
}

# silent FILE
silent() {
	[ ! -s "$1" ]
	verdict "  $1 is empty"
}
