# The demo's path on AMD-Vi (amdv1): tables that grow, leaves of more than one entry.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
machine=amd
plan=15

# levels TOKEN
levels() {
	sed -n "s/^# hwpt token=$1 .* levels=\\([0-9]*\\) .*/\\1/p" share/walk-after.txt
}

# The pages of the holes as both kernels touch them, and those where QEMU saw faults.
holes() {
	sed -n 's/^hole .* iova=\([^ ]*\).*/\1/p' share/demo.plan share/demo2.plan
}

pages() {
	local address

	while read -r address; do
		printf '%#x\n' $((address & ~0xfff))
	done | uniq
}

faults_at_holes() {
	{ holes; holes; } | pages >holes.txt
	sed -n 's/^amdvi_page_fault .* //p' faults.log | pages >faults.txt
	diff holes.txt faults.txt
}

check() {
	path_check
	# It does not tell the guest where, so luctl cannot know.
	expect "QEMU saw faults at each hole, in both kernels, and nowhere else" faults_at_holes
	expect "the table of the second device has grown by a level" test "$(levels 0x42)" -eq 4
	expect "there are leaves of many entries, which no other format has" \
		grep -q '^token=0xe .* size=0x100000 ' share/walk-after.txt
}
