/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks up entries of an XArray without its lock. For the parts of walk.bpf.c that go by numbers.
 */
#ifndef LUTRACE_WALK_XARRAY_BPF_H
#define LUTRACE_WALK_XARRAY_BPF_H

#include "walk/base.bpf.h"

static __always_inline bool xa_entry_is_node(__u64 entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

static __always_inline bool xa_entry_is_internal(__u64 entry)
{
	return (entry & 3) == 2;
}

/* 64 bits in chunks of 2^4; no entry is deeper. */
#define XA_MAX_LEVELS 16

/*
 * Functions that are not static are verified once, and not for each place that calls them: that is most
 * of what loading takes.
 */
long xa_lookup(__u64 entry, __u64 *index, __u64 *out);

/*
 * Finds the entry at *index. Where nothing is stored, 0 is returned and
 * *index is the last of the empty range, so that the caller skips it whole.
 */
__noinline long xa_lookup(__u64 entry, __u64 *index, __u64 *out)
{
	const struct xa_node *type = NULL;
	__u64 slots = bpf_core_field_size(type->slots) / sizeof(void *);
	__u64 slots_offset = OFFSET_OF(type, slots);
	const struct xa_node *node;
	unsigned char shift;
	__u64 slot;
	long err;
	int i;

	if (!index || !out)
		return -EINVAL;
	*out = 0;
	/* Alone and at 0 it needs no node. */
	if (!xa_entry_is_node(entry)) {
		if (!*index && !xa_entry_is_internal(entry))
			*out = entry;
		return 0;
	}
	for (i = 0; i < XA_MAX_LEVELS; i++) {
		node = (const void *)(entry - 2);
		err = bpf_core_read(&shift, sizeof(shift), &node->shift);
		if (err)
			return err;
		if (shift > 60)
			return -EIO;
		slot = (*index >> shift) & (slots - 1);
		err = bpf_probe_read_kernel(&entry, sizeof(entry),
					    (const void *)node + slots_offset + slot * 8);
		if (err)
			return err;
		if (!xa_entry_is_node(entry)) {
			*index |= (1ULL << shift) - 1;
			if (!xa_entry_is_internal(entry))
				*out = entry;
			return 0;
		}
	}
	return -EIO;
}

#endif
