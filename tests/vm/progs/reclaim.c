// SPDX-License-Identifier: GPL-2.0-only
/*
 * reclaim SESSION: takes back what tests/vm/reclaim.d/reclaim.plan preserved, in all the ways that
 * luctl resume does not: wrongly, twice at once, while the session is finished, after it, not at
 * all, and with the memory punched out of the memfd under the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/iommufd.h>

#include "counters.h"
#include "probe/edu.h"
#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "kernel/session.h"
#include "tap.h"
#include "kernel/vfio.h"

/* As the plan has them */
#define BDF		"0000:00:04.0"
#define IOMMUFD_TOKEN	0x200u
#define MEMFD_TOKEN	0x100u
#define MEMFD_SIZE	(4ULL << 20)
#define MEMFD_SEED	21u
#define MAIN_TOKEN	1u
#define MAIN_IOVA	0x10000000ULL
#define MAIN_PAGES	16u
#define FIRST_TWICE	2u	/* reclaimed by two threads at once */
#define LAST_TWICE	9u
#define FIRST_RACE	10u	/* reclaimed while the session is finished */
#define LAST_RACE	29u
#define NEVER_TOKEN	30u	/* never reclaimed */
#define MSI_TOKEN	31u	/* maps what is reserved for the device's interrupts */
#define LIMIT_TOKEN	32u	/* reclaimed with a limit of no locked memory */
#define LIMIT_PAGES	16u
#define LIMIT_TABLES	3u	/* of its page table, one for each level */
#define UNKNOWN_TOKEN	0xdeadu
#define NEXT_TOKEN	0xbeefu	/* for the live update after this one */

#define RECLAIMED	IOMMU_HWPT_LIVEUPDATE_RECLAIMED
#define PAGE		4096u
#define BYSTANDER_SIZE	(256UL << 20)

struct test {
	struct luo *luo;
	struct session *session;
	struct iommufd *iommufd;
	struct vfio *vfio;
	struct edu *edu;
	struct memfd *memfd;
	struct iommufd_reclaimed main;
};

static int reclaim(struct test *t, uint64_t token, struct iommufd_reclaimed *out)
{
	return iommufd__reclaim(t->iommufd, vfio__dev_id(t->vfio), token, out);
}

static bool open_all(struct test *t, const char *session)
{
	int fd;

	t->luo = luo__open();
	t->vfio = vfio__open(BDF);
	t->session = t->luo ? luo__retrieve_session(t->luo, session) : NULL;
	if (!tap__true(t->session && t->vfio, "no session or no device"))
		return false;
	fd = session__retrieve_fd(t->session, IOMMUFD_TOKEN);
	if (!tap__want(fd, 0, "retrieving the iommufd"))
		return false;
	t->iommufd = iommufd__adopt(fd);
	fd = session__retrieve_fd(t->session, MEMFD_TOKEN);
	if (!tap__want(fd, 0, "retrieving the memfd"))
		return false;
	t->memfd = memfd__adopt(fd, "ram", MEMFD_SIZE, MEMFD_SEED);
	return tap__true(t->memfd && !vfio__bind(t->vfio, iommufd__fd(t->iommufd)),
			 "no memfd, or the device cannot be bound");
}

static void run_refused(struct test *t)
{
	struct iommu_hwpt_liveupdate_reclaim flags = {
		.size = sizeof(flags),
		.dev_id = vfio__dev_id(t->vfio),
		.hwpt_token = MAIN_TOKEN,
		.flags = 1,
	};
	struct iommufd_reclaimed ids;
	int ret;

	tap__group("refused");
	tap__point(tap__want(reclaim(t, UNKNOWN_TOKEN, &ids), -ENOENT, "reclaim"),
		   "an unknown token, with ENOENT");
	tap__point(tap__want(iommufd__reclaim(t->iommufd, 4711, MAIN_TOKEN, &ids), -ENOENT,
			     "reclaim"), "an unknown device, with ENOENT");
	ret = ioctl(iommufd__fd(t->iommufd), IOMMU_HWPT_LIVEUPDATE_RECLAIM, &flags);
	tap__point(tap__want(ret ? -errno : 0, -EOPNOTSUPP, "reclaim"),
		   "unknown flags, with EOPNOTSUPP");
	tap__point(tap__want(reclaim(t, MSI_TOKEN, &ids), -EADDRINUSE, "reclaim") &&
		   tap__want(reclaim(t, MSI_TOKEN, &ids), -EADDRINUSE, "reclaim"),
		   "what maps a reserved region of the device, with EADDRINUSE");
}

