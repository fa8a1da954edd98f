/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which iommufds and sessions are open, without a reference to any file. Whoever has one while its
 * owner closes it does the release, after the owner's close() has returned: a session would end
 * late, and its domains stay preserved, because lutrace looked. (iter/task_file and readlink in
 * /proc/PID/fd take such references.)
 *
 * So memory is read that may be freed and used again meanwhile. Nothing is believed for having been
 * read: what was found through task -> files_struct -> fdtable -> file is used only if, after it was
 * read, the same way still leads to the same file; and a list only if it began, ended and counted the
 * same before and after. Where that does not hold it is looked at again, some times.
 *
 * Programs find_owners and list_files of walk.bpf.c; files__have() for list.bpf.h, and is_iommufd()
 * and luo_file_at() for tell.bpf.h.
 */
#ifndef LUTRACE_WALK_FILES_BPF_H
#define LUTRACE_WALK_FILES_BPF_H

#include "walk/base.bpf.h"

/* Address of iommufd_fops_ioctl(): the one mark of an iommufd's file. */
const volatile __u64 iommufd_ioctl;
/* Address of luo_session_ioctl(): that of a session's file; 0: there are none. */
const volatile __u64 session_ioctl;

/* Task or NULL, in the first PID namespace; with a reference, which is no reference to its files. */
extern struct task_struct *bpf_task_from_pid(__s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

enum files_mode {
	FILES_ANY,		/* whether there may be one: ends at the first */
	FILES_LIST,		/* all, into the map of what is found */
	FILES_HAVE,		/* whether files_scan::fd leads to files_scan::wanted */
};

/* Retries of one file that changes while it is read. */
#define FILES_TRIES 16

/*
 * A way through the open files of one task, and through the list of the session at hand. In a map, so
 * that the verifier does not follow the numbers in it. There is one scan at a time: user space runs
 * these programs one after the other.
 */
struct files_scan {
	__u64 task;		/* struct task_struct */
	__u64 files;		/* its files_struct, and the fdtable of that, when the scan began */
	__u64 fdt;
	__u64 fds, open_fds;	/* the arrays of that */
	__u64 set;		/* of the last word of open_fds: what is still to be looked at */
	__u64 wanted;		/* FILES_HAVE: struct iommufd_ctx */
	/* The session at hand; list is 0 if there is none. */
	__u64 file, session, list, at;
	__u64 first, last, count;
	__u64 kept;		/* files of it looked at */
	__u64 skip;		/* files of the first session to skip, which were listed before */
	__u32 mode;		/* enum files_mode */
	__u32 nr_words, word;	/* of open_fds; the next to load */
	__u32 fd;		/* at hand */
	__u32 nr, nr_before;	/* entries of the map filled, and without the session at hand */
	__u32 tries;
	__u32 hit;		/* FILES_ANY, FILES_HAVE: yes */
	__u32 maybe;		/* FILES_HAVE: yes, if the session at hand has not changed */
	__u32 full, done;
	__s64 err;
	struct lutrace_iommufd out;	/* what is put next */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct files_scan);
} scans SEC(".maps");

static __always_inline __u64 file_ioctl(struct file *file)
{
	const struct file_operations *f_op = NULL;
	long (*ioctl)(void) = NULL;

	if (READ(f_op, file->f_op) || READ(ioctl, f_op->unlocked_ioctl))
		return 0;
	return (__u64)ioctl;
}

/* Whether it is an iommufd; @ctx gets its context. */
static __always_inline bool is_iommufd(struct file *file, __u64 *ctx)
{
	return file_ioctl(file) == iommufd_ioctl &&
	       !bpf_core_read(ctx, sizeof(*ctx), &file->private_data) && *ctx;
}

static __always_inline struct luo_file *luo_file_at(__u64 element)
{
	struct luo_file *file = NULL;

	return (void *)(element - OFFSET_OF(file, list));
}

