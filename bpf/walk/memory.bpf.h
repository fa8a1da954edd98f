/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel did with memory: whether that of retrieved memfds stays where the kernel before had it,
 * and whether that of an IOAS is pinned. For list.bpf.h and tell.bpf.h.
 */
#ifndef LUTRACE_WALK_MEMORY_BPF_H
#define LUTRACE_WALK_MEMORY_BPF_H

#include "walk/base.bpf.h"
#include "walk/files.bpf.h"
#include "walk/xarray.bpf.h"

/* How many folios of a memfd are looked at: what a kernel forgets is one in many, or a part of it. */
#define FOLIOS_PER_MEMFD 1024
/* And how many of all memfds of a session, with one step for each memfd. */
#define HELD_STEPS (1 << 16)
/* Steps through the tree of areas of an IOAS: about three for each of them. */
#define AREA_STEPS 4096

/* Where struct page of page frame 0 is, and physical address 0, in this kernel; x86. */
extern const void vmemmap_base __ksym __weak;
extern const void page_offset_base __ksym __weak;

/* The kernel's own; struct page is what pages.bpf.h copies. For digest.bpf.h too. */
struct page___kernel {
	unsigned long flags;
};

/* A way through the files of a session, and through the folios of the memfd at hand. */
struct held_state {
	__u64 head, at;			/* of the list of files; the file at hand */
	__u64 folios, nr, next, step;	/* its array of folios, and the next one to look at */
	__u64 cache;			/* head of its page cache */
	__u64 vmemmap, direct_map, page_size;
	/* No counters: the verifier would follow them from one number to the next. */
	__u32 has_memfds;		/* one that was retrieved */
	__u32 is_loose;			/* a folio of one may be moved */
};

struct held_step {
	struct held_state *st;
};

/* Number of mappings of a folio, and in *@nr_pages its size; negative if that is not known. */
static __always_inline long count_mappings(struct folio *folio, __u32 *nr_pages)
{
	__u64 flags = 0, head;
	int mapcount = 0;

	if (READ(flags, folio->flags.f))
		return -EIO;
	head = bpf_core_enum_value(enum pageflags, PG_head);
	*nr_pages = 1;
	if (!(flags & (1ULL << head)))
		return READ(mapcount, folio->_mapcount.counter) ? -EIO : mapcount + 1;
	if (!bpf_core_field_exists(folio->_nr_pages) || READ(*nr_pages, folio->_nr_pages) ||
	    READ(mapcount, folio->_large_mapcount.counter))
		return -EIO;
	return mapcount + 1;
}

/*
 * Whether only the page cache and mappings hold it, so that it may be moved. Who maps or unmaps it
 * meanwhile takes his reference before, and drops it after, the mapping counts.
 */
static __always_inline bool folio_is_loose(struct folio *folio)
{
	__u32 nr_pages = 0;
	long before = count_mappings(folio, &nr_pages), after;
	int refs = 0;

	if (before < 0 || READ(refs, folio->_refcount.counter))
		return 0;
	after = count_mappings(folio, &nr_pages);
	return after == before && refs <= (long)nr_pages + after;
}

/*
 * Whether the kernel put this folio into the memfd when it was retrieved, it is still there, and nothing
 * keeps it. One that was punched out since then is nobody's any more.
 */
static __always_inline bool preserved_is_loose(struct held_state *st, __u64 at)
{
	struct memfd_luo_folio_ser ser = {};
	__u64 folio, index, found = 0;

	if (bpf_probe_read_kernel(&ser, sizeof(ser), (void *)(st->folios + at * sizeof(ser))) ||
	    !(ser.pfn_flags & LUTRACE_PFN_MASK))
		return 0;
	folio = st->vmemmap + (ser.pfn_flags & LUTRACE_PFN_MASK) * st->page_size;
	if (!folio_is_loose((void *)folio))
		return 0;
	index = ser.index;
	return !xa_lookup(st->cache, &index, &found) && found == folio;
}

/* Sets what of the file at hand is to be looked at: nothing, if it is no memfd that was retrieved. */
static __always_inline void begin_file(struct held_state *st)
{
	struct luo_file *kept = luo_file_at(st->at);
	struct liveupdate_file_handler *fh = NULL;
	struct address_space *mapping = NULL;
	struct memfd_luo_ser *ser = NULL;
	struct file *file = NULL;
	__u64 phys = 0, compatible = 0;
	int status = 0;

	st->nr = 0;
	st->next = 0;
	if (READ(status, kept->retrieve_status) || status <= 0 || READ(fh, kept->fh) ||
	    bpf_core_read(&compatible, sizeof("memfd-v") - 1, &fh->compatible) ||
	    compatible != LUTRACE_MEMFD_COMPATIBLE || READ(file, kept->file) ||
	    READ(mapping, file->f_mapping) || READ(st->cache, mapping->i_pages.xa_head) ||
	    READ(phys, kept->serialized_data) || READ(st->folios, kept->private_data))
		return;
	st->has_memfds = 1;
	ser = (void *)(st->direct_map + phys);
	if (READ(st->nr, ser->nr_folios))
		st->nr = 0;
	/* It did not even keep the list of them */
	if (st->nr && !st->folios) {
		st->is_loose = 1;
		st->nr = 0;
	}
	st->step = st->nr / FOLIOS_PER_MEMFD + 1;
}

static long held_one(__u32 i, struct held_step *step)
{
	struct held_state *st = step->st;
	struct list_head *at = (void *)st->at;

	(void)i;
	if (st->next < st->nr) {
		if (preserved_is_loose(st, st->next))
			st->is_loose = 1;
		st->next += st->step;
		return 0;
	}
	if (READ(st->at, at->next) || st->at == st->head)
		return 1;
	begin_file(st);
	return 0;
}

