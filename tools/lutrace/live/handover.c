// SPDX-License-Identifier: GPL-2.0-only
/* How the running kernel came up: called when a recording begins, while debugfs may be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/kmsg.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/handover.h"

#define KHO		"%s/sys/kernel/debug/kho/"
#define METADATA	"/sub_fdts/kexec-metadata"

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
	struct kmsg_message message;
	int end = 0;

	if (!kmsg__parse(line, &message) || !message.is_kernels)
		return false;
	if (sscanf(message.text, "KHO: exec from: %64s (count %u)%n",
		   found.previous_release, &found.kexec_count, &end) != 2 || !end)
		return false;
	make_printable(found.previous_release);
	*h = found;
	return true;
}

/* That the line is not there tells nothing: the log may have lost its beginning. */
static void handover__from_log(const char *root, struct handover *h)
{
	char *path = xasprintf("%s" KMSG_DEVICE, root);
	struct fault fault;
	struct kmsg *kmsg = kmsg__open(path, &fault);
	const char *line;

	free(path);
	if (!kmsg)
		return;
	while ((line = kmsg__next(kmsg)) && !handover__parse_line(line, h))
		;
	kmsg__free(kmsg);
}

struct handover handover__read(const char *root)
{
	struct handover h = { .previous_release = "" };

	if (!handover__from_debugfs(root, &h))
		handover__from_log(root, &h);
	return h;
}
