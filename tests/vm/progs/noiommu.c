// SPDX-License-Identifier: GPL-2.0-only
/*
 * noiommu SESSION IOMMUFD-TOKEN HWPT-TOKEN: asks for a HWPT of the previous kernel, for a device that
 * VFIO drives without an IOMMU (vfio.enable_unsafe_noiommu_mode=1), and finishes the session. Needs
 * root and an edu device that vfio-pci has; prints KTAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "kernel/iommufd.h"
#include "kernel/session.h"
#include "tap.h"

#define CDEV "/dev/vfio/devices/noiommu-vfio0"

static bool bind_device(int device, int iommufd, uint32_t *dev_id)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };

	if (!tap__true(!ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind),
		       "the device cannot be bound (%m)"))
		return false;
	*dev_id = bind.out_devid;
	return true;
}

static void run(struct session *session, uint64_t iommufd_token, uint64_t hwpt_token)
{
	int fd = session__retrieve_fd(session, iommufd_token);
	struct iommufd *iommufd = fd < 0 ? NULL : iommufd__adopt(fd);
	int device = open(CDEV, O_RDWR | O_CLOEXEC);
	struct iommufd_reclaimed ids;
	uint32_t dev_id;
	bool ok;

	ok = tap__want(fd, 0, "retrieving the iommufd") && tap__true(iommufd, "no iommufd") &&
	     tap__true(device >= 0, "%s cannot be opened (%m)", CDEV) &&
	     bind_device(device, fd, &dev_id);
	tap__point(ok, "the device is bound to the iommufd that came back");
	tap__point(ok && tap__want(iommufd__reclaim(iommufd, dev_id, hwpt_token, &ids), -EOPNOTSUPP,
				   "reclaim"), "a HWPT is refused for it, with EOPNOTSUPP");
	tap__point(tap__want(session__finish(session), 0, "finish"), "the session can be finished");
	if (device >= 0)
		close(device);
	iommufd__close(iommufd);
}

int main(int argc, char **argv)
{
	struct luo *luo = luo__open();
	struct session *session = luo && argc == 4 ? luo__retrieve_session(luo, argv[1]) : NULL;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("without an IOMMU");
	tap__point(tap__true(session, "usage: noiommu SESSION IOMMUFD-TOKEN HWPT-TOKEN"),
		   "the session is there");
	if (session)
		run(session, strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	session__close(session);
	luo__close(luo);
	return tap__end();
}
