# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
# The hooks that come as examples do what they say.

uuid=9f1c2e52-1f0e-4b1a-8d0a-3a3b6f6b7c01
cat >domain.xml <<EOS
<domain type='kvm'><name>vm</name><devices>
  <hostdev mode='subsystem' type='mdev' model='vfio-pci' display='on'>
    <source><address uuid='$uuid'/></source>
    <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/>
  </hostdev>
</devices></domain>
EOS
cat >hook.sh <<EOS
export VGPULAB_CONFIG_DIR=$PWD/config
mkdir -p config/scripts.d/notifiers
cp $EXAMPLES/notifier-log config/scripts.d/notifiers/
hook() { VGPULAB=$VGPULAB $EXAMPLES/libvirt-hook vm \$1 \$2 - <domain.xml; }
hook prepare begin 2>&1 | head -n 1
echo \$(ls /sys/bus/mdev/devices | wc -l)
$VGPULAB define --parent 0000:00:02.0 --type i915-GVTg_V5_8 $uuid >/dev/null
hook prepare begin && ls /sys/bus/mdev/devices
hook prepare begin && hook start begin && ls /sys/bus/mdev/devices
hook release end && echo \$(ls /sys/bus/mdev/devices | wc -l)
EOS
said=$(LOGGER="$PWD/log" && printf '#!/bin/sh\necho "$1" >>%s/logged\n' "$PWD" >log && chmod +x log &&
	export LOGGER && "$VGPULAB" run -- sh hook.sh)
is 'a vGPU that is not defined keeps its domain from starting' \
	"$(echo "$said" | sed -n 1p | grep -c "$uuid") $(echo "$said" | sed -n 2p)" '1 0'
is 'a defined one is there before the domain is' "$(echo "$said" | sed -n 3p)" "$uuid"
is '  whoever asks twice' "$(echo "$said" | sed -n 4p)" "$uuid"
is '  and gone after it' "$(echo "$said" | sed -n 5p)" 0
is 'the notifier wrote it all down' "$(cut -d: -f1 logged | sort | uniq -c | xargs)" '1 define 1 start 1 stop'
