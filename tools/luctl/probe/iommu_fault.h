/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's IOMMU drivers print when a device touches what is not mapped for it. */
#ifndef LUCTL_IOMMU_FAULT_H
#define LUCTL_IOMMU_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True if @text, one message of the kernel, reports a fault of the device at the page of @iova, on
 * a read or a write by the device.
 */
bool iommu_fault__is(const char *text, const char *bdf, uint64_t iova, bool write);

struct kmsg;

/* Waits up to @wait_ms for such a message among those that @kmsg has not given yet. */
bool iommu_fault__wait(struct kmsg *kmsg, const char *bdf, uint64_t iova, bool write,
		       unsigned int wait_ms);

#endif
