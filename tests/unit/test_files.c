// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf/walk/files.bpf.h on a kernel that changes while it is read: whatever is closed, freed, used
 * again or added at any one of the reads, only what was open before or after it is found, all that was
 * open before and after is, and nothing is made up.
 *
 * The programs are compiled for this machine: their helpers are stood in for here, and the kernel's
 * memory is an arena of which each read is counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include <linux/types.h>

/* In place of libbpf's headers */
#define __BPF_HELPERS__
#define __BPF_CORE_READ_H__
#define SEC(name)
#define __ksym
#define __uint(name, value)	int (*name)[value]
#define __type(name, value)	typeof(value) *name
#undef __always_inline
#define __always_inline
#define bpf_core_read(to, size, from)	read_kernel(to, size, from)
#define bpf_probe_read_kernel(to, size, from)	read_kernel(to, size, from)
#define bpf_map_lookup_elem(map, key)	look_up(map, key)
#define bpf_loop(nr, fn, ctx, flags)	run_loop(nr, fn, ctx)
#define bpf_seq_write(seq, data, size)	((void)(seq), nr_owners++, last_owner = *(data))
#define OFFSET_OF(ptr, member)	offsetof(typeof(*(ptr)), member)

static long read_kernel(void *to, size_t size, const void *from);
static void *look_up(const void *map, const __u32 *key);
static void run_loop(__u32 nr, long (*fn)(__u32, void *), void *ctx);

#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#define __bpf__
/* What user space sets before it loads the programs is set here as well */
#define const
static struct lutrace_owner last_owner;
static unsigned int nr_owners;
#include "bpf/walk/files.bpf.h"
#undef const

/* Kernel memory */

enum { MAX_FDS = 128, NR_FILES = 8, NR_KEPT = 4 };

struct arena {
	struct task_struct task;
	struct files_struct files;
	struct fdtable fdt, larger;
	struct file *fds[MAX_FDS], *larger_fds[2 * MAX_FDS];
	unsigned long open_fds[MAX_FDS / 64], larger_open_fds[2 * MAX_FDS / 64];
	struct file file[NR_FILES];
	struct file_operations iommufd_fops, session_fops, other_fops;
	struct luo_session session, other_session;
	struct luo_file kept[NR_KEPT], other_kept[NR_KEPT];
};

static struct arena kernel;
static unsigned int nr_reads, mutate_at, room;
static void (*mutate)(void);

static long read_kernel(void *to, size_t size, const void *from)
{
	uintptr_t at = (uintptr_t)from, begin = (uintptr_t)&kernel;

	if (++nr_reads == mutate_at)
		mutate();
	if (at < begin || at - begin > sizeof(kernel) - size) {
		memset(to, 0, size);
		return -14;
	}
	memcpy(to, from, size);
	return 0;
}

static union lutrace_found results[LUTRACE_FOUND_BATCH];
static struct files_scan scan;

static void *look_up(const void *map, const __u32 *key)
{
	if (map == &scans)
		return &scan;
	assert_ptr_equal(map, &found);
	return *key < room ? &results[*key] : NULL;
}

static void run_loop(__u32 nr, long (*fn)(__u32, void *), void *ctx)
{
	__u32 i;

	for (i = 0; i < nr && !fn(i, ctx); i++)
		;
	assert_true(i < nr);
}

struct task_struct *bpf_task_from_pid(__s32 pid)
{
	return pid == kernel.task.pid ? &kernel.task : NULL;
}

void bpf_task_release(struct task_struct *task)
{
	assert_ptr_equal(task, &kernel.task);
}

/* What is open */

static void open_at(__u32 fd, struct file *file, struct file_operations *f_op, void *private_data)
{
	file->f_op = f_op;
	file->private_data = private_data;
	kernel.fds[fd] = file;
	kernel.open_fds[fd / 64] |= 1ul << fd % 64;
}

static void close_at(__u32 fd)
{
	kernel.fds[fd] = NULL;
	kernel.open_fds[fd / 64] &= ~(1ul << fd % 64);
}

static void keep(struct luo_session *session, struct luo_file *kept, struct file *file, __u64 token)
{
	struct list_head *head = &session->file_set.files_list;

	kept->file = file;
	kept->token = token;
	kept->list = (struct list_head){ .next = head, .prev = head->prev };
	head->prev->next = &kept->list;
	head->prev = &kept->list;
	session->file_set.count++;
}

static void init_session(struct luo_session *session, const char *name)
{
	struct list_head *head = &session->file_set.files_list;

	memset(session, 0, sizeof(*session));
	snprintf(session->name, sizeof(session->name), "%s", name);
	head->next = head->prev = head;
}

