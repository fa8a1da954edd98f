// SPDX-License-Identifier: GPL-2.0-only
/*
 * take SESSION IOMMUFD_TOKEN STEP...: takes HWPTs of a session back one after another. A step is
 * TOKEN=NAME, where NAME is 0 or the error that reclaiming it must end with, as EBADMSG, or !COMMAND for
 * the shell, with the session held. Needs root, the series, and QEMU's edu device behind an IOMMU;
 * prints KTAP.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/iommufd.h"
#include "kernel/session.h"
#include "kernel/vfio.h"
#include "tap.h"

#define BDF		"0000:00:04.0"
#define MAX_ERRNO	133

/* 1: there is no such error */
static int error_named(const char *name)
{
	int err;

	if (!strcmp(name, "0"))
		return 0;
	for (err = 1; err <= MAX_ERRNO; err++)
		if (strerrorname_np(err) && !strcmp(strerrorname_np(err), name))
			return -err;
	return 1;
}

static void reclaim(struct iommufd *iommufd, struct vfio *vfio, char *step)
{
	char *equals = strchr(step, '=');
	struct iommufd_reclaimed ids;
	int want = equals ? error_named(equals + 1) : 1, ret;

	if (want > 0) {
		tap__point(tap__true(false, "%s is no step", step), "the command line");
		return;
	}
	*equals = '\0';
	ret = iommufd__reclaim(iommufd, vfio__dev_id(vfio), strtoull(step, NULL, 0), &ids);
	tap__point(tap__want(ret, want, "reclaim"), "HWPT %s %s%s", step,
		   want ? "is refused with " : "comes back", want ? equals + 1 : "");
}

static void take(struct session *session, char **args)
{
	struct vfio *vfio = vfio__open(BDF);
	int fd = session__retrieve_fd(session, strtoull(args[0], NULL, 0));
	struct iommufd *iommufd = fd < 0 ? NULL : iommufd__adopt(fd);
	bool ok;

	ok = tap__want(fd, 0, "retrieving it") &&
	     tap__true(iommufd && vfio && !vfio__bind(vfio, fd), "no device");
	tap__point(ok, "the iommufd comes back");
	for (args++; ok && *args; args++) {
		if (**args == '!')
			tap__point(tap__true(!system(*args + 1), "it failed"), "%s", *args + 1);
		else
			reclaim(iommufd, vfio, *args);
	}
	tap__point(tap__want(session__finish(session), 0, "finish"), "the session is finished");
	vfio__close(vfio);
	iommufd__close(iommufd);
}

int main(int argc, char **argv)
{
	struct luo *luo = luo__open();
	struct session *session = luo && argc > 3 ? luo__retrieve_session(luo, argv[1]) : NULL;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("take back");
	tap__point(tap__true(session, "no session"), "the session is there");
	if (session)
		take(session, &argv[2]);
	session__close(session);
	luo__close(luo);
	return tap__end();
}
