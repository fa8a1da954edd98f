// SPDX-License-Identifier: GPL-2.0-only
/* What of the kernel's log is a complaint about a live update. Called by live.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/kmsg.h"
#include "lib/mem.h"
#include "live/klog.h"

struct klog {
	struct kmsg *kmsg;
	bool is_next_known;
	__u64 next;			/* number of the message to come */
};

static bool klog__begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Of the series, of the Live Update Orchestrator, and of KHO, where they say what went wrong. */
static bool klog__is_error(const char *text)
{
	static const char *const prefixes[] = {
		"iommu: liveupdate: ", "luo_core: ", "luo_file: ", "luo_flb: ", "luo_session: ",
		"KHO: ", "kho_block: ",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (klog__begins(text, prefixes[i]))
			return true;
	return false;
}

static bool klog__is_warning(const char *text)
{
	return (klog__begins(text, "WARNING: ") || klog__begins(text, "kernel BUG at ")) &&
	       (strstr(text, "drivers/iommu/") || strstr(text, "kernel/liveupdate/"));
}

bool klog__is_complaint(unsigned int level, const char *text)
{
	return klog__is_warning(text) || (level <= KMSG_ERROR && klog__is_error(text));
}

static struct klog *klog__of(struct kmsg *kmsg)
{
	struct klog *klog = xcalloc(1, sizeof(*klog));

	klog->kmsg = kmsg;
	return klog;
}

struct klog *klog__new(int fd)
{
	return klog__of(kmsg__new(fd));
}

struct klog *klog__open(struct fault *fault)
{
	struct kmsg *kmsg = kmsg__open(KMSG_DEVICE, fault);

	return kmsg ? klog__of(kmsg) : NULL;
}

void klog__free(struct klog *klog)
{
	if (!klog)
		return;
	kmsg__free(klog->kmsg);
	free(klog);
}

void klog__skip(struct klog *klog)
{
	kmsg__skip(klog->kmsg);
	klog->is_next_known = false;
}

static struct lutrace_complaint klog__complaint(__u64 now_ns)
{
	return (struct lutrace_complaint){
		.rec = { LUTRACE_REC_COMPLAINT, sizeof(struct lutrace_complaint) },
		.time_ns = now_ns, .whole = LUTRACE_WHOLE,
	};
}

/* A message that is another's than the kernel's counts, and is no complaint. */
static void klog__take(struct klog *klog, const struct kmsg_message *m, __u64 now_ns, complaint_fn fn,
		       void *priv)
{
	struct lutrace_complaint c = klog__complaint(now_ns);
	char *text;

	if (klog->is_next_known && m->number > klog->next) {
		c.lost = m->number - klog->next;
		fn(priv, &c);
		c.lost = 0;
	}
	klog->next = m->number + 1;
	klog->is_next_known = true;
	text = xasprintf("%.*s", m->length, m->text);
	if (m->is_kernels && klog__is_complaint(m->level, text)) {
		snprintf(c.text, sizeof(c.text), "%s", text);
		fn(priv, &c);
	}
	free(text);
}

void klog__read(struct klog *klog, __u64 now_ns, complaint_fn fn, void *priv)
{
	struct kmsg_message message;
	const char *raw;

	while ((raw = kmsg__next(klog->kmsg)))
		if (kmsg__parse(raw, &message))
			klog__take(klog, &message, now_ns, fn, priv);
}
