// SPDX-License-Identifier: GPL-2.0-only
/*
 * pins: maps a memfd of scattered pages while the 1st, 2nd, 3rd ... allocation fails, until the map
 * passes. Each map goes through it in several steps, since the mock is told to use little memory, and
 * fails in the middle of one: the kernel has to give back the pins that it has made, and no others,
 * which vmstat counts.
 *
 * Needs root and a kernel with CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC and CONFIG_IOMMUFD_TEST. Prints
 * KTAP.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "counters.h"
#include "fault.h"
#include "kernel/iommufd.h"
#include "mock.h"
#include "tap.h"

#define PAGE		4096u
/* Room for 512 folios and 341 runs of pages in a step: a map takes three of runs, and two of folios */
#define MEMORY_LIMIT	4096u
#define NR_PAGES	900u
#define IOVA		0x1000000ull
#define MAX_NTH		500u
/* Fewer failures, and something was missed */
#define MIN_FAILED	7u

/* Two memfds get pages in turn, so that no two of one are neighbours. */
static bool make_scattered(int fds[2])
{
	char *at[2];
	unsigned int i, k;

	for (k = 0; k < 2; k++) {
		fds[k] = memfd_create("pins", MFD_CLOEXEC);
		if (!tap__true(fds[k] >= 0 && !ftruncate(fds[k], NR_PAGES * PAGE), "no memfd"))
			return false;
		at[k] = mmap(NULL, NR_PAGES * PAGE, PROT_WRITE, MAP_SHARED, fds[k], 0);
		if (!tap__true(at[k] != MAP_FAILED && !madvise(at[k], NR_PAGES * PAGE, MADV_NOHUGEPAGE),
			       "the memfd cannot be mapped"))
			return false;
	}
	for (i = 0; i < NR_PAGES; i++)
		for (k = 0; k < 2; k++)
			at[k][i * PAGE] = 1;
	return true;
}

struct target {
	struct iommufd *iommufd;
	uint32_t ioas_id;
};

static bool target__open(struct target *t)
{
	struct mock_device device;

	t->iommufd = iommufd__open();
	return tap__true(t->iommufd, "/dev/iommu cannot be opened") &&
	       tap__want(iommufd__alloc_ioas(t->iommufd, &t->ioas_id), 0, "making an IOAS") &&
	       tap__want(mock__add_device(t->iommufd, t->ioas_id, &device), 0, "making a device");
}

/* What a map whose @nth allocation fails returns. Afterwards all is as @idle. */
static bool try_map(int fd, unsigned int nth, const struct counters *idle, int *ret, bool *injected)
{
	struct target t;
	bool ok = target__open(&t);

	if (ok) {
		fault__arm(nth);
		*ret = iommufd__map_file(t.iommufd, t.ioas_id, fd, 0, NR_PAGES * PAGE, IOVA, true,
					 true);
		*injected = fault__disarm();
	}
	iommufd__close(t.iommufd);
	return ok && counters__are(idle);
}

static void sweep(int fd)
{
	struct counters idle = counters__read();
	unsigned int nth = 0, failed = 0;
	bool ok, injected = true;
	int ret = -1;

	do {
		ok = try_map(fd, ++nth, &idle, &ret, &injected);
		if (ok && ret)
			ok = tap__want(ret, -ENOMEM, "the map, allocation %u failed", nth);
		failed += ret == -ENOMEM;
	} while (ok && injected && nth < MAX_NTH);
	printf("# pins: %u failures\n", failed);
	tap__point(ok, "a map that fails gives back the pins that it made, and no others");
	tap__point(tap__true(failed >= MIN_FAILED && !ret && !injected, "%u failures, then %d", failed,
			     ret), "it fails often enough, and passes in the end");
}

static bool limit_memory(void)
{
	struct target t;
	bool ok = target__open(&t) &&
		  tap__want(mock__limit_memory(t.iommufd, MEMORY_LIMIT), 0, "limiting the memory");

	iommufd__close(t.iommufd);
	return ok;
}

int main(void)
{
	int fds[2];
	bool ok;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("pins");
	ok = make_scattered(fds) && limit_memory() && fault__init();
	tap__point(ok, "faults can be injected, and memory is scattered and limited");
	if (ok)
		sweep(fds[0]);
	return tap__end();
}
