/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks a whole page table and leaves what can be compared (digest.h). Program digest_tables of
 * walk.bpf.c.
 */
#ifndef LUTRACE_WALK_DIGEST_BPF_H
#define LUTRACE_WALK_DIGEST_BPF_H

#include "walk/base.bpf.h"
#include "digest.h"
#include "walk/list.bpf.h"
#include "walk/memory.bpf.h"

/* The one walk of digest_tables, and the table of each level that it is in. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lutrace_digest);
} digests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LUTRACE_PT_LEVELS);
	__type(key, __u32);
	__type(value, struct lutrace_place);
} places SEC(".maps");

#define SER_LIVE 1	/* IOMMU_DOMAIN_SER_LIVE */

/*
 * Whether the domain is the one that was listed, and has the same root and record. One that is being
 * given up keeps its record until all its tables are; but it is not live before the first is. A walk
 * may begin when that has begun.
 */
static __always_inline bool same_domain(const struct lutrace_digest *d)
{
	struct iommu_domain *domain = (void *)d->domain;
	struct iommu_domain_ser *ser = NULL;
	__u64 generation = 0, top = 0;
	__u32 state = 0;

	if (READ(ser, domain->preserved_state) || (__u64)ser != d->record ||
	    read_top(d->domain, &top) || top != d->top_of_table)
		return 0;
	if (!ser)
		return 1;
	if (READ(generation, ser->generation) || READ(state, ser->state))
		return 0;
	return generation == d->generation && state == SER_LIVE;
}

/* KHO's map of preserved memory (include/linux/kho/abi/kexec_handover.h): "kho-v4" */
#define KHO_MAX_ORDER 10
#define KHO_DEPTH 6

/* Not static, as xa_lookup() is not. */
int kho_has(__u64 node, __u64 direct_map, __u64 phys, __u32 order);

__noinline int kho_has(__u64 node, __u64 direct_map, __u64 phys, __u32 order)
{
	__u64 key;
	__u8 bits = 0;
	int level;

	if (order > KHO_MAX_ORDER)
		return 0;
	key = 1ull << (52 - order) | phys >> (12 + order);
	for (level = KHO_DEPTH - 1; level > 0; level--) {
		node += (key >> ((level - 1) * 9 + 15) & 511) * sizeof(node);
		if (bpf_probe_read_kernel(&node, sizeof(node), (void *)(direct_map + node)) ||
		    !node)
			return 0;
	}
	node += (key & 0x7fff) / 8;
	if (bpf_probe_read_kernel(&bits, sizeof(bits), (void *)(direct_map + node)))
		return 0;
	return bits >> (key & 7) & 1;
}

static __always_inline bool kho_keeps(const struct lutrace_digest *d, __u64 phys)
{
	__u32 order;

	for (order = 0; order <= KHO_MAX_ORDER; order++)
		if (kho_has(d->kho_root, d->direct_map, phys, order))
			return 1;
	return 0;
}

/* Whether the tables of the domain have to be written back for its unit. */
static __always_inline bool is_incoherent(const struct lutrace_digest *d)
{
	struct pt_common *common = (void *)d->domain + bpf_core_type_size(struct pt_iommu);
	unsigned int features = 0;

	if (!bpf_core_type_exists(struct ioptdesc) ||
	    !bpf_core_enum_value_exists(enum pt_features, PT_FEAT_DMA_INCOHERENT) ||
	    READ(features, common->features))
		return 0;
	return features >> bpf_core_enum_value(enum pt_features, PT_FEAT_DMA_INCOHERENT) & 1;
}

/* What the kernel keeps of the table at @phys; false if that cannot be read. */
static __always_inline bool was_written_back(__u64 phys)
{
	struct ioptdesc *desc;
	unsigned char incoherent = 0;
	__u64 vmemmap = 0;

	if (!&vmemmap_base || bpf_probe_read_kernel(&vmemmap, sizeof(vmemmap), &vmemmap_base))
		return 1;
	desc = (void *)(vmemmap + (phys >> 12) * bpf_core_type_size(struct page___kernel));
	return READ(incoherent, desc->incoherent) || incoherent;
}

/* No counter in here: the verifier would follow it from one number to the next. */
struct digest_run {
	__u64 done;
	long err;
};

