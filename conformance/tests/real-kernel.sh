#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The suite on Debian's kernel with its own sample drivers, in the lab VM: there nothing may differ,
# for it is the kernel.
# usage: real-kernel.sh LAB-VM CONFORMANCE

set -u
. "$(dirname "$0")/../../tests/need.sh"
status=0
"$1" --modules mtty,mdpy,mbochs --timeout 600 -- sh -c '
	for parent in mtty mdpy mbochs; do
		echo "parent $parent"
		"$1" --vfio /dev/vfio --uevents --parent "$parent" || exit 1
	done
' sh "$2" || status=$?
[ $status != 77 ] || need lab 'see above'
exit $status