/* The file that @fd of the task is now; 0: none, or the task has ended. */
static __always_inline __u64 files__at(__u64 task_address, __u32 fd)
{
	struct task_struct *task = (void *)task_address;
	struct files_struct *files = NULL;
	struct fdtable *fdt = NULL;
	struct file **fds = NULL;
	unsigned int max = 0;
	__u64 file = 0;

	if (READ(files, task->files) || !files || READ(fdt, files->fdt) || READ(max, fdt->max_fds) ||
	    fd >= max || READ(fds, fdt->fd) ||
	    bpf_probe_read_kernel(&file, sizeof(file), (void *)((__u64)fds + fd * sizeof(file))))
		return 0;
	return file;
}

/* Whether the task still has the table of files that the scan goes through. */
static __always_inline bool files__same(const struct files_scan *s)
{
	struct task_struct *task = (void *)s->task;
	struct files_struct *files = NULL;
	struct fdtable *fdt = NULL;

	return !READ(files, task->files) && (__u64)files == s->files && !READ(fdt, files->fdt) &&
	       (__u64)fdt == s->fdt;
}

/* Begins with file @first. Returns false if the task has none open: it has ended, or is ending. */
static __always_inline bool files__begin(struct files_scan *s, struct task_struct *task, __u32 mode,
					 __u32 first)
{
	struct files_struct *files = NULL;
	struct fdtable *fdt = NULL;
	unsigned int max = 0;

	__builtin_memset(s, 0, sizeof(*s));
	s->task = (__u64)task;
	s->mode = mode;
	s->fd = first;
	if (READ(files, task->files) || !files)
		return 0;
	s->files = (__u64)files;
	s->err = -EAGAIN;
	if (READ(fdt, files->fdt) || READ(max, fdt->max_fds) ||
	    bpf_core_read(&s->fds, sizeof(s->fds), &fdt->fd) ||
	    bpf_core_read(&s->open_fds, sizeof(s->open_fds), &fdt->open_fds))
		return 1;
	s->fdt = (__u64)fdt;
	s->nr_words = (max + 63) / 64;
	s->word = first / 64;
	s->err = 0;
	return 1;
}

/* The next 64 files. */
static __always_inline long files__next_word(struct files_scan *s)
{
	__u32 first = s->fd % 64;

	if (s->word >= s->nr_words) {
		s->done = 1;
		return 1;
	}
	s->err = bpf_probe_read_kernel(&s->set, sizeof(s->set),
				       (void *)(s->open_fds + s->word * sizeof(s->set)));
	if (s->err)
		return 1;
	if (s->fd / 64 == s->word)
		s->set &= ~0ull << first;
	s->word++;
	return 0;
}

/*
 * Number of the lowest bit that is set in @word, which is not 0: how many bits are below it. Without
 * branches, each of which the verifier would follow.
 */
static __always_inline __u32 lowest_bit(__u64 word)
{
	word = (word & -word) - 1;
	word -= word >> 1 & 0x5555555555555555ull;
	word = (word & 0x3333333333333333ull) + (word >> 2 & 0x3333333333333333ull);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return word * 0x0101010101010101ull >> 56;
}

/* The file at hand is dealt with: go on behind it. */
static __always_inline long files__next(struct files_scan *s)
{
	s->list = 0;
	s->tries = 0;
	s->skip = 0;
	s->kept = 0;
	if (s->mode == FILES_HAVE) {
		s->done = 1;
		return 1;
	}
	s->fd++;
	s->set &= s->set - 1;
	return 0;
}

/* It was another one before all of it was read: look again at what is there now. */
static __always_inline long files__again(struct files_scan *s)
{
	s->list = 0;
	s->kept = 0;
	s->nr = s->nr_before;
	if (s->tries++ < FILES_TRIES)
		return 0;
	s->err = -EAGAIN;
	return 1;
}

/* Returns false if there is no room: user space comes again. */
static __always_inline bool files__put(struct files_scan *s, __u32 type)
{
	union lutrace_found *out;
	__u32 nr = s->nr;

	out = bpf_map_lookup_elem(&found, &nr);
	if (!out)
		return 0;
	s->out.rec.type = type;
	s->out.rec.size = sizeof(s->out);
	s->out.fd = s->fd;
	__builtin_memcpy(&out->file, &s->out, sizeof(s->out));
	s->nr++;
	return 1;
}

