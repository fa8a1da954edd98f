/* SPDX-License-Identifier: GPL-2.0-only */
/* The DMA engine of QEMU's "edu" device, the real DMA of luctl's probes. */
#ifndef LUCTL_EDU_H
#define LUCTL_EDU_H

#include <stdint.h>

struct edu;
struct vfio;

/* The most that one transfer moves: QEMU 7.2 kills the machine if one ends at the buffer's end */
#define EDU_MAX_LENGTH 2048u

/* Takes a device that is bound and attached. Reports and returns NULL if it is no edu. */
struct edu *edu__open(struct vfio *vfio);
void edu__close(struct edu *edu);

/*
 * One DMA between memory at @iova and the start of the device's buffer: load reads memory, store
 * writes it. Nobody says whether the IOMMU let it through; the calls fail if it does not end.
 */
int edu__load(struct edu *edu, uint64_t iova, uint32_t length);
int edu__store(struct edu *edu, uint64_t iova, uint32_t length);

#endif
