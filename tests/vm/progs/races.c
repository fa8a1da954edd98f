// SPDX-License-Identifier: GPL-2.0-only
/*
 * races SECONDS: two threads preserve four HWPTs of one IOAS in sessions of their own and abort,
 * over and over. Meanwhile others unmap and map a memfd in the IOAS; allocate, mark and destroy a
 * HWPT on it; attach the device to one HWPT and the other; and preserve and close an iommufd that
 * has nothing to do with it. The kernel must not complain, every call must end as one order or
 * another of them explains, and the mappings afterwards are those that every order ends with.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "counters.h"
#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "rig.h"
#include "kernel/session.h"
#include "tap.h"
#include "kernel/vfio.h"

#define GUEST_TOKEN	100u
#define WALK_BEFORE	"/tmp/races-before"
#define WALK_AFTER	"/tmp/races-after"

static atomic_bool stop;

struct racer {
	const char *name;
	void (*race)(struct racer *racer);
	struct rig *rig;
	struct luo *luo;
	/* How often it got through, and how often it had to give way */
	unsigned long done, busy;
	int unexpected;		/* the first errno that no order explains */
	pthread_t thread;
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

/* Tries until it works, or fails in a way that it must not */
static void destroy(struct racer *racer, uint32_t id)
{
	while (!settle(racer, iommufd__destroy(racer->rig->iommufd, id)) && !racer->unexpected)
		;
}

static void unmap_and_map(struct racer *racer)
{
	struct rig *rig = racer->rig;

	if (!settle(racer, iommufd__unmap(rig->iommufd, rig->ioas_id, RIG_IOVA_LAST, rig->size)))
		return;
	while (!settle(racer, map_last(rig)) && !racer->unexpected)
		;
	racer->done++;
}

static void come_and_go(struct racer *racer)
{
	struct rig *rig = racer->rig;
	uint32_t id;

	if (!settle(racer, iommufd__alloc_hwpt(rig->iommufd, rig->dev_id, rig->ioas_id, &id)))
		return;
	if (settle(racer, iommufd__mark(rig->iommufd, id, GUEST_TOKEN)))
		racer->done++;
	destroy(racer, id);
}

static void attach_one_and_other(struct racer *racer)
{
	struct rig *rig = racer->rig;

	if (vfio__attach(rig->vfio, rig->marked[1]) || vfio__attach(rig->vfio, rig->hwpt_id))
		racer->unexpected = -EIO;
	else
		racer->done++;
}

static void close_preserved(struct racer *racer)
{
	struct session *session = luo__create_session(racer->luo, racer->name);
	struct iommufd *iommufd = iommufd__open();

	if (!session || !iommufd)
		racer->unexpected = -EIO;
	else if (settle(racer, session__preserve_fd(session, iommufd__fd(iommufd), 1)))
		racer->done++;
	iommufd__close(iommufd);
	session__close(session);
}

static void preserve_and_abort(struct racer *racer)
{
	struct session *session = luo__create_session(racer->luo, racer->name);

	if (!session) {
		racer->unexpected = -EIO;
		return;
	}
	if (settle(racer, rig__try_preserve(racer->rig, session)))
		racer->done++;
	session__close(session);
}

static void *run_racer(void *arg)
{
	struct racer *racer = arg;

	while (!atomic_load(&stop) && !racer->unexpected)
		racer->race(racer);
	return NULL;
}

static bool run(struct racer *racers, size_t nr, unsigned int seconds)
{
	size_t i, started = 0;

	while (started < nr && !pthread_create(&racers[started].thread, NULL, run_racer,
					       &racers[started]))
		started++;
	if (started == nr)
		sleep(seconds);
	atomic_store(&stop, true);
	for (i = 0; i < started; i++)
		pthread_join(racers[i].thread, NULL);
	for (i = 0; i < started; i++)
		printf("# %s: %lu times done, %lu times busy\n", racers[i].name, racers[i].done,
		       racers[i].busy);
	return tap__true(started == nr, "no threads");
}

static bool all_got_through(const struct racer *racers, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!tap__true(!racers[i].unexpected, "%s had errno %d", racers[i].name,
			       racers[i].unexpected) ||
		    !tap__true(racers[i].done, "%s never got through", racers[i].name))
			return false;
	}
	return true;
}

/* What the hardware would walk, from outside of this process and of iommufd */
static bool walk(const char *path)
{
	char command[128];

	snprintf(command, sizeof(command), "lutrace walk --token %u --output %s", RIG_TOKEN, path);
	return tap__true(!system(command), "%s failed", command);
}

static bool same_walks(void)
{
	return tap__true(!system("lutrace walk --compare " WALK_BEFORE " " WALK_AFTER),
			 "other mappings than before");
}

/* Preserving compares every entry with the memory: 32 pages, an entry each */
static bool is_whole(struct luo *luo, struct rig *rig)
{
	struct session *session = luo__create_session(luo, "last");
	struct iommufd_state state;
	bool ok;

	ok = tap__true(session, "no session") &&
	     tap__want(rig__try_preserve(rig, session), 0, "preserving for the last time") &&
	     tap__want(iommufd__query(rig->iommufd, rig->hwpt_id, &state), 0, "query") &&
	     tap__true(state.nr_leaves == 2 * rig->size / RIG_PAGE, "%llu entries are there",
		       (unsigned long long)state.nr_leaves);
	session__close(session);
	return ok;
}

static bool add_hwpts(struct rig *rig)
{
	uint32_t id;

	return rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_2, &id) &&
	       rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_3, &id) &&
	       rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_3 + 1, &id);
}

static void race(struct luo *luo, struct rig *rig, unsigned int seconds)
{
	struct racer racers[] = {
		{ .name = "mapper", .race = unmap_and_map },
		{ .name = "guest", .race = come_and_go },
		{ .name = "device", .race = attach_one_and_other },
		{ .name = "bystander", .race = close_preserved },
		{ .name = "session-1", .race = preserve_and_abort },
		{ .name = "session-2", .race = preserve_and_abort },
	};
	size_t i;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(racers); i++) {
		racers[i].luo = luo;
		racers[i].rig = rig;
	}
	ok = walk(WALK_BEFORE) && run(racers, ARRAY_SIZE(racers), seconds);
	printf("# races: %u s\n", seconds);
	tap__point(ok && all_got_through(racers, ARRAY_SIZE(racers)),
		   "everything works, or has EBUSY");
	tap__point(ok && tap__true(racers[0].busy && racers[4].busy + racers[5].busy,
				   "nobody ever met another"), "they did meet");
	tap__point(ok && walk(WALK_AFTER) && same_walks(), "the mappings are those of before");
	tap__point(is_whole(luo, rig), "and they are the memfds'");
	tap__point(rig__is_unchanged(rig), "and so is all else");
}

int main(int argc, char **argv)
{
	struct counters before = counters__read();
	unsigned int seconds = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct luo *luo = luo__open();
	struct rig *rig;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("races");
	rig = luo ? rig__open(luo, RIG_VTD, false) : NULL;
	if (tap__true(rig && seconds, "no rig, or no SECONDS") && add_hwpts(rig))
		race(luo, rig, seconds);
	if (rig)
		rig__close(rig);
	luo__close(luo);
	tap__point(counters__are(&before), "no table and no pin is left");
	return tap__end();
}
