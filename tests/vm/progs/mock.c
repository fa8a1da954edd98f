// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "kernel/iommufd.h"
#include "mock.h"

enum {
	OP_MOCK_DOMAIN = 2,
	OP_MD_CHECK_MAP = 3,
	OP_SET_TEMP_MEMORY_LIMIT = 9,
	OP_DMABUF_GET = 22,
};

/* See drivers/iommu/iommufd/iommufd_test.h; the kernel refuses a shorter one */
struct test_cmd {
	uint32_t size;
	uint32_t op;
	uint32_t id;
	uint32_t reserved;
	union {
		struct {
			uint32_t out_stdev_id;
			uint32_t out_hwpt_id;
			uint32_t out_idev_id;
		} mock_domain;
		struct {
			uint64_t iova;
			uint64_t length;
			uint64_t memory;
		} check_map;
		struct {
			uint32_t limit;
		} memory_limit;
		struct {
			uint32_t length;
			uint32_t open_flags;
		} dmabuf_get;
		uint64_t room[6];
	};
	uint32_t last;
};

#define TEST_CMD	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32)

static int call(struct iommufd *iommufd, struct test_cmd *cmd)
{
	int ret = ioctl(iommufd__fd(iommufd), TEST_CMD, cmd);

	return ret < 0 ? -errno : ret;
}

int mock__add_device(struct iommufd *iommufd, uint32_t ioas_id, struct mock_device *out)
{
	struct test_cmd cmd = { .size = sizeof(cmd), .op = OP_MOCK_DOMAIN, .id = ioas_id };
	int err = call(iommufd, &cmd);

	out->dev_id = cmd.mock_domain.out_idev_id;
	out->auto_hwpt_id = cmd.mock_domain.out_hwpt_id;
	return err;
}

int mock__check_map(struct iommufd *iommufd, uint32_t hwpt_id, uint64_t iova, uint64_t length,
		    const void *memory)
{
	struct test_cmd cmd = {
		.size = sizeof(cmd),
		.op = OP_MD_CHECK_MAP,
		.id = hwpt_id,
		.check_map = { .iova = iova, .length = length, .memory = (uintptr_t)memory },
	};

	return call(iommufd, &cmd);
}

int mock__limit_memory(struct iommufd *iommufd, uint32_t bytes)
{
	struct test_cmd cmd = {
		.size = sizeof(cmd),
		.op = OP_SET_TEMP_MEMORY_LIMIT,
		.memory_limit = { .limit = bytes },
	};

	return call(iommufd, &cmd);
}

int mock__get_dmabuf(struct iommufd *iommufd, uint32_t length)
{
	struct test_cmd cmd = {
		.size = sizeof(cmd),
		.op = OP_DMABUF_GET,
		.dmabuf_get = { .length = length, .open_flags = O_CLOEXEC },
	};
	/* Linux 7.3 installs the descriptor and returns 0: it is the lowest that is free */
	int lowest = fcntl(iommufd__fd(iommufd), F_DUPFD_CLOEXEC, 0), ret;

	if (lowest < 0)
		return -errno;
	close(lowest);
	ret = call(iommufd, &cmd);
	return ret ? ret : lowest;
}
