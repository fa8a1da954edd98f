// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of /dev/iommu: see iommufd.h. Called by all steps that have an iommufd. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "kernel/iommufd.h"
#include "drive/say.h"

#define IOMMU_DEVICE "/dev/iommu"

struct iommufd {
	int fd;
};

struct iommufd *iommufd__adopt(int fd)
{
	struct iommufd *iommufd = calloc(1, sizeof(*iommufd));

	if (!iommufd) {
		close(fd);
		say__errno(-ENOMEM, "no memory for the iommufd");
		return NULL;
	}
	iommufd->fd = fd;
	return iommufd;
}

struct iommufd *iommufd__open(void)
{
	int fd = open(IOMMU_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		say__errno(-errno,
			   "open " IOMMU_DEVICE " failed (it needs CONFIG_IOMMUFD and root)");
		return NULL;
	}
	return iommufd__adopt(fd);
}

void iommufd__close(struct iommufd *iommufd)
{
	if (!iommufd)
		return;
	close(iommufd->fd);
	free(iommufd);
}

int iommufd__fd(const struct iommufd *iommufd)
{
	return iommufd->fd;
}

static int iommufd__call(struct iommufd *iommufd, unsigned long nr, void *cmd)
{
	return ioctl(iommufd->fd, nr, cmd) < 0 ? -errno : 0;
}

int iommufd__alloc_ioas(struct iommufd *iommufd, uint32_t *ioas_id)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int err = iommufd__call(iommufd, IOMMU_IOAS_ALLOC, &cmd);

	*ioas_id = cmd.out_ioas_id;
	return err;
}

int iommufd__alloc_hwpt(struct iommufd *iommufd, uint32_t dev_id, uint32_t ioas_id,
			uint32_t *hwpt_id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.dev_id = dev_id,
		.pt_id = ioas_id,
		.data_type = IOMMU_HWPT_DATA_NONE,
	};
	int err = iommufd__call(iommufd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt_id = cmd.out_hwpt_id;
	return err;
}

int iommufd__destroy(struct iommufd *iommufd, uint32_t id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return iommufd__call(iommufd, IOMMU_DESTROY, &cmd);
}

int iommufd__map_file(struct iommufd *iommufd, uint32_t ioas_id, int fd, uint64_t offset,
		      uint64_t length, uint64_t iova, bool readable, bool writable)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | (readable ? IOMMU_IOAS_MAP_READABLE : 0) |
			 (writable ? IOMMU_IOAS_MAP_WRITEABLE : 0),
		.ioas_id = ioas_id,
		.fd = fd,
		.start = offset,
		.length = length,
		.iova = iova,
	};

	return iommufd__call(iommufd, IOMMU_IOAS_MAP_FILE, &cmd);
}

int iommufd__map(struct iommufd *iommufd, uint32_t ioas_id, void *memory, uint64_t length,
		 uint64_t iova)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = ioas_id,
		.user_va = (uintptr_t)memory,
		.length = length,
		.iova = iova,
	};

	return iommufd__call(iommufd, IOMMU_IOAS_MAP, &cmd);
}

int iommufd__unmap(struct iommufd *iommufd, uint32_t ioas_id, uint64_t iova, uint64_t length)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas_id,
		.iova = iova,
		.length = length,
	};

	return iommufd__call(iommufd, IOMMU_IOAS_UNMAP, &cmd);
}

int iommufd__mark(struct iommufd *iommufd, uint32_t hwpt_id, uint64_t token)
{
	struct iommu_hwpt_liveupdate_mark_preserve cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt_id,
		.hwpt_token = token,
	};

	return iommufd__call(iommufd, IOMMU_HWPT_LIVEUPDATE_MARK_PRESERVE, &cmd);
}

int iommufd__reclaim(struct iommufd *iommufd, uint32_t dev_id, uint64_t token,
		     struct iommufd_reclaimed *out)
{
	struct iommu_hwpt_liveupdate_reclaim cmd = {
		.size = sizeof(cmd),
		.dev_id = dev_id,
		.hwpt_token = token,
	};
	int err = iommufd__call(iommufd, IOMMU_HWPT_LIVEUPDATE_RECLAIM, &cmd);

	out->hwpt_id = cmd.out_hwpt_id;
	out->ioas_id = cmd.out_ioas_id;
	return err;
}

int iommufd__query(struct iommufd *iommufd, uint32_t hwpt_id, struct iommufd_state *out)
{
	struct iommu_hwpt_liveupdate_query cmd = { .size = sizeof(cmd), .hwpt_id = hwpt_id };
	int err = iommufd__call(iommufd, IOMMU_HWPT_LIVEUPDATE_QUERY, &cmd);

	out->bits = cmd.out_state;
	out->token = cmd.out_hwpt_token;
	out->nr_leaves = cmd.out_nr_leaves;
	out->nr_pinned = cmd.out_nr_pinned;
	return err;
}
