#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# plan.sh NAME: prints the plan of a live update that is measured. Page tables are many for little memory: 4 KiB in
# every 2 MiB, so that each entry has a table of its own, or 2 MiB pages.
#   grid  domains of 16, 128 and 1,024 tables, and two of large pages
#   wide  200 domains of 16 tables
#   tall  one domain of 20,000 tables
#   tiny  four domains of 16 tables
set -eu

token=0

# domain TABLES: 4 KiB pages, with nearly so many tables below the root
domain() {
	token=$((token + 1))
	echo "hwpt d$token token=$token device=edu"
	echo "area d$token iova=0x40000000 memfd=pool offset=0 length=4K count=$1 stride=2M"
}

large() {
	token=$((token + 1))
	echo "hwpt d$token token=$token device=edu"
	echo "area d$token iova=0x40000000 memfd=large offset=0 length=2M count=8 stride=1G"
}

# domains N TABLES
domains() {
	n=0
	while [ "$n" -lt "$1" ]; do
		domain "$2"
		n=$((n + 1))
	done
}

case $1 in
grid | wide) pool=4M ;;
tall) pool=80M ;;
tiny) pool=64K ;;
*)
	echo "plan.sh: there is no plan $1" >&2
	exit 1
	;;
esac
cat <<END
session measure
kernel  image=/share/bzImage initrd=/share/initrd cmdline="@CMDLINE@ lutrace.stage=2"
iommufd token=0x200
device  edu 0000:00:04.0
memfd   pool size=$pool token=0x100 seed=7
END
case $1 in
grid)
	echo "memfd   large size=16M huge=yes token=0x101 seed=8"
	domains 12 16
	domains 4 128
	domains 1 1024
	large
	large
	;;
wide) domains 200 16 ;;
tall) domain 20000 ;;
tiny) domains 4 16 ;;
esac
echo "abort 1"