/*
 * Whether memfds of the session were retrieved, and whether one of them has memory that nothing keeps where
 * it is: 0 or 1. The session's mutex is held by whoever calls the function that this is attached to.
 * Returns false if this kernel does not keep it, or that cannot be seen.
 */
static __always_inline bool count_held(const struct luo_file_set *set, struct lutrace_iommufd *out)
{
	struct held_state st = {};
	struct held_step step = { .st = &st };

	if (!bpf_core_type_exists(struct memfd_luo_ser) || !&vmemmap_base || !&page_offset_base ||
	    bpf_probe_read_kernel(&st.vmemmap, sizeof(st.vmemmap), &vmemmap_base) ||
	    bpf_probe_read_kernel(&st.direct_map, sizeof(st.direct_map), &page_offset_base))
		return 0;
	st.page_size = bpf_core_type_size(struct page___kernel);
	st.head = (__u64)&set->files_list;
	st.at = st.head;
	bpf_loop(HELD_STEPS, held_one, &step, 0);
	out->memfds = st.has_memfds;
	out->unpinned = st.is_loose;
	return 1;
}

/* A way through the areas of an IOAS in their order, with the parents' addresses of the tree. */
enum area_move {
	AREA_LEFT,		/* to the first one below */
	AREA_HERE,
	AREA_UP,
};

struct area_state {
	__u64 node;
	__u32 move;		/* enum area_move */
	__u32 has_areas, unpinned;	/* no counters, as above */
};

struct area_step {
	struct area_state *st;
};

/*
 * An area without pages is reserved by a map that is waiting, and may be gone soon. One with pages has its
 * storage_domain before them.
 */
static __always_inline void look_at_area(struct area_state *st)
{
	struct rb_node *node = (void *)st->node;
	struct iommu_domain *before = NULL, *after = NULL;
	struct iopt_pages *pages = NULL;
	struct iopt_area *area = NULL;

	area = (void *)node - OFFSET_OF(area, node.rb);
	if (READ(before, area->storage_domain) || READ(pages, area->pages) ||
	    READ(after, area->storage_domain) || !pages)
		return;
	st->has_areas = 1;
	if (!before && !after)
		st->unpinned = 1;
}

static long area_one(__u32 i, struct area_step *step)
{
	struct area_state *st = step->st;
	struct rb_node *node = (void *)st->node, *next = NULL;
	unsigned long parent = 0;

	(void)i;
	if (st->move == AREA_LEFT) {
		if (READ(next, node->rb_left))
			return 1;
		if (next)
			st->node = (__u64)next;
		else
			st->move = AREA_HERE;
		return 0;
	}
	if (st->move == AREA_HERE) {
		look_at_area(st);
		if (READ(next, node->rb_right))
			return 1;
		st->move = next ? AREA_LEFT : AREA_UP;
		st->node = next ? (__u64)next : st->node;
		return 0;
	}
	if (READ(parent, node->__rb_parent_color))
		return 1;
	parent &= ~3UL;
	if (!parent)
		return 1;
	node = (void *)parent;
	if (READ(next, node->rb_left))
		return 1;
	st->move = (__u64)next == st->node ? AREA_HERE : AREA_UP;
	st->node = parent;
	return 0;
}

static __always_inline void read_kind(struct iommufd_hwpt_paging *hwpt, struct lutrace_hwpt *out)
{
	const struct iommu_dirty_ops *dirty_ops = NULL;
	struct iommu_domain *domain = NULL;

	if (READ(domain, hwpt->common.domain) || READ(dirty_ops, domain->dirty_ops))
		return;
	out->kind = LUTRACE_HWPT_KNOWN;
	if (BPF_CORE_READ_BITFIELD_PROBED(hwpt, enforce_cache_coherency))
		out->kind |= LUTRACE_HWPT_ENFORCE_CC;
	if (BPF_CORE_READ_BITFIELD_PROBED(hwpt, nest_parent))
		out->kind |= LUTRACE_HWPT_NEST_PARENT;
	if (dirty_ops)
		out->kind |= LUTRACE_HWPT_DIRTY;
}

/*
 * Whether something is mapped in the IOAS of the iommufd_hwpt_paging at @address, and what the kernel
 * did with its memory. Only while nobody may change the IOAS. Returns 0 always; what cannot be read is
 * left out.
 */
long read_memory(__u64 address, struct lutrace_hwpt *out);

__noinline long read_memory(__u64 address, struct lutrace_hwpt *out)
{
	struct iommufd_hwpt_paging *hwpt = (void *)address;
	struct iommufd_ioas *ioas = NULL;
	struct area_state st = {};
	struct area_step step = { .st = &st };

	if (!out || !bpf_core_field_exists(hwpt->liveupdate_nr_leaves) ||
	    !bpf_core_type_exists(struct iopt_area) || READ(ioas, hwpt->ioas) ||
	    READ(out->compared, hwpt->liveupdate_nr_leaves) ||
	    READ(out->frozen, ioas->iopt.nr_frozen) ||
	    READ(st.node, ioas->iopt.area_itree.rb_root.rb_node))
		return 0;
	out->ioas = (__u64)ioas;
	out->has_memory = 1;
	read_kind(hwpt, out);
	if (!st.node)
		return 0;
	bpf_loop(AREA_STEPS, area_one, &step, 0);
	out->maps = st.has_areas;
	out->pinned = !st.unpinned;
	return 0;
}

#endif
