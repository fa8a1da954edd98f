/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel tells by itself, once an iommufd of a session was preserved or retrieved and a
 * HWPT reclaimed. Programs file_preserved, file_retrieved and hwpt_reclaimed of walk.bpf.c.
 */
#ifndef LUTRACE_WALK_TELL_BPF_H
#define LUTRACE_WALK_TELL_BPF_H

#include "walk/base.bpf.h"
#include "walk/files.bpf.h"
#include "walk/list.bpf.h"
#include "walk/memory.bpf.h"
#include "walk/xarray.bpf.h"

static __always_inline void begin_iommufd(struct lutrace_iommufd *out)
{
	__builtin_memset(out, 0, sizeof(*out));
	out->rec.type = LUTRACE_FOUND_IOMMUFD;
	out->rec.size = sizeof(*out);
}

/* How much of what was retrieved stays where it is: by references, or in an older series by pins. */
static __always_inline void count_memfds(const struct luo_file_set *set,
					 struct lutrace_iommufd *out)
{
	struct list_state st = { .ctx = out->ctx, .counting = 1 };
	struct iommufd_incoming_memfd *memfd = NULL;
	struct iommufd_ctx *ictx = NULL;

	if (!bpf_core_field_exists(ictx->liveupdate_memfds) ||
	    !bpf_core_type_exists(struct iommufd_incoming_memfd))
		return;
	if (!bpf_core_field_exists(memfd->nr_folios)) {
		count_held(set, out);
		return;
	}
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
	if (!is_iommufd(file, &out.ctx))
		return;
	session = (void *)set - OFFSET_OF(session, file_set);
	if (READ(out.session, session->name))
		return;
	out.token = token;
	out.pid = bpf_get_current_pid_tgid() >> 32;
	if (incoming)
		count_memfds(set, &out);
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
	if (xa_lookup(head, &index, &entry) || !entry || read_hwpt(entry, &what.hwpt) ||
	    READ(what.hwpt.token, cmd->hwpt_token))
		return 0;
	read_memory(entry, &what.hwpt);
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

#endif
