#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The hooks of demo.plan, one argument each: looks at the mappings while they are preserved and
# again when they were reclaimed.
set -eu
device=0000:00:04.0
vtd=/sys/kernel/debug/iommu/intel/$device/domain_translation_struct
amd=/sys/kernel/debug/iommu/amd

# look NAME: all mappings of all marked HWPTs, as lutrace reads them; and what the driver shows of the
# HWPT that the device is attached to, which is all mappings with VT-d and the root with AMD-Vi.
look() {
	lutrace walk -o "/share/walk-$1.txt"
	if [ -e "$vtd" ]; then
		cp "$vtd" "/share/driver-$1.txt"
		lutrace walk --token 0x1 --dump "$vtd"
	else
		echo "$device" >"$amd/devid"
		cat "$amd/devtbl" >"/share/driver-$1.txt"
	fi
}

case $1 in
preserved) look before ;;
reclaimed) look after ;;
esac
