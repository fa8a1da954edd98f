// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "health/doctor.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/caps.h"
#include "next/cmdline.h"
#include "walk/kernel.h"

/* The kernel takes no longer name for reserved memory. */
#define RESERVE_NAME_MAX 15

#define SERIES "boot a kernel with the lutrace series (kernel-patches/) and " \
	       "CONFIG_IOMMU_LIVEUPDATE=y"

struct doctor {
	const struct doctor_from *from;
	struct findings *out;
	unsigned long long caps;
	bool caps_known;
	bool locked;			/* as far as that can be seen */
	char *cmdline;			/* NULL: not known */
};

#define ok(d, name, needs, ...) \
	findings__add((d)->out, name, needs, FINDING_OK, xasprintf(__VA_ARGS__), NULL)

static char *at(const struct doctor *d, const char *path)
{
	return xasprintf("%s%s", d->from->root, path);
}

/* The file without its last newline; NULL with errno if it cannot be read. */
static char *text_of(const struct doctor *d, const char *path)
{
	struct fault fault;
	char *full = at(d, path), *text = read_file(full, NULL, &fault);
	size_t len;

	free(full);
	if (!text)
		return NULL;
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

/* 0 or a positive errno. It follows no link at the end, and so mounts nothing. */
static int lstat_at(const struct doctor *d, const char *path, struct stat *st)
{
	char *full = at(d, path);
	int err = lstat(full, st) ? errno : 0;

	free(full);
	return err;
}

static bool has_function(const struct doctor *d, const char *name)
{
	return d->from->btf && btf__find_by_name_kind(d->from->btf, name, BTF_KIND_FUNC) > 0;
}

static void add(struct doctor *d, const char *name, unsigned int needs,
		enum finding_state state, char *text, const char *advice)
{
	findings__add(d->out, name, needs, state, text, advice ? xstrdup(advice) : NULL);
}

/* Types and tracepoints */

static void look_at_btf(struct doctor *d)
{
	if (d->from->btf)
		ok(d, "btf", FOR_RECORD | FOR_WALK, "the kernel's types can be read");
	else
		add(d, "btf", FOR_RECORD | FOR_WALK, FINDING_MISSING,
		    xstrdup(d->from->btf_fault), "CONFIG_DEBUG_INFO_BTF=y");
}

static void look_at_tracepoints(struct doctor *d)
{
	const unsigned int needs = FOR_RECORD | FOR_UPDATE;
	size_t i, nr = d->from->nr_tracepoints, there = 0;
	char *missing = xstrdup(""), *longer;

	if (!d->from->btf) {
		add(d, "tracepoints", needs, FINDING_UNKNOWN,
		    xstrdup("without the kernel's types it cannot be told which there are"), NULL);
		free(missing);
		return;
	}
	for (i = 0; i < nr; i++) {
		if (kernel__has_tracepoint(d->from->btf, d->from->tracepoints[i])) {
			there++;
			continue;
		}
		longer = xasprintf("%s%s%s", missing, *missing ? ", " : "",
				   d->from->tracepoints[i]);
		free(missing);
		missing = longer;
	}
	if (nr && there == nr)
		ok(d, "tracepoints", needs, "all %zu tracepoints of the series are there", nr);
	else
		add(d, "tracepoints", needs, FINDING_MISSING,
		    xasprintf("%zu of %zu tracepoints of the series are there, and these are "
			      "not: %s",
			      there, nr, missing),
		    SERIES);
	free(missing);
}

/* What is a type of the kernel, or not. */
static void look_at_types(struct doctor *d)
{
	const struct {
		const char *name, *type, *member, *what, *advice;
		unsigned int needs;
	} types[] = {
		{ "event", "iommu_liveupdate_event", NULL, "what the tracepoints tell", SERIES,
		  FOR_RECORD },
		{ "iommufd", "iommufd_hwpt_paging", NULL, "built-in iommufd",
		  "CONFIG_IOMMUFD=y; a module works for a live update and not for walk",
		  FOR_WALK },
		{ "page-tables", "iommu_domain", "is_iommupt", "generic IOMMU page tables",
		  "CONFIG_IOMMU_PT=y, on Linux 7.3", FOR_WALK },
		{ "marks", "iommufd_hwpt_paging", "liveupdate_token",
		  "HWPTs that can be marked for a live update", SERIES, FOR_WALK },
	};
	const struct btf *btf = d->from->btf;
	bool there;
	size_t i;

	for (i = 0; btf && i < ARRAY_SIZE(types); i++) {
		there = types[i].member ?
			kernel__has_member(btf, types[i].type, types[i].member) :
			kernel__has_struct(btf, types[i].type);
		add(d, types[i].name, types[i].needs, there ? FINDING_OK : FINDING_MISSING,
		    xasprintf("%s: struct %s%s%s %s", types[i].what, types[i].type,
			      types[i].member ? "." : "", types[i].member ?: "",
			      there ? "is there" : "is not there"),
		    there ? NULL : types[i].advice);
	}
}

/* BPF, and who may use it */

static void look_at_bpf(struct doctor *d)
{
	const char *path = "/proc/sys/kernel/unprivileged_bpf_disabled";
	char *text = text_of(d, path);
	struct stat st;

	if (text)
		ok(d, "bpf", FOR_RECORD | FOR_WALK, "the bpf() system call is there "
		   "(unprivileged_bpf_disabled=%s, which is about nothing that lutrace does)",
		   text);
	else if (lstat_at(d, "/proc/sys/kernel", &st))
		add(d, "bpf", FOR_RECORD | FOR_WALK, FINDING_UNKNOWN,
		    xstrdup("/proc/sys/kernel is not there, so it cannot be told whether there is "
			    "a bpf() system call"),
		    "mount proc on /proc");
	else
		add(d, "bpf", FOR_RECORD | FOR_WALK, FINDING_MISSING,
		    xasprintf("the kernel has no %s, and so no bpf() system call", path),
		    "CONFIG_BPF_SYSCALL=y");
	free(text);
	if (!d->from->btf)
		return;
	if (has_function(d, "bpf_trace_run1"))
		ok(d, "bpf-events", FOR_RECORD, "BPF programs can run on tracepoints");
	else
		add(d, "bpf-events", FOR_RECORD, FINDING_MISSING,
		    xstrdup("BPF programs cannot run on tracepoints"), "CONFIG_BPF_EVENTS=y");
}

static void read_caps(struct doctor *d)
{
	char *text = text_of(d, "/proc/self/status"), *found;

	found = text ? strstr(text, "\nCapEff:") : NULL;
	if (found) {
		d->caps = strtoull(found + strlen("\nCapEff:"), NULL, 16);
		d->caps_known = true;
	}
	free(text);
}

static bool has_cap(const struct doctor *d, int cap)
{
	return d->caps >> cap & 1;
}

static void look_at_caps(struct doctor *d)
{
	const struct {
		const char *name, *what;
		int cap;
		bool admin;		/* CAP_SYS_ADMIN stands for it */
		unsigned int needs;
		const char *remedy;
	} caps[] = {
		{ "cap-bpf", "CAP_BPF, to load BPF programs", CAP_BPF, true,
		  FOR_RECORD | FOR_WALK, CAPS_REMEDY(CAPS_FOR_BPF) },
		{ "cap-perfmon", "CAP_PERFMON, to attach them to tracepoints and read the kernel's "
		  "memory with them", CAP_PERFMON, true, FOR_RECORD | FOR_WALK,
		  CAPS_REMEDY(CAPS_FOR_BPF) },
		{ "cap-sys-rawio", "CAP_SYS_RAWIO, to open /proc/kcore", CAP_SYS_RAWIO, false,
		  FOR_WALK, CAPS_REMEDY(CAPS_FOR_WALK) },
		{ "cap-sys-admin", "CAP_SYS_ADMIN, to measure what BPF programs cost and to see "
		  "types of modules; a recording does not need it", CAP_SYS_ADMIN, false, 0,
		  "run as root for these" },
	};
	enum finding_state state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		if (!d->caps_known)
			state = FINDING_UNKNOWN;
		else if (has_cap(d, caps[i].cap) ||
			 (caps[i].admin && has_cap(d, CAP_SYS_ADMIN)))
			state = FINDING_OK;
		else
			state = FINDING_MISSING;
		add(d, caps[i].name, caps[i].needs, state,
		    xasprintf("%s %s", state == FINDING_OK ? "this process has" :
			      state == FINDING_MISSING ? "this process lacks" :
			      "it cannot be told (/proc/self/status) whether it has", caps[i].what),
		    state == FINDING_OK ? NULL : caps[i].remedy);
	}
}