/* Contexts are never read, only told. */
#define CTX(n)	((void *)(uintptr_t)(0x1000 * (n)))

enum { IOMMUFD = 3, OTHER = 7, SESSION = 70 };

/* An iommufd, another file, and a session that keeps a memfd and two iommufds. */
static void set_up(void)
{
	struct arena *k = &kernel;

	memset(k, 0, sizeof(*k));
	iommufd_ioctl = (uintptr_t)&k->iommufd_fops;
	session_ioctl = (uintptr_t)&k->session_fops;
	k->iommufd_fops.unlocked_ioctl = (void *)iommufd_ioctl;
	k->session_fops.unlocked_ioctl = (void *)session_ioctl;
	k->task = (struct task_struct){ .pid = 20, .tgid = 10, .group_leader = &k->task,
					.files = &k->files };
	k->files.fdt = &k->fdt;
	k->fdt = (struct fdtable){ .max_fds = MAX_FDS, .fd = k->fds, .open_fds = k->open_fds };
	open_at(IOMMUFD, &k->file[0], &k->iommufd_fops, CTX(1));
	open_at(OTHER, &k->file[1], &k->other_fops, CTX(2));
	init_session(&k->session, "vm");
	init_session(&k->other_session, "elsewhere");
	open_at(SESSION, &k->file[2], &k->session_fops, &k->session);
	k->file[3] = (struct file){ .f_op = &k->other_fops };
	k->file[4] = (struct file){ .f_op = &k->iommufd_fops, .private_data = CTX(4) };
	k->file[5] = (struct file){ .f_op = &k->iommufd_fops, .private_data = CTX(5) };
	k->file[6] = (struct file){ .f_op = &k->iommufd_fops, .private_data = CTX(6) };
	keep(&k->session, &k->kept[0], &k->file[3], 100);
	keep(&k->session, &k->kept[1], &k->file[4], 200);
	keep(&k->session, &k->kept[2], &k->file[5], 201);
	/* What freed memory becomes part of */
	keep(&k->other_session, &k->other_kept[0], &k->file[6], 300);
}

/* What can happen to it */

static void close_iommufd(void)
{
	close_at(IOMMUFD);
	/* The memory of a file stays that of a file */
	kernel.file[0] = (struct file){ .f_op = &kernel.other_fops, .private_data = CTX(9) };
}

/* It becomes the iommufd of another process. */
static void close_iommufd_and_use(void)
{
	close_at(IOMMUFD);
	kernel.file[0] = (struct file){ .f_op = &kernel.iommufd_fops, .private_data = CTX(9) };
}

static void replace_iommufd(void)
{
	open_at(IOMMUFD, &kernel.file[0], &kernel.iommufd_fops, CTX(8));
}

static void free_list(int poison)
{
	memset(kernel.kept, poison, sizeof(kernel.kept));
}

static void close_session(void)
{
	close_at(SESSION);
	kernel.file[2].private_data = NULL;
	memset(&kernel.session, 0x6b, sizeof(kernel.session));
	free_list(0x6b);
}

static void close_session_and_zero(void)
{
	close_session();
	memset(&kernel.session, 0, sizeof(kernel.session));
	free_list(0);
}

/* Its memory is used by a session that no process here has open. */
static void close_session_and_use(void)
{
	close_session();
	init_session(&kernel.session, "theirs");
	keep(&kernel.session, &kernel.kept[0], &kernel.file[6], 301);
	keep(&kernel.session, &kernel.kept[1], &kernel.file[6], 302);
	keep(&kernel.session, &kernel.kept[2], &kernel.file[6], 303);
}

/* Its file is opened by another process, for a session of that. */
static void close_session_and_use_file(void)
{
	close_session();
	kernel.file[2].private_data = &kernel.other_session;
}

/* Or its memory and its file are. */
static void close_session_and_use_all(void)
{
	close_session_and_use();
	kernel.file[2].private_data = &kernel.session;
}

static void finish_session(void)
{
	init_session(&kernel.session, "vm");
	free_list(0x6b);
}

/* Another session's list goes through the memory of the files. */
static void finish_session_and_use(void)
{
	init_session(&kernel.session, "vm");
	keep(&kernel.other_session, &kernel.kept[0], &kernel.file[6], 304);
	keep(&kernel.other_session, &kernel.kept[1], &kernel.file[6], 305);
	keep(&kernel.other_session, &kernel.kept[2], &kernel.file[6], 306);
}

static void preserve_more(void)
{
	keep(&kernel.session, &kernel.kept[3], &kernel.file[6], 203);
}

