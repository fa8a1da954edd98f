// SPDX-License-Identifier: GPL-2.0-only
/*
 * races SECONDS: preserves and aborts four HWPTs of one IOAS over and over, while one thread unmaps
 * and maps a memfd in the IOAS and another allocates and destroys a HWPT on it. The kernel must
 * not complain, and every call must end as one order or another of them explains.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "counters.h"
#include "iommufd.h"
#include "memfd.h"
#include "rig.h"
#include "session.h"
#include "tap.h"

struct racer {
	struct rig *rig;
	atomic_bool stop;
	/* Of the mapper: how often it got through, and how often the IOAS was frozen */
	unsigned long done, busy;
	int unexpected;		/* the first errno that no order explains */
};

static int map_last(struct rig *rig)
{
	return iommufd__map_file(rig->iommufd, rig->ioas_id, memfd__fd(rig->last), 0, rig->size,
				 RIG_IOVA_LAST, true, true);
}

static bool settle(struct racer *racer, int ret)
{
	if (ret == -EBUSY)
		racer->busy++;
	else if (ret && !racer->unexpected)
		racer->unexpected = ret;
	return !ret;
}

static void *unmap_and_map(void *arg)
{
	struct racer *racer = arg;
	struct rig *rig = racer->rig;

	while (!atomic_load(&racer->stop) && !racer->unexpected) {
		if (!settle(racer, iommufd__unmap(rig->iommufd, rig->ioas_id, RIG_IOVA_LAST,
						  rig->size)))
			continue;
		while (!settle(racer, map_last(rig)) && !racer->unexpected)
			;
		racer->done++;
	}
	return NULL;
}

static void *come_and_go(void *arg)
{
	struct racer *racer = arg;
	struct rig *rig = racer->rig;
	uint32_t id;

	while (!atomic_load(&racer->stop) && !racer->unexpected) {
		if (settle(racer, iommufd__alloc_hwpt(rig->iommufd, rig->dev_id, rig->ioas_id,
						      &id)) &&
		    settle(racer, iommufd__destroy(rig->iommufd, id)))
			racer->done++;
	}
	return NULL;
}

static bool preserve_and_abort(struct luo *luo, struct rig *rig)
{
	bool ok;

	if (!rig->session)
		rig->session = luo__create_session(luo, "races");
	ok = tap__true(rig->session, "no session") &&
	     rig__preserve_memfds(rig, rig->session) &&
	     tap__want(rig__preserve(rig, rig->session), 0, "preserving the iommufd");
	session__close(rig->session);
	rig->session = NULL;
	return ok;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static bool run(struct luo *luo, struct rig *rig, double seconds, struct racer *mapper,
		struct racer *guest)
{
	double end = now() + seconds;
	unsigned long cycles = 0;
	pthread_t threads[2];
	bool ok = true;

	if (!tap__true(!pthread_create(&threads[0], NULL, unmap_and_map, mapper) &&
		       !pthread_create(&threads[1], NULL, come_and_go, guest), "no threads"))
		return false;
	while (ok && now() < end) {
		ok = preserve_and_abort(luo, rig);
		cycles++;
	}
	atomic_store(&mapper->stop, true);
	atomic_store(&guest->stop, true);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	printf("# %lu cycles, %lu maps, %lu times frozen, %lu HWPTs\n", cycles, mapper->done,
	       mapper->busy, guest->done);
	tap__point(ok, "every preserve succeeds");
	return ok;
}

static bool add_hwpts(struct rig *rig)
{
	uint32_t id;

	return rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_2, &id) &&
	       rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_3, &id) &&
	       rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_3 + 1, &id);
}

int main(int argc, char **argv)
{
	struct counters before = counters__read();
	struct racer mapper = { 0 }, guest = { 0 };
	double seconds = argc == 2 ? atof(argv[1]) : 0;
	struct luo *luo = luo__open();
	struct rig *rig;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("races");
	rig = luo ? rig__open(luo, RIG_VTD, false) : NULL;
	if (tap__true(rig && seconds > 0, "no rig, or no SECONDS") && add_hwpts(rig)) {
		mapper.rig = guest.rig = rig;
		run(luo, rig, seconds, &mapper, &guest);
		tap__point(tap__true(!mapper.unexpected && !guest.unexpected, "errnos %d and %d",
				     mapper.unexpected, guest.unexpected) &&
			   tap__true(mapper.done && mapper.busy && guest.done,
				     "somebody never got through, or nothing was ever frozen"),
			   "map, unmap, allocate and destroy work or have EBUSY");
		tap__point(rig__is_unchanged(rig), "afterwards all is as before");
	}
	if (rig)
		rig__close(rig);
	luo__close(luo);
	tap__point(counters__are(&before), "no table and no pin is left");
	return tap__end();
}