/* Capabilities of another user namespace than the first are none to BPF. */
static void look_at_userns(struct doctor *d)
{
	char *text = text_of(d, "/proc/self/uid_map");
	unsigned long inside = 1, outside = 1, nr = 0;

	if (!text)
		return;
	if (sscanf(text, "%lu %lu %lu", &inside, &outside, &nr) == 3 && !inside && !outside &&
	    nr == 4294967295ul)
		ok(d, "user-namespace", FOR_RECORD | FOR_WALK, "the first one, whose "
		   "capabilities count");
	else
		add(d, "user-namespace", FOR_RECORD | FOR_WALK, FINDING_MISSING,
		    xstrdup("this process is in a user namespace, whose capabilities do not count "
			    "for BPF"),
		    "run lutrace on the host, not in the container");
	free(text);
}

static void look_at_lockdown(struct doctor *d)
{
	char *text = text_of(d, "/sys/kernel/security/lockdown");
	struct stat st;

	d->locked = text && strstr(text, "[confidentiality]");
	if (d->locked)
		add(d, "lockdown", FOR_WALK | FOR_TRACEFS, FINDING_MISSING,
		    xstrdup("the kernel is locked down (confidentiality): programs that read its "
			    "memory are refused, those of record do not; and tracefs is empty"),
		    KERNEL_UNLOCK);
	else if (text)
		ok(d, "lockdown", FOR_WALK, "lockdown is \"%s\", which refuses nothing here",
		   text);
	else if (!lstat_at(d, "/sys/kernel/security/lsm", &st))
		ok(d, "lockdown", FOR_WALK, "no lockdown is seen (/sys/kernel/security/lockdown "
		   "is not there)");
	else if (d->from->btf && !has_function(d, "lockdown_is_locked_down"))
		ok(d, "lockdown", FOR_WALK, "this kernel has no lockdown");
	else
		add(d, "lockdown", FOR_WALK, FINDING_UNKNOWN,
		    xstrdup("securityfs is not mounted, so lockdown cannot be seen"),
		    "mount securityfs on /sys/kernel/security, if the kernel has it");
	free(text);
}

