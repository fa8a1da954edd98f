// SPDX-License-Identifier: GPL-2.0-only
/* Probes of the kernel's types, of BPF and who may use it, and of the kernel's memory. */
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "health/probe.h"
#include "lib/mem.h"
#include "live/caps.h"
#include "walk/kernel.h"

#define MAX_NAMED 3 /* missing tracepoints that are named in the sentence itself */

void probe__btf(struct doctor *d, const struct probe *probe)
{
	if (d->from->btf)
		probe__ok(d, probe, "the kernel's types can be read");
	else
		probe__missing(d, probe, "%s", d->from->btf_fault);
}

/* Those that are not there, with commas between; free it. */
static char *doctor__missing_tracepoints(const struct doctor *d, size_t *nr)
{
	char *missing = xstrdup(""), *longer;
	size_t i;

	*nr = 0;
	for (i = 0; i < d->from->nr_tracepoints; i++) {
		if (kernel__has_tracepoint(d->from->btf, d->from->tracepoints[i]))
			continue;
		longer =
			xasprintf("%s%s%s", missing, *missing ? ", " : "", d->from->tracepoints[i]);
		free(missing);
		missing = longer;
		(*nr)++;
	}
	return missing;
}

void probe__tracepoints(struct doctor *d, const struct probe *probe)
{
	size_t all = d->from->nr_tracepoints, nr;
	struct finding *found;
	char *missing;

	if (!d->from->btf) {
		probe__found(d, probe, FINDING_UNKNOWN, NULL,
			     "without the kernel's types it cannot be told which there are");
		return;
	}
	missing = doctor__missing_tracepoints(d, &nr);
	if (!nr) {
		probe__ok(d, probe, "all %zu tracepoints of the series are there", all);
		free(missing);
		return;
	}
	if (nr == all)
		found = probe__missing(d, probe,
				       "none of the %zu tracepoints of the series is there", all);
	else if (nr <= MAX_NAMED)
		found = probe__missing(d, probe,
				       "%zu of %zu tracepoints of the series are there, and "
				       "these are not: %s",
				       all - nr, all, missing);
	else
		found = probe__missing(d, probe, "%zu of %zu tracepoints of the series are there",
				       all - nr, all);
	found->detail = missing;
}

/* Of the members of @probe: what, type, member. */
void probe__type(struct doctor *d, const struct probe *probe)
{
	const struct btf *btf = d->from->btf;
	bool there;

	if (!btf)
		return;
	there = probe->member ? kernel__has_member(btf, probe->type, probe->member)
			      : kernel__has_struct(btf, probe->type);
	probe__found(d, probe, there ? FINDING_OK : FINDING_MISSING, there ? NULL : probe->advice,
		     "%s: struct %s%s%s %s", probe->what, probe->type, probe->member ? "." : "",
		     probe->member ?: "", there ? "is there" : "is not there");
}

/* Of the members of @probe: what, function. */
void probe__function(struct doctor *d, const struct probe *probe)
{
	bool there = doctor__has_function(d, probe->function);

	if (d->from->btf)
		probe__found(d, probe, there ? FINDING_OK : FINDING_MISSING,
			     there ? NULL : probe->advice, "BPF programs can%s %s",
			     there ? "" : "not", probe->what);
}

void probe__bpf(struct doctor *d, const struct probe *probe)
{
	const char *path = "/proc/sys/kernel/unprivileged_bpf_disabled";
	char *text = doctor__text(d, path);
	struct stat st;

	if (text)
		probe__ok(d, probe,
			  "the bpf() system call is there (unprivileged_bpf_disabled=%s, "
			  "which is about nothing that lutrace does)",
			  text);
	else if (doctor__lstat(d, "/proc/sys/kernel", &st))
		probe__no_proc(d, probe, "there is a bpf() system call");
	else
		probe__missing(d, probe, "the kernel has no %s, and so no bpf() system call", path);
	free(text);
}

