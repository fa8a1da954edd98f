// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs for `lutrace ready`, which run when it asks:
 *
 *   read_kimage    tells how the next kernel was loaded: what kexec_load(2) loads gets nothing
 *                  from KHO;
 *   find_holders   iterates over all tasks and tells who has /dev/liveupdate or a session open.
 *
 * find_holders reads the tables of open files as they are and takes no reference to a file: a
 * session that is closed in that moment ends in close(), and not later in here. What changes
 * meanwhile is read as something that fits nothing, or not at all.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "kernel_types.h"
#include "events.h"

#define READ(to, from) bpf_core_read(&(to), sizeof(to), &(from))
#define BITS_PER_WORD 64
/* What a process may have open by default (fs.nr_open); what is beyond is not looked at */
#define MAX_FILES (1 << 20)

/* Addresses of the running kernel, from ksyms.bpf.c */
const volatile __u64 kexec_image_at; /* the variable kexec_image */
const volatile __u64 device_ioctl;   /* luo_ioctl() */
const volatile __u64 session_ioctl;  /* luo_session_ioctl() */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lutrace_kimage);
} kimages SEC(".maps");

SEC("syscall")
int read_kimage(void *ctx)
{
	struct kimage *image = NULL;
	struct lutrace_kimage *out;
	void *scratch = NULL;
	__u32 key = 0;

	(void)ctx;
	out = bpf_map_lookup_elem(&kimages, &key);
	if (!out)
		return 0;
	__builtin_memset(out, 0, sizeof(*out));
	out->err = bpf_probe_read_kernel(&image, sizeof(image), (void *)kexec_image_at);
	if (out->err || !image)
		return 0;
	out->loaded = 1;
	out->file_mode = BPF_CORE_READ_BITFIELD_PROBED(image, file_mode);
	/* A kernel without KHO hands nothing over. */
	if (bpf_core_field_exists(image->kho.scratch))
		out->err = READ(scratch, image->kho.scratch);
	out->kho = scratch != NULL;
	return 0;
}

/* The table of open files of one process, and what is found in it */
struct look {
	struct seq_file *seq;
	struct file **files;
	unsigned long *open; /* a bit for each file */
	unsigned long bits;  /* the word of it that is looked at */
	__u64 nr_files;
	struct lutrace_holder out;
};

static __always_inline void look_at_file(struct look *look, __u32 fd)
{
	const struct file_operations *f_op;
	struct luo_session *session;
	long (*ioctl)(void) = NULL;
	struct file *file = NULL;
	bool retrieved = 0;

	if (bpf_probe_read_kernel(&file, sizeof(file), look->files + fd) || !file ||
	    READ(f_op, file->f_op) || READ(ioctl, f_op->unlocked_ioctl))
		return;
	if ((__u64)ioctl != device_ioctl && (__u64)ioctl != session_ioctl)
		return;
	look->out.fd = fd;
	look->out.device = (__u64)ioctl == device_ioctl;
	look->out.retrieved = 0;
	__builtin_memset(look->out.session, 0, sizeof(look->out.session));
	if (!look->out.device) {
		if (READ(session, file->private_data) || READ(look->out.session, session->name) ||
		    READ(retrieved, session->retrieved))
			return;
		look->out.retrieved = retrieved;
	}
	bpf_seq_write(look->seq, &look->out, sizeof(look->out));
}

static long look_at_fd(__u32 fd, struct look *look)
{
	if (fd >= look->nr_files)
		return 1;
	if (!(fd % BITS_PER_WORD) &&
	    bpf_probe_read_kernel(&look->bits, sizeof(look->bits), look->open + fd / BITS_PER_WORD))
		return 1;
	if (look->bits >> fd % BITS_PER_WORD & 1)
		look_at_file(look, fd);
	return 0;
}

SEC("iter/task")
int find_holders(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct files_struct *files = NULL, *shared = NULL;
	struct fdtable *fdt = NULL;
	struct look look = {};
	__u32 max_fds = 0;

	/* 0 would fit a file that has no ioctl */
	if (!task || !device_ioctl || !session_ioctl)
		return 0;
	if (READ(files, task->files) || !files)
		return 0;
	/* A thread that has not its own files has been seen with its process. */
	if (task->pid != task->tgid && !READ(leader, task->group_leader) &&
	    !READ(shared, leader->files) && shared == files)
		return 0;
	if (READ(fdt, files->fdt) || READ(max_fds, fdt->max_fds) || READ(look.files, fdt->fd) ||
	    READ(look.open, fdt->open_fds))
		return 0;
	look.seq = ctx->meta->seq;
	look.nr_files = max_fds;
	look.out.pid = task->tgid;
	READ(look.out.comm, task->comm);
	bpf_loop(MAX_FILES, look_at_fd, &look, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
