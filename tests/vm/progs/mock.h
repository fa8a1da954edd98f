/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mock devices of a kernel with CONFIG_IOMMUFD_TEST. Their IOMMU has kinds of page tables that
 * VT-d in QEMU does not offer, and maps units of 2 KiB at IOVAs from 16 MiB to 2 GiB.
 */
#ifndef PROGS_MOCK_H
#define PROGS_MOCK_H

#include <stdint.h>

struct iommufd;

#define MOCK_GRANULE	2048u

/* Type and content of iommu_hwpt_alloc's data for one of the mock's page tables */
#define MOCK_HWPT_DATA	0xdeadu

struct mock_hwpt_data {
	uint32_t iotlb;
	uint32_t pagetable_type;
};

enum {
	MOCK_PAGETABLE_HUGE = 1,
};

struct mock_device {
	uint32_t dev_id;
	uint32_t auto_hwpt_id;	/* of the domain that attaching to the IOAS made */
};

/* All return a negative errno and say nothing. The device goes with the iommufd. */
int mock__add_device(struct iommufd *iommufd, uint32_t ioas_id, struct mock_device *out);
/* Does the HWPT, a mock's, map [@iova, @iova + @length) to the pages of @memory? -EINVAL if not */
int mock__check_map(struct iommufd *iommufd, uint32_t hwpt_id, uint64_t iova, uint64_t length,
		    const void *memory);
/* Arrays of the kernel that hold pages for a moment have @bytes at most, until the next boot */
int mock__limit_memory(struct iommufd *iommufd, uint32_t bytes);
/* Returns a file descriptor */
int mock__get_dmabuf(struct iommufd *iommufd, uint32_t length);

#endif