static void look_at_paranoid(struct doctor *d)
{
	char *text = text_of(d, "/proc/sys/kernel/perf_event_paranoid");

	if (text)
		ok(d, "perf-event-paranoid", 0, "%s; it is about perf, and changes nothing for who "
		   "has CAP_PERFMON",
		   text);
	free(text);
}

/* /proc/kallsyms has the addresses, or zeros: that is asked, not derived. */
static void look_at_kallsyms(struct doctor *d)
{
	char *full = at(d, "/proc/kallsyms"), line[64] = "";
	FILE *f = fopen(full, "re");

	free(full);
	if (f && fgets(line, sizeof(line), f) && strtoull(line, NULL, 16))
		ok(d, "kallsyms", FOR_WALK, "/proc/kallsyms shows addresses");
	else if (*line)
		add(d, "kallsyms", FOR_WALK, FINDING_MISSING,
		    xstrdup("/proc/kallsyms hides its addresses"),
		    "run as root, or with CAP_SYSLOG, and set kernel.kptr_restrict to 0 or 1");
	else
		add(d, "kallsyms", FOR_WALK, FINDING_MISSING,
		    xstrdup("there is no /proc/kallsyms to read"),
		    "mount proc on /proc; CONFIG_KALLSYMS=y");
	if (f)
		fclose(f);
}

static void look_at_kcore(struct doctor *d)
{
	char *full = at(d, "/proc/kcore");
	struct stat st;

	if (lstat_at(d, "/proc/kcore", &st))
		add(d, "kcore", FOR_WALK, FINDING_MISSING, xstrdup("there is no /proc/kcore"),
		    "CONFIG_PROC_KCORE=y");
	else if (faccessat(AT_FDCWD, full, R_OK, AT_EACCESS))
		add(d, "kcore", FOR_WALK, FINDING_MISSING,
		    xstrdup("/proc/kcore is there, and this user may not read it"),
		    CAPS_REMEDY(CAPS_FOR_WALK));
	else
		ok(d, "kcore", FOR_WALK, "/proc/kcore is there");
	free(full);
}

/* Trace buffers. Nothing is asked for below a path that is not mounted: a look can mount tracefs. */

/* What record does where BPF cannot be used, with a mount of tracefs. */
static void look_at_trace_instances(struct doctor *d, const char *mount)
{
	char *path = xasprintf("%s%s/instances", d->from->root, mount), *events;
	struct stat st;
	int err;

	if (!access(path, W_OK))
		ok(d, "trace-instances", FOR_TRACEFS, "this process can make an instance of "
		   "tracefs");
	else
		add(d, "trace-instances", FOR_TRACEFS, FINDING_MISSING,
		    xasprintf("this process cannot make an instance of tracefs (%s)",
			      strerror(errno)),
		    d->locked ? KERNEL_UNLOCK : "run as root");
	free(path);
	events = xasprintf("%s/events/iommu_liveupdate", mount);
	err = lstat_at(d, events, &st);
	if (!err)
		ok(d, "trace-events", FOR_TRACEFS, "tracefs has the tracepoints of the series");
	else
		add(d, "trace-events", FOR_TRACEFS,
		    err == EACCES ? FINDING_UNKNOWN : FINDING_MISSING,
		    xasprintf("tracefs has no %s (%s)", events, strerror(err)),
		    d->locked ? KERNEL_UNLOCK : err == EACCES ? "run as root" : SERIES);
	free(events);
}