static __always_inline long files__iommufd(struct files_scan *s, __u64 file)
{
	__u64 ctx = 0, again = 0;

	if (!is_iommufd((void *)file, &ctx) || files__at(s->task, s->fd) != file ||
	    !is_iommufd((void *)file, &again) || again != ctx)
		return files__again(s);
	if (s->mode == FILES_HAVE) {
		s->hit = ctx == s->wanted;
		return files__next(s);
	}
	s->out.ctx = ctx;
	s->out.token = 0;
	s->out.files = 0;
	s->out.session[0] = 0;
	if (!files__put(s, LUTRACE_FOUND_IOMMUFD)) {
		s->full = 1;
		return 1;
	}
	return files__next(s);
}

/* What a session's list is to be at its end as well. */
static __always_inline bool files__read_list(const struct files_scan *s, __u64 *first, __u64 *last,
					     __u64 *count)
{
	struct luo_session *session = (void *)s->session;

	return !bpf_core_read(first, sizeof(*first), &session->file_set.files_list.next) &&
	       !bpf_core_read(last, sizeof(*last), &session->file_set.files_list.prev) &&
	       !bpf_core_read(count, sizeof(*count), &session->file_set.count);
}

static __always_inline long files__begin_session(struct files_scan *s, __u64 file)
{
	struct luo_session *session = NULL;

	s->maybe = 0;
	s->file = file;
	if (bpf_core_read(&s->session, sizeof(s->session), &((struct file *)file)->private_data))
		return files__again(s);
	session = (void *)s->session;
	if (!files__read_list(s, &s->first, &s->last, &s->count) ||
	    bpf_core_read(&s->out.session, sizeof(s->out.session), &session->name))
		return files__again(s);
	s->out.session[LUTRACE_SESSION_SIZE - 1] = 0;
	s->list = s->session + OFFSET_OF(session, file_set.files_list);
	s->at = s->first;
	s->out.files = s->list;
	s->out.ctx = 0;
	s->out.token = 0;
	if (s->mode == FILES_LIST && !s->skip && !files__put(s, LUTRACE_FOUND_SESSION)) {
		s->list = 0;
		s->full = 1;
		return 1;
	}
	return 0;
}

/* Whether the session is the one that the scan came in by, with the list that it had then. */
static __always_inline bool files__same_session(const struct files_scan *s)
{
	__u64 first = 0, last = 0, count = 0, session = 0;
	struct file *file = (void *)s->file;

	return files__read_list(s, &first, &last, &count) && first == s->first && last == s->last &&
	       count == s->count && file_ioctl(file) == session_ioctl &&
	       !bpf_core_read(&session, sizeof(session), &file->private_data) &&
	       session == s->session && files__at(s->task, s->fd) == s->file;
}

/* One file that the session keeps; an incoming one that was not retrieved yet is none. */
static __always_inline long files__kept(struct files_scan *s)
{
	struct luo_file *kept;
	__u64 file = 0;

	if (s->at == s->list) {
		if (s->kept != s->count || !files__same_session(s))
			return files__again(s);
		s->hit = s->maybe;
		return files__next(s);
	}
	kept = luo_file_at(s->at);
	if (s->kept >= s->count || bpf_core_read(&file, sizeof(file), &kept->file) ||
	    bpf_core_read(&s->out.token, sizeof(s->out.token), &kept->token))
		return files__again(s);
	if (file && s->kept >= s->skip && is_iommufd((void *)file, &s->out.ctx)) {
		s->maybe |= s->mode == FILES_HAVE && s->out.ctx == s->wanted;
		if (s->mode == FILES_LIST && !files__put(s, LUTRACE_FOUND_IOMMUFD)) {
			/* Those before it are good if the session is; the next call goes on here */
			if (!files__same_session(s))
				return files__again(s);
			s->full = 1;
			return 1;
		}
	}
	if (bpf_core_read(&s->at, sizeof(s->at), &kept->list.next))
		return files__again(s);
	s->kept++;
	return 0;
}

