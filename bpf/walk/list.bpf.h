/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The objects of one iommufd: HWPTs with their records, devices, and what of the kernel before was
 * not reclaimed yet. Program list_hwpts of walk.bpf.c, and for tell.bpf.h.
 */
#ifndef LUTRACE_WALK_LIST_BPF_H
#define LUTRACE_WALK_LIST_BPF_H

#include "walk/base.bpf.h"
#include "walk/files.bpf.h"
#include "walk/memory.bpf.h"
#include "walk/xarray.bpf.h"

/* What file_preserved, file_retrieved and hwpt_reclaimed tell; a name that finds no room is not told. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} told SEC(".maps");

struct list_state {
	__u64 ctx;
	__u64 tree;			/* struct xarray */
	__u64 last;			/* highest index that the tree can hold */
	__u64 index;
	__u64 paging, device;		/* enum iommufd_object_type of this kernel */
	__u32 incoming;
	__u32 telling;			/* into the ring buffer, not into the map */
	__u32 counting;			/* only memfds that came, and how many are not pinned */
	__u32 memfds, unpinned;
	__u32 nr;
	__u32 done;
	long err;
};

/* Every format has its struct pt_common right behind struct pt_iommu. */
static __always_inline long read_top(__u64 domain, __u64 *top_of_table)
{
	struct pt_common *common = (void *)domain + bpf_core_type_size(struct pt_iommu);

	return bpf_core_read(top_of_table, sizeof(*top_of_table), &common->top_of_table);
}

static __always_inline long read_page_table(struct lutrace_hwpt *out)
{
	struct pt_iommu *table = (void *)out->domain;
	const struct pt_iommu_ops *ops;
	bool generic = 0;
	long err;

	if (!bpf_core_field_exists(table->domain.is_iommupt))
		return 0;
	err = bpf_core_read(&generic, sizeof(generic), &table->domain.is_iommupt);
	if (err || !generic)
		return err;
	out->generic_pt = 1;

	err = bpf_core_read(&ops, sizeof(ops), &table->ops);
	if (err)
		return err;
	err = bpf_core_read(&out->map_range, sizeof(out->map_range), &ops->map_range);
	if (err)
		return err;
	return read_top(out->domain, &out->top_of_table);
}

/*
 * The functions below that are not static are verified once, and not again for each way on which they
 * are called: most of what loading takes would be that. Such a function gets the address of a kernel's
 * object as a number, and has to look whether its other pointers are NULL, which they never are.
 */
long read_record(struct lutrace_hwpt *out);
long read_hwpt(__u64 address, struct lutrace_hwpt *out);

/*
 * A record that is given up while it is read is refused by user space or makes
 * events come; only preserved_state says that it is one, and is read again.
 */
__noinline long read_record(struct lutrace_hwpt *out)
{
	struct iommu_domain_ser *ser = NULL, *again = NULL;
	struct iommu_domain *domain;
	__u8 top_level = 0;

	if (!out)
		return -EINVAL;
	domain = (void *)out->domain;
	out->record = 0;
	if (!bpf_core_field_exists(domain->preserved_state))
		return 0;
	if (READ(ser, domain->preserved_state))
		return -EIO;
	if (!ser)
		return 0;
	if (READ(out->generation, ser->generation) || READ(out->top_phys, ser->pt.top_phys) ||
	    READ(out->nr_tables, ser->pt.nr_tables) || READ(out->nr_bytes, ser->pt.nr_bytes) ||
	    READ(out->format, ser->pt.format) || READ(top_level, ser->pt.top_level) ||
	    READ(again, domain->preserved_state))
		return -EIO;
	out->top_level = top_level;
	out->record = ser == again ? (__u64)ser : 0;
	return 0;
}