static void look_at_tracefs(struct doctor *d)
{
	char *mounts = text_of(d, "/proc/self/mounts");
	char *path = mounts ? mount_point(mounts, "tracefs") : NULL;

	if (path) {
		ok(d, "tracefs", FOR_TRACEFS, "mounted on %s", path);
		look_at_trace_instances(d, path);
	} else {
		add(d, "tracefs", FOR_TRACEFS, mounts ? FINDING_MISSING : FINDING_UNKNOWN,
		    xstrdup("tracefs is not mounted; who has BPF does not need it"),
		    "mount -t tracefs tracefs /sys/kernel/tracing");
	}
	free(path);
	free(mounts);
}

/* The name behind the last separator of the next KEY= word, or "". */
static const char *next_name(const char *cmdline, const char *key, char separator,
			     char name[64], const char **rest)
{
	const char *word = cmdline, *end, *last;
	size_t len;

	name[0] = '\0';
	while ((word = strstr(word, key)) && word != cmdline && word[-1] != ' ')
		word++;
	if (!word) {
		*rest = NULL;
		return name;
	}
	end = word + strcspn(word, " ");
	*rest = end;
	last = memrchr(word, separator, end - word);
	len = last ? (size_t)(end - last - 1) : 0;
	if (len && len < 64) {
		memcpy(name, last + 1, len);
		name[len] = '\0';
	}
	return name;
}

static bool names_reserved(const char *cmdline, const char *wanted)
{
	char name[64];

	while (cmdline)
		if (!strcmp(next_name(cmdline, "reserve_mem=", ':', name, &cmdline), wanted) &&
		    *name)
			return true;
	return false;
}

static void look_at_ring(struct doctor *d)
{
	static const char advice[] =
		"boot cold with reserve_mem=8M:4096:lutrace "
		"trace_instance=boot_map^traceoff@lutrace, and the same in the next kernel";
	const char *rest = d->cmdline;
	char name[64] = "";
	bool wants = false;

	while (rest && !*name) {
		next_name(rest, "trace_instance=", '@', name, &rest);
		wants |= *name != '\0';
	}
	if (!d->cmdline)
		add(d, "persistent-ring", 0, FINDING_UNKNOWN,
		    xstrdup("/proc/cmdline cannot be read"), "mount proc on /proc");
	else if (!wants)
		add(d, "persistent-ring", 0, FINDING_MISSING,
		    xstrdup("no trace buffer comes through a kexec; nothing but the trace of the "
			    "last moments needs one"),
		    advice);
	else if (!names_reserved(d->cmdline, name))
		add(d, "persistent-ring", 0, FINDING_MISSING,
		    xasprintf("trace_instance= wants the memory \"%s\", and no reserve_mem= has "
			      "that name",
			      name),
		    advice);
	else if (strlen(name) > RESERVE_NAME_MAX)
		add(d, "persistent-ring", 0, FINDING_MISSING,
		    xasprintf("the name \"%s\" is longer than %d characters", name,
			      RESERVE_NAME_MAX),
		    advice);
	else
		ok(d, "persistent-ring", 0, "a trace buffer is in the reserved memory \"%s\"",
		   name);
}

/* What the kernel says of a live update: record, check and top do without, and say less. */
static void look_at_klog(struct doctor *d)
{
	char *path = xasprintf("%s/dev/kmsg", d->from->root);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), err = errno;

	if (fd >= 0)
		ok(d, "kernel-log", 0, "/dev/kmsg can be read");
	else
		add(d, "kernel-log", 0, FINDING_MISSING,
		    xasprintf("the kernel's complaints about a live update are not seen (/dev/kmsg: "
			      "%s)", strerror(err)),
		    err == EPERM || err == EACCES ?
		    "CAP_SYSLOG, or sysctl -w kernel.dmesg_restrict=0" : "CONFIG_PRINTK=y");
	if (fd >= 0)
		close(fd);
	free(path);
}

/* The live update itself */

