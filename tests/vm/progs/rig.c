// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "mock.h"
#include "rig.h"
#include "kernel/session.h"
#include "tap.h"
#include "kernel/vfio.h"

#define EDU		"0000:00:04.0"
#define HUGE_SIZE	(4u << 20)

static uint8_t page[RIG_PAGE] __attribute__((aligned(RIG_PAGE)));

static bool add_vtd_device(struct rig *rig)
{
	rig->vfio = vfio__open(EDU);
	if (!tap__true(rig->vfio && !vfio__bind(rig->vfio, iommufd__fd(rig->iommufd)),
		       "device " EDU " cannot be opened and bound"))
		return false;
	rig->dev_id = vfio__dev_id(rig->vfio);
	return true;
}

static bool add_mock_device(struct rig *rig)
{
	struct mock_device device;

	if (!tap__want(mock__add_device(rig->iommufd, rig->ioas_id, &device), 0,
		       "adding a mock device"))
		return false;
	rig->dev_id = device.dev_id;
	rig->auto_hwpt_id = device.auto_hwpt_id;
	return true;
}

static bool map_memfds(struct rig *rig, bool huge)
{
	unsigned int kind = huge ? MEMFD_HUGE : 0;

	rig->size = huge ? HUGE_SIZE : RIG_SMALL_SIZE;
	rig->first = memfd__create("first", rig->size, kind, RIG_TOKEN_FIRST);
	rig->last = memfd__create("last", rig->size, kind, RIG_TOKEN_LAST);
	return tap__true(rig->first && rig->last, "the memfds cannot be made") &&
	       tap__want(iommufd__map_file(rig->iommufd, rig->ioas_id, memfd__fd(rig->first), 0,
					   rig->size, RIG_IOVA_FIRST, true, true), 0,
			 "mapping the first memfd") &&
	       tap__want(iommufd__map_file(rig->iommufd, rig->ioas_id, memfd__fd(rig->last), 0,
					   rig->size, RIG_IOVA_LAST, true, true), 0,
			 "mapping the last memfd");
}

static bool set_up(struct rig *rig, struct luo *luo, enum rig_device device, bool huge)
{
	rig->iommufd = iommufd__open();
	rig->session = luo__create_session(luo, RIG_SESSION);
	return tap__true(rig->iommufd && rig->session, "no iommufd or no session") &&
	       tap__want(iommufd__alloc_ioas(rig->iommufd, &rig->ioas_id), 0, "an IOAS") &&
	       (device == RIG_VTD ? add_vtd_device(rig) : add_mock_device(rig)) &&
	       map_memfds(rig, huge) &&
	       rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN, &rig->hwpt_id) &&
	       tap__true(!rig->vfio || !vfio__attach(rig->vfio, rig->hwpt_id),
			 "device " EDU " cannot be attached");
}

struct rig *rig__open(struct luo *luo, enum rig_device device, bool huge)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	if (!tap__true(rig, "no memory"))
		return NULL;
	rig->extra_fd = -1;
	if (!set_up(rig, luo, device, huge)) {
		rig__close(rig);
		return NULL;
	}
	return rig;
}

void rig__close_iommufd(struct rig *rig)
{
	vfio__close(rig->vfio);
	rig->vfio = NULL;
	iommufd__close(rig->iommufd);
	rig->iommufd = NULL;
	memfd__free(rig->first);
	memfd__free(rig->last);
	rig->first = NULL;
	rig->last = NULL;
	if (rig->extra_fd >= 0)
		close(rig->extra_fd);
	rig->extra_fd = -1;
}

void rig__close(struct rig *rig)
{
	if (!rig)
		return;
	rig__close_iommufd(rig);
	session__close(rig->session);
	session__close(rig->other);
	free(rig);
}

bool rig__open_other(struct rig *rig, struct luo *luo)
{
	rig->other = luo__create_session(luo, "other");
	return tap__true(rig->other, "no second session");
}

int rig__call(struct rig *rig, unsigned long nr, void *cmd)
{
	return ioctl(iommufd__fd(rig->iommufd), nr, cmd) < 0 ? -errno : 0;
}

