// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs for `lutrace walk`, and for whatever needs to know what HWPTs there
 * are and how their operator calls them. These run only when user space asks:
 *
 *   find_iommufds  iterates over the open files of all tasks and reports the
 *                  iommufds among them, and those that sessions of a live
 *                  update among them keep, which may be open nowhere else;
 *   list_hwpts     lists the HWPT_PAGING objects of one iommufd, the records of
 *                  those that are preserved, the devices attached to them, and
 *                  what of the kernel before was not reclaimed yet;
 *   read_pages     copies pages of page tables, 4 KiB at a time;
 *   digest_tables  walks a whole page table by itself, with `--deep`, and leaves
 *                  of it what can be compared: digest.h.
 *
 * And these if user space wants names of what may be gone when it looks. Once
 * for each file of a session, after the last domain of an iommufd was preserved,
 * and before the first one is reclaimed:
 *
 *   file_preserved, file_retrieved
 *                  tell what list_hwpts would list of the iommufd.
 *
 * And once for each HWPT, after its domain was restored:
 *
 *   hwpt_reclaimed tells of that HWPT, with the token that was asked for.
 *
 * With a HWPT that was preserved or reclaimed just then comes what the kernel did with its memory, and
 * with an iommufd that was retrieved how many of its memfds are pinned.
 *
 * Nothing of this is within an operation.
 *
 * They take no lock of iommufd: the kernel memory is read with
 * bpf_probe_read_kernel(), which fails where nothing is mapped. What is walked
 * is preserved or reclaimed and hence does not change; an object that goes
 * away in the middle gives an error or garbage that user space refuses, never
 * a crash.
 *
 * Decoding for people is user space's work (tools/lutrace/walk/pt.c), where it has
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
	__uint(max_entries, LUTRACE_FOUND_BATCH);
	__type(key, __u32);
	__type(value, union lutrace_found);
} found SEC(".maps");

/* What file_preserved, file_retrieved and hwpt_reclaimed tell; a name that finds no room is not told. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} told SEC(".maps");

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

#define READ(to, from) bpf_core_read(&(to), sizeof(to), &(from))

/* Whether it is an iommufd; @out gets its context. */
static __always_inline bool is_iommufd(struct file *file, struct lutrace_iommufd *out)
{
	const struct file_operations *f_op;
	long (*ioctl)(void) = NULL;

	return !READ(f_op, file->f_op) && !READ(ioctl, f_op->unlocked_ioctl) &&
	       (__u64)ioctl == iommufd_ioctl && !READ(out->ctx, file->private_data);
}

static __always_inline void begin_iommufd(struct lutrace_iommufd *out)
{
	__builtin_memset(out, 0, sizeof(*out));
	out->rec.type = LUTRACE_FOUND_IOMMUFD;
	out->rec.size = sizeof(*out);
}

static __always_inline struct luo_file *luo_file_at(__u64 element)
{
	struct luo_file *file = NULL;

	return (void *)(element - __builtin_preserve_field_info(file->list,
								BPF_FIELD_BYTE_OFFSET));
}

struct session_state {
	struct seq_file *seq;
	__u64 head;			/* the list's own element */
	__u64 at;
	struct lutrace_iommufd out;
};

