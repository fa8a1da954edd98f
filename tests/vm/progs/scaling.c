// SPDX-License-Identifier: GPL-2.0-only
/*
 * scaling DIR GAIN before IMAGE INITRD CMDLINE
 * scaling DIR GAIN after
 * How long two iommufds take to be preserved, and their HWPTs to be reclaimed, one after the other and by two
 * threads at once. "before" measures preserving, leaves both preserved and jumps; "after" measures reclaiming
 * in the next kernel. Each HWPT maps one page at many places, each of which needs a table of its own. Two threads
 * must be at least GAIN tenths as fast as one, which 0 does not ask for.
 *
 * Needs root, the series, two CPUs, and two of QEMU's edu devices behind an IOMMU. Prints KTAP, and a line for
 * each measurement to DIR/scaling.txt.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <time.h>

#include "kernel/iommufd.h"
#include "kernel/kexec.h"
#include "kernel/session.h"
#include "kernel/vfio.h"
#include "probe/memfd.h"
#include "tap.h"

#define PAGE		4096ull
#define IOVA		0x10000000ull
#define STRIDE		(2ull << 20)	/* what a table of 4 KiB entries maps */
#define NR_TABLES	500u		/* such tables of each HWPT */
#define NR_HWPTS	8u		/* of each iommufd */
#define NR_USERS	2u
#define ROUNDS		5u
#define MEMFD_TOKEN	0x100u
#define IOMMUFD_TOKEN	0x200u

static unsigned long min_gain;

static const char *const bdfs[NR_USERS] = { "0000:00:04.0", "0000:00:06.0" };

struct user {
	char name[16];
	struct iommufd *iommufd;
	struct memfd *memfd;
	struct vfio *vfio;
	struct session *session;
};

/* What a thread does for a user: returns 0 or the kernel's negative errno. */
typedef int (*task_fn)(struct user *u, unsigned int nr);

struct worker {
	struct user *user;
	task_fn task;
	unsigned int nr;
	int ret;
	pthread_barrier_t *start;
	pthread_t thread;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* One after the other. Nanoseconds, or 0 if one failed. */
static uint64_t in_turn(struct user *users, task_fn task, unsigned int nr)
{
	uint64_t begin = now();
	unsigned int i;

	for (i = 0; i < NR_USERS; i++)
		if (!tap__want(task(&users[i], nr), 0, "%s", users[i].name))
			return 0;
	return now() - begin;
}

static void *run_worker(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(w->start);
	w->ret = w->task(w->user, w->nr);
	return NULL;
}

/* The same, each by a thread of its own */
static uint64_t at_once(struct user *users, task_fn task, unsigned int nr)
{
	struct worker workers[NR_USERS];
	pthread_barrier_t start;
	uint64_t begin;
	unsigned int i;
	bool ok = true;

	pthread_barrier_init(&start, NULL, NR_USERS + 1);
	for (i = 0; i < NR_USERS; i++) {
		workers[i] = (struct worker){ &users[i], task, nr, 0, &start, 0 };
		if (pthread_create(&workers[i].thread, NULL, run_worker, &workers[i])) {
			fprintf(stderr, "scaling: no thread\n");
			exit(EXIT_FAILURE);
		}
	}
	begin = now();
	pthread_barrier_wait(&start);
	for (i = 0; i < NR_USERS; i++)
		pthread_join(workers[i].thread, NULL);
	begin = now() - begin;
	for (i = 0; i < NR_USERS; i++)
		ok = tap__want(workers[i].ret, 0, "%s", users[i].name) && ok;
	pthread_barrier_destroy(&start);
	return ok ? begin : 0;
}

static bool report(const char *dir, const char *what, uint64_t turn, uint64_t once)
{
	char path[256];
	FILE *f;

	if (!turn || !once)
		return false;
	snprintf(path, sizeof(path), "%s/scaling.txt", dir);
	f = fopen(path, "ae");
	if (!tap__true(f, "%s cannot be written", path))
		return false;
	fprintf(f, "%-8s %8.1f ms by one thread, %8.1f ms by two: %.2f times as fast\n", what, turn / 1e6,
		once / 1e6, (double)turn / once);
	fclose(f);
	return tap__true(turn * 10 >= once * min_gain, "%s: two threads are %.2f times as fast as one, and "
			 "%.1f is the least", what, (double)turn / once, min_gain / 10.0);
}

/* Opens all of them, which @open does for one: a point called @name. */
static struct luo *open_all(struct user *users, bool (*open)(struct luo *, struct user *, unsigned int),
			    const char *name, bool *ok)
{
	struct luo *luo = luo__open();
	unsigned int i;

	tap__group("scaling");
	*ok = tap__true(luo, "no /dev/liveupdate");
	for (i = 0; i < NR_USERS && *ok; i++)
		*ok = open(luo, &users[i], i);
	tap__point(*ok, "%s", name);
	return luo;
}

/* The kernel that preserves */

static bool add_marked(struct user *u, uint32_t token)
{
	uint32_t ioas_id, hwpt_id;
	unsigned int i;

	if (!tap__want(iommufd__alloc_ioas(u->iommufd, &ioas_id), 0, "an IOAS") ||
	    !tap__want(iommufd__alloc_hwpt(u->iommufd, vfio__dev_id(u->vfio), ioas_id, &hwpt_id), 0,
		       "a HWPT"))
		return false;
	for (i = 0; i < NR_TABLES; i++)
		if (!tap__want(iommufd__map_file(u->iommufd, ioas_id, memfd__fd(u->memfd), 0, PAGE,
						 IOVA + i * STRIDE, true, true), 0, "mapping the memfd"))
			return false;
	return tap__want(iommufd__mark(u->iommufd, hwpt_id, token), 0, "marking a HWPT");
}

static bool make_user(struct luo *luo, struct user *u, unsigned int nr)
{
	uint32_t i;

	(void)luo;
	snprintf(u->name, sizeof(u->name), "user-%u", nr);
	u->iommufd = iommufd__open();
	u->memfd = memfd__create(u->name, PAGE, 0, 1);
	u->vfio = vfio__open(bdfs[nr]);
	if (!tap__true(u->iommufd && u->memfd && u->vfio &&
		       !vfio__bind(u->vfio, iommufd__fd(u->iommufd)), "no iommufd with device %s", bdfs[nr]))
		return false;
	for (i = 0; i < NR_HWPTS; i++)
		if (!add_marked(u, i + 1))
			return false;
	return true;
}

static bool open_session(struct luo *luo, struct user *u)
{
	u->session = luo__create_session(luo, u->name);
	return tap__true(u->session, "no session") &&
	       tap__want(session__preserve_fd(u->session, memfd__fd(u->memfd), MEMFD_TOKEN), 0,
			 "preserving the memfd");
}

static int preserve(struct user *u, unsigned int nr)
{
	(void)nr;
	return session__preserve_fd(u->session, iommufd__fd(u->iommufd), IOMMUFD_TOKEN);
}

/* One round; the sessions stay if it is the last. Nanoseconds, or 0. */
static uint64_t preserve_round(struct luo *luo, struct user *users, bool threads, bool last)
{
	uint64_t took;
	unsigned int i;

	for (i = 0; i < NR_USERS; i++)
		if (!open_session(luo, &users[i]))
			return 0;
	took = threads ? at_once(users, preserve, 0) : in_turn(users, preserve, 0);
	for (i = 0; i < NR_USERS && !last; i++)
		session__close(users[i].session);
	return took;
}

static bool preserve_all(struct luo *luo, struct user *users, const char *dir)
{
	uint64_t turn = 0, once = 0, a, b;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		a = preserve_round(luo, users, false, false);
		b = preserve_round(luo, users, true, i + 1 == ROUNDS);
		if (!a || !b)
			return false;
		turn = turn ? MIN(turn, a) : a;
		once = once ? MIN(once, b) : b;
	}
	return report(dir, "preserve", turn, once);
}

