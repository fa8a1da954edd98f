/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own log, message by message, as /dev/kmsg gives it to each reader. What a message means is
 * its reader's business: complaints (lutrace), faults of an IOMMU (luctl).
 */
#ifndef LIB_KMSG_H
#define LIB_KMSG_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/fault.h"

#define KMSG_DEVICE	"/dev/kmsg"

/* Levels of the kernel's messages; a lower one is worse. */
#define KMSG_ERROR	3

/* A place in the log. It begins at the oldest message that is there. */
struct kmsg;

/* Opens @path, /dev/kmsg or another that gives a message with each read. NULL with @fault set: it cannot. */
struct kmsg *kmsg__open(const char *path, struct fault *fault);
/* The same of an open file that does not block, which is closed at the end. */
struct kmsg *kmsg__new(int fd);
void kmsg__free(struct kmsg *kmsg);

/* Goes behind the newest message. */
void kmsg__skip(struct kmsg *kmsg);
/*
 * The next message, all lines of it, until the next call; NULL if there is none now. Of messages that were
 * overwritten before they were read nothing is said: their numbers are missing.
 */
const char *kmsg__next(struct kmsg *kmsg);

/* One message, read. */
struct kmsg_message {
	bool is_kernels;	/* else somebody wrote it into /dev/kmsg, and it may say anything */
	unsigned int level;
	uint64_t number;	/* one more than that of the message before */
	const char *text;	/* in the message; ends at its first line end, or at its end */
	int length;		/* of that text */
};

/* False if @raw is not as a read of /dev/kmsg gives it. */
bool kmsg__parse(const char *raw, struct kmsg_message *message);

#endif
