// SPDX-License-Identifier: GPL-2.0-only
/*
 * flat CYCLES: preserves and unpreserves over and over, and looks whether memory stays as it is. Two
 * sessions, with more domains between them than a page of records has room for, take turns; a third
 * one comes and goes meanwhile, so that what is preserved next uses other records than before. One
 * domain of each maps a page in every GiB of 64, and the others a page.
 *
 * Needs root, the series, and QEMU's edu device behind VT-d. Prints KTAP, and the comment "flat: N"
 * with the number of cycles: a cycle preserves a session's memfd and iommufd and closes the session.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "kernel/session.h"
#include "tap.h"
#include "kernel/vfio.h"

#define BDF		"0000:00:04.0"
#define PAGE		4096ull
#define NR_GIB		64u
#define GIB		(1ull << 30)
#define MEMFD_TOKEN	0x100u
#define IOMMUFD_TOKEN	0x200u

/* What the first cycles need to come to rest is not counted */
#define WARM_UP		100u
/* Kept by the kernel for other reasons, however many cycles there are */
#define SLAB_NOISE_KB	64
#define FREE_NOISE_KB	256
/*
 * Linux gives back areas of vmalloc in batches of some thousands, and KHO makes one for each memfd: a
 * slab object for each of them waits meanwhile, 56 in a page.
 */
#define AREAS_IN_PAGE	56

struct user {
	const char *name;
	unsigned int nr_domains;
	struct session *session;
	struct iommufd *iommufd;
	struct memfd *memfd;
};

struct memory {
	long free_kb, slab_kb;
};

static bool map_page(struct user *user, uint32_t ioas_id, uint64_t iova)
{
	return tap__want(iommufd__map_file(user->iommufd, ioas_id, memfd__fd(user->memfd), 0, PAGE,
					   iova, true, true), 0, "mapping at 0x%" PRIx64, iova);
}

static bool add_domain(struct user *user, struct vfio *vfio, unsigned int n)
{
	uint32_t ioas_id, hwpt_id;
	unsigned int i;

	if (!tap__want(iommufd__alloc_ioas(user->iommufd, &ioas_id), 0, "an IOAS") ||
	    !map_page(user, ioas_id, n * PAGE))
		return false;
	for (i = 1; !n && i <= NR_GIB; i++)
		if (!map_page(user, ioas_id, i * GIB - PAGE))
			return false;
	return tap__want(iommufd__alloc_hwpt(user->iommufd, vfio__dev_id(vfio), ioas_id, &hwpt_id),
			 0, "a HWPT") &&
	       tap__want(iommufd__mark(user->iommufd, hwpt_id, n + 1), 0, "marking it");
}

/* The device is only needed to make the HWPTs */
static bool open_user(struct user *user)
{
	struct vfio *vfio = vfio__open(BDF);
	unsigned int i;
	bool ok;

	user->iommufd = iommufd__open();
	user->memfd = memfd__create(user->name, PAGE, 0, 1);
	ok = tap__true(user->iommufd && user->memfd && vfio &&
		       !vfio__bind(vfio, iommufd__fd(user->iommufd)), "no iommufd with a device");
	for (i = 0; ok && i < user->nr_domains; i++)
		ok = add_domain(user, vfio, i);
	vfio__close(vfio);
	return ok;
}

static void unpreserve(struct user *user)
{
	session__close(user->session);
	user->session = NULL;
}

static void close_user(struct user *user)
{
	unpreserve(user);
	iommufd__close(user->iommufd);
	memfd__free(user->memfd);
}

static bool preserve(struct user *user, struct luo *luo)
{
	user->session = luo__create_session(luo, user->name);
	return tap__true(user->session, "no session") &&
	       tap__want(session__preserve_fd(user->session, memfd__fd(user->memfd), MEMFD_TOKEN), 0,
			 "preserving the memfd of %s", user->name) &&
	       tap__want(session__preserve_fd(user->session, iommufd__fd(user->iommufd),
					      IOMMUFD_TOKEN), 0,
			 "preserving the iommufd of %s", user->name);
}

/* The two take each other's records by way of what the guest leaves: two cycles */
static bool take_turns(struct user *one, struct user *guest, struct luo *luo)
{
	bool ok;

	unpreserve(one);
	ok = preserve(guest, luo) && preserve(one, luo);
	unpreserve(guest);
	return ok;
}