static int before(const char *dir, char **kexec)
{
	struct user users[NR_USERS] = { 0 };
	bool ok;
	struct luo *luo = open_all(users, make_user, "two iommufds are there", &ok);

	tap__point(ok && preserve_all(luo, users, dir), "two threads preserve");
	tap__end();
	if (ok && !kexec__load(kexec[0], kexec[1], kexec[2]))
		kexec__reboot();
	return EXIT_FAILURE;
}

/* The one that takes over */

static bool take_user(struct luo *luo, struct user *u, unsigned int nr)
{
	int fd;

	snprintf(u->name, sizeof(u->name), "user-%u", nr);
	u->vfio = vfio__open(bdfs[nr]);
	u->session = luo__retrieve_session(luo, u->name);
	if (!tap__true(u->vfio && u->session, "no device or no session"))
		return false;
	fd = session__retrieve_fd(u->session, IOMMUFD_TOKEN);
	if (!tap__want(fd < 0 ? fd : 0, 0, "retrieving the iommufd"))
		return false;
	u->iommufd = iommufd__adopt(fd);
	return tap__true(u->iommufd && !vfio__bind(u->vfio, fd), "no device");
}

static int reclaim(struct user *u, unsigned int nr)
{
	struct iommufd_reclaimed ids;

	return iommufd__reclaim(u->iommufd, vfio__dev_id(u->vfio), nr + 1, &ids);
}

/* Half of the HWPTs in turn and half at once, so that what grows meanwhile has its share in both */
static bool reclaim_all(struct user *users, const char *dir)
{
	uint64_t turn = 0, once = 0, took;
	unsigned int i;

	for (i = 0; i < NR_HWPTS; i++) {
		took = i % 2 ? at_once(users, reclaim, i) : in_turn(users, reclaim, i);
		if (!took)
			return false;
		*(i % 2 ? &once : &turn) += took;
	}
	return report(dir, "reclaim", turn, once);
}

static int after(const char *dir)
{
	struct user users[NR_USERS] = { 0 };
	unsigned int i;
	bool ok;
	struct luo *luo = open_all(users, take_user, "two iommufds come back", &ok);

	tap__point(ok && reclaim_all(users, dir), "two threads reclaim");
	for (i = 0; i < NR_USERS && ok; i++)
		ok = tap__want(session__finish(users[i].session), 0, "finish");
	tap__point(ok, "both sessions are finished");
	for (i = 0; i < NR_USERS; i++) {
		vfio__close(users[i].vfio);
		iommufd__close(users[i].iommufd);
		session__close(users[i].session);
	}
	luo__close(luo);
	return tap__end();
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	min_gain = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	if (argc == 7 && !strcmp(argv[3], "before"))
		return before(argv[1], argv + 4);
	if (argc == 4 && !strcmp(argv[3], "after"))
		return after(argv[1]);
	fprintf(stderr, "Usage: scaling DIR GAIN before IMAGE INITRD CMDLINE\n"
		"       scaling DIR GAIN after\n");
	return EXIT_FAILURE;
}
