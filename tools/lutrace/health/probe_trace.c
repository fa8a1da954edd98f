// SPDX-License-Identifier: GPL-2.0-only
/*
 * Probes of trace buffers, which lutrace record uses where BPF cannot be used, and of the kernel's
 * log. Nothing is asked for below a path that is not mounted: a look can mount tracefs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "health/probe.h"
#include "lib/mem.h"
#include "walk/kernel.h"

/* The kernel takes no longer name for reserved memory. */
#define RESERVE_NAME_MAX 15

void probe__tracefs(struct doctor *d, const struct probe *probe)
{
	if (d->tracefs)
		probe__ok(d, probe, "mounted on %s", d->tracefs);
	else if (!d->proc)
		probe__no_proc(d, probe, "tracefs is mounted");
	else
		probe__found(d, probe, d->mounts ? FINDING_MISSING : FINDING_UNKNOWN, probe->advice,
			     "tracefs is not mounted; who has BPF does not need it");
}

void probe__trace_instances(struct doctor *d, const struct probe *probe)
{
	char *path;

	if (!d->tracefs)
		return;
	path = xasprintf("%s%s/instances", d->from->root, d->tracefs);
	if (!access(path, W_OK))
		probe__ok(d, probe, "this process can make an instance of tracefs");
	else
		probe__found(d, probe, FINDING_MISSING, d->locked ? KERNEL_UNLOCK : probe->advice,
			     "this process cannot make an instance of tracefs (%s)",
			     strerror(errno));
	free(path);
}

void probe__trace_events(struct doctor *d, const struct probe *probe)
{
	struct stat st;
	char *events;
	int err;

	if (!d->tracefs)
		return;
	events = xasprintf("%s/events/iommu_liveupdate", d->tracefs);
	err = doctor__lstat(d, events, &st);
	if (!err)
		probe__ok(d, probe, "tracefs has the tracepoints of the series");
	else
		probe__found(d, probe, err == EACCES ? FINDING_UNKNOWN : FINDING_MISSING,
			     d->locked	     ? KERNEL_UNLOCK
			     : err == EACCES ? "run as root"
					     : probe->advice,
			     "tracefs has no %s (%s)", events, strerror(err));
	free(events);
}

/*
 * Puts the name behind the last @separator of the next KEY= word into @name, or "". Returns where
 * to go on, NULL at the end.
 */
static const char *ring__next_name(const char *cmdline, const char *key, char separator,
				   char name[64])
{
	struct cmdline_word word;
	const char *last;
	size_t length;

	name[0] = '\0';
	do {
		if (!cmdline__next_word(&cmdline, &word))
			return NULL;
	} while (!cmdline_word__is(&word, key) || !word.has_value);
	last = memrchr(word.value.text, separator, word.value.length);
	length = last ? word.value.text + word.value.length - last - 1 : 0;
	if (length && length < 64) {
		memcpy(name, last + 1, length);
		name[length] = '\0';
	}
	return cmdline;
}

static bool ring__is_reserved(const char *cmdline, const char *wanted)
{
	char name[64];

	while ((cmdline = ring__next_name(cmdline, "reserve_mem", ':', name)))
		if (*name && !strcmp(name, wanted))
			return true;
	return false;
}

/* A trace buffer that comes through a kexec, for the trace of the last moments. */
void probe__ring(struct doctor *d, const struct probe *probe)
{
	const char *rest = d->cmdline;
	char name[64] = "";

	if (!d->cmdline) {
		probe__found(d, probe, FINDING_UNKNOWN, MOUNT_PROC, "/proc/cmdline cannot be read");
		return;
	}
	while (rest && !*name)
		rest = ring__next_name(rest, "trace_instance", '@', name);
	if (!*name)
		probe__missing(d, probe,
			       "no trace buffer comes through a kexec; nothing but the trace "
			       "of the last moments needs one");
	else if (!ring__is_reserved(d->cmdline, name))
		probe__missing(d, probe,
			       "trace_instance= wants the memory \"%s\", and no reserve_mem= "
			       "has that name",
			       name);
	else if (strlen(name) > RESERVE_NAME_MAX)
		probe__missing(d, probe, "the name \"%s\" is longer than %d characters", name,
			       RESERVE_NAME_MAX);
	else
		probe__ok(d, probe, "a trace buffer is in the reserved memory \"%s\"", name);
}

/* What the kernel says of a live update: record, check and top do without, and say less. */
void probe__klog(struct doctor *d, const struct probe *probe)
{
	char *path = doctor__path(d, "/dev/kmsg");
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), err = errno;

	if (fd >= 0)
		probe__ok(d, probe, "/dev/kmsg can be read");
	else
		probe__found(d, probe, FINDING_MISSING,
			     err == EPERM || err == EACCES
				     ? "CAP_SYSLOG, or sysctl -w kernel.dmesg_restrict=0"
				     : probe->advice,
			     "the kernel's complaints about a live update are not seen (/dev/kmsg: "
			     "%s)",
			     strerror(err));
	if (fd >= 0)
		close(fd);
	free(path);
}