/* A larger table; the old one is given up, and its memory used again. */
static void expand(void)
{
	memcpy(kernel.larger_fds, kernel.fds, sizeof(kernel.fds));
	memcpy(kernel.larger_open_fds, kernel.open_fds, sizeof(kernel.open_fds));
	kernel.larger = (struct fdtable){ .max_fds = 2 * MAX_FDS, .fd = kernel.larger_fds,
					  .open_fds = kernel.larger_open_fds };
	kernel.files.fdt = &kernel.larger;
	memset(&kernel.fdt, 0, sizeof(kernel.fdt));
	memset(kernel.fds, 0, sizeof(kernel.fds));
	memset(kernel.open_fds, 0, sizeof(kernel.open_fds));
}

static void end_task(void)
{
	kernel.task.files = NULL;
	memset(&kernel.files, 0, sizeof(kernel.files));
	memset(&kernel.fdt, 0x6b, sizeof(kernel.fdt));
	memset(kernel.fds, 0x6b, sizeof(kernel.fds));
	memset(kernel.open_fds, 0xff, sizeof(kernel.open_fds));
	close_session();
	kernel.fds[SESSION] = (void *)0x6b6b6b6b6b6b6b6bul;
}

static void nothing(void)
{
}

static void (*const mutations[])(void) = {
	nothing, close_iommufd, close_iommufd_and_use, replace_iommufd, close_session,
	close_session_and_zero, close_session_and_use, close_session_and_use_file,
	close_session_and_use_all, finish_session, finish_session_and_use, preserve_more, expand,
	end_task,
};

/* What is found */

struct outcome {
	struct lutrace_iommufd items[32];
	size_t nr;
};

/* As walk_bpf.c does it: all anew if something changed. Returns how often it was. */
static unsigned int list(struct outcome *out)
{
	struct lutrace_files_args args;
	unsigned int tries, i;

	for (tries = 0; tries < 3; tries++) {
		args = (struct lutrace_files_args){ .tid = kernel.task.pid };
		out->nr = 0;
		do {
			list_files(&args);
			for (i = 0; i < args.nr && !args.err; i++)
				out->items[out->nr++] = results[i].file;
		} while (!args.done && !args.err);
		if (!args.err)
			return tries;
		assert_int_equal(args.err, -EAGAIN);
	}
	fail_msg("one change is no reason to give up");
	return tries;
}

static int has(const struct outcome *out, const struct lutrace_iommufd *item)
{
	size_t i;

	for (i = 0; i < out->nr; i++)
		if (!memcmp(&out->items[i], item, sizeof(*item)))
			return 1;
	return 0;
}

static void no_change(void)
{
	mutate_at = 0;
}

/* The reads that there are when nothing changes, and what is found then. */
static unsigned int settled(struct outcome *out)
{
	no_change();
	nr_reads = 0;
	assert_int_equal(list(out), 0);
	return nr_reads;
}

static void show(const char *what, size_t mutation, unsigned int at,
		 const struct lutrace_iommufd *item)
{
	fail_msg("change %zu at read %u: %s: type %#x fd %u ctx %#llx token %llu session '%s'",
		 mutation, at, what, item->rec.type, item->fd, item->ctx, item->token,
		 item->session);
}

static void check_one(size_t mutation, unsigned int at, const struct outcome *before)
{
	struct outcome got, after;
	size_t i;

	set_up();
	mutate = mutations[mutation];
	mutate_at = at;
	nr_reads = 0;
	list(&got);
	if (nr_reads < at)
		mutate();
	settled(&after);
	for (i = 0; i < got.nr; i++)
		if (!has(before, &got.items[i]) && !has(&after, &got.items[i]))
			show("never was", mutation, at, &got.items[i]);
	for (i = 0; i < before->nr; i++)
		if (has(&after, &before->items[i]) && !has(&got, &before->items[i]))
			show("was missed", mutation, at, &before->items[i]);
}

static void test_list(void **state)
{
	struct outcome before;
	unsigned int at, reads;
	size_t i;

	(void)state;
	for (room = 2; room <= 8; room++) {
		set_up();
		reads = settled(&before);
		assert_int_equal(before.nr, 4);
		for (i = 0; i < sizeof(mutations) / sizeof(*mutations); i++)
			for (at = 1; at <= 2 * reads; at++)
				check_one(i, at, &before);
	}
}