/* Looks at the file at hand. */
static __always_inline long files__look(struct files_scan *s)
{
	__u64 file = files__at(s->task, s->fd), ioctl = 0;

	s->nr_before = s->nr;
	if (file)
		ioctl = file_ioctl((void *)file);
	if (!ioctl || (ioctl != iommufd_ioctl && ioctl != session_ioctl))
		return files__next(s);
	if (s->mode == FILES_ANY) {
		s->hit = 1;
		return 1;
	}
	if (ioctl == iommufd_ioctl)
		return files__iommufd(s, file);
	return session_ioctl ? files__begin_session(s, file) : files__next(s);
}

static long files__step(__u32 i, void *unused)
{
	__u32 zero = 0;
	struct files_scan *s = bpf_map_lookup_elem(&scans, &zero);

	(void)i;
	(void)unused;
	if (!s)
		return 1;
	/* What is never reached on a kernel that has no sessions needs none of their types */
	if (session_ioctl && s->list)
		return files__kept(s);
	if (s->mode == FILES_HAVE)
		return files__look(s);
	if (!s->set)
		return files__next_word(s);
	s->fd = (s->word - 1) * 64 + lowest_bit(s->set);
	return files__look(s);
}

/* The most that bpf_loop() does. */
#define FILES_STEPS (1 << 23)

/* To its end, or to what it is for; or s->err or s->full is set. */
static __always_inline void files__run(struct files_scan *s)
{
	if (!s->err)
		bpf_loop(FILES_STEPS, files__step, NULL, 0);
	if (!s->done && !s->hit && !s->full && !s->err)
		s->err = -EAGAIN;
	/* Words of a table that was given up may be anything */
	if (s->mode != FILES_HAVE && !files__same(s))
		s->err = -EAGAIN;
}

/*
 * Whether the file @fd of the thread @tid is, or is a session that keeps, the iommufd with @ctx. When
 * in doubt, since its files changed meanwhile, it is not.
 */
static __always_inline bool files__have(__u32 tid, __u32 fd, __u64 ctx)
{
	__u32 zero = 0;
	struct files_scan *s = bpf_map_lookup_elem(&scans, &zero);
	struct task_struct *task;
	bool have = 0;

	if (!s)
		return 0;
	task = bpf_task_from_pid(tid);
	if (!task)
		return 0;
	if (files__begin(s, task, FILES_HAVE, fd)) {
		s->wanted = ctx;
		files__run(s);
		have = s->hit && !s->err;
	}
	bpf_task_release(task);
	return have;
}

/*
 * Says of each task whether it may have an iommufd or a session open; of threads that share their
 * files only the first. When in doubt it does: list_files says more.
 */
SEC("iter/task")
int find_owners(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct lutrace_owner out = {};
	__u32 zero = 0;
	struct files_scan *s = bpf_map_lookup_elem(&scans, &zero);

	if (!task || !s)
		return 0;
	leader = task->group_leader;
	if (leader->pid != task->pid && leader->files == task->files)
		return 0;
	if (!files__begin(s, task, FILES_ANY, 0))
		return 0;
	files__run(s);
	if (!s->hit && !s->err)
		return 0;
	out.tid = task->pid;
	out.pid = task->tgid;
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}

/* Lists what one task has open; a task that has ended has nothing. */
SEC("syscall")
int list_files(struct lutrace_files_args *args)
{
	__u32 zero = 0;
	struct files_scan *s = bpf_map_lookup_elem(&scans, &zero);
	struct task_struct *task;

	args->nr = 0;
	args->done = 1;
	args->err = 0;
	if (!s)
		return 0;
	task = bpf_task_from_pid(args->tid);
	if (!task)
		return 0;
	if (files__begin(s, task, FILES_LIST, args->next_fd)) {
		s->skip = args->next_kept;
		s->out.tid = task->pid;
		s->out.pid = task->tgid;
		files__run(s);
		args->nr = s->nr;
		args->next_fd = s->fd;
		args->next_kept = s->list ? s->kept : s->skip;
		args->done = s->done;
		args->err = s->err;
	}
	bpf_task_release(task);
	return 0;
}

#endif
