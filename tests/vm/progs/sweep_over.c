// SPDX-License-Identifier: GPL-2.0-only
/* From the old kernel's side of sweep to the new one's */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/iommufd.h"
#include "kernel/kexec.h"
#include "probe/memfd.h"
#include "mock.h"
#include "next/cmdline_expand.h"
#include "rig.h"
#include "kernel/session.h"
#include "sweep.h"
#include "tap.h"

/* All that is made here stays open until the jump, which ends this process */

static struct session *create_session(struct luo *luo, const char *name)
{
	struct session *session = luo__create_session(luo, name);

	tap__true(session, "no session %s", name);
	return session;
}

static struct memfd *add_memfd(struct session *session, unsigned int n)
{
	struct memfd *memfd;

	memfd = memfd__create("unit", SWEEP_MEMFD_SIZE, 0, SWEEP_TOKEN_MEMFD(n));
	if (!tap__true(memfd, "no memfd") ||
	    !tap__want(session__preserve_fd(session, memfd__fd(memfd), SWEEP_TOKEN_MEMFD(n)), 0,
		       "preserving memfd %u", n))
		return NULL;
	return memfd;
}

/* A mock device, a HWPT of it that is marked, and what that maps */
static bool add_iommufd(struct session *session, unsigned int n)
{
	struct memfd *memfd = add_memfd(session, n);
	struct iommufd *iommufd = iommufd__open();
	struct mock_device device;
	uint32_t ioas_id, hwpt_id;

	return memfd && tap__true(iommufd, "no iommufd") &&
	       tap__want(iommufd__alloc_ioas(iommufd, &ioas_id), 0, "an IOAS") &&
	       tap__want(mock__add_device(iommufd, ioas_id, &device), 0, "a mock device") &&
	       tap__want(iommufd__map_file(iommufd, ioas_id, memfd__fd(memfd), 0, SWEEP_MEMFD_SIZE,
					   SWEEP_IOVA, true, true), 0, "mapping the memfd") &&
	       tap__want(iommufd__alloc_hwpt(iommufd, device.dev_id, ioas_id, &hwpt_id), 0,
			 "a HWPT") &&
	       tap__want(iommufd__mark(iommufd, hwpt_id, SWEEP_TOKEN_HWPT), 0, "marking it") &&
	       tap__want(session__preserve_fd(session, iommufd__fd(iommufd),
					      SWEEP_TOKEN_IOMMUFD(n)), 0,
			 "preserving iommufd %u", n);
}

static bool fill_memfds(struct luo *luo)
{
	struct session *session = create_session(luo, SWEEP_MEMFDS);
	bool ok = session;
	unsigned int i;

	for (i = 0; ok && i < SWEEP_NR_FILES; i++)
		ok = add_memfd(session, i);
	return ok;
}

static bool fill_iommufds(struct luo *luo, const char *name, unsigned int nr)
{
	struct session *session = create_session(luo, name);
	bool ok = session;
	unsigned int i;

	for (i = 0; ok && i < nr; i++)
		ok = add_iommufd(session, i);
	return ok;
}

static bool fill_rig(struct luo *luo)
{
	struct rig *rig = rig__open(luo, RIG_VTD, false);
	bool ok = rig;
	unsigned int i;
	uint32_t id;

	for (i = 1; ok && i < SWEEP_NR_RECLAIM; i++)
		ok = rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN + i, &id);
	return ok && rig__preserve_memfds(rig, rig->session) &&
	       tap__want(rig__preserve(rig, rig->session), 0, "preserving the rig's iommufd");
}

static bool fill_all(struct luo *luo)
{
	unsigned int i;
	char name[32];

	if (!fill_memfds(luo) || !fill_iommufds(luo, SWEEP_IOMMUFDS, SWEEP_NR_FILES) ||
	    !fill_iommufds(luo, SWEEP_NESTED, SWEEP_NR_FILES) || !fill_rig(luo))
		return false;
	for (i = 0; i < SWEEP_NR_FINISH; i++) {
		snprintf(name, sizeof(name), SWEEP_FINISH, i);
		if (!fill_iommufds(luo, name, 1))
			return false;
	}
	return true;
}

void sweep__hand_over(struct luo *luo, const char *image, const char *initrd)
{
	char *running = kexec__running_cmdline(), *cmdline = NULL;

	if (running)
		cmdline = cmdline__expand("@CMDLINE@ lutrace.stage=2", running);
	free(running);
	if (tap__true(cmdline && !kexec__load(image, initrd, cmdline), "no next kernel") &&
	    fill_all(luo))
		tap__want(kexec__reboot(), 0, "the jump");
	free(cmdline);
}