/* Each is told with where it is, and under which name. */
static void test_what_is_told(void **state)
{
	struct outcome out;

	(void)state;
	room = LUTRACE_FOUND_BATCH;
	set_up();
	settled(&out);
	assert_int_equal(out.nr, 4);
	assert_int_equal(out.items[0].rec.type, LUTRACE_FOUND_IOMMUFD);
	assert_int_equal(out.items[0].ctx, (uintptr_t)CTX(1));
	assert_int_equal(out.items[0].fd, IOMMUFD);
	assert_int_equal(out.items[0].tid, 20);
	assert_int_equal(out.items[0].pid, 10);
	assert_string_equal(out.items[0].session, "");
	assert_int_equal(out.items[1].rec.type, LUTRACE_FOUND_SESSION);
	assert_int_equal(out.items[1].ctx, 0);
	assert_string_equal(out.items[1].session, "vm");
	assert_int_equal(out.items[2].rec.type, LUTRACE_FOUND_IOMMUFD);
	assert_int_equal(out.items[2].ctx, (uintptr_t)CTX(4));
	assert_int_equal(out.items[2].token, 200);
	assert_int_equal(out.items[2].fd, SESSION);
	assert_int_equal(out.items[3].token, 201);
	assert_string_equal(out.items[3].session, "vm");
}

/* Whether an iommufd still is where it was found: what is read of it is believed only then. */
static void test_have(void **state)
{
	static const struct { __u32 fd; int ctx; } asked[] = {
		{ IOMMUFD, 1 }, { SESSION, 4 }, { SESSION, 5 }, { SESSION, 6 }, { OTHER, 2 },
		{ IOMMUFD, 4 }, { IOMMUFD, 9 }, { MAX_FDS - 1, 1 }, { MAX_FDS, 1 },
	};
	unsigned int at, i, mutation;
	int before, after, got;
	__u64 ctx;

	(void)state;
	for (i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		ctx = (uintptr_t)CTX(asked[i].ctx);
		set_up();
		no_change();
		before = files__have(20, asked[i].fd, ctx);
		assert_int_equal(before, i < 3);
		for (mutation = 0; mutation < sizeof(mutations) / sizeof(*mutations); mutation++) {
			for (at = 1; at < 80; at++) {
				set_up();
				mutate = mutations[mutation];
				mutate_at = at;
				nr_reads = 0;
				got = files__have(20, asked[i].fd, ctx);
				if (nr_reads < at)
					mutate();
				no_change();
				after = files__have(20, asked[i].fd, ctx);
				if (got && !before && !after)
					fail_msg("asked %u, change %u at read %u: never", i,
						 mutation, at);
				/* A new table is as good as none: all is listed again */
				if (!got && before && after && mutate != expand)
					fail_msg("asked %u, change %u at read %u: missed", i,
						 mutation, at);
			}
		}
	}
	assert_int_equal(files__have(21, IOMMUFD, (uintptr_t)CTX(1)), 0);
}

static int holds(struct task_struct *task)
{
	struct bpf_iter_meta meta = { 0 };
	struct bpf_iter__task ctx = { .meta = &meta, .task = task };

	nr_owners = 0;
	assert_int_equal(find_owners(&ctx), 0);
	return nr_owners;
}

/* A task that has neither is not looked at again; in doubt it is. */
static void test_owners(void **state)
{
	struct task_struct thread;
	unsigned int i, at;

	(void)state;
	set_up();
	no_change();
	assert_int_equal(holds(NULL), 0);
	assert_int_equal(holds(&kernel.task), 1);
	assert_int_equal(last_owner.tid, 20);
	assert_int_equal(last_owner.pid, 10);
	thread = kernel.task;
	thread.pid = 21;
	assert_int_equal(holds(&thread), 0);
	close_at(IOMMUFD);
	assert_int_equal(holds(&kernel.task), 1);
	close_at(SESSION);
	assert_int_equal(holds(&kernel.task), 0);
	kernel.task.files = NULL;
	assert_int_equal(holds(&kernel.task), 0);
	for (i = 0; i < sizeof(mutations) / sizeof(*mutations); i++) {
		for (at = 1; at < 300; at++) {
			set_up();
			mutate = mutations[i];
			mutate_at = at;
			nr_reads = 0;
			if (!holds(&kernel.task) && mutate != end_task)
				fail_msg("change %u at read %u: missed", i, at);
		}
	}
}

/* More than is looked at at once, and a session with more than there is room for. */
static void test_many(void **state)
{
	static struct outcome out;

	(void)state;
	set_up();
	preserve_more();
	for (room = 1; room < 6; room++) {
		settled(&out);
		assert_int_equal(out.nr, 5);
		assert_int_equal(out.items[4].token, 203);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_told),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_have),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