/* Who may lock memory without limit is not counted, so this is given up for a moment */
static bool set_ipc_lock(bool on)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return false;
	if (on)
		data[0].effective |= 1u << CAP_IPC_LOCK;
	else
		data[0].effective &= ~(1u << CAP_IPC_LOCK);
	return !syscall(SYS_capset, &header, data);
}

static bool query_is(struct test *t, uint32_t hwpt_id, uint32_t bits, uint64_t pages)
{
	struct iommufd_state state;

	return tap__want(iommufd__query(t->iommufd, hwpt_id, &state), 0, "query") &&
	       tap__true(state.bits == bits && state.nr_pinned == pages,
			 "the HWPT has state %#x and %llu pages", state.bits,
			 (unsigned long long)state.nr_pinned);
}

static bool reclaims_nothing(struct test *t)
{
	struct counters before = counters__read();
	struct iommufd_reclaimed ids;

	if (!tap__want(reclaim(t, LIMIT_TOKEN, &ids), -ENOMEM, "reclaim"))
		return false;
	/* The page table is this kernel's from the first attempt on */
	before.iommu_pages += LIMIT_TABLES;
	return counters__are(&before) &&
	       tap__want(reclaim(t, LIMIT_TOKEN, &ids), -ENOMEM, "a second reclaim") &&
	       counters__are(&before);
}

static void run_limited(struct test *t)
{
	const struct rlimit none = { 0, RLIM_INFINITY };
	struct iommufd_reclaimed ids;
	struct rlimit old;
	bool ok;

	tap__group("without locked memory");
	ok = tap__true(!getrlimit(RLIMIT_MEMLOCK, &old) && !setrlimit(RLIMIT_MEMLOCK, &none) &&
		       set_ipc_lock(false), "no limit can be set") &&
	     reclaims_nothing(t);
	tap__point(ok, "refused with ENOMEM, and nothing is pinned");
	setrlimit(RLIMIT_MEMLOCK, &old);
	set_ipc_lock(true);
	tap__point(ok && tap__want(reclaim(t, LIMIT_TOKEN, &ids), 0, "reclaim") &&
		   query_is(t, ids.hwpt_id, RECLAIMED, LIMIT_PAGES),
		   "and reclaimed once the limit is gone");
}

