// SPDX-License-Identifier: GPL-2.0-only
/* How the running kernel came up: called when a recording begins, while debugfs may be read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/handover.h"

#define KHO		"%s/sys/kernel/debug/kho/"
#define METADATA	"/sub_fdts/kexec-metadata"
#define KMSG		"%s/dev/kmsg"
/* The kernel gives no more of its log at once. */
#define MESSAGE_SIZE	8192

#define METADATA_VERSION	1

/* struct kho_kexec_metadata of the kernel, in include/linux/kho/abi/kexec_metadata.h */
struct metadata {
	__u32 version;
	char previous_release[HANDOVER_RELEASE_SIZE];
	__u32 kexec_count;
} __attribute__((packed));

/* What stands in kho/SIDE; false if it is not there or of another version. */
static bool handover__read_metadata(const char *root, const char *side, struct metadata *m)
{
	char *path = xasprintf(KHO "%s" METADATA, root, side);
	struct fault fault;
	size_t size = 0;
	char *data = read_file(path, &size, &fault);
	bool good = data && size >= sizeof(*m);

	if (good) {
		memcpy(m, data, sizeof(*m));
		good = m->version == METADATA_VERSION;
	}
	free(path);
	free(data);
	return good;
}

/*
 * What the kernel writes for the next one counts the jump to it already, and is there after a cold
 * boot too. It is not there with another version of KHO: then nothing is known.
 */
static bool handover__from_debugfs(const char *root, struct handover *h)
{
	struct metadata in = { 0 }, out;

	if (!handover__read_metadata(root, "out", &out) || !out.kexec_count)
		return false;
	h->kexec_count = out.kexec_count - 1;
	h->has_kexec_count = true;
	if (h->kexec_count && handover__read_metadata(root, "in", &in))
		snprintf(h->previous_release, sizeof(h->previous_release), "%.*s",
			 HANDOVER_RELEASE_SIZE - 1, in.previous_release);
	make_printable(h->previous_release);
	return true;
}

bool handover__parse_line(const char *line, struct handover *h)
{
	struct handover found = { .has_kexec_count = true };
	unsigned int priority;
	int end = 0;

	/* The facility in the priority is the kernel's, 0: others can write what they want. */
	if (sscanf(line, "%u,", &priority) != 1 || priority >> 3 || !strchr(line, ';'))
		return false;
	if (sscanf(strchr(line, ';'), ";KHO: exec from: %64s (count %u)%n",
		   found.previous_release, &found.kexec_count, &end) != 2 || !end)
		return false;
	make_printable(found.previous_release);
	*h = found;
	return true;
}

/* That the line is not there tells nothing: the log may have lost its beginning. */
static void handover__from_log(const char *root, struct handover *h)
{
	char *path = xasprintf(KMSG, root), message[MESSAGE_SIZE];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = 0;

	free(path);
	if (fd < 0)
		return;
	do {
		/* EPIPE: messages were overwritten meanwhile, and the next is the oldest there is */
		n = read(fd, message, sizeof(message) - 1);
		if (n > 0)
			message[n] = '\0';
	} while ((n > 0 && !handover__parse_line(message, h)) ||
		 (n < 0 && (errno == EPIPE || errno == EINTR)));
	close(fd);
}

struct handover handover__read(const char *root)
{
	struct handover h = { .previous_release = "" };

	if (!handover__from_debugfs(root, &h))
		handover__from_log(root, &h);
	return h;
}
