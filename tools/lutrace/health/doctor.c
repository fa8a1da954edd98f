// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of what doctor looks at, in the order in which it is printed, and what its probes
 * share. A new finding is a row here and, if no function looks at its like yet, one in a probe_*.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "health/probe.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/caps.h"
#include "walk/kernel.h"

#define PROBE(name_, needs_, look_, advice_, ...)                                                  \
	{                                                                                          \
		.name = name_, .needs = needs_, .look = look_, .advice = advice_, __VA_ARGS__      \
	}

static const struct probe probes[] = {
	/* Types and tracepoints */
	PROBE("btf", FOR_RECORD | FOR_WALK, probe__btf, "CONFIG_DEBUG_INFO_BTF=y"),
	PROBE("tracepoints", FOR_RECORD | FOR_UPDATE, probe__tracepoints, SERIES),
	PROBE("event", FOR_RECORD, probe__type, SERIES, .what = "what the tracepoints tell",
	      .type = "iommu_liveupdate_event"),
	PROBE("iommufd", FOR_WALK, probe__type,
	      "CONFIG_IOMMUFD=y; a module works for a live update and not for walk",
	      .what = "built-in iommufd", .type = "iommufd_hwpt_paging"),
	PROBE("page-tables", FOR_WALK, probe__type, "CONFIG_IOMMU_PT=y, on Linux 7.3",
	      .what = "generic IOMMU page tables", .type = "iommu_domain", .member = "is_iommupt"),
	PROBE("marks", FOR_WALK, probe__type, SERIES,
	      .what = "HWPTs that can be marked for a live update", .type = "iommufd_hwpt_paging",
	      .member = "liveupdate_token"),

	/* BPF, and who may use it */
	PROBE("bpf", FOR_RECORD | FOR_WALK, probe__bpf, "CONFIG_BPF_SYSCALL=y"),
	PROBE("bpf-events", FOR_RECORD, probe__function, "CONFIG_BPF_EVENTS=y",
	      .what = "run on tracepoints", .function = "bpf_trace_run1"),
	PROBE("cap-bpf", FOR_RECORD | FOR_WALK, probe__cap, CAPS_REMEDY(CAPS_FOR_BPF),
	      .what = "CAP_BPF, to load BPF programs", .cap = CAP_BPF, .admin = true),
	PROBE("cap-perfmon", FOR_RECORD | FOR_WALK, probe__cap, CAPS_REMEDY(CAPS_FOR_BPF),
	      .what = "CAP_PERFMON, to attach them to tracepoints and read the kernel's memory "
		      "with them",
	      .cap = CAP_PERFMON, .admin = true),
	PROBE("cap-sys-rawio", FOR_WALK, probe__cap, CAPS_REMEDY(CAPS_FOR_WALK),
	      .what = "CAP_SYS_RAWIO, to open /proc/kcore", .cap = CAP_SYS_RAWIO),
	PROBE("cap-sys-admin", 0, probe__cap, "run as root for these",
	      .what = "CAP_SYS_ADMIN, to measure what BPF programs cost and to see types of "
		      "modules; a recording does not need it",
	      .cap = CAP_SYS_ADMIN),
	PROBE("user-namespace", FOR_RECORD | FOR_WALK, probe__userns,
	      "run lutrace on the host, not in the container"),
	PROBE("lockdown", FOR_WALK | FOR_TRACEFS, probe__lockdown, KERNEL_UNLOCK),
	PROBE("perf-event-paranoid", 0, probe__paranoid, NULL),

	/* The kernel's memory */
	PROBE("kallsyms", FOR_WALK, probe__kallsyms,
	      "run as root, or with CAP_SYSLOG, and set kernel.kptr_restrict to 0 or 1"),
	PROBE("kcore", FOR_WALK, probe__kcore, "CONFIG_PROC_KCORE=y"),

	/* Trace buffers and the log */
	PROBE("tracefs", FOR_TRACEFS, probe__tracefs,
	      "mount -t tracefs tracefs /sys/kernel/tracing"),
	PROBE("trace-instances", FOR_TRACEFS, probe__trace_instances, "run as root"),
	PROBE("trace-events", FOR_TRACEFS, probe__trace_events, SERIES),
	PROBE("persistent-ring", 0, probe__ring,
	      "boot cold with reserve_mem=8M:4096:lutrace "
	      "trace_instance=boot_map^traceoff@lutrace, and "
	      "the same in the next kernel"),
	PROBE("kernel-log", 0, probe__klog, "CONFIG_PRINTK=y"),

	/* The live update itself */
	PROBE("kho", FOR_UPDATE, probe__kho, "boot with kho=on liveupdate=on"),
	PROBE("liveupdate", FOR_UPDATE, probe__liveupdate, "boot with kho=on liveupdate=on"),
	PROBE("memfd", FOR_UPDATE, probe__memfd, "CONFIG_LIVEUPDATE_MEMFD=y"),
	PROBE("iommu", FOR_UPDATE, probe__iommu,
	      "boot with intel_iommu=on, or a kernel with CONFIG_INTEL_IOMMU or CONFIG_AMD_IOMMU"),
	PROBE("vfio", 0, probe__vfio, "modprobe vfio-pci, which needs CONFIG_VFIO_PCI and "
	      "CONFIG_VFIO_DEVICE_CDEV"),
	PROBE("kexec", FOR_UPDATE, probe__kexec, "CONFIG_KEXEC_FILE=y"),
};

