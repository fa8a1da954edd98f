# A memfd that is retrieved long before the iommufd stays where it is until the session is finished, whatever
# is done to it; and a VMM that knows nothing any more learns from the iommufd what there is.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=22

stage1() {
	jump /share/moved.plan
}

# The commands run with the memfds open in the program that is their parent
stage2() {
	expect "there is swap" swap_on
	echo 500 >/proc/sys/vm/watermark_scale_factor
	expect "what nothing holds does move" abuse move
	# shellcheck disable=SC2016 # for the shell that the program starts
	take moved 0x200 @0x101 @0x102 \
		'!abuse pageout $PPID' '!abuse collapse $PPID' '!abuse compact $PPID' \
		'?/share/list.new' 1=0 1=ENOENT '?/share/list.reclaimed.new' \
		'!abuse pageout $PPID' '!abuse compact $PPID' . \
		'!! abuse pageout $PPID' '?/share/list.finished' \
		>/share/take.ktap 2>/share/take.log
	import_points /share/take.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/take.ktap
	expect "what there is was told" cmp /share/list /share/list.new
	expect "and what was reclaimed of it" cmp /share/list.reclaimed /share/list.reclaimed.new
	expect "and nothing after the end of the session" test -e /share/list.finished -a ! -s /share/list.finished
}
