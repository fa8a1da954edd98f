/* SPDX-License-Identifier: GPL-2.0-only */
/* A PCI device through its VFIO character device. All calls report what fails. */
#ifndef LUCTL_VFIO_H
#define LUCTL_VFIO_H

#include <stddef.h>
#include <stdint.h>

struct vfio;

/* Gives the device to vfio-pci if another driver or none has it, and opens it */
struct vfio *vfio__open(const char *bdf);
void vfio__close(struct vfio *vfio);

/* Binds it to the iommufd, which resets the device; everything below works only then */
int vfio__bind(struct vfio *vfio, int iommufd);
uint32_t vfio__dev_id(const struct vfio *vfio);
const char *vfio__bdf(const struct vfio *vfio);

int vfio__attach(struct vfio *vfio, uint32_t hwpt_id);
int vfio__detach(struct vfio *vfio);
int vfio__enable_bus_master(struct vfio *vfio);
/* Vendor in the high half, device in the low one */
int vfio__read_id(struct vfio *vfio, uint32_t *id);

/* Maps BAR 0; NULL when it fails */
volatile void *vfio__map_bar0(struct vfio *vfio, size_t min_size);

#endif
