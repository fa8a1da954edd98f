// SPDX-License-Identifier: GPL-2.0-only
/*
 * looker files|iterator: looks at the open files of all processes, again and again, until it is
 * killed: as lsof does, which reads the links in /proc/PID/fd, or with a BPF iterator over files.
 * Both have a reference to each file for a moment. Says "looking" on stdout after the first round.
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
#include <unistd.h>

static int look_at_files(void)
{
	char path[64 + 2 * sizeof(((struct dirent *)0)->d_name)], target[PATH_MAX];
	const struct dirent *process, *file;
	DIR *proc = opendir("/proc"), *fds;

	if (!proc)
		return -1;
	while ((process = readdir(proc))) {
		if (strspn(process->d_name, "0123456789") != strlen(process->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fd", process->d_name);
		fds = opendir(path);
		while (fds && (file = readdir(fds))) {
			snprintf(path, sizeof(path), "/proc/%s/fd/%s", process->d_name,
				 file->d_name);
			if (readlink(path, target, sizeof(target)) < 0)
				continue;
		}
		if (fds)
			closedir(fds);
	}
	closedir(proc);
	return 0;
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
	while (look && !look())
		if (!rounds++) {
			puts("looking");
			fflush(stdout);
		}
	fprintf(stderr, "looker: %s\n", look ? strerror(errno) : "files or iterator?");
	return 1;
}