/* All of the iommufd_hwpt_paging at @address but its memory. */
__noinline long read_hwpt(__u64 address, struct lutrace_hwpt *out)
{
	struct iommufd_hwpt_paging *hwpt = (void *)address;
	bool marked = 0, reclaimed = 0;
	long err;

	if (!out)
		return -EINVAL;
	out->token = 0;
	out->top_of_table = 0;
	out->map_range = 0;
	out->marked = 0;
	out->generic_pt = 0;
	if (bpf_core_field_exists(hwpt->liveupdate_marked)) {
		err = bpf_core_read(&marked, sizeof(marked), &hwpt->liveupdate_marked);
		if (!err)
			err = bpf_core_read(&reclaimed, sizeof(reclaimed),
					    &hwpt->liveupdate_reclaimed);
		if (!err)
			err = bpf_core_read(&out->token, sizeof(out->token),
					    &hwpt->liveupdate_token);
		if (err)
			return err;
	}
	out->marked = marked || reclaimed;
	out->pending = marked;
	out->reclaimed = reclaimed;
	err = bpf_core_read(&out->domain, sizeof(out->domain), &hwpt->common.domain);
	if (err)
		return err;
	err = read_record(out);
	if (err)
		return err;
	return read_page_table(out);
}

/* Returns false if there is no room: user space comes again. */
static __always_inline bool put_found(struct list_state *st, const union lutrace_found *what)
{
	union lutrace_found *out;
	__u32 nr = st->nr;

	if (st->telling) {
		bpf_ringbuf_output(&told, (void *)what, sizeof(*what), 0);
		return 1;
	}
	out = bpf_map_lookup_elem(&found, &nr);
	if (!out)
		return 0;
	__builtin_memcpy(out, what, sizeof(*out));
	st->nr++;
	return 1;
}

static __always_inline void begin_hwpt(struct list_state *st, struct lutrace_hwpt *out)
{
	out->rec.type = LUTRACE_FOUND_HWPT;
	out->rec.size = sizeof(*out);
	out->ctx = st->ctx;
	out->id = st->index;
}

/* Whether the iommufd_device at @address, object @id, is attached, which it need not be; and to what. */
int read_device(__u64 address, __u64 id, struct lutrace_device *out);

__noinline int read_device(__u64 address, __u64 id, struct lutrace_device *out)
{
	struct iommufd_device *idev = (void *)address;
	struct iommufd_attach *attach;
	struct iommufd_group *group;
	const char *name = NULL;
	__u64 head, found = 0, no_pasid = 0;
	struct device *dev;

	if (!out || !bpf_core_type_exists(struct iommufd_attach))
		return 0;
	if (READ(group, idev->igroup) || READ(head, group->pasid_attach.xa_head) ||
	    xa_lookup(head, &no_pasid, &found) || !found)
		return 0;
	attach = (void *)found;
	if (READ(out->hwpt, attach->hwpt) || READ(head, attach->device_array.xa_head) ||
	    xa_lookup(head, &id, &found) || found != (__u64)idev)
		return 0;
	out->rec.type = LUTRACE_FOUND_DEVICE;
	out->rec.size = sizeof(*out);
	return !READ(dev, idev->dev) && !READ(name, dev->kobj.name) &&
	       bpf_probe_read_kernel_str(out->name, sizeof(out->name), name) > 0;
}

/* Whether there is something to put or to count; st->err is set if it cannot be read. */
static __always_inline bool read_object(struct list_state *st, __u64 entry,
					union lutrace_found *what)
{
	struct iommufd_incoming_hwpt *incoming = (void *)entry;
	struct iommufd_object *obj = (void *)entry;
	__u32 type = 0;
	int error = 0;

	if (st->incoming) {
		/* One that was reclaimed is still known, until the session is finished */
		if (!bpf_core_type_exists(struct iommufd_incoming_hwpt) ||
		    READ(error, incoming->error) || error == -ENOENT)
			return 0;
		begin_hwpt(st, &what->hwpt);
		what->hwpt.id = 0;
		what->hwpt.marked = 1;
		st->err = READ(what->hwpt.token, incoming->ser.token);
		st->err = st->err ?: READ(what->hwpt.phys, incoming->ser.domain_phys);
		st->err = st->err ?: READ(what->hwpt.generation, incoming->ser.domain_generation);
		return !st->err;
	}
	st->err = READ(type, obj->type);
	if (st->err)
		return 0;
	if (type == st->device)
		return read_device(entry, st->index, &what->device);
	if (type != st->paging)
		return 0;
	begin_hwpt(st, &what->hwpt);
	what->hwpt.hwpt = entry;
	st->err = read_hwpt(entry, &what->hwpt);
	if (!st->err && st->telling && what->hwpt.record)
		read_memory(entry, &what->hwpt);
	return !st->err;
}