/* The list may change while it is read: an element that is none is passed over. */
static long session_file(__u32 i, struct session_state *st)
{
	struct luo_file *kept;
	struct file *file = NULL;
	__u64 at = st->at;

	(void)i;
	if (!at || at == st->head)
		return 1;
	kept = luo_file_at(at);
	if (READ(st->at, kept->list.next))
		return 1;
	/* An incoming file that was not retrieved yet is none. */
	if (READ(file, kept->file) || !file || READ(st->out.token, kept->token) ||
	    !is_iommufd(file, &st->out))
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
	begin_iommufd(&st.out);
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
		if (READ(st.at, session->file_set.files_list.next) ||
		    READ(st.out.session, session->name))
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

/* 64 bits in chunks of 2^4; no entry is deeper. */
#define XA_MAX_LEVELS 16

/*
 * Functions that are not static are verified once, and not for each place that calls them: that is most
 * of what loading takes.
 */
long xa_lookup(__u64 entry, __u64 *index, __u64 *out);
int kho_has(__u64 node, __u64 direct_map, __u64 phys, __u32 order);

/*
 * Finds the entry at *index. Where nothing is stored, 0 is returned and
 * *index is the last of the empty range, so that the caller skips it whole.
 */
__noinline long xa_lookup(__u64 entry, __u64 *index, __u64 *out)
{
	const struct xa_node *type = NULL;
	__u64 slots = bpf_core_field_size(type->slots) / sizeof(void *);
	__u64 slots_offset = __builtin_preserve_field_info(type->slots, BPF_FIELD_BYTE_OFFSET);
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

struct list_state {
	__u64 ctx;
	__u64 head;
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

/*
 * Whether something is mapped, and what the kernel did with its memory. Only while nobody may change
 * the IOAS. A map that is waiting and fails may add an area and take it away again: that one is without
 * pages, and gets its storage_domain before them.
 */
static __always_inline void read_memory(struct iommufd_hwpt_paging *hwpt, struct lutrace_hwpt *out)
{
	struct iommu_domain *before = NULL, *after = NULL;
	struct iopt_pages *pages = NULL;
	struct iommufd_ioas *ioas = NULL;
	struct rb_node *top = NULL;
	struct iopt_area *area = NULL;

	if (!bpf_core_field_exists(hwpt->liveupdate_nr_leaves) ||
	    !bpf_core_type_exists(struct iopt_area) || READ(ioas, hwpt->ioas) ||
	    READ(out->compared, hwpt->liveupdate_nr_leaves) ||
	    READ(out->frozen, ioas->iopt.nr_frozen) ||
	    READ(top, ioas->iopt.area_itree.rb_root.rb_node))
		return;
	out->ioas = (__u64)ioas;
	out->has_memory = 1;
	if (!top)
		return;
	area = (void *)top - __builtin_preserve_field_info(area->node.rb, BPF_FIELD_BYTE_OFFSET);
	if (READ(before, area->storage_domain) || READ(pages, area->pages) ||
	    READ(after, area->storage_domain))
		return;
	out->maps = !!pages;
	out->pinned = before || after;
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

/* Whether the device is attached, which it need not be; and to what. */
static __always_inline bool read_device(struct iommufd_device *idev, __u64 id,
					struct lutrace_device *out)
{
	struct iommufd_attach *attach;
	struct iommufd_group *group;
	const char *name = NULL;
	__u64 head, found = 0, no_pasid = 0;
	struct device *dev;

	if (!bpf_core_type_exists(struct iommufd_attach))
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

static __always_inline void count_memfd(struct list_state *st, struct iommufd_incoming_memfd *memfd)
{
	long nr_folios = 0;

	st->err = READ(nr_folios, memfd->nr_folios);
	st->memfds++;
	st->unpinned += !nr_folios;
}

/* Whether there is something to put; st->err is set if it cannot be read. */
static __always_inline bool read_object(struct list_state *st, __u64 entry,
					union lutrace_found *what)
{
	struct iommufd_incoming_hwpt *incoming = (void *)entry;
	struct iommufd_object *obj = (void *)entry;
	__u32 type = 0;

	if (st->counting) {
		count_memfd(st, (void *)entry);
		return 0;
	}
	if (st->incoming) {
		if (!bpf_core_type_exists(struct iommufd_incoming_hwpt))
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
		return read_device((void *)entry, st->index, &what->device);
	if (type != st->paging)
		return 0;
	begin_hwpt(st, &what->hwpt);
	what->hwpt.hwpt = entry;
	st->err = read_hwpt((void *)entry, &what->hwpt);
	if (!st->err && st->telling && what->hwpt.record)
		read_memory((void *)entry, &what->hwpt);
	return !st->err;
}

static long list_one(__u32 i, struct list_state *st)
{
	union lutrace_found what;
	__u64 entry;

	(void)i;
	st->err = xa_lookup(st->head, &st->index, &entry);
	if (st->err)
		return 1;
	__builtin_memset(&what, 0, sizeof(what));
	if (entry && read_object(st, entry, &what) && !put_found(st, &what))
		return 1;
	if (st->err)
		return 1;
	if (st->index >= st->last) {
		st->done = 1;
		return 1;
	}
	st->index++;
	return 0;
}

/* More than bpf_loop() runs at once; user space calls again until done. */
#define IDS_PER_RUN (1 << 16)

/* @st has ctx, index, incoming, telling and counting. */
static __always_inline void list_objects(struct list_state *st)
{
	struct iommufd_ctx *ictx = (void *)st->ctx;
	const struct xa_node *type = NULL;
	const struct xa_node *node;
	unsigned char shift = 0;
	__u64 slots;

	st->paging = bpf_core_enum_value(enum iommufd_object_type, IOMMUFD_OBJ_HWPT_PAGING);
	st->device = bpf_core_enum_value(enum iommufd_object_type, IOMMUFD_OBJ_DEVICE);
	if (st->counting) {
		st->err = READ(st->head, ictx->liveupdate_memfds.xa_head);
	} else if (!st->incoming) {
		st->err = READ(st->head, ictx->objects.xa_head);
	} else if (bpf_core_field_exists(ictx->liveupdate_incoming)) {
		st->err = READ(st->head, ictx->liveupdate_incoming.xa_head);
	}
	if (st->err)
		return;
	if (xa_entry_is_node(st->head)) {
		node = (const void *)(st->head - 2);
		st->err = READ(shift, node->shift);
		if (st->err)
			return;
		slots = bpf_core_field_size(type->slots) / sizeof(void *);
		st->last = shift > 56 ? ~0ULL : (slots << shift) - 1;
	}
	bpf_loop(IDS_PER_RUN, list_one, st, 0);
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
	return 0;
}

/* How much of what was retrieved stays where it is. */
static __always_inline void count_memfds(struct lutrace_iommufd *out)
{
	struct list_state st = { .ctx = out->ctx, .counting = 1 };
	struct iommufd_ctx *ictx = NULL;

	if (!bpf_core_field_exists(ictx->liveupdate_memfds) ||
	    !bpf_core_type_exists(struct iommufd_incoming_memfd))
		return;
	list_objects(&st);
	if (st.err)
		return;
	out->memfds = st.memfds;
	out->unpinned = st.unpinned;
}

/* The session's name and token for the iommufd, and all that there is of it. */
static __always_inline void tell(const struct luo_file_set *set, __u64 token, struct file *file,
				 __u32 incoming)
{
	struct list_state st = { .incoming = incoming, .telling = 1 };
	struct luo_session *session = NULL;
	struct lutrace_iommufd out;

	begin_iommufd(&out);
	if (!is_iommufd(file, &out))
		return;
	session = (void *)set - __builtin_preserve_field_info(session->file_set,
							      BPF_FIELD_BYTE_OFFSET);
	if (READ(out.session, session->name))
		return;
	out.token = token;
	out.pid = bpf_get_current_pid_tgid() >> 32;
	if (incoming)
		count_memfds(&out);
	bpf_ringbuf_output(&told, &out, sizeof(out), 0);
	st.ctx = out.ctx;
	list_objects(&st);
}

/* Left out where the kernel has no such function, or no way to attach to it. */
SEC("fexit/luo_preserve_file")
int file_preserved(__u64 *ctx)
{
	const struct luo_file_set *set = (const void *)ctx[0];
	struct luo_file *kept;
	struct file *file = NULL;
	__u64 last = 0;

	if ((int)ctx[3] || READ(last, set->files_list.prev))
		return 0;
	kept = luo_file_at(last);
	if (!READ(file, kept->file))
		tell(set, ctx[1], file, 0);
	return 0;
}

SEC("fexit/luo_retrieve_file")
int file_retrieved(__u64 *ctx)
{
	struct file *file = NULL;

	if ((int)ctx[3] || bpf_probe_read_kernel(&file, sizeof(file), (void *)ctx[2]) || !file)
		return 0;
	tell((const void *)ctx[0], ctx[1], file, 1);
	return 0;
}

/* What was asked for, whatever the HWPT says of itself. */
SEC("fexit/iommufd_hwpt_liveupdate_reclaim")
int hwpt_reclaimed(__u64 *ctx)
{
	const struct iommufd_ucmd *ucmd = (const void *)ctx[0];
	const struct iommu_hwpt_liveupdate_reclaim *cmd = NULL;
	union lutrace_found what = {};
	struct lutrace_iommufd out;
	struct iommufd_ctx *ictx;
	__u64 head = 0, index, entry = 0;
	__u32 id = 0;

	if ((int)ctx[1] || READ(ictx, ucmd->ictx) || READ(cmd, ucmd->cmd) ||
	    READ(id, cmd->out_hwpt_id) || READ(head, ictx->objects.xa_head))
		return 0;
	index = id;
	if (xa_lookup(head, &index, &entry) || !entry || read_hwpt((void *)entry, &what.hwpt) ||
	    READ(what.hwpt.token, cmd->hwpt_token))
		return 0;
	read_memory((void *)entry, &what.hwpt);
	what.rec = (struct lutrace_rec){ LUTRACE_FOUND_HWPT, sizeof(what.hwpt) };
	what.hwpt.ctx = (__u64)ictx;
	what.hwpt.hwpt = entry;
	what.hwpt.id = id;
	begin_iommufd(&out);
	out.ctx = what.hwpt.ctx;
	bpf_ringbuf_output(&told, &out, sizeof(out), 0);
	bpf_ringbuf_output(&told, &what, sizeof(what), 0);
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
		d->started = 1;
	}
	d->batch = 0;
	bpf_loop(STEPS_PER_RUN, digest_step, &run, 0);
	args->err = same_domain(d) ? run.err : -ESTALE;
	args->done = run.done;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