/* Pages that this process has pinned, as the kernel accounts for them */
static long pinned_kb(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	long kb = -1;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmPin: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

/* Races: threads that wait for each other and then reclaim a range of tokens */

struct racer {
	struct test *test;
	atomic_int *ready;
	uint64_t first, last;
	int results[64];	/* by token - first */
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct iommufd_reclaimed ids;
	uint64_t token;

	atomic_fetch_add(racer->ready, 1);
	while (atomic_load(racer->ready) < 2)
		;
	for (token = racer->first; token <= racer->last; token++)
		racer->results[token - racer->first] = reclaim(racer->test, token, &ids);
	return NULL;
}

static void run_twice(struct test *t)
{
	atomic_int ready = 0;
	struct racer a = { t, &ready, FIRST_TWICE, LAST_TWICE, { 0 } }, b = a;
	pthread_t thread;
	bool ok;
	size_t i;

	tap__group("two threads");
	ok = tap__true(!pthread_create(&thread, NULL, race, &a), "no thread");
	if (ok) {
		race(&b);
		pthread_join(thread, NULL);
	}
	for (i = 0; ok && i <= LAST_TWICE - FIRST_TWICE; i++)
		ok = tap__true((a.results[i] == 0 && b.results[i] == -ENOENT) ||
			       (a.results[i] == -ENOENT && b.results[i] == 0),
			       "token %zu gave %d and %d", i + FIRST_TWICE, a.results[i],
			       b.results[i]);
	tap__point(ok, "of two reclaims of a token one succeeds, the other has ENOENT");
}

static void run_main(struct test *t)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));
	long pinned = pinned_kb();
	bool ok;

	tap__group("a reclaimed HWPT");
	ok = tap__want(reclaim(t, MAIN_TOKEN, &t->main), 0, "reclaim") &&
	     query_is(t, t->main.hwpt_id, RECLAIMED, MAIN_PAGES);
	tap__point(ok, "is reclaimed, and its memory is pinned");
	tap__point(tap__true(pinned_kb() == pinned + MAIN_PAGES * PAGE / 1024,
			     "VmPin went from %ld kB to %ld", pinned, pinned_kb()),
		   "is accounted for");
	tap__point(tap__want(iommufd__mark(t->iommufd, t->main.hwpt_id, NEXT_TOKEN), 0, "mark") &&
		   tap__want(iommufd__mark(t->iommufd, t->main.hwpt_id, NEXT_TOKEN), 0,
			     "the same mark again") &&
		   tap__want(iommufd__mark(t->iommufd, t->main.hwpt_id, NEXT_TOKEN + 1), -EEXIST,
			     "another mark") &&
		   query_is(t, t->main.hwpt_id, RECLAIMED | IOMMU_HWPT_LIVEUPDATE_MARKED,
			    MAIN_PAGES), "can be marked for the next live update, once");
	tap__point(tap__want(iommufd__map(t->iommufd, t->main.ioas_id, page, PAGE,
					  MAIN_IOVA + (1 << 30)), -EBUSY, "map") &&
		   tap__want(iommufd__unmap(t->iommufd, t->main.ioas_id, MAIN_IOVA,
					    MAIN_PAGES * PAGE), -EBUSY, "unmap") &&
		   tap__want(iommufd__destroy(t->iommufd, t->main.ioas_id), -EBUSY, "destroy"),
		   "refuses map, unmap and destroy of its IOAS with EBUSY");
	ok = !vfio__attach(t->vfio, t->main.hwpt_id);
	t->edu = ok ? edu__open(t->vfio) : NULL;
	tap__point(t->edu, "takes the device");
}

/* Memory of somebody else's, made after a page was punched out of the memfd */
static bool bystander_is_intact(const uint64_t *memory)
{
	size_t i;

	for (i = 0; i < BYSTANDER_SIZE / sizeof(*memory); i++)
		if (memory[i] != i * 0x9e3779b97f4a7c15ULL)
			return false;
	return true;
}

static uint64_t *make_bystander(void)
{
	uint64_t *memory = mmap(NULL, BYSTANDER_SIZE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (memory == MAP_FAILED)
		return NULL;
	for (i = 0; i < BYSTANDER_SIZE / sizeof(*memory); i++)
		memory[i] = i * 0x9e3779b97f4a7c15ULL;
	return memory;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n && !*p++)
		n--;
	return !n;
}

/* Page 0 of the HWPT's memory is punched; pages 1 and 2 show what the device reads and has */
static void run_punched(struct test *t)
{
	uint8_t *memory = memfd__at(t->memfd, 0);
	uint64_t *bystander = NULL;
	uint8_t before[64];
	bool ok;

	tap__group("a hole under the device");
	memcpy(before, memory + PAGE, sizeof(before));
	ok = tap__true(!fallocate(memfd__fd(t->memfd), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				  0, PAGE), "punching failed") &&
	     tap__true(all_zero(memory, PAGE), "the file has no new page there");
	tap__point(ok, "is punched, and the file has a new page");
	if (ok)
		bystander = make_bystander();
	ok = ok && tap__true(bystander, "no memory") &&
	     !edu__load(t->edu, MAIN_IOVA + PAGE, sizeof(before)) &&
	     !edu__store(t->edu, MAIN_IOVA, sizeof(before)) &&
	     tap__true(all_zero(memory, PAGE), "the device wrote to the new page");
	tap__point(ok && tap__true(bystander_is_intact(bystander), "somebody's memory changed"),
		   "the device writes to neither the new page nor to anybody's memory");
	ok = ok && !edu__load(t->edu, MAIN_IOVA, sizeof(before)) &&
	     !edu__store(t->edu, MAIN_IOVA + 2 * PAGE, sizeof(before)) &&
	     tap__true(!memcmp(memory + 2 * PAGE, before, sizeof(before)),
		       "what it wrote is not there any more");
	tap__point(ok, "the page that was punched out is still the device's");
	if (bystander)
		munmap(bystander, BYSTANDER_SIZE);
}

