# A next kernel with liveupdate=off takes nothing back; the memory is lost until the next boot.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=12
next=liveupdate=off

stage2() {
	expect "the device cannot do DMA" bus_master_is_off
	refused "luctl resume says what happened" \
		'has no live update, .* is lost; boot with .*liveupdate=on.*ENOENT' \
		luctl resume /share/main.plan /share/other.plan
	expect "the device cannot do DMA still" bus_master_is_off
	expect "it has no translation of the old kernel" maps_nothing
	expect "the memory is reserved" memory_is_lost
	refused "another live update is refused" 'has no live update' \
		luctl run --no-kexec /share/main.plan
	expect_fail "luctl status says so" 1 luctl status
	expect "the device works with new memory" fresh "$EDU"
	plain_kexec lutrace.stage=3 liveupdate=on
}

stage3() {
	expect "after a plain kexec the memory is back" memory_is_there
	expect "and all of a live update works" luctl run --no-kexec /share/main.plan
}

check() {
	expect "luctl warned before the jump" \
		grep -q 'warning: .* has liveupdate=off: .*; write liveupdate=on' share/luctl-run.log
	expect "the guest counted three stages" grep -qx '3 0' share/stages
}
