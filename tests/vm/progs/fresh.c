// SPDX-License-Identifier: GPL-2.0-only
/*
 * fresh BDF: a device is given memory from scratch, in a kernel whose live update did not come
 * through: a new memfd is mapped in a new iommufd, and the device, an edu, copies a part of it.
 * /dev/liveupdate is not touched.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/edu.h"
#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "drive/say.h"
#include "kernel/vfio.h"

#define SIZE	(4ULL << 20)
#define SEED	77u
#define IOVA	0x1000000ULL
#define TO	0x200000ULL
#define LENGTH	EDU_MAX_LENGTH

static bool map(struct iommufd *iommufd, struct vfio *vfio, struct memfd *memfd)
{
	uint32_t ioas_id, hwpt_id;

	return !vfio__bind(vfio, iommufd__fd(iommufd)) &&
	       !say__expect(iommufd__alloc_ioas(iommufd, &ioas_id), 0, "an IOAS") &&
	       !say__expect(iommufd__map_file(iommufd, ioas_id, memfd__fd(memfd), 0, SIZE, IOVA,
						 true, true), 0, "mapping the memfd") &&
	       !say__expect(iommufd__alloc_hwpt(iommufd, vfio__dev_id(vfio), ioas_id, &hwpt_id),
			       0, "a HWPT") &&
	       !vfio__attach(vfio, hwpt_id);
}

static bool copy(struct vfio *vfio, struct memfd *memfd)
{
	struct edu *edu = edu__open(vfio);
	uint8_t data[LENGTH];
	bool ok;

	if (!edu)
		return false;
	memfd__expected(memfd, 0, data, LENGTH);
	ok = !edu__load(edu, IOVA, LENGTH) && !edu__store(edu, IOVA + TO, LENGTH) &&
	     !memfd__patch(memfd, TO, data, LENGTH) && !memfd__verify(memfd);
	edu__close(edu);
	return ok;
}

int main(int argc, char **argv)
{
	struct iommufd *iommufd = iommufd__open();
	struct memfd *memfd = memfd__create("fresh", SIZE, 0, SEED);
	struct vfio *vfio = argc == 2 ? vfio__open(argv[1]) : NULL;
	bool ok = iommufd && memfd && vfio && map(iommufd, vfio, memfd) && copy(vfio, memfd);

	vfio__close(vfio);
	iommufd__close(iommufd);
	memfd__free(memfd);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
