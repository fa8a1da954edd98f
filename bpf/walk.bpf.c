// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs for `lutrace walk`, which run only when user space asks:
 *
 *   find_iommufds  iterates over the open files of all tasks and reports the
 *                  iommufds among them, and those that sessions of a live
 *                  update among them keep, which may be open nowhere else;
 *   list_hwpts     lists the HWPT_PAGING objects of one iommufd, and the records
 *                  of those that are preserved;
 *   read_pages     copies pages of page tables, 4 KiB at a time;
 *   digest_tables  walks a whole page table by itself, with `--deep`, and leaves
 *                  of it what can be compared: digest.h.
 *
 * They take no lock of iommufd: the kernel memory is read with
 * bpf_probe_read_kernel(), which fails where nothing is mapped. What is walked
 * is preserved or reclaimed and hence does not change; an object that goes
 * away in the middle gives an error or garbage that user space refuses, never
 * a crash.
 *
 * Decoding for people is user space's work (tools/lutrace/pt.c), where it has
 * unit tests.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "kernel_types.h"
#include "events.h"
#include "digest.h"

#define EIO 5
#define E2BIG 7
#define EINVAL 22
#define ESTALE 116

/* Address of iommufd_fops_ioctl(): the one mark of an iommufd's file. */
const volatile __u64 iommufd_ioctl;
/* Address of luo_session_ioctl(): that of a session's file; 0: there are none. */
const volatile __u64 session_ioctl;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LUTRACE_HWPT_BATCH);
	__type(key, __u32);
	__type(value, struct lutrace_hwpt);
} hwpts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LUTRACE_PAGE_BATCH);
	__type(key, __u32);
	__type(value, __u64);
} addresses SEC(".maps");

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

struct session_state {
	struct seq_file *seq;
	__u64 head;			/* the list's own element */
	__u64 at;
	struct lutrace_iommufd out;
};

/* The list may change while it is read: an element that is none is passed over. */
static long session_file(__u32 i, struct session_state *st)
{
	const struct file_operations *f_op;
	long (*ioctl)(void) = NULL;
	struct luo_file *kept = NULL;
	struct file *file = NULL;
	__u64 at = st->at;

	(void)i;
	if (!at || at == st->head)
		return 1;
	kept = (void *)(at - __builtin_preserve_field_info(kept->list, BPF_FIELD_BYTE_OFFSET));
	if (bpf_core_read(&st->at, sizeof(st->at), &kept->list.next))
		return 1;
	/* An incoming file that was not retrieved yet is none. */
	if (bpf_core_read(&file, sizeof(file), &kept->file) || !file ||
	    bpf_core_read(&f_op, sizeof(f_op), &file->f_op) ||
	    bpf_core_read(&ioctl, sizeof(ioctl), &f_op->unlocked_ioctl) ||
	    (__u64)ioctl != iommufd_ioctl ||
	    bpf_core_read(&st->out.ctx, sizeof(st->out.ctx), &file->private_data))
		return 0;
	bpf_seq_write(st->seq, &st->out, sizeof(st->out));
	return 0;
}

#define FILES_PER_SESSION (1 << 16)

SEC("iter/task_file")
int find_iommufds(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct session_state st = {};
	struct file *file = ctx->file;
	struct luo_session *session;
	__u64 ioctl;

	if (!task || !file)
		return 0;
	ioctl = (__u64)file->f_op->unlocked_ioctl;
	st.out.pid = task->tgid;
	st.out.fd = ctx->fd;
	if (ioctl == iommufd_ioctl) {
		st.out.ctx = (__u64)file->private_data;
		bpf_seq_write(ctx->meta->seq, &st.out, sizeof(st.out));
	} else if (session_ioctl && ioctl == session_ioctl) {
		session = file->private_data;
		st.seq = ctx->meta->seq;
		st.head = (__u64)session +
			__builtin_preserve_field_info(session->file_set.files_list,
						      BPF_FIELD_BYTE_OFFSET);
		if (bpf_core_read(&st.at, sizeof(st.at), &session->file_set.files_list.next))
			return 0;
		bpf_loop(FILES_PER_SESSION, session_file, &st, 0);
	}
	return 0;
}

