# Before the jump luctl says what the next kernel would lose, as far as that can be known.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
timeout=480
plan=29

# make_plan FILE IMAGE WORD...
make_plan() {
	_file=/share/$1.plan
	_image=$2
	shift 2
	{
		cat /share/main.plan
		printf 'kernel image=%s initrd=/share/initrd cmdline="@CMDLINE@ %s"\n' "$_image" "$*"
	} >"$_file"
}

# luctl_run FILE OPTION...: up to the first stage, which comes after the look at the next kernel
luctl_run() {
	_file=$1
	shift
	luctl run --stop-after=opened "$@" "/share/$_file.plan" >/share/out.log 2>/share/err.log
}

# says FILE WORDS: one warning with WORDS on stderr, and the run goes on; --strict stops it
says() {
	luctl_run "$1"
	_rc=$?
	if [ "$_rc" -ne 0 ]; then
		not_ok "$1: the run goes on" "status $_rc: $(cat /share/err.log)"
	elif [ "$(grep -c . /share/err.log)" -ne 1 ]; then
		not_ok "$1: luctl warns once" "$(cat /share/err.log)"
	elif ! grep -q "^luctl: warning: .*$2" /share/err.log; then
		not_ok "$1: luctl warns" "$(cat /share/err.log)"
	else
		ok "$1: luctl warns"
	fi
	luctl_run "$1" --strict
	_rc=$?
	if [ "$_rc" -eq 1 ] && grep -q '^luctl: error: the next kernel does not fit' /share/err.log &&
		! grep -q 'create session' /share/out.log; then
		ok "$1: --strict stops it before anything is made"
	else
		not_ok "$1: --strict stops it" "status $_rc: $(cat /share/err.log)"
	fi
}

# notes FILE WORDS: a note with WORDS on stdout, nothing on stderr, and --strict does not mind
notes() {
	luctl_run "$1" --strict
	_rc=$?
	if [ "$_rc" -eq 0 ] && [ ! -s /share/err.log ] && grep -q "^luctl: note: .*$2" /share/out.log; then
		ok "$1: luctl says so, and no more"
	else
		not_ok "$1: luctl says so" "status $_rc: $(cat /share/err.log /share/out.log)"
	fi
}

# spoil NAME FROM TO: an image with another string in it
spoil() {
	bzimage /share/bzImage "/share/bzImage-$1" "$2" "$3" && make_plan "$1" "/share/bzImage-$1"
}

stage1() {
	make_plan same /share/bzImage lutrace.stage=2
	luctl_run same --strict
	_rc=$?
	expect "the same kernel once more is fine" test "$_rc" -eq 0
	expect "and nothing is said of it" sh -c \
		'! grep "note:\|warning:" /share/out.log /share/err.log'

	make_plan kho-off /share/bzImage kho=off
	says kho-off 'has kho=off'
	make_plan liveupdate-off /share/bzImage liveupdate=0
	says liveupdate-off 'has liveupdate=0'
	make_plan iommu-off /share/bzImage intel_iommu=off
	says iommu-off 'has intel_iommu=off'

	make_plan bus-numbers /share/bzImage pci=noaer,assign-busses
	says bus-numbers 'has pci=assign-busses, which the running one has not: buses are numbered anew'
	make_plan less-memory /share/bzImage mem=1G
	says less-memory 'has mem=1G, which the running one has not'
	make_plan other-groups /share/bzImage 'pci=config_acs=10x@pci:0:0'
	says other-groups 'changes which devices are in one IOMMU group'
	make_plan fewer-cpus /share/bzImage nr_cpus=1
	notes fewer-cpus 'has nr_cpus=1, which the running one has not'
	truncate -s 4G /share/initrd-large
	make_plan scratch /share/bzImage lutrace.stage=2
	sed -i 's,initrd=[^ ]*,initrd=/share/initrd-large,' /share/scratch.plan
	says scratch 'and its initrd 4096.0 MiB, and they do not fit into the scratch areas .* MiB'
	rm /share/initrd-large

	expect "images can be spoiled" spoil no-series iommu-core-v1 something-new
	says no-series '/share/bzImage-no-series does not know iommu-core-v1: the HWPTs will be lost'
	spoil no-memfd memfd-v2 memfd-v9
	says no-memfd 'does not know memfd-v2 but memfd-v9: the memfds will be lost'
	spoil other-luo luo-v5 luo-v6
	says other-luo 'will panic when it starts'
	spoil other-kho kho-v4 kho-v9
	says other-kho 'does not know kho-v4 but kho-v9: it gets nothing'

	head -c 2000000 /share/bzImage >/share/bzImage-half
	make_plan half /share/bzImage-half
	notes half '/share/bzImage-half ends before its payload does, so what it knows cannot be seen'
	make_plan folder /share
	luctl_run folder
	expect "what is no image is an error at once" \
		grep -q '^luctl: error: /share is no bzImage, which alone can be loaded' /share/err.log
	make_plan missing /share/bzImage-missing
	luctl_run missing
	expect "so is one that is not there" \
		grep -q '^luctl: error: cannot open the next kernel /share/bzImage-missing: ' /share/err.log
}
