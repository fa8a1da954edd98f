// SPDX-License-Identifier: GPL-2.0-only
/*
 * take SESSION IOMMUFD_TOKEN STEP...: takes HWPTs of a session back one after another, and then finishes
 * it. A step is one of
 *   TOKEN=NAME  reclaim a HWPT; NAME is 0 or the error that it must end with, as EBADMSG. The iommufd is
 *               retrieved by the first of these, or by ?
 *   @TOKEN      retrieve a memfd, and keep it
 *   ?FILE       write to FILE what the iommufd lists: a line for each HWPT and for each area
 *   !COMMAND    for the shell, with all that was retrieved held
 *   .           finish the session now
 * Needs root, the series, and QEMU's edu device behind an IOMMU; prints KTAP.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "kernel/iommufd.h"
#include "kernel/session.h"
#include "kernel/vfio.h"
#include "tap.h"

#define BDF		"0000:00:04.0"
#define MAX_ERRNO	133
/* HWPTs, and areas of each */
#define MAX_LIST	32

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

struct take {
	struct session *session;
	uint64_t iommufd_token;
	bool finished;
	struct vfio *vfio;
	struct iommufd *iommufd;
	int fd;
};

static bool take__iommufd(struct take *take)
{
	bool ok;

	if (take->iommufd)
		return true;
	take->vfio = vfio__open(BDF);
	take->fd = session__retrieve_fd(take->session, take->iommufd_token);
	take->iommufd = take->fd < 0 ? NULL : iommufd__adopt(take->fd);
	ok = tap__want(take->fd, 0, "retrieving it") &&
	     tap__true(take->iommufd && take->vfio && !vfio__bind(take->vfio, take->fd), "no device");
	tap__point(ok, "the iommufd comes back");
	return ok;
}

static void take__reclaim(struct take *take, char *step)
{
	char *equals = strchr(step, '=');
	struct iommufd_reclaimed ids;
	int want = equals ? error_named(equals + 1) : 1, ret;

	if (want > 0) {
		tap__point(tap__true(false, "%s is no step", step), "the command line");
		return;
	}
	if (!take__iommufd(take))
		return;
	*equals = '\0';
	ret = iommufd__reclaim(take->iommufd, vfio__dev_id(take->vfio), strtoull(step, NULL, 0), &ids);
	tap__point(tap__want(ret, want, "reclaim"), "HWPT %s %s%s", step,
		   want ? "is refused with " : "comes back", want ? equals + 1 : "");
}

static void take__memfd(struct take *take, const char *token)
{
	int fd = session__retrieve_fd(take->session, strtoull(token, NULL, 0));

	tap__point(tap__true(fd >= 0, "%s", strerror(-fd)), "memfd %s comes back", token);
}

static int write_areas(FILE *f, int fd, uint64_t token)
{
	struct iommu_liveupdate_area areas[MAX_LIST];
	struct iommu_hwpt_liveupdate_areas cmd = {
		.size = sizeof(cmd),
		.hwpt_token = token,
		.num_areas = MAX_LIST,
		.areas = (uintptr_t)areas,
	};
	unsigned int i;

	if (ioctl(fd, IOMMU_HWPT_LIVEUPDATE_AREAS, &cmd))
		return -errno;
	for (i = 0; i < cmd.num_areas; i++)
		fprintf(f, "area %#llx+%#llx memfd=%#llx offset=%#llx%s%s\n", areas[i].iova, areas[i].length,
			areas[i].memfd_token, areas[i].memfd_offset,
			areas[i].prot & IOMMU_IOAS_MAP_READABLE ? " r" : "",
			areas[i].prot & IOMMU_IOAS_MAP_WRITEABLE ? " w" : "");
	return 0;
}

static int write_list(FILE *f, int fd)
{
	struct iommu_liveupdate_hwpt hwpts[MAX_LIST];
	struct iommu_hwpt_liveupdate_list cmd = {
		.size = sizeof(cmd),
		.num_hwpts = 0,
		.hwpts = (uintptr_t)hwpts,
	};
	unsigned int i;
	int ret = 0;

	/* Without room the answer is how many there are */
	ret = ioctl(fd, IOMMU_HWPT_LIVEUPDATE_LIST, &cmd) ? -errno : 0;
	if (ret != (cmd.num_hwpts ? -EMSGSIZE : 0) || cmd.num_hwpts > MAX_LIST)
		return -EPROTO;
	ret = ioctl(fd, IOMMU_HWPT_LIVEUPDATE_LIST, &cmd) ? -errno : 0;
	for (i = 0; i < cmd.num_hwpts && !ret; i++) {
		fprintf(f, "hwpt %#llx areas=%llu error=%s%s\n", hwpts[i].hwpt_token, hwpts[i].nr_areas,
			hwpts[i].error ? strerrorname_np(hwpts[i].error) : "0",
			hwpts[i].hwpt_id ? " reclaimed" : "");
		ret = write_areas(f, fd, hwpts[i].hwpt_token);
	}
	return ret;
}

static void take__list(struct take *take, const char *path)
{
	FILE *f = fopen(path, "we");
	int ret;

	if (take__iommufd(take)) {
		ret = f ? write_list(f, take->fd) : -errno;
		tap__point(tap__want(ret, 0, "the list"), "what there is, to %s", path);
	}
	if (f)
		fclose(f);
}

static void take__finish(struct take *take)
{
	if (!take->finished)
		tap__point(tap__want(session__finish(take->session), 0, "finish"), "the session is finished");
	take->finished = true;
}

static void take__step(struct take *take, char *step)
{
	switch (*step) {
	case '.':
		take__finish(take);
		break;
	case '!':
		tap__point(tap__true(!system(step + 1), "it failed"), "%s", step + 1);
		break;
	case '@':
		take__memfd(take, step + 1);
		break;
	case '?':
		take__list(take, step + 1);
		break;
	default:
		take__reclaim(take, step);
	}
}

static void take(struct session *session, char **args)
{
	struct take take = { .session = session, .iommufd_token = strtoull(args[0], NULL, 0), .fd = -1 };

	for (args++; *args; args++)
		take__step(&take, *args);
	take__finish(&take);
	vfio__close(take.vfio);
	iommufd__close(take.iommufd);
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
