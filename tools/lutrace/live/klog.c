// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "live/klog.h"

#define DEVICE		"/dev/kmsg"
/* The kernel gives no more at once. */
#define MESSAGE_SIZE	8192
#define LEVEL_ERR	3
#define LEVEL_BITS	7u
#define LEVEL_SHIFT	3

struct klog {
	int fd;
	bool is_next_known;
	__u64 next;			/* number of the message to come */
	char message[MESSAGE_SIZE];
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Of the series, of the Live Update Orchestrator, and of KHO, where they say what went wrong. */
static bool is_error(const char *text)
{
	static const char *const prefixes[] = {
		"iommu: liveupdate: ", "luo_core: ", "luo_file: ", "luo_flb: ", "luo_session: ",
		"KHO: ", "kho_block: ",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (begins(text, prefixes[i]))
			return true;
	return false;
}

static bool is_warning(const char *text)
{
	return (begins(text, "WARNING: ") || begins(text, "kernel BUG at ")) &&
	       (strstr(text, "drivers/iommu/") || strstr(text, "kernel/liveupdate/"));
}

bool klog__is_complaint(unsigned int level, const char *text)
{
	return is_warning(text) || (level <= LEVEL_ERR && is_error(text));
}

struct klog *klog__new(int fd)
{
	struct klog *klog = xcalloc(1, sizeof(*klog));

	klog->fd = fd;
	return klog;
}

struct klog *klog__open(struct fault *fault)
{
	int fd = open(DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		fault__set(fault, "cannot read " DEVICE ": %s", strerror(errno));
		return NULL;
	}
	return klog__new(fd);
}

void klog__free(struct klog *klog)
{
	if (!klog)
		return;
	close(klog->fd);
	free(klog);
}

void klog__skip(struct klog *klog)
{
	lseek(klog->fd, 0, SEEK_END);
	klog->is_next_known = false;
}

/* The next message; false if there is none now. */
static bool next_message(struct klog *klog)
{
	ssize_t n;

	/* EPIPE: those that were to come are overwritten, and the next is the oldest there is */
	do
		n = read(klog->fd, klog->message, sizeof(klog->message) - 1);
	while (n < 0 && (errno == EPIPE || errno == EINTR));
	if (n <= 0)
		return false;
	klog->message[n] = '\0';
	return true;
}

static struct lutrace_complaint complaint(__u64 now_ns)
{
	return (struct lutrace_complaint){
		.rec = { LUTRACE_REC_COMPLAINT, sizeof(struct lutrace_complaint) },
		.time_ns = now_ns, .whole = LUTRACE_WHOLE,
	};
}

/*
 * "PRIORITY,NUMBER,TIME,FLAGS...;TEXT", and more lines that are not wanted. The priority has the
 * facility, which of the kernel is 0: others can write what they want.
 */
static void take(struct klog *klog, __u64 now_ns, complaint_fn fn, void *priv)
{
	struct lutrace_complaint c = complaint(now_ns);
	char *text = strchr(klog->message, ';');
	unsigned int priority;
	__u64 number;

	if (!text || sscanf(klog->message, "%u,%llu,", &priority, &number) != 2)
		return;
	if (klog->is_next_known && number > klog->next) {
		c.lost = number - klog->next;
		fn(priv, &c);
		c.lost = 0;
	}
	klog->next = number + 1;
	klog->is_next_known = true;
	text++;
	text[strcspn(text, "\n")] = '\0';
	if (priority >> LEVEL_SHIFT || !klog__is_complaint(priority & LEVEL_BITS, text))
		return;
	snprintf(c.text, sizeof(c.text), "%s", text);
	fn(priv, &c);
}

void klog__read(struct klog *klog, __u64 now_ns, complaint_fn fn, void *priv)
{
	while (next_message(klog))
		take(klog, now_ns, fn, priv);
}
