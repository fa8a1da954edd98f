/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which open files are iommufds, or sessions that keep some. Program find_iommufds of walk.bpf.c,
 * and for list.bpf.h and tell.bpf.h.
 */
#ifndef LUTRACE_WALK_FILES_BPF_H
#define LUTRACE_WALK_FILES_BPF_H

#include "walk/base.bpf.h"

/* Address of iommufd_fops_ioctl(): the one mark of an iommufd's file. */
const volatile __u64 iommufd_ioctl;
/* Address of luo_session_ioctl(): that of a session's file; 0: there are none. */
const volatile __u64 session_ioctl;

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

#endif