/* Both look up by themselves what they work on, since they are not static. */
long load_table(__u32 level);
__u64 scan_table(__u32 level);

/* Copies the table at hand of that level. */
__noinline long load_table(__u32 level)
{
	__u32 zero = 0;
	struct lutrace_digest *d = bpf_map_lookup_elem(&digests, &zero);
	struct lutrace_place *at = bpf_map_lookup_elem(&places, &level);
	long err;

	if (!d || !at)
		return -EINVAL;
	d->at_phys = at->phys;
	err = bpf_probe_read_kernel(at->entries, sizeof(at->entries),
				    (void *)(d->direct_map + at->phys));
	if (!err && d->nr_tables >= d->max_tables)
		err = -E2BIG;
	if (err || level >= LUTRACE_PT_LEVELS)
		return err ?: -EINVAL;
	at->loaded = 1;
	d->batch++;
	d->nr_tables++;
	d->levels[level].tables++;
	if (d->kho_root && kho_keeps(d, at->phys) != !!d->preserved && !d->unkept++)
		d->unkept_phys = at->phys;
	if (d->incoherent && !was_written_back(at->phys))
		d->stale++;
	return 0;
}

static long scan_step(__u32 i, struct lutrace_scan *scan)
{
	(void)i;
	return lutrace_take(scan);
}

/* Goes on in the table at hand of that level. The table that its next entry leads to; 0: there is none. */
__noinline __u64 scan_table(__u32 level)
{
	__u32 zero = 0;
	struct lutrace_scan scan = {
		.d = bpf_map_lookup_elem(&digests, &zero),
		.at = bpf_map_lookup_elem(&places, &level),
		.level = level,
	};

	if (!scan.d || !scan.at)
		return 0;
	bpf_loop(LUTRACE_ENTRIES, scan_step, &scan, 0);
	lutrace_taken(&scan);
	return scan.below;
}

/* Goes on in the table at hand, down to the one that its next entry leads to, or up again. */
static long digest_step(__u32 i, struct digest_run *run)
{
	__u32 zero = 0, level;
	struct lutrace_digest *d = bpf_map_lookup_elem(&digests, &zero);
	struct lutrace_place *at;
	__u64 below;

	(void)i;
	if (!d)
		return 1;
	level = d->level;
	at = bpf_map_lookup_elem(&places, &level);
	if (!at)
		return 1;
	if (!at->loaded) {
		if (d->batch >= LUTRACE_DIGEST_BATCH)
			return 1;
		run->err = load_table(level);
		if (run->err)
			return 1;
	}
	below = scan_table(level);
	if (below) {
		level--;
		at = bpf_map_lookup_elem(&places, &level);
		if (!at)
			return 1;
		at->phys = below;
		at->index = 0;
		at->loaded = 0;
		d->level = level;
		return 0;
	}
	d->level = level + 1;
	if (level < d->top_level)
		return 0;
	run->done = 1;
	return 1;
}

/* A table is gone down into, and up from. */
#define STEPS_PER_RUN (2 * LUTRACE_DIGEST_BATCH + LUTRACE_PT_LEVELS)

SEC("syscall")
int digest_tables(struct lutrace_digest_args *args)
{
	struct digest_run run = {};
	__u32 zero = 0, level;
	struct lutrace_digest *d = bpf_map_lookup_elem(&digests, &zero);
	struct lutrace_place *at;

	args->done = 0;
	args->err = -EINVAL;
	if (!d)
		return 0;
	if (!same_domain(d)) {
		args->err = -ESTALE;
		return 0;
	}
	/* After the state: whoever changed that is known to have begun before */
	d->time_ns = bpf_ktime_get_ns();
	if (!d->started) {
		level = d->top_level;
		at = bpf_map_lookup_elem(&places, &level);
		if (!at)
			return 0;
		at->phys = d->top_phys;
		at->index = 0;
		at->loaded = 0;
		d->level = level;
		d->incoherent = is_incoherent(d);
		d->started = 1;
	}
	d->batch = 0;
	bpf_loop(STEPS_PER_RUN, digest_step, &run, 0);
	args->err = same_domain(d) ? run.err : -ESTALE;
	args->done = run.done;
	return 0;
}

#endif
