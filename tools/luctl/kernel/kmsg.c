// SPDX-License-Identifier: GPL-2.0-only
/* Faults in the kernel log: see kmsg.h. Called by the DMA probes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "probe/iommu_fault.h"
#include "kernel/kmsg.h"
#include "drive/say.h"

#define KMSG_DEVICE "/dev/kmsg"
#define RECORD_SIZE 8192
#define POLL_MS 10u

struct kmsg {
	int fd;
	char record[RECORD_SIZE];
};

struct kmsg *kmsg__open(void)
{
	struct kmsg *kmsg = calloc(1, sizeof(*kmsg));

	if (!kmsg) {
		say__errno(-ENOMEM, "no memory for the kernel log");
		return NULL;
	}
	kmsg->fd = open(KMSG_DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg->fd < 0 || lseek(kmsg->fd, 0, SEEK_END) < 0) {
		say__errno(-errno, "open " KMSG_DEVICE " failed (probes need the kernel log; "
				   "it needs CONFIG_PRINTK and root)");
		kmsg__close(kmsg);
		return NULL;
	}
	return kmsg;
}

void kmsg__close(struct kmsg *kmsg)
{
	if (!kmsg)
		return;
	if (kmsg->fd >= 0)
		close(kmsg->fd);
	free(kmsg);
}

void kmsg__skip(struct kmsg *kmsg)
{
	lseek(kmsg->fd, 0, SEEK_END);
}

/* One record into kmsg->record; false when there is none now */
static bool kmsg__read_record(struct kmsg *kmsg)
{
	ssize_t n;

	do
		n = read(kmsg->fd, kmsg->record, sizeof(kmsg->record) - 1);
	while (n < 0 && (errno == EPIPE || errno == EINTR));
	if (n < 0)
		return false;
	kmsg->record[n] = '\0';
	return true;
}

bool kmsg__wait_fault(struct kmsg *kmsg, const char *bdf, uint64_t iova, bool write,
		      unsigned int wait_ms)
{
	static const struct timespec wait = { .tv_nsec = POLL_MS * 1000000L };
	unsigned int waited;

	for (waited = 0;; waited += POLL_MS) {
		while (kmsg__read_record(kmsg))
			if (fault__is(kmsg->record, bdf, iova, write))
				return true;
		if (waited >= wait_ms)
			return false;
		nanosleep(&wait, NULL);
	}
}
