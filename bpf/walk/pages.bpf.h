/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies pages of page tables, for user space to decode. Program read_pages of walk.bpf.c.
 */
#ifndef LUTRACE_WALK_PAGES_BPF_H
#define LUTRACE_WALK_PAGES_BPF_H

#include "walk/base.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LUTRACE_PAGE_BATCH);
	__type(key, __u32);
	__type(value, __u64);
} addresses SEC(".maps");

struct page {
	__u8 bytes[LUTRACE_PAGE_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LUTRACE_PAGE_BATCH);
	__type(key, __u32);
	__type(value, struct page);
} pages SEC(".maps");

struct read_state {
	__u32 nr;
	__u32 copied;
	long err;
};

static long read_one(__u32 i, struct read_state *st)
{
	struct page *page;
	__u64 *address;
	__u32 key = i;

	if (i >= st->nr)
		return 1;
	address = bpf_map_lookup_elem(&addresses, &key);
	page = bpf_map_lookup_elem(&pages, &key);
	if (!address || !page) {
		st->err = -EINVAL;
		return 1;
	}
	st->err = bpf_probe_read_kernel(page->bytes, sizeof(page->bytes), (void *)*address);
	if (st->err)
		return 1;
	st->copied++;
	return 0;
}

SEC("syscall")
int read_pages(struct lutrace_read_args *args)
{
	struct read_state st = { .nr = args->nr };

	bpf_loop(LUTRACE_PAGE_BATCH, read_one, &st, 0);
	args->copied = st.copied;
	args->err = st.err;
	return 0;
}

#endif
