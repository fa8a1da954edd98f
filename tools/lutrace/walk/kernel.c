// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the running kernel has (BTF), and clear words for what it lacks; ksyms_bpf.c has its symbols.
 * Called by whatever loads BPF programs, and by doctor. See kernel.h.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/caps.h"
#include "walk/kernel.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

static const char *kernel__release(void)
{
	static struct utsname u;

	uname(&u);
	return u.release;
}

static int kernel__print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, fmt, args);
}

void kernel__verbose(bool verbose)
{
	libbpf_set_print(verbose ? kernel__print : NULL);
}

struct btf *kernel__btf(struct fault *fault)
{
	struct btf *btf;

	if (access(BTF_PATH, R_OK)) {
		fault__set(fault, "kernel %s has no " BTF_PATH " (%s): mount sysfs, or boot a "
			   "kernel with CONFIG_DEBUG_INFO_BTF=y",
			   kernel__release(), strerror(errno));
		return NULL;
	}
	btf = btf__parse(BTF_PATH, NULL);
	if (!btf)
		fault__set(fault, "cannot read the types of kernel %s in " BTF_PATH ": %s",
			   kernel__release(), strerror(errno));
	return btf;
}

uint64_t kernel__bpf_memory(int fd)
{
	char path[64], line[128];
	unsigned long long bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	if (f)
		fclose(f);
	return bytes;
}

bool kernel__has_tracepoint(const struct btf *btf, const char *name)
{
	char type[128];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) > 0;
}

bool kernel__has_struct(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT) > 0;
}

bool kernel__has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

bool kernel__has_member(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT), i;
	const struct btf_type *type;

	if (id <= 0)
		return false;
	type = btf__type_by_id(btf, id);
	for (i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), member))
			return true;
	return false;
}

static long offset_in(const struct btf *btf, int id, const char *member)
{
	const struct btf_type *type = btf__type_by_id(btf, btf__resolve_type(btf, id));
	const struct btf_member *m;
	const char *name;
	long within;
	int i;

	if (!type || !btf_is_composite(type))
		return -1;
	m = btf_members(type);
	for (i = 0; i < btf_vlen(type); i++) {
		name = btf__name_by_offset(btf, m[i].name_off);
		within = *name ? (strcmp(name, member) ? -1 : 0) : offset_in(btf, m[i].type, member);
		if (within >= 0)
			return btf_member_bit_offset(type, i) / 8 + within;
	}
	return -1;
}

long kernel__offset_of(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 ? offset_in(btf, id, member) : -1;
}

long kernel__size_of(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 ? btf__resolve_size(btf, id) : -1;
}

int kernel__lacks(struct fault *fault, const char *what)
{
	return fault__set(fault, "kernel %s has no %s: boot a kernel with the lutrace series "
			  "(kernel-patches/) and CONFIG_IOMMU_LIVEUPDATE=y",
			  kernel__release(), what);
}

bool kernel__locked_down(void)
{
	struct fault fault;
	char *text = read_file("/sys/kernel/security/lockdown", NULL, &fault);
	bool locked = text && strstr(text, "[confidentiality]");

	free(text);
	return locked;
}

/* Lockdown is a guess only for root, for whom nothing else is left that could refuse it. */
int kernel__tracefs_refused(struct fault *fault, const char *what, int err)
{
	bool permission = err == EACCES || err == EPERM;

	if (kernel__locked_down())
		return fault__set(fault, "cannot %s tracefs: the kernel is locked down; "
				  KERNEL_UNLOCK, what);
	if (permission && geteuid())
		return fault__set(fault, "no permission to %s tracefs: run as root", what);
	if (permission)
		return fault__set(fault, "no permission to %s tracefs, although this is root: run it "
				  "outside of a container, and, if the kernel is locked down, "
				  KERNEL_UNLOCK, what);
	return fault__set(fault, "cannot %s tracefs: %s", what, strerror(err));
}

int kernel__bpf_failed(struct fault *fault, const char *what, int err)
{
	const char *missing = caps__missing_for_bpf();

	/* The verifier does not know the functions that read memory then */
	if ((err == -EPERM || err == -EINVAL) && kernel__locked_down())
		return fault__set(fault, "kernel %s does not let BPF read its memory to %s: it is "
				  "locked down; " KERNEL_UNLOCK,
				  kernel__release(), what);
	if ((err == -EPERM || err == -EACCES) && missing)
		return fault__set(fault, "no permission to %s: this process lacks %s; "
				  CAPS_REMEDY(CAPS_FOR_BPF), what, missing);
	if (err == -EPERM || err == -EACCES)
		return fault__set(fault, "no permission to %s, although this process has CAP_BPF "
				  "and CAP_PERFMON: run it outside of a container (--verbose "
				  "shows what the kernel said)",
				  what);
	if (err == -EINVAL || err == -ESRCH)
		return fault__set(fault, "kernel %s refused to %s (%s): it needs "
				  "CONFIG_BPF_SYSCALL, CONFIG_BPF_EVENTS and "
				  "CONFIG_DEBUG_INFO_BTF; --verbose shows what the kernel said",
				  kernel__release(), what, strerror(-err));
	return fault__set(fault, "cannot %s on kernel %s: %s (--verbose shows what the kernel "
			  "said)",
			  what, kernel__release(), strerror(-err));
}

bool kernel__bpf_unwanted(struct fault *fault)
{
	const char *set = getenv("LUTRACE_NO_BPF");

	if (!set || !*set || !strcmp(set, "0"))
		return false;
	fault__set(fault, "LUTRACE_NO_BPF is set, and this needs BPF");
	return true;
}
