#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A vGPU that another program makes while the suite runs outlives it.
# usage: strangers.sh VGPULAB CONFORMANCE

set -u
. "$(dirname "$0")/../../tests/need.sh"
stranger=12345678-9abc-4def-8012-3456789abcde

if [ "$1" = --inside ]; then
	cd /sys/bus/mdev/devices || exit 99
	"$2" --fake >/dev/null 2>&1 &
	suite=$!
	# the suite refuses a parent that has vGPUs when it begins
	until [ "$(echo ????????-*)" != '????????-*' ]; do
		kill -0 $suite || exit 99
	done
	until echo $stranger >/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create; do
		kill -0 $suite || exit 99
	done 2>/dev/null
	wait $suite
	[ -e $stranger ]
	exit
fi
said=$("$1" run -- true 2>&1) || need fuse "$said"
"$1" run --gpu kaby-lake -- sh "$(realpath "$0")" --inside "$(realpath "$2")"