static __always_inline bool xa_entry_is_node(__u64 entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

static __always_inline bool xa_entry_is_internal(__u64 entry)
{
	return (entry & 3) == 2;
}

/* 2^31 objects in chunks of 2^4 make eight levels; no entry is deeper. */
#define XA_MAX_LEVELS 8

/*
 * Finds the entry at *index. Where nothing is stored, 0 is returned and
 * *index is the last of the empty range, so that the caller skips it whole.
 */
static __always_inline long xa_lookup(__u64 entry, __u64 *index, __u64 *out)
{
	const struct xa_node *type = NULL;
	__u64 slots = bpf_core_field_size(type->slots) / sizeof(void *);
	__u64 slots_offset = __builtin_preserve_field_info(type->slots, BPF_FIELD_BYTE_OFFSET);
	const struct xa_node *node;
	unsigned char shift;
	__u64 slot;
	long err;
	int i;

	*out = 0;
	for (i = 0; i < XA_MAX_LEVELS; i++) {
		if (!xa_entry_is_node(entry))
			return 0;
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

struct list_state {
	struct lutrace_list_args *args;
	__u64 head;
	__u64 last;			/* highest index that the tree can hold */
	__u64 index;
	__u64 paging;			/* IOMMUFD_OBJ_HWPT_PAGING of this kernel */
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

#define READ(to, from) bpf_core_read(&(to), sizeof(to), &(from))

/*
 * A record that is given up while it is read is refused by user space or makes
 * events come; only preserved_state says that it is one, and is read again.
 */
static __always_inline long read_record(struct lutrace_hwpt *out)
{
	struct iommu_domain *domain = (void *)out->domain;
	struct iommu_domain_ser *ser = NULL, *again = NULL;
	__u8 top_level = 0;

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

static __always_inline long read_hwpt(struct iommufd_hwpt_paging *hwpt, struct lutrace_hwpt *out)
{
	bool marked = 0, reclaimed = 0;
	long err;

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

static long list_one(__u32 i, struct list_state *st)
{
	struct iommufd_object *obj;
	struct lutrace_hwpt *out;
	__u32 type = 0, nr = st->nr;
	__u64 entry;

	(void)i;
	if (st->index > st->last) {
		st->done = 1;
		return 1;
	}
	out = bpf_map_lookup_elem(&hwpts, &nr);
	if (!out)
		return 1;	/* batch full: user space comes again */

	st->err = xa_lookup(st->head, &st->index, &entry);
	if (st->err)
		return 1;
	if (entry) {
		obj = (void *)entry;
		st->err = bpf_core_read(&type, sizeof(type), &obj->type);
		if (st->err)
			return 1;
	}
	if (entry && type == st->paging) {
		out->id = st->index;
		st->err = read_hwpt((void *)entry, out);
		if (st->err)
			return 1;
		st->nr++;
	}
	st->index++;
	return 0;
}

/* More than bpf_loop() runs at once; user space calls again until done. */
#define IDS_PER_RUN (1 << 16)

SEC("syscall")
int list_hwpts(struct lutrace_list_args *args)
{
	const struct xa_node *type = NULL;
	struct iommufd_ctx *ictx = (void *)args->ctx;
	struct list_state st = { .index = args->next };
	const struct xa_node *node;
	unsigned char shift = 0;
	__u64 slots;

	args->nr = 0;
	args->done = 0;
	st.paging = bpf_core_enum_value(enum iommufd_object_type, IOMMUFD_OBJ_HWPT_PAGING);
	st.err = bpf_core_read(&st.head, sizeof(st.head), &ictx->objects.xa_head);
	if (st.err)
		goto out;
	/* Ids start at 1, hence a lone entry without a node cannot be. */
	if (!xa_entry_is_node(st.head)) {
		args->done = 1;
		goto out;
	}
	node = (const void *)(st.head - 2);
	st.err = bpf_core_read(&shift, sizeof(shift), &node->shift);
	if (st.err)
		goto out;
	slots = bpf_core_field_size(type->slots) / sizeof(void *);
	if (shift > 56) {
		st.err = -EIO;
		goto out;
	}
	st.last = (slots << shift) - 1;
	bpf_loop(IDS_PER_RUN, list_one, &st, 0);
	args->nr = st.nr;
	args->next = st.index;
	args->done = st.done;
out:
	args->err = st.err;
	return 0;
}

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

/* Whether the domain is the one that the walk began with, and has the same root and record. */
static __always_inline bool same_domain(const struct lutrace_digest *d)
{
	struct iommu_domain *domain = (void *)d->domain;
	struct iommu_domain_ser *ser = NULL;
	__u64 generation = 0, top = 0;

	if (READ(ser, domain->preserved_state) || (__u64)ser != d->record ||
	    read_top(d->domain, &top) || top != d->top_of_table)
		return 0;
	return !ser || (!READ(generation, ser->generation) && generation == d->generation);
}

/* KHO's map of preserved memory (include/linux/kho/abi/kexec_handover.h): "kho-v4" */
#define KHO_MAX_ORDER 10
#define KHO_DEPTH 6

static __always_inline bool kho_has(const struct lutrace_digest *d, __u64 phys, __u32 order)
{
	__u64 key = 1ull << (52 - order) | phys >> (12 + order);
	__u64 node = d->kho_root;
	__u8 bits = 0;
	int level;

	for (level = KHO_DEPTH - 1; level > 0; level--) {
		node += (key >> ((level - 1) * 9 + 15) & 511) * sizeof(node);
		if (bpf_probe_read_kernel(&node, sizeof(node), (void *)(d->direct_map + node)) ||
		    !node)
			return 0;
	}
	node += (key & 0x7fff) / 8;
	if (bpf_probe_read_kernel(&bits, sizeof(bits), (void *)(d->direct_map + node)))
		return 0;
	return bits >> (key & 7) & 1;
}

static __always_inline bool kho_keeps(const struct lutrace_digest *d, __u64 phys)
{
	__u32 order;

	for (order = 0; order <= KHO_MAX_ORDER; order++)
		if (kho_has(d, phys, order))
			return 1;
	return 0;
}

/* No counter in here: the verifier would follow it from one number to the next. */
struct digest_run {
	__u64 done;
	long err;
};

static __always_inline long
load_table(struct lutrace_digest *d, struct lutrace_place *at, __u32 level)
{
	long err;

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
	if (d->kho_root && !kho_keeps(d, at->phys) && !d->unkept++)
		d->unkept_phys = at->phys;
	return 0;
}

static long scan_step(__u32 i, struct lutrace_scan *scan)
{
	(void)i;
	return lutrace_take(scan);
}

/* Goes on in the table at hand, down to the one that its next entry leads to, or up again. */
static long digest_step(__u32 i, struct digest_run *run)
{
	__u32 zero = 0, level;
	struct lutrace_digest *d = bpf_map_lookup_elem(&digests, &zero);
	struct lutrace_scan scan = { .d = d };
	struct lutrace_place *at;

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
		run->err = load_table(d, at, level);
		if (run->err)
			return 1;
	}
	scan.at = at;
	scan.level = level;
	bpf_loop(LUTRACE_ENTRIES, scan_step, &scan, 0);
	lutrace_taken(&scan);
	if (scan.below) {
		level--;
		at = bpf_map_lookup_elem(&places, &level);
		if (!at)
			return 1;
		at->phys = scan.below;
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
	if (!d->started) {
		level = d->top_level;
		at = bpf_map_lookup_elem(&places, &level);
		if (!at)
			return 0;
		at->phys = d->top_phys;
		at->index = 0;
		at->loaded = 0;
		d->level = level;
		d->started = 1;
	}
	d->batch = 0;
	if (same_domain(d))
		bpf_loop(STEPS_PER_RUN, digest_step, &run, 0);
	args->err = same_domain(d) ? run.err : -ESTALE;
	args->done = run.done;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