/* The sum of what follows @first or @second at the beginning of a line of the file */
static long sum_of(const char *path, const char *first, const char *second)
{
	FILE *f = fopen(path, "re");
	long value, sum = 0;
	char line[256], word[64];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", word, &value) == 2 &&
		    (!strcmp(word, first) || !strcmp(word, second)))
			sum += value;
	if (f)
		fclose(f);
	return sum;
}

/* What is there for areas that were not given back yet */
static long areas_kb(void)
{
	FILE *f = fopen("/proc/vmallocinfo", "re");
	char line[256];
	long nr = 0;

	while (f && fgets(line, sizeof(line), f))
		nr += !!strstr(line, "unpurged vm_area");
	if (f)
		fclose(f);
	return nr * 4 / AREAS_IN_PAGE;
}

/* Areas that were given back are kept to be used again, but for this */
static void drop_caches(void)
{
	FILE *f = fopen("/proc/sys/vm/drop_caches", "we");

	if (!f)
		return;
	fputs("2\n", f);
	fclose(f);
}

/* Free is also what each CPU keeps for itself */
static struct memory read_memory(void)
{
	long areas;

	drop_caches();
	areas = areas_kb();
	return (struct memory){
		.free_kb = sum_of("/proc/zoneinfo", "nr_free_pages", "count:") * 4 + areas,
		.slab_kb = sum_of("/proc/meminfo", "SUnreclaim:", "") - areas,
	};
}

/* Since @before, which is what there is now then */
static struct memory gone_since(struct memory *before, unsigned long cycles)
{
	struct memory now = read_memory();
	struct memory gone = { before->free_kb - now.free_kb, now.slab_kb - before->slab_kb };

	printf("# %lu cycles: %ld kB of slab and %ld kB in all are gone\n", cycles, gone.slab_kb,
	       gone.free_kb);
	*before = now;
	return gone;
}

static bool is_noise(const struct memory *gone, long times)
{
	return gone->slab_kb <= times * SLAB_NOISE_KB && gone->free_kb <= times * FREE_NOISE_KB;
}

static bool run(struct user users[3], struct luo *luo, unsigned long turns)
{
	unsigned long i;

	for (i = 0; i < turns; i++)
		if (!take_turns(&users[i % 2], &users[2], luo))
			return false;
	return true;
}

/*
 * A leak is there in each round. Half-empty slabs come once, and are little: 85 kB were seen where all
 * of memory had become more.
 */
static bool stays_flat(struct user users[3], struct luo *luo, struct memory *memory,
		       unsigned long cycles)
{
	struct memory gone = gone_since(memory, cycles);

	if (!is_noise(&gone, 1) && is_noise(&gone, 2) && run(users, luo, cycles / 2))
		gone = gone_since(memory, cycles);
	return tap__true(is_noise(&gone, 1), "%ld kB of slab and %ld kB in all are gone",
			 gone.slab_kb, gone.free_kb);
}

static void run_all(struct user users[3], struct luo *luo, unsigned long cycles)
{
	struct counters before;
	struct memory memory;
	bool ok;

	ok = preserve(&users[0], luo) && preserve(&users[1], luo) && run(users, luo, WARM_UP);
	tap__point(ok, "two sessions are preserved, with %u domains",
		   users[0].nr_domains + users[1].nr_domains);
	before = counters__read();
	memory = read_memory();
	ok = ok && run(users, luo, cycles / 2);
	tap__point(ok, "they and a third one come and go");
	tap__point(ok && stays_flat(users, luo, &memory, cycles), "memory stays flat");
	tap__point(ok && counters__are(&before), "no record and no table is left of a cycle");
}

int main(int argc, char **argv)
{
	struct user users[3] = {
		{ .name = "one", .nr_domains = 40 },
		{ .name = "two", .nr_domains = 20 },
		{ .name = "guest", .nr_domains = 10 },
	};
	unsigned long cycles = argc == 2 ? strtoul(argv[1], NULL, 0) : 0;
	struct counters before = counters__read();
	struct luo *luo = luo__open();
	bool ok;
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("flat");
	ok = tap__true(luo && cycles, "usage: flat CYCLES, as root");
	for (i = 0; i < 3; i++)
		ok = ok && open_user(&users[i]);
	tap__point(ok, "all domains are there");
	if (ok)
		run_all(users, luo, cycles);
	for (i = 0; i < 3; i++)
		close_user(&users[i]);
	luo__close(luo);
	tap__point(counters__are(&before), "in the end nothing is left");
	printf("# flat: %lu\n", cycles);
	return tap__end();
}
