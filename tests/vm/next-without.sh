# A next kernel without the series takes nothing back; the memory is lost until the next boot.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
plan=13
next=lutrace_seeded_bug=91

stage2() {
	expect "the device cannot do DMA" bus_master_is_off
	refused "luctl resume says what happened" \
		'handed over what this one does not know.*reboot or kexec.*EIO' \
		luctl resume /share/main.plan /share/other.plan
	expect "the device cannot do DMA still" bus_master_is_off
	expect "it has no translation of the old kernel" maps_nothing
	expect "the memory is reserved" memory_is_lost
	refused "another live update is refused" 'handed over what this one does not know.*EIO' \
		luctl run --no-kexec /share/main.plan
	refused "giving the session up is refused" 'handed over what this one does not know.*EIO' \
		luctl finish --session main
	expect "the device works with new memory" fresh "$EDU"
	plain_kexec lutrace.stage=3 lutrace_seeded_bug=0
}

stage3() {
	expect "after a plain kexec the memory is back" memory_is_there
	expect "and all of a live update works" luctl run --no-kexec /share/main.plan
}

check() {
	expect "the kernel names what it does not know" \
		grep -aq "No registered handler for compatible 'iommufd'" console.log
	expect "luctl had nothing to warn of" sh -c '! grep "warning:" share/luctl-run.log'
	expect "the guest counted three stages" grep -qx '3 0' share/stages
}