/* What can be seen of KHO by whom: the device, debugfs, the command line. */
static void look_at_kho(struct doctor *d, enum cmdline_switch asked)
{
	bool built_in = has_function(d, "kho_preserve_folio");
	struct stat st;
	int err;

	if (d->from->btf && !built_in) {
		add(d, "kho", FOR_UPDATE, FINDING_MISSING,
		    xstrdup("this kernel has no kexec handover"), "CONFIG_KEXEC_HANDOVER=y");
		return;
	}
	err = lstat_at(d, "/sys/kernel/debug/kho", &st);
	if (!err || !lstat_at(d, "/dev/liveupdate", &st))
		ok(d, "kho", FOR_UPDATE, "kexec handover is on (%s is there)",
		   err ? "/dev/liveupdate" : "/sys/kernel/debug/kho");
	else if (asked == CMDLINE_ON && err != ENOENT)
		add(d, "kho", FOR_UPDATE, FINDING_UNKNOWN,
		    xasprintf("kho=on was asked for; whether it is on is not seen "
			      "(/sys/kernel/debug/kho: %s)", strerror(err)),
		    "run as root, with debugfs mounted");
	else if (asked == CMDLINE_ON)
		add(d, "kho", FOR_UPDATE, FINDING_UNKNOWN,
		    xstrdup("kho=on was asked for; whether it is on is not seen (debugfs is not "
			    "mounted, or the kernel has no CONFIG_KEXEC_HANDOVER_DEBUGFS)"),
		    "mount -t debugfs debugfs /sys/kernel/debug; look for KHO in the kernel log");
	else
		add(d, "kho", FOR_UPDATE, FINDING_MISSING,
		    xasprintf("kexec handover is %s",
			      asked == CMDLINE_OFF ? "switched off on the command line" :
			      "not seen to be on, and kho=on is not on the command line"),
		    "boot with kho=on liveupdate=on");
}

static void look_at_luo(struct doctor *d, enum cmdline_switch asked)
{
	struct stat st;
	int err = lstat_at(d, "/dev/liveupdate", &st);

	if (!err) {
		ok(d, "liveupdate", FOR_UPDATE, "/dev/liveupdate is there (lutrace never opens "
		   "it)");
		return;
	}
	if (d->from->btf && !has_function(d, "liveupdate_enabled"))
		add(d, "liveupdate", FOR_UPDATE, FINDING_MISSING,
		    xstrdup("this kernel has no Live Update Orchestrator"),
		    "CONFIG_LIVEUPDATE=y");
	else
		add(d, "liveupdate", FOR_UPDATE, FINDING_MISSING,
		    xasprintf("/dev/liveupdate is not there (%s), and liveupdate=on is %son the "
			      "command line",
			      strerror(err), asked == CMDLINE_ON ? "" : "not "),
		    asked == CMDLINE_ON ? "boot with kho=on as well; look in the kernel log" :
		    "boot with kho=on liveupdate=on");
}

static void look_at_kexec(struct doctor *d)
{
	char *disabled = text_of(d, "/proc/sys/kernel/kexec_load_disabled");

	if (!disabled)
		add(d, "kexec", FOR_UPDATE, FINDING_MISSING,
		    xstrdup("this kernel has no kexec (/proc/sys/kernel/kexec_load_disabled is "
			    "not there)"),
		    "CONFIG_KEXEC_FILE=y");
	else if (strcmp(disabled, "0"))
		add(d, "kexec", FOR_UPDATE, FINDING_MISSING,
		    xstrdup("kernel.kexec_load_disabled is set, until the next boot"),
		    "do not set it, or load the next kernel before it is set");
	else
		ok(d, "kexec", FOR_UPDATE, "a next kernel can be loaded");
	free(disabled);
}

void doctor__look(const struct doctor_from *from, struct findings *out)
{
	struct doctor d = { .from = from, .out = out };
	struct cmdline asked = { 0 };

	d.cmdline = text_of(&d, "/proc/cmdline");
	if (d.cmdline)
		cmdline__read(d.cmdline, &asked);
	read_caps(&d);
	look_at_btf(&d);
	look_at_tracepoints(&d);
	look_at_types(&d);
	look_at_bpf(&d);
	look_at_caps(&d);
	look_at_userns(&d);
	look_at_lockdown(&d);
	look_at_paranoid(&d);
	look_at_kallsyms(&d);
	look_at_kcore(&d);
	look_at_tracefs(&d);
	look_at_ring(&d);
	look_at_klog(&d);
	look_at_kho(&d, asked.kho);
	look_at_luo(&d, asked.liveupdate);
	look_at_kexec(&d);
	free(d.cmdline);
}
