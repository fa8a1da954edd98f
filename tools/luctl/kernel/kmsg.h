/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel log, where the IOMMU's faults are. */
#ifndef LUCTL_KMSG_H
#define LUCTL_KMSG_H

#include <stdbool.h>
#include <stdint.h>

struct kmsg;

/* Starts after the newest message. Reports and returns NULL when it fails. */
struct kmsg *kmsg__open(void);
void kmsg__close(struct kmsg *kmsg);

/* Forgets all messages so far */
void kmsg__skip(struct kmsg *kmsg);

/*
 * Waits up to @wait_ms for a message that reports a fault of the device at the page of @iova,
 * on a read or a write by the device.
 */
bool kmsg__wait_fault(struct kmsg *kmsg, const char *bdf, uint64_t iova, bool write,
		      unsigned int wait_ms);

#endif
