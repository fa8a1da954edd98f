// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log, message by message. Both tools call it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/kmsg.h"
#include "lib/mem.h"
#include "lib/number.h"

/* The kernel gives no more at once. */
#define KMSG_MESSAGE_SIZE	8192

/* The priority is the level and, above it, a facility, which of the kernel is 0. */
#define KMSG_LEVEL_BITS		7u

struct kmsg {
	int fd;
	char message[KMSG_MESSAGE_SIZE];
};

struct kmsg *kmsg__new(int fd)
{
	struct kmsg *kmsg = xcalloc(1, sizeof(*kmsg));

	kmsg->fd = fd;
	return kmsg;
}

struct kmsg *kmsg__open(const char *path, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		fault__set(fault, "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	return kmsg__new(fd);
}

void kmsg__free(struct kmsg *kmsg)
{
	if (!kmsg)
		return;
	close(kmsg->fd);
	free(kmsg);
}

void kmsg__skip(struct kmsg *kmsg)
{
	lseek(kmsg->fd, 0, SEEK_END);
}

const char *kmsg__next(struct kmsg *kmsg)
{
	ssize_t n;

	/* EPIPE: those that were to come are overwritten, and the next is the oldest there is */
	do
		n = read(kmsg->fd, kmsg->message, sizeof(kmsg->message) - 1);
	while (n < 0 && (errno == EPIPE || errno == EINTR));
	if (n <= 0)
		return NULL;
	kmsg->message[n] = '\0';
	return kmsg->message;
}

/* "PRIORITY,NUMBER,TIME,FLAGS...;TEXT", and more lines, of the device that it is about */
bool kmsg__parse(const char *raw, struct kmsg_message *message)
{
	const char *end, *text = strchr(raw, ';');
	uint64_t priority, number;

	end = number__scan(raw, &priority);
	if (!text || !end || *end != ',')
		return false;
	end = number__scan(end + 1, &number);
	if (!end || *end != ',')
		return false;
	text++;
	*message = (struct kmsg_message){
		.is_kernels = priority <= KMSG_LEVEL_BITS,
		.level = priority & KMSG_LEVEL_BITS, .number = number, .text = text,
		.length = strcspn(text, "\n"),
	};
	return true;
}
