/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctls of /dev/iommu that luctl needs. They return a negative errno and say nothing. */
#ifndef LUCTL_IOMMUFD_H
#define LUCTL_IOMMUFD_H

#include <stdbool.h>
#include <stdint.h>

struct iommufd;

/* What the kernel says of a HWPT; see struct iommu_hwpt_liveupdate_query */
struct iommufd_state {
	uint32_t bits; /* IOMMU_HWPT_LIVEUPDATE_MARKED, _PRESERVED, _RECLAIMED */
	uint64_t token;
	uint64_t nr_leaves; /* page table entries that were compared with the memory */
	uint64_t nr_pinned; /* pages */
};

struct iommufd_reclaimed {
	uint32_t hwpt_id;
	uint32_t ioas_id;
};

/* Reports and returns NULL when it fails */
struct iommufd *iommufd__open(void);
/* Takes over @fd, an iommufd that a session gave back */
struct iommufd *iommufd__adopt(int fd);
void iommufd__close(struct iommufd *iommufd);
int iommufd__fd(const struct iommufd *iommufd);

int iommufd__alloc_ioas(struct iommufd *iommufd, uint32_t *ioas_id);
int iommufd__alloc_hwpt(struct iommufd *iommufd, uint32_t dev_id, uint32_t ioas_id,
			uint32_t *hwpt_id);
int iommufd__destroy(struct iommufd *iommufd, uint32_t id);

/* All mappings are at fixed IOVAs */
int iommufd__map_file(struct iommufd *iommufd, uint32_t ioas_id, int fd, uint64_t offset,
		      uint64_t length, uint64_t iova, bool readable, bool writable);
int iommufd__map(struct iommufd *iommufd, uint32_t ioas_id, void *memory, uint64_t length,
		 uint64_t iova);
int iommufd__unmap(struct iommufd *iommufd, uint32_t ioas_id, uint64_t iova, uint64_t length);

int iommufd__mark(struct iommufd *iommufd, uint32_t hwpt_id, uint64_t token);
int iommufd__reclaim(struct iommufd *iommufd, uint32_t dev_id, uint64_t token,
		     struct iommufd_reclaimed *out);
int iommufd__query(struct iommufd *iommufd, uint32_t hwpt_id, struct iommufd_state *out);

#endif