static void run_finish(struct test *t)
{
	atomic_int ready = 0;
	struct racer racer = { t, &ready, FIRST_RACE, LAST_RACE, { 0 } };
	struct iommufd_reclaimed ids;
	pthread_t thread;
	bool ok;
	size_t i;

	tap__group("finish");
	ok = tap__true(!pthread_create(&thread, NULL, race, &racer), "no thread");
	if (ok) {
		while (!atomic_load(&ready))
			;
		atomic_fetch_add(&ready, 1);
		ok = tap__want(session__finish(t->session), 0, "finish");
		pthread_join(thread, NULL);
	}
	for (i = 0; ok && i <= LAST_RACE - FIRST_RACE; i++)
		ok = tap__true(!racer.results[i] || racer.results[i] == -ENOENT,
			       "token %zu gave %d", i + FIRST_RACE, racer.results[i]);
	/* What came after the finish, in order */
	for (i = 1; ok && i <= LAST_RACE - FIRST_RACE; i++)
		ok = tap__true(!racer.results[i - 1] || racer.results[i],
			       "token %zu was reclaimed after one was gone", i + FIRST_RACE);
	tap__point(ok, "a reclaim meanwhile succeeds, or has ENOENT from then on");
	tap__point(tap__want(reclaim(t, NEVER_TOKEN, &ids), -ENOENT, "reclaim"),
		   "what was not reclaimed is gone");
	tap__point(tap__want(reclaim(t, MAIN_TOKEN, &ids), -ENOENT, "reclaim") &&
		   query_is(t, t->main.hwpt_id, RECLAIMED | IOMMU_HWPT_LIVEUPDATE_MARKED,
			    MAIN_PAGES),
		   "what was reclaimed stays, with its pins");
}

/* A HWPT that is gone leaves its IOAS as one that was made here */
static void run_thawed(struct test *t)
{
	uint32_t id = 0;
	bool ok;

	tap__group("after the HWPT");
	edu__close(t->edu);
	ok = !vfio__detach(t->vfio) &&
	     tap__want(iommufd__destroy(t->iommufd, t->main.hwpt_id), 0, "destroying it") &&
	     tap__want(iommufd__alloc_hwpt(t->iommufd, vfio__dev_id(t->vfio), t->main.ioas_id, &id),
		       0, "another HWPT of its IOAS") &&
	     query_is(t, id, 0, MAIN_PAGES);
	tap__point(ok, "another one of the IOAS maps the same areas");
	ok = ok && tap__want(iommufd__unmap(t->iommufd, t->main.ioas_id, MAIN_IOVA,
					    MAIN_PAGES * PAGE), 0, "unmap") &&
	     query_is(t, id, 0, 0);
	tap__point(ok, "the areas can be unmapped");
}

static void close_all(struct test *t)
{
	session__close(t->session);
	vfio__close(t->vfio);
	iommufd__close(t->iommufd);
	if (t->memfd)
		memfd__free(t->memfd);
	luo__close(t->luo);
}

int main(int argc, char **argv)
{
	struct counters before = counters__read();
	struct test t = { 0 };
	bool ok;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("retrieve");
	ok = tap__true(argc == 2, "usage: reclaim SESSION") && open_all(&t, argv[1]);
	tap__point(ok, "the iommufd, and then the memfd");
	if (ok) {
		run_refused(&t);
		run_limited(&t);
		run_twice(&t);
		run_main(&t);
		if (t.edu)
			run_punched(&t);
		run_finish(&t);
		run_thawed(&t);
	}
	close_all(&t);
	tap__group("closed");
	tap__point(counters__are(&before), "no table and no pin is left");
	tap__point(tap__true(!pinned_kb(), "VmPin is %ld kB", pinned_kb()),
		   "no pin is accounted for any more");
	return tap__end();
}
