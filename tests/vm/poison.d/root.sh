# SPDX-License-Identifier: GPL-2.0-only
HWPOISON=/sys/kernel/debug/hwpoison

# root_of TOKEN FILE: its page frame number, by what lutrace walk printed into FILE
root_of() {
	_root=$(sed -n "s/^# hwpt token=0x$1 .* root=\(0x[0-9a-f]*\) .*/\1/p" "$2")
	[ -n "$_root" ] && echo $((_root >> 12))
}

# poison_root TOKEN FILE: the hardware loses that page, as far as the kernel can tell. It can do
# nothing about it, which it says with an error, and remembers it.
poison_root() {
	_pfn=$(root_of "$1" "$2") || return 1
	echo "$_pfn" >$HWPOISON/corrupt-pfn 2>/dev/null || :
	dmesg | grep -q "Memory failure: 0x$(printf %x "$_pfn"): "
}
