# A next kernel with kho=off takes nothing back; the memory is lost until the next boot.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=10
next=kho=off

stage2() {
	expect "the device cannot do DMA" bus_master_is_off
	refused "luctl resume says what happened" \
		'has no live update, .* is lost; boot with .*kho=on.*ENOENT' \
		luctl resume /share/main.plan /share/other.plan
	expect "the device cannot do DMA still" bus_master_is_off
	expect "it has no translation of the old kernel" maps_nothing
	expect "the memory is reserved" memory_is_lost
	refused "another live update is refused" 'has no live update' \
		luctl run --no-kexec /share/main.plan
	expect "the device works with new memory" fresh "$EDU"
}

check() {
	expect "luctl warned before the jump" \
		grep -q 'warning: .* has kho=off: .*; write kho=on' share/luctl-run.log
	expect "the kernel says that live update is off with it" \
		grep -aq 'Disabling liveupdate because KHO is disabled' console.log
	expect "the guest counted its second stage" grep -qx '2 0' share/stages
}
