#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The hooks of demo.plan, one argument each: looks at the mappings while they are preserved and
# again when they were reclaimed, and ends the recording before the jump.
set -eu
dump=/sys/kernel/debug/iommu/intel/0000:00:04.0/domain_translation_struct

# look NAME: all mappings of all marked HWPTs, as lutrace reads them; and those of the HWPT that
# the device is attached to as the driver shows them.
look() {
	cp "$dump" "/share/driver-$1.txt"
	lutrace walk -o "/share/walk-$1.txt"
	lutrace walk --token 0x1 --dump "$dump"
}

case $1 in
preserved) look before ;;
reclaimed) look after ;;
before-kexec) . /share/path.sh && end_record ;;
esac
