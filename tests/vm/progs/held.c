// SPDX-License-Identifier: GPL-2.0-only
/*
 * held [--two] COMMAND...: runs COMMAND while a domain is preserved whose iommufd, memfd and device
 * no process has open any more: the session "held" alone keeps them. With --two there is a second
 * iommufd in it, without a domain. Exit status 0 if the command's is.
 *
 * Needs root, the series, and QEMU's edu device behind an IOMMU.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "kernel/session.h"
#include "kernel/vfio.h"

#define BDF		"0000:00:04.0"
#define PAGE		4096ull
#define TOKEN		0x1u
#define MEMFD_TOKEN	0x100u
#define IOMMUFD_TOKEN	0x200u
#define SECOND_TOKEN	0x300u

static int add_domain(struct iommufd *iommufd, struct memfd *memfd, struct vfio *vfio)
{
	uint32_t ioas_id, hwpt_id;

	return vfio__bind(vfio, iommufd__fd(iommufd)) ||
	       iommufd__alloc_ioas(iommufd, &ioas_id) ||
	       iommufd__map_file(iommufd, ioas_id, memfd__fd(memfd), 0, PAGE, PAGE, true, true) ||
	       iommufd__alloc_hwpt(iommufd, vfio__dev_id(vfio), ioas_id, &hwpt_id) ||
	       iommufd__mark(iommufd, hwpt_id, TOKEN) ? -1 : 0;
}

static int preserve(struct session *session)
{
	struct iommufd *iommufd = iommufd__open();
	struct memfd *memfd = memfd__create("held", PAGE, 0, 1);
	struct vfio *vfio = vfio__open(BDF);
	int err = -1;

	if (iommufd && memfd && vfio)
		err = add_domain(iommufd, memfd, vfio) ||
			session__preserve_fd(session, memfd__fd(memfd), MEMFD_TOKEN) ||
			session__preserve_fd(session, iommufd__fd(iommufd), IOMMUFD_TOKEN);
	vfio__close(vfio);
	iommufd__close(iommufd);
	memfd__free(memfd);
	return err;
}

static int preserve_second(struct session *session)
{
	struct iommufd *iommufd = iommufd__open();
	int err = iommufd ? session__preserve_fd(session, iommufd__fd(iommufd), SECOND_TOKEN) : -1;

	iommufd__close(iommufd);
	return err;
}

int main(int argc, char **argv)
{
	bool two = argc > 1 && !strcmp(argv[1], "--two");
	struct luo *luo = luo__open();
	struct session *session = luo ? luo__create_session(luo, "held") : NULL;
	int status = -1;
	pid_t pid;

	argv += two ? 2 : 1;
	if (!*argv || !session || preserve(session) || (two && preserve_second(session))) {
		fprintf(stderr, "held: nothing could be preserved\n");
		return 1;
	}
	pid = fork();
	if (!pid) {
		execvp(*argv, argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		perror("held");
	session__close(session);
	luo__close(luo);
	return status ? 1 : 0;
}
