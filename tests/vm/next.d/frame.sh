# SPDX-License-Identifier: GPL-2.0-only
# What the tests of strange next kernels share: the first stage, which jumps into a kernel whose command
# line has the words $next, and what the others ask.

EDU=0000:00:04.0
# Of the memfds of both plans, less what a kernel may take for itself
MEMFDS_KB=260000
# What a kernel may have more or less than another without having lost memory
NOISE_KB=512

# next_kernel WORD...: other.plan, with a next kernel whose command line has these words
next_kernel() {
	{
		cat /share/other.plan.in
		printf 'kernel image=/share/bzImage initrd=/share/initrd cmdline="@CMDLINE@ %s"\n' "$*"
	} >/share/other.plan
}

# Does not return if all goes well
stage1() {
	remember_memory
	# shellcheck disable=SC2086 # words
	next_kernel lutrace.stage=2 $next
	jump /share/main.plan /share/other.plan
}

# plain_kexec WORD...: into a kernel whose command line has these words in place of those with the
# same keys, and nothing is handed over.
plain_kexec() {
	_line=
	for _word in $(cat /proc/cmdline); do
		for _new in "$@"; do
			[ "${_word%%=*}" != "${_new%%=*}" ] || _word=
		done
		_line="$_line${_word:+ $_word}"
	done
	kexec /share/bzImage /share/initrd "$_line $*" >/share/kexec.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/kexec.log)"
}

# All memory that is the kernel's to give away, in kB: what was preserved is not until it is
# restored or freed.
mem_total() {
	awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo
}

remember_memory() {
	mem_total >/share/total
	vmstat nr_iommu_pages >/share/tables
}

# How many kB this kernel has less than the first one
lost_kb() {
	echo $(($(cat /share/total) - $(mem_total)))
}

memory_is_lost() {
	note "$(lost_kb) kB are missing"
	[ "$(lost_kb)" -gt "$MEMFDS_KB" ]
}

# memory_is_there [KB]: all but so much
memory_is_there() {
	note "$(lost_kb) kB are missing"
	[ "$(lost_kb)" -lt "$((NOISE_KB + ${1:-0}))" ]
}

# The PCI command register: bit 2 lets the device do DMA
bus_master_is_off() {
	_command=$(od -An -tu1 -j4 -N1 "/sys/bus/pci/devices/$EDU/config")
	echo "command register: $_command"
	[ "$((_command & 4))" -eq 0 ]
}

# The device's domain maps nothing, as the VT-d driver shows it
maps_nothing() {
	_dump=/sys/kernel/debug/iommu/intel/$EDU/domain_translation_struct
	head -n 20 "$_dump" && ! grep -q '^0x\|not enabled' "$_dump"
}

# refused NAME WORDS COMMAND...: luctl ends with status 1 and says one sentence, which has WORDS
refused() {
	_name=$1
	_words=$2
	shift 2
	"$@" >/share/refused.log 2>&1
	_rc=$?
	cat /share/refused.log
	if [ "$_rc" -ne 1 ]; then
		not_ok "$_name" "status $_rc"
	elif [ "$(grep -c 'error:' /share/refused.log)" -ne 1 ]; then
		not_ok "$_name" "$(grep -c 'error:' /share/refused.log) errors"
	elif ! grep -q "^luctl: error: .*$_words" /share/refused.log; then
		not_ok "$_name" "$(grep 'error:' /share/refused.log)"
	else
		ok "$_name"
	fi
}

# Five points: the HWPTs of main.plan are refused when they are reclaimed, and their device is stopped.
main_is_refused() {
	expect "the device cannot do DMA" bus_master_is_off
	refused "luctl resume says what happened" \
		'LIVEUPDATE_RECLAIM of hwpt main .*map them in a new HWPT.*EBADMSG' \
		luctl resume /share/main.plan
	expect "iommufd and memfds came back before" \
		grep -q 'retrieve memfd small .* ok$' /share/refused.log
	expect "the device cannot do DMA still" bus_master_is_off
	expect "it has no translation of the old kernel" maps_nothing
}

# comes_through NAME PLAN...: luctl resume takes all of it back
comes_through() {
	_name=$1
	shift
	expect "$_name" luctl resume "$@"
}
