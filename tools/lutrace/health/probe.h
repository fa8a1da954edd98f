/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lutrace doctor looks at, one probe for each finding: the table of them is in doctor.c, the
 * functions that look are in probe_kernel.c, probe_trace.c and probe_update.c. Nothing else
 * includes this.
 */
#ifndef LUTRACE_PROBE_H
#define LUTRACE_PROBE_H

#include <stdbool.h>
#include <sys/stat.h>
#include "health/doctor.h"
#include "lib/fault.h"
#include "next/cmdline.h"

#define SERIES                                                                                     \
	"boot a kernel with the lutrace series (kernel-patches/) and "                             \
	"CONFIG_IOMMU_LIVEUPDATE=y"
#define MOUNT_PROC "mount proc on /proc"

/* What several probes need, looked up before the first of them. */
struct doctor {
	const struct doctor_from *from;
	struct findings *out;
	bool proc; /* there is a /proc */
	unsigned long long caps;
	bool caps_known;
	bool locked;	      /* the kernel is locked down, as far as that can be seen */
	char *cmdline;	      /* NULL: not known */
	struct cmdline asked; /* what it switches */
	char *mounts;	      /* NULL: not known */
	char *tracefs;	      /* where it is mounted; NULL: nowhere, or not known */
};

/* A row of the table: which members count is said by the function that looks. */
struct probe {
	const char *name;   /* of the finding: a word that stays the same */
	unsigned int needs; /* enum finding_need */
	void (*look)(struct doctor *d, const struct probe *probe);
	const char *advice;	   /* where it is missing */
	const char *what;	   /* what the kernel or the process has */
	const char *type, *member; /* probe__type: a struct of the kernel, and a member or NULL */
	const char *function;	   /* probe__function */
	int cap;		   /* probe__cap */
	bool admin;		   /* CAP_SYS_ADMIN stands for it */
};

/* A finding of the probe. @advice may be NULL, and is copied. It may get a detail. */
struct finding *probe__found(struct doctor *d, const struct probe *probe, enum finding_state state,
			     const char *advice, const char *fmt, ...) PRINTF(5, 6);
#define probe__ok(d, probe, ...) probe__found(d, probe, FINDING_OK, NULL, __VA_ARGS__)
#define probe__missing(d, probe, ...)                                                              \
	probe__found(d, probe, FINDING_MISSING, (probe)->advice, __VA_ARGS__)
/* Where it could not be looked, because there is no /proc. */
void probe__no_proc(struct doctor *d, const struct probe *probe, const char *what);

/* A path of the machine; free it. */
char *doctor__path(const struct doctor *d, const char *path);
/* A file of it without its last newline; NULL if it cannot be read. Free it. */
char *doctor__text(const struct doctor *d, const char *path);
/* 0 or a positive errno. It follows no link at the end, and so mounts nothing. */
int doctor__lstat(const struct doctor *d, const char *path, struct stat *st);
/* Of the kernel's types, if there are any. */
bool doctor__has_function(const struct doctor *d, const char *name);

/* probe_kernel.c: types, BPF and who may use it, the kernel's memory */
void probe__btf(struct doctor *d, const struct probe *probe);
void probe__tracepoints(struct doctor *d, const struct probe *probe);
void probe__type(struct doctor *d, const struct probe *probe);
void probe__function(struct doctor *d, const struct probe *probe);
void probe__bpf(struct doctor *d, const struct probe *probe);
void probe__cap(struct doctor *d, const struct probe *probe);
void probe__userns(struct doctor *d, const struct probe *probe);
void probe__lockdown(struct doctor *d, const struct probe *probe);
void probe__paranoid(struct doctor *d, const struct probe *probe);
void probe__kallsyms(struct doctor *d, const struct probe *probe);
void probe__kcore(struct doctor *d, const struct probe *probe);

/* probe_trace.c: trace buffers and the kernel's log */
void probe__tracefs(struct doctor *d, const struct probe *probe);
void probe__trace_instances(struct doctor *d, const struct probe *probe);
void probe__trace_events(struct doctor *d, const struct probe *probe);
void probe__ring(struct doctor *d, const struct probe *probe);
void probe__klog(struct doctor *d, const struct probe *probe);

/* probe_update.c: the live update itself */
void probe__kho(struct doctor *d, const struct probe *probe);
void probe__liveupdate(struct doctor *d, const struct probe *probe);
void probe__memfd(struct doctor *d, const struct probe *probe);
void probe__iommu(struct doctor *d, const struct probe *probe);
void probe__vfio(struct doctor *d, const struct probe *probe);
void probe__kexec(struct doctor *d, const struct probe *probe);

#endif
