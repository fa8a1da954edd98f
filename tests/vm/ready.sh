# lutrace ready says go only when all is preserved, check knows what was, bundle has what it should.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
timeout=480
plan=35
append='lutrace.password=hunter2'

# says NAME STATUS WORDS
says() {
	grep -q "$3" "/share/$1.txt" && [ "$(cat "/share/$1.status")" = "$2" ]
}

# The roots that ready lists, and those that the walk found in the page tables, by token
roots() {
	sed -n 's/^ *"root": "\(0x[0-9a-f]*\)",$/\1/p' json.txt | while read -r _root; do
		printf '0x%016x\n' "$_root"
	done | sort
}

walked() {
	sed -n 's/^# hwpt .* root=\([^ ]*\) .*/\1/p' walk.txt | sort
}

same_roots() {
	[ "$(roots | wc -l)" -eq 2 ] && [ "$(roots)" = "$(walked)" ]
}

# The device that cannot be reset is named, and no other one
named_as_sysfs_has_it() {
	if grep -q . /sys/bus/pci/devices/0000:00:04.0/reset_method; then
		! grep '^note *reset ' /share/preserved.txt
	else
		grep '^note *reset *0000:00:04.0 cannot be reset' /share/preserved.txt
	fi
}

replaces() {
	kexec_load && luctl run --stop-after=opened ready.plan >/share/replaces.txt 2>&1 &&
		grep -q 'note: somebody else has loaded a next kernel already' /share/replaces.txt
}

stage1() {
	expect_fail "without anything preserved it is no-go" 2 lutrace ready
	expect "and says that nothing is" sh -c 'lutrace ready | grep -q "^no-go *preserved "'
	expect "a domain that the session alone keeps is preserved" \
		held sh -c 'lutrace ready --json >held.json; true'
	expect "and is found" grep -q '"preserved": 1,' held.json
	expect "luctl says that it replaces what somebody else has loaded" replaces
	expect "a plan is preserved" luctl run --stop-after preserved ready.plan
	expect "marked and not preserved is no-go" \
		says marked 2 '^no-go *marked *2 HWPTs are marked and not preserved.*0x1, 0x2'
	expect "two preserved domains are go" says preserved 0 '^go *preserved *2 domains are preserved:'
	expect "the verdict says so" says preserved 0 '^verdict: go$'
	expect "KHO's blocks are counted" says preserved 0 '^go *kho-blocks *KHO preserves [1-9]'
	expect "the blackout is called an extrapolation" \
		says preserved 0 '^note *blackout *an extrapolation, not a measurement'
	expect "the same kernel as the next is go" says next 0 '^go *next-kernel '
	expect "kho=off in the next one is no-go" says off 2 '^no-go *next-kernel .*has kho=off'
	expect "an image that is not there is an error" says nobody 1 'cannot open the next kernel'
	expect "so is what is no kernel" says folder 1 '/share is no bzImage'
	expect "a kernel that luctl loaded gets what is preserved" \
		says preserved 0 '^go *handover *the next kernel was loaded by kexec_file_load'
	expect "one that kexec_load(2) loaded does not" \
		says plain 2 '^no-go *handover *the next kernel was loaded by kexec_load(2)'
	expect "and that is the only reason" test "$(grep -c '^no-go' /share/plain.txt)" -eq 1
	expect "none is loaded" says unloaded 2 '^no-go *loaded *no next kernel is loaded'
	expect "who has the device is named" \
		says preserved 0 '^note *device */dev/liveupdate is open in process [0-9]* (luctl)'
	expect "and who has the session" \
		says preserved 0 '^note *session *session ready is open in process [0-9]* (luctl)$'
	expect "a device that cannot be reset is named" named_as_sysfs_has_it
	expect "JSON counts the same" says json 0 '"preserved": 2,'
	expect "the roots listed are those of the page tables" same_roots
	expect "the late check ends" end late
	expect "it knew what was preserved before" \
		grep -qx 'preserved before the check: 2 domains' late.txt
	expect "and nothing was unknown to it" grep -qx 'verdict: clean' late.txt
	expect "both unpreserves were compared" \
		grep -q '^unchanged  *clean .*(2 unpreserves compared with their preserve)' late.txt
	expect "a recording is made" lutrace record -d 1 -o short.rec
	expect "the password is in it" grep -q hunter2 short.rec
	expect "a dry run lists it" sh -c \
		'lutrace bundle -n short.rec | grep -q " recordings/1-short.rec$" && [ ! -e bundle.tar ]'
	expect "a bundle is written" lutrace bundle -o bundle.tar short.rec
	kexec /share/bzImage /share/initrd \
		"$(sed 's/kho=on/kho=off/; s/lutrace.stage=1/lutrace.stage=2/' /proc/cmdline)"
}

stage2() {
	expect_fail "without kho=on it is no-go" 2 lutrace ready
}

contents() {
	local name

	tar -tf share/bundle.tar >contents || return
	for name in doctor.txt doctor.json kernel.txt cmdline.txt dmesg.txt contents.txt \
		kho/out/nr_preserved recordings/1-short.rec; do
		grep -qx "lutrace-bundle/$name" contents || return
	done
}

# The recording is whole all the same: report reads it, and finds no event.
masked() {
	local rc=0

	tar -xf share/bundle.tar && ! grep -rq hunter2 lutrace-bundle &&
		grep -q 'lutrace.password=\*\*\*\*\*\*\*' lutrace-bundle/cmdline.txt || return
	"$BUILD/bin/lutrace" report lutrace-bundle/recordings/1-short.rec >report.txt 2>&1 || rc=$?
	grep -q '0 events, complete' report.txt
}

check() {
	expect "the bundle has all of its files" contents
	expect "and no password" masked
}
