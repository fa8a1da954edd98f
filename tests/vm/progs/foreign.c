// SPDX-License-Identifier: GPL-2.0-only
/*
 * foreign: takes back what `held --two` left, where the record of the first iommufd names the
 * second one as its memory (lutrace_seeded_bug=94). That must cost the HWPT with that record and
 * nothing else. Needs root, the series, and QEMU's edu device behind an IOMMU; prints KTAP.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "kernel/iommufd.h"
#include "kernel/session.h"
#include "kernel/vfio.h"
#include "tap.h"

/* As tests/vm/progs/held.c has them */
#define BDF		"0000:00:04.0"
#define TOKEN		0x1u
#define MEMFD_TOKEN	0x100u
#define IOMMUFD_TOKEN	0x200u
#define SECOND_TOKEN	0x300u

static bool is_retrieved(struct session *session, uint64_t token)
{
	int fd = session__retrieve_fd(session, token);

	if (fd >= 0)
		close(fd);
	return tap__want(fd, 0, "retrieving it");
}

static void take(struct session *session)
{
	struct vfio *vfio = vfio__open(BDF);
	int fd = session__retrieve_fd(session, IOMMUFD_TOKEN);
	struct iommufd *iommufd = fd < 0 ? NULL : iommufd__adopt(fd);
	struct iommufd_reclaimed ids;
	bool ok;

	ok = tap__want(fd, 0, "retrieving it") &&
	     tap__true(iommufd && vfio && !vfio__bind(vfio, fd), "no device");
	tap__point(ok, "the iommufd comes back");
	tap__point(ok && tap__want(iommufd__reclaim(iommufd, vfio__dev_id(vfio), TOKEN, &ids),
				   -EBADMSG, "reclaim"), "its HWPT is refused");
	tap__point(is_retrieved(session, SECOND_TOKEN),
		   "the iommufd that was named as memory comes back too");
	tap__point(is_retrieved(session, MEMFD_TOKEN), "and so does the memfd");
	tap__point(tap__want(session__finish(session), 0, "finish"), "the session is finished");
	vfio__close(vfio);
	iommufd__close(iommufd);
}

int main(void)
{
	struct luo *luo = luo__open();
	struct session *session = luo ? luo__retrieve_session(luo, "held") : NULL;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("a foreign token");
	tap__point(tap__true(session, "no session"), "the session is there");
	if (session)
		take(session);
	session__close(session);
	luo__close(luo);
	return tap__end();
}