bool rig__add_hwpt(struct rig *rig, uint32_t ioas_id, uint32_t token, uint32_t *hwpt_id)
{
	if (!tap__want(iommufd__alloc_hwpt(rig->iommufd, rig->dev_id, ioas_id, hwpt_id), 0,
		       "allocating a HWPT"))
		return false;
	if (!token)
		return true;
	if (!tap__true(rig->nr_marked < RIG_MAX_MARKED, "a rig has room for %u HWPTs",
		       RIG_MAX_MARKED))
		return false;
	rig->marked[rig->nr_marked++] = *hwpt_id;
	return tap__want(iommufd__mark(rig->iommufd, *hwpt_id, token), 0,
			 "marking HWPT %u with token %u", *hwpt_id, token);
}

int rig__map_page(struct rig *rig, uint32_t ioas_id, uint64_t iova)
{
	return iommufd__map(rig->iommufd, ioas_id, page, sizeof(page), iova);
}

bool rig__map_extra(struct rig *rig, int fd, uint64_t offset, uint64_t length, uint64_t iova)
{
	rig->extra_fd = fd;
	if (!tap__want(iommufd__map_file(rig->iommufd, rig->ioas_id, fd, offset, length, iova,
					 true, true), 0, "mapping what the case needs"))
		return false;
	rig->extra_iova = iova;
	rig->extra_length = length;
	return true;
}

bool rig__unmap_extra(struct rig *rig)
{
	if (!tap__want(iommufd__unmap(rig->iommufd, rig->ioas_id, rig->extra_iova,
				      rig->extra_length), 0, "unmapping what the case mapped"))
		return false;
	rig->extra_length = 0;
	return true;
}

bool rig__preserve_extra(struct rig *rig, struct session *session)
{
	return tap__want(session__preserve_fd(session, rig->extra_fd, RIG_TOKEN_EXTRA), 0,
			 "preserving the memfd of the case");
}

static int preserve_memfds(struct rig *rig, struct session *session)
{
	int ret = session__preserve_fd(session, memfd__fd(rig->first), RIG_TOKEN_FIRST);

	return ret ? ret : session__preserve_fd(session, memfd__fd(rig->last), RIG_TOKEN_LAST);
}

bool rig__preserve_memfds(struct rig *rig, struct session *session)
{
	return tap__want(preserve_memfds(rig, session), 0, "preserving the memfds");
}

int rig__preserve(struct rig *rig, struct session *session)
{
	return session__preserve_fd(session, iommufd__fd(rig->iommufd), RIG_TOKEN_IOMMUFD);
}

int rig__try_preserve(struct rig *rig, struct session *session)
{
	int ret = preserve_memfds(rig, session);

	return ret ? ret : rig__preserve(rig, session);
}

static bool hwpts_are(struct rig *rig, uint32_t state)
{
	struct iommufd_state now;
	size_t i;

	for (i = 0; i < rig->nr_marked; i++) {
		if (!tap__want(iommufd__query(rig->iommufd, rig->marked[i], &now), 0,
			       "query of HWPT %u", rig->marked[i]) ||
		    !tap__true(now.bits == state, "HWPT %u has state 0x%x instead of 0x%x",
			       rig->marked[i], now.bits, state))
			return false;
	}
	return true;
}

static bool has_area(struct rig *rig, uint64_t iova)
{
	return tap__want(rig__map_page(rig, rig->ioas_id, iova), -EEXIST,
			 "mapping a second time at 0x%" PRIx64, iova);
}

static bool has_areas(struct rig *rig)
{
	return has_area(rig, RIG_IOVA_FIRST) &&
	       (!rig->extra_length || has_area(rig, rig->extra_iova)) &&
	       has_area(rig, RIG_IOVA_LAST);
}

bool rig__is_unchanged(struct rig *rig)
{
	return hwpts_are(rig, IOMMU_HWPT_LIVEUPDATE_MARKED) &&
	       tap__want(rig__map_page(rig, rig->ioas_id, RIG_IOVA_FREE), 0, "mapping a page") &&
	       tap__want(iommufd__unmap(rig->iommufd, rig->ioas_id, RIG_IOVA_FREE, RIG_PAGE), 0,
			 "unmapping a page") &&
	       has_areas(rig);
}

bool rig__is_preserved(struct rig *rig)
{
	return hwpts_are(rig, IOMMU_HWPT_LIVEUPDATE_MARKED | IOMMU_HWPT_LIVEUPDATE_PRESERVED) &&
	       tap__want(rig__map_page(rig, rig->ioas_id, RIG_IOVA_FREE), -EBUSY,
			 "mapping a page while preserved") &&
	       has_areas(rig);
}

bool rig__end_session(struct rig *rig)
{
	session__close(rig->session);
	rig->session = NULL;
	return rig__is_unchanged(rig);
}
