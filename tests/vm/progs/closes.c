// SPDX-License-Identifier: GPL-2.0-only
/*
 * closes TIMES: preserves a memfd and an iommufd with a marked HWPT in a session, closes it, and asks
 * the kernel at once whether that was the session's end: whether the HWPT still is preserved, and
 * whether there can be another session of that name. Asks until it is, and then maps and unmaps, which
 * must succeed. Prints how often the end came late, and how late. Exit status 0 if it never did, 2 if
 * it did, 1 if something else went wrong.
 *
 * Needs root, the series, and QEMU's edu device behind an IOMMU.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/iommufd.h>
#include <linux/liveupdate.h>

#include "kernel/iommufd.h"
#include "kernel/session.h"
#include "kernel/vfio.h"
#include "probe/memfd.h"

#define BDF		"0000:00:04.0"
#define NAME		"closes"
#define PAGE		4096ull
#define TOKEN		0x1u
#define MEMFD_TOKEN	0x100u
#define IOMMUFD_TOKEN	0x200u

/* No session takes longer to end. */
#define GIVE_UP_US	5000000u

struct rig {
	int luo;
	struct iommufd *iommufd;
	struct memfd *memfd;
	struct vfio *vfio;
	uint32_t ioas, hwpt;
};

static unsigned long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ul + now.tv_nsec / 1000;
}

/* The file of a new session; else a negative errno. */
static int create(const struct rig *rig)
{
	struct liveupdate_ioctl_create_session cmd = { .size = sizeof(cmd), .name = NAME };

	return ioctl(rig->luo, LIVEUPDATE_IOCTL_CREATE_SESSION, &cmd) ? -errno : cmd.fd;
}

static int preserve(int session, int fd, uint64_t token)
{
	struct liveupdate_session_preserve_fd cmd = {
		.size = sizeof(cmd), .fd = fd, .token = token,
	};

	return ioctl(session, LIVEUPDATE_SESSION_PRESERVE_FD, &cmd) ? -errno : 0;
}

static int map(const struct rig *rig, uint64_t iova)
{
	return iommufd__map_file(rig->iommufd, rig->ioas, memfd__fd(rig->memfd), 0, PAGE, iova,
				 true, true);
}

static int set_up(struct rig *rig)
{
	rig->luo = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	rig->iommufd = iommufd__open();
	rig->memfd = memfd__create(NAME, PAGE, 0, 1);
	rig->vfio = vfio__open(BDF);
	if (rig->luo < 0 || !rig->iommufd || !rig->memfd || !rig->vfio)
		return -1;
	return vfio__bind(rig->vfio, iommufd__fd(rig->iommufd)) ||
	       iommufd__alloc_ioas(rig->iommufd, &rig->ioas) ||
	       map(rig, PAGE) ||
	       iommufd__alloc_hwpt(rig->iommufd, vfio__dev_id(rig->vfio), rig->ioas,
				   &rig->hwpt) ||
	       iommufd__mark(rig->iommufd, rig->hwpt, TOKEN) ? -1 : 0;
}

static bool is_preserved(const struct rig *rig)
{
	struct iommufd_state state;

	return !iommufd__query(rig->iommufd, rig->hwpt, &state) &&
	       (state.bits & IOMMU_HWPT_LIVEUPDATE_PRESERVED);
}

/* Returns the file of the next session, which is there when the one that was closed has ended. */
static int await_end(const struct rig *rig, bool *late)
{
	unsigned long start = now_us();
	int session;

	*late = is_preserved(rig);
	while ((session = create(rig)) == -EEXIST) {
		*late = true;
		if (now_us() - start > GIVE_UP_US)
			return -ETIMEDOUT;
		usleep(100);
	}
	return session;
}

static int run(const struct rig *rig, unsigned long times)
{
	unsigned long i, nr_late = 0, start, took, longest = 0;
	int session = create(rig), err;
	bool late;

	for (i = 0; i < times && session >= 0; i++) {
		err = preserve(session, memfd__fd(rig->memfd), MEMFD_TOKEN);
		if (!err)
			err = preserve(session, iommufd__fd(rig->iommufd), IOMMUFD_TOKEN);
		if (err || !is_preserved(rig)) {
			fprintf(stderr, "closes: preserve %lu failed: %s\n", i, strerror(-err));
			return 1;
		}
		close(session);
		start = now_us();
		session = await_end(rig, &late);
		took = now_us() - start;
		err = map(rig, 2 * PAGE);
		if (!err)
			err = iommufd__unmap(rig->iommufd, rig->ioas, 2 * PAGE, PAGE);
		if (err) {
			fprintf(stderr, "closes: map after end %lu: %s\n", i, strerror(-err));
			return 1;
		}
		nr_late += late;
		if (late && took > longest)
			longest = took;
	}
	if (session < 0) {
		fprintf(stderr, "closes: session %lu: %s\n", i, strerror(-session));
		return 1;
	}
	close(session);
	printf("closes: %lu of %lu ended late, at most %lu us\n", nr_late, times, longest);
	return nr_late ? 2 : 0;
}

int main(int argc, char **argv)
{
	unsigned long times = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct rig rig = { 0 };

	if (!times || set_up(&rig)) {
		fprintf(stderr, "closes: nothing can be preserved\n");
		return 1;
	}
	return run(&rig, times);
}