/* Of the members of @probe: what, cap, admin. */
void probe__cap(struct doctor *d, const struct probe *probe)
{
	bool has = d->caps >> probe->cap & 1 || (probe->admin && d->caps >> CAP_SYS_ADMIN & 1);

	if (!d->caps_known)
		probe__found(d, probe, FINDING_UNKNOWN, d->proc ? probe->advice : MOUNT_PROC,
			     "it cannot be told (/proc/self/status) whether it has %s",
			     probe->what);
	else if (has)
		probe__ok(d, probe, "this process has %s", probe->what);
	else
		probe__missing(d, probe, "this process lacks %s", probe->what);
}

/* Capabilities of another user namespace than the first are none to BPF. */
void probe__userns(struct doctor *d, const struct probe *probe)
{
	char *text = doctor__text(d, "/proc/self/uid_map");
	unsigned long inside = 1, outside = 1, nr = 0;

	if (!text && !d->proc)
		probe__no_proc(d, probe, "this process is in a user namespace");
	if (!text)
		return;
	if (sscanf(text, "%lu %lu %lu", &inside, &outside, &nr) == 3 && !inside && !outside &&
	    nr == 4294967295ul)
		probe__ok(d, probe, "the first one, whose capabilities count");
	else
		probe__missing(d, probe,
			       "this process is in a user namespace, whose capabilities do "
			       "not count for BPF");
	free(text);
}

void probe__lockdown(struct doctor *d, const struct probe *probe)
{
	/* What is no obstacle is none for tracefs either, which has probes of its own. */
	struct probe walk = *probe;
	char *text = doctor__text(d, "/sys/kernel/security/lockdown");
	struct stat st;

	walk.needs = FOR_WALK;
	if (d->locked)
		probe__missing(
			d, probe,
			"the kernel is locked down (confidentiality): programs that "
			"read its memory are refused, those of record do not; and tracefs is "
			"empty");
	else if (text)
		probe__ok(d, &walk, "lockdown is \"%s\", which refuses nothing here", text);
	else if (!doctor__lstat(d, "/sys/kernel/security/lsm", &st))
		probe__ok(d, &walk,
			  "no lockdown is seen (/sys/kernel/security/lockdown is not "
			  "there)");
	else if (d->from->btf && !doctor__has_function(d, "lockdown_is_locked_down"))
		probe__ok(d, &walk, "this kernel has no lockdown");
	else
		probe__found(d, &walk, FINDING_UNKNOWN,
			     "mount securityfs on /sys/kernel/security, if the kernel has it",
			     "securityfs is not mounted, so lockdown cannot be seen");
	free(text);
}

void probe__paranoid(struct doctor *d, const struct probe *probe)
{
	char *text = doctor__text(d, "/proc/sys/kernel/perf_event_paranoid");

	if (text)
		probe__ok(d, probe,
			  "%s; it is about perf, and changes nothing for who has "
			  "CAP_PERFMON",
			  text);
	free(text);
}

/* /proc/kallsyms has the addresses, or zeros: that is asked, not derived. */
void probe__kallsyms(struct doctor *d, const struct probe *probe)
{
	char *full = doctor__path(d, "/proc/kallsyms"), line[64] = "";
	FILE *f = fopen(full, "re");

	free(full);
	if (f && fgets(line, sizeof(line), f) && strtoull(line, NULL, 16))
		probe__ok(d, probe, "/proc/kallsyms shows addresses");
	else if (*line)
		probe__missing(d, probe, "/proc/kallsyms hides its addresses");
	else if (!d->proc)
		probe__no_proc(d, probe, "the kernel shows the addresses of its symbols");
	else
		probe__found(d, probe, FINDING_MISSING, "CONFIG_KALLSYMS=y",
			     "there is no /proc/kallsyms to read");
	if (f)
		fclose(f);
}

void probe__kcore(struct doctor *d, const struct probe *probe)
{
	char *full = doctor__path(d, "/proc/kcore");
	struct stat st;

	if (!d->proc)
		probe__no_proc(d, probe, "there is a /proc/kcore");
	else if (doctor__lstat(d, "/proc/kcore", &st))
		probe__missing(d, probe, "there is no /proc/kcore");
	else if (faccessat(AT_FDCWD, full, R_OK, AT_EACCESS))
		probe__found(d, probe, FINDING_MISSING, CAPS_REMEDY(CAPS_FOR_WALK),
			     "/proc/kcore is there, and this user may not read it");
	else
		probe__ok(d, probe, "/proc/kcore is there");
	free(full);
}