static __always_inline void count_memfd(struct list_state *st, __u64 entry)
{
	struct iommufd_incoming_memfd *memfd = (void *)entry;
	long nr_folios = 0;

	if (bpf_core_field_exists(memfd->nr_folios))
		st->err = READ(nr_folios, memfd->nr_folios);
	st->memfds++;
	st->unpinned += !nr_folios;
}

static __always_inline __u64 tree_head(const struct list_state *st)
{
	struct xarray *tree = (void *)st->tree;
	__u64 head = 0;

	bpf_core_read(&head, sizeof(head), &tree->xa_head);
	return head;
}

/* Whether the tree still has @entry at @index; if not, what was read may be anything. */
static __always_inline bool still_has(const struct list_state *st, __u64 head, __u64 index,
				      __u64 entry)
{
	__u64 again = 0;

	if (tree_head(st) != head)
		return 0;
	return !entry || (!xa_lookup(head, &index, &again) && again == entry);
}

/* What bpf_loop() passes on must be on the stack; the verifier follows the numbers there, and not in *@st. */
struct list_step {
	struct list_state *st;
};

/* Nothing is put that went away or came while it was read: that number is looked at again. */
static long list_one(__u32 i, struct list_step *step)
{
	struct list_state *st = step->st;
	__u64 head = tree_head(st), index = st->index, entry;
	union lutrace_found what;
	bool put = 0;

	(void)i;
	__builtin_memset(&what, 0, sizeof(what));
	st->err = xa_lookup(head, &index, &entry);
	if (!st->err && entry && !st->counting)
		put = read_object(st, entry, &what);
	if (!still_has(st, head, index, entry)) {
		st->err = 0;
		return 0;
	}
	if (!st->err && entry && st->counting)
		count_memfd(st, entry);
	if (st->err || (put && !put_found(st, &what)))
		return 1;
	st->index = index + 1;
	st->done = index >= st->last;
	return st->done;
}

/* More than bpf_loop() runs at once; user space calls again until done. */
#define IDS_PER_RUN (1 << 16)

/* @st has ctx, index, incoming, telling and counting. Returns st->err. */
long list_objects(struct list_state *st);

__noinline long list_objects(struct list_state *st)
{
	struct list_step step = { .st = st };
	const struct xa_node *type = NULL;
	struct iommufd_ctx *ictx;
	const struct xa_node *node;
	unsigned char shift = 0;
	__u64 slots, head;

	if (!st)
		return -EINVAL;
	ictx = (void *)st->ctx;
	st->paging = bpf_core_enum_value(enum iommufd_object_type, IOMMUFD_OBJ_HWPT_PAGING);
	st->device = bpf_core_enum_value(enum iommufd_object_type, IOMMUFD_OBJ_DEVICE);
	if (st->counting)
		st->tree = (__u64)&ictx->liveupdate_memfds;
	else if (!st->incoming)
		st->tree = (__u64)&ictx->objects;
	else if (bpf_core_field_exists(ictx->liveupdate_incoming))
		st->tree = (__u64)&ictx->liveupdate_incoming;
	if (!st->tree) {
		st->done = 1;
		return 0;
	}
	head = tree_head(st);
	if (xa_entry_is_node(head)) {
		node = (const void *)(head - 2);
		st->err = READ(shift, node->shift);
		if (st->err)
			return st->err;
		slots = bpf_core_field_size(type->slots) / sizeof(void *);
		st->last = shift > 56 ? ~0ULL : (slots << shift) - 1;
	}
	bpf_loop(IDS_PER_RUN, list_one, &step, 0);
	return st->err;
}

SEC("syscall")
int list_hwpts(struct lutrace_list_args *args)
{
	struct list_state st = { .ctx = args->ctx, .index = args->next,
				 .incoming = args->incoming };

	list_objects(&st);
	args->nr = st.nr;
	args->next = st.index;
	args->done = st.done;
	args->err = st.err;
	args->gone = !files__have(args->tid, args->fd, args->ctx);
	return 0;
}

#endif
