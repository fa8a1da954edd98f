// SPDX-License-Identifier: GPL-2.0-only
/*
 * looker files|iterator|duplicates: looks at the open files of all processes, again and again, until
 * it is killed: as lsof does, which reads the links in /proc/PID/fd; with a BPF iterator over files;
 * or by taking duplicates of them for some milliseconds, as a reader has them that loses the CPU.
 * All have a reference to each file meanwhile. Says "looking" on stdout after the first round.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls @fn for each process but this one. */
static int each_process(void (*fn)(const char *pid))
{
	const struct dirent *process;
	DIR *proc = opendir("/proc");

	if (!proc)
		return -1;
	while ((process = readdir(proc)))
		if (strspn(process->d_name, "0123456789") == strlen(process->d_name) &&
		    atoi(process->d_name) != getpid())
			fn(process->d_name);
	closedir(proc);
	return 0;
}

static void read_links(const char *pid)
{
	char path[sizeof("/proc//fd") + NAME_MAX], target[PATH_MAX];
	const struct dirent *file;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	/* What cannot be read is none, or gone */
	while (dir && (file = readdir(dir)))
		if (readlinkat(dirfd(dir), file->d_name, target, sizeof(target)) < 0)
			continue;
	if (dir)
		closedir(dir);
}

static int look_at_files(void)
{
	return each_process(read_links);
}

#define MAX_FDS	64
#define HOLD_US	5000

/* Kernel threads, which are most of the processes, have none. */
static void duplicate(const char *pid)
{
	int process = syscall(SYS_pidfd_open, atoi(pid), 0), fds[MAX_FDS], i, nr = 0;

	for (i = 0; i < MAX_FDS; i++) {
		fds[i] = syscall(SYS_pidfd_getfd, process, i, 0);
		nr += fds[i] >= 0;
	}
	if (nr)
		usleep(HOLD_US);
	for (i = 0; i < MAX_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (process >= 0)
		close(process);
}

static int look_by_duplicates(void)
{
	return each_process(duplicate);
}

/* A program that does nothing: the iterator alone is what is wanted. */
static int attach(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_ITER);
	struct btf *btf = btf__load_vmlinux_btf();
	int prog;

	if (!btf)
		return -1;
	opts.attach_btf_id = btf__find_by_name_kind(btf, "bpf_iter_task_file", BTF_KIND_FUNC);
	btf__free(btf);
	prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "looker", "GPL", insns, 2, &opts);
	return prog < 0 ? -1 : bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
}

static int look_by_iterator(void)
{
	static int link = -1;
	char buf[4096];
	ssize_t got;
	int fd;

	if (link < 0)
		link = attach();
	fd = link < 0 ? -1 : bpf_iter_create(link);
	if (fd < 0)
		return -1;
	while ((got = read(fd, buf, sizeof(buf))) > 0 || (got < 0 && errno == EAGAIN))
		;
	close(fd);
	return got < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	int (*look)(void) = NULL;
	unsigned long rounds = 0;

	if (argc == 2 && !strcmp(argv[1], "files"))
		look = look_at_files;
	else if (argc == 2 && !strcmp(argv[1], "iterator"))
		look = look_by_iterator;
	else if (argc == 2 && !strcmp(argv[1], "duplicates"))
		look = look_by_duplicates;
	while (look && !look())
		if (!rounds++) {
			puts("looking");
			fflush(stdout);
		}
	fprintf(stderr, "looker: %s\n", look ? strerror(errno) : "files, iterator or duplicates?");
	return 1;
}