struct finding *probe__found(struct doctor *d, const struct probe *probe, enum finding_state state,
			     const char *advice, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = xstrdup("");
	va_end(args);
	return findings__add(d->out, probe->name, probe->needs, state, text,
			     advice ? xstrdup(advice) : NULL);
}

void probe__no_proc(struct doctor *d, const struct probe *probe, const char *what)
{
	probe__found(d, probe, FINDING_UNKNOWN, MOUNT_PROC,
		     "there is no /proc, so it cannot be told whether %s", what);
}

char *doctor__path(const struct doctor *d, const char *path)
{
	return xasprintf("%s%s", d->from->root, path);
}

char *doctor__text(const struct doctor *d, const char *path)
{
	struct fault fault;
	char *full = doctor__path(d, path), *text = read_file(full, NULL, &fault);
	size_t len;

	free(full);
	if (!text)
		return NULL;
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

int doctor__lstat(const struct doctor *d, const char *path, struct stat *st)
{
	char *full = doctor__path(d, path);
	int err = lstat(full, st) ? errno : 0;

	free(full);
	return err;
}

bool doctor__has_function(const struct doctor *d, const char *name)
{
	return d->from->btf && kernel__has_function(d->from->btf, name);
}

static void doctor__read_caps(struct doctor *d)
{
	char *text = doctor__text(d, "/proc/self/status"), *found;

	found = text ? strstr(text, "\nCapEff:") : NULL;
	if (found) {
		d->caps = strtoull(found + strlen("\nCapEff:"), NULL, 16);
		d->caps_known = true;
	}
	free(text);
}

/* /proc may be a folder with nothing mounted on it: /proc/self is there only if it is. */
static void doctor__prepare(struct doctor *d)
{
	struct stat st;
	char *text;

	d->proc = !doctor__lstat(d, "/proc/self", &st);
	d->cmdline = doctor__text(d, "/proc/cmdline");
	if (d->cmdline)
		cmdline__read(d->cmdline, &d->asked);
	d->mounts = doctor__text(d, "/proc/self/mounts");
	d->tracefs = d->mounts ? mount_point(d->mounts, "tracefs") : NULL;
	doctor__read_caps(d);
	text = doctor__text(d, "/sys/kernel/security/lockdown");
	d->locked = text && strstr(text, "[confidentiality]");
	free(text);
}

void doctor__look(const struct doctor_from *from, struct findings *out)
{
	struct doctor d = { .from = from, .out = out };
	size_t i;

	doctor__prepare(&d);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		probes[i].look(&d, &probes[i]);
	free(d.cmdline);
	free(d.mounts);
	free(d.tracefs);
}
