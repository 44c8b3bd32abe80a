#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The fake with this GPU does what the kernel does, but for the accepted differences; mem:GPU is one without FUSE.
# usage: fidelity.sh VGPULAB GPU|mem:GPU

set -u
. "$(dirname "$0")/../../tests/need.sh"
status=0 least=250
case $2 in
mem:*)
	least=120
	report=$("$1" --backend "$2" fake conformance) || status=$?
	;;
*)
	said=$("$1" run --gpu "$2" -- true 2>&1) || need fuse "$said"
	report=$("$1" fake conformance --gpu "$2") || status=$?
	;;
esac
printf '%s\n' "$report"
[ $status = 0 ] || exit 1
# it ran: most cases apply to any host
same=$(printf '%s\n' "$report" | sed -n 's/.* cases: \([0-9]*\) same.*/\1/p')
[ "$same" -ge $least ]
