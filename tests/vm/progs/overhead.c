// SPDX-License-Identifier: GPL-2.0-only
/*
 * overhead ROUNDS CYCLES DIR: how many instructions lutrace costs, in a machine whose clock counts
 * them (QEMU -icount shift=0: a nanosecond is an instruction). In each round the same cycles run
 * before anything is loaded, with each command attached, and without it again. A cycle preserves
 * domains and unpreserves them, and maps, unmaps and frees where nothing is preserved. One more
 * domain stays preserved in a session of its own, so that the FLB does not come and go.
 *
 * The least of the cycles counts. In the others there is what the allocator and lutrace's user space
 * do at times; of the latter the table has the CPU time. Each cycle finds the allocator in another
 * state, see stir(): without that one state would stay through all cycles, and what a program adds
 * could not be told from what another state costs.
 *
 * Needs root, the series, and two of QEMU's edu devices behind VT-d. Prints KTAP; the table goes to
 * DIR/overhead.txt, what the commands write to DIR, but a recording to /tmp: what answers for DIR may
 * be the host, which takes its time.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <time.h>
#include <unistd.h>

#include "attached.h"
#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "kernel/session.h"
#include "tap.h"
#include "kernel/vfio.h"

#define PAGE		4096ull
#define IOVA		0x10000000ull
/* So many that preserving them, with what lutrace adds, fits between two ticks */
#define NR_DOMAINS	20u
#define MEMFD_TOKEN	0x100u
#define IOMMUFD_TOKEN	0x200u

/* What the first cycles after a change need to come to rest is not counted */
#define WARM_UP		8u
#define MAX_ROUNDS	25u
#define MAX_STIR	16u

/* The limits, in instructions */
#define MAX_PAIR	2000
#define MAX_EVENT	150	/* that is filtered out */
/* What is taken for nothing: by so much two runs without lutrace may differ, in a pair */
#define NOISE		16
/* So many free pages are in the CPU's list before domains are preserved, see fill_list() */
#define LISTED_PAGES	96u

enum what { PRESERVE, UNPRESERVE, MAP, UNMAP, FREE, NR_WHATS };

static const char *const what_names[NR_WHATS] = {
	"preserve", "unpreserve", "map", "unmap", "free",
};

/* Of those that are preserved there are so many in a cycle */
static const unsigned int per_cycle[NR_WHATS] = { NR_DOMAINS, NR_DOMAINS, 1, 1, 1 };

enum kind { DETACHED, ATTACHED, LIMITED, FILTERED };

struct config {
	const char *name;
	enum kind kind;
	struct attached_command command;
};

#define UNTIL_EOF	"--", "/bin/sh", "-c", "echo attached; exec cat"

/* Of the session that is there before them check and top do not know all, which is status 3 */
static const struct config configs[] = {
	{ "not loaded", DETACHED, { .argv = { NULL } } },
	{ "latency", LIMITED, { { "lutrace", "latency", "--json", "--output", "latency.json",
				  UNTIL_EOF }, "attached", false, 0 } },
	{ "latency --stats", ATTACHED, { { "lutrace", "latency", "--stats", "--json", "--output",
					   "stats.json", UNTIL_EOF }, "attached", false, 0 } },
	{ "record", ATTACHED, { { "lutrace", "record", "--force", "--output", "/tmp/overhead.rec" },
				"recording", true, 0 } },
	{ "check", ATTACHED, { { "lutrace", "check", UNTIL_EOF }, "attached", false, 3 } },
	{ "top", ATTACHED, { { "lutrace", "top", "--batch", UNTIL_EOF }, "attached", false, 3 } },
	{ "--pid, filtered", FILTERED, { { "lutrace", "latency", "--json", "--output", "pid.json",
					   "--pid", "1", UNTIL_EOF }, "attached", false, 0 } },
	{ "--domain, filtered", FILTERED, { { "lutrace", "latency", "--json", "--output",
					      "domain.json", "--domain", "0x1000:1", UNTIL_EOF },
					    "attached", false, 0 } },
	{ "detached again", DETACHED, { .argv = { NULL } } },
};

/* What is preserved together */
struct user {
	struct iommufd *iommufd;
	struct memfd *memfd;
	struct vfio *vfio;
};

struct bench {
	struct luo *luo;
	struct session *held;
	struct user user, holder;
	uint32_t ioas_id;		/* that of a HWPT that is not marked */
	struct stirred { uint32_t ioas_id, hwpt_id; } stirred[MAX_STIR];
	int pipe[2];			/* that has room for LISTED_PAGES */
	unsigned long rounds, cycles;
	/* The least of the cycles, for each pair or call */
	int64_t took[MAX_ROUNDS][ARRAY_SIZE(configs)][NR_WHATS];
	uint64_t user_ns[ARRAY_SIZE(configs)];	/* of lutrace while the cycles ran, in all rounds */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Setting up */

static bool open_user(struct user *u, const char *bdf)
{
	u->iommufd = iommufd__open();
	u->memfd = memfd__create(bdf, PAGE, 0, 1);
	u->vfio = vfio__open(bdf);
	return tap__true(u->iommufd && u->memfd && u->vfio &&
			 !vfio__bind(u->vfio, iommufd__fd(u->iommufd)),
			 "no iommufd with device %s", bdf);
}

static void close_user(struct user *u)
{
	vfio__close(u->vfio);
	iommufd__close(u->iommufd);
	memfd__free(u->memfd);
}

static bool add_hwpt(struct user *u, uint32_t *ioas_id, uint32_t *hwpt_id)
{
	return tap__want(iommufd__alloc_ioas(u->iommufd, ioas_id), 0, "an IOAS") &&
	       tap__want(iommufd__alloc_hwpt(u->iommufd, vfio__dev_id(u->vfio), *ioas_id, hwpt_id),
			 0, "a HWPT");
}

static bool add_marked(struct user *u, uint32_t token)
{
	uint32_t ioas_id, hwpt_id;

	return add_hwpt(u, &ioas_id, &hwpt_id) &&
	       tap__want(iommufd__map_file(u->iommufd, ioas_id, memfd__fd(u->memfd), 0, PAGE, IOVA,
					   true, true), 0, "mapping the memfd") &&
	       tap__want(iommufd__mark(u->iommufd, hwpt_id, token), 0, "marking a HWPT");
}

static bool preserve_memfd(const struct user *u, struct session *session)
{
	return tap__true(session, "no session") &&
	       tap__want(session__preserve_fd(session, memfd__fd(u->memfd), MEMFD_TOKEN), 0,
			 "preserving the memfd");
}

static int preserve_iommufd(const struct user *u, struct session *session)
{
	return session__preserve_fd(session, iommufd__fd(u->iommufd), IOMMUFD_TOKEN);
}

static bool hold_flb(struct bench *b)
{
	if (!open_user(&b->holder, "0000:00:06.0") || !add_marked(&b->holder, 1))
		return false;
	b->held = luo__create_session(b->luo, "held");
	return preserve_memfd(&b->holder, b->held) &&
	       tap__want(preserve_iommufd(&b->holder, b->held), 0, "preserving what is held");
}

static bool set_up(struct bench *b)
{
	uint32_t i, hwpt_id;

	if (!tap__want(pipe2(b->pipe, O_CLOEXEC), 0, "a pipe") ||
	    !tap__true(fcntl(b->pipe[1], F_SETPIPE_SZ, LISTED_PAGES * PAGE) >= 0,
		       "a pipe of %u pages", LISTED_PAGES))
		return false;
	b->luo = luo__open();
	if (!tap__true(b->luo, "no /dev/liveupdate") || !open_user(&b->user, "0000:00:04.0"))
		return false;
	for (i = 0; i < NR_DOMAINS; i++)
		if (!add_marked(&b->user, i + 1))
			return false;
	return add_hwpt(&b->user, &b->ioas_id, &hwpt_id) && hold_flb(b);
}

/* One cycle */

/* Returns soon after a tick, so that there is none in what is measured from there on. */
static void await_tick(void)
{
	const struct timespec step = { .tv_nsec = 50000 };
	struct timespec before, t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &before);
	do {
		nanosleep(&step, NULL);
		clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	} while (t.tv_nsec == before.tv_nsec);
}

/*
 * Takes @nr HWPTs with a page mapped in each, so that the allocator's caches of objects and pages are
 * at another fill. They are the holder's: among the user's own they would be looked through by what is
 * measured.
 */
static bool stir(struct bench *b, unsigned int nr)
{
	static uint8_t page[PAGE] __attribute__((aligned(PAGE)));
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct stirred *s = &b->stirred[i];

		if (!add_hwpt(&b->holder, &s->ioas_id, &s->hwpt_id) ||
		    !tap__want(iommufd__map(b->holder.iommufd, s->ioas_id, page, PAGE, IOVA), 0,
			       "mapping a page that nobody uses"))
			return false;
	}
	return true;
}

static bool unstir(struct bench *b, unsigned int nr)
{
	struct iommufd *iommufd = b->holder.iommufd;
	bool ok = true;

	while (ok && nr--)
		ok = tap__want(iommufd__destroy(iommufd, b->stirred[nr].hwpt_id), 0, "a HWPT") &&
		     tap__want(iommufd__destroy(iommufd, b->stirred[nr].ioas_id), 0, "its IOAS");
	return ok;
}

/*
 * Preserving takes a page for each domain. The allocator has them in a list of the CPU, which it fills up by
 * a batch at a time, for some 2,200 instructions, and empties now and then. Pages that are taken and given back
 * here leave the list with more than a cycle needs, so that it is not filled up while something is measured.
 */
static bool fill_list(struct bench *b)
{
	static char data[LISTED_PAGES * PAGE];

	return tap__want(write(b->pipe[1], data, sizeof(data)) != sizeof(data), 0,
			 "writing into a pipe") &&
	       tap__want(read(b->pipe[0], data, sizeof(data)) != sizeof(data), 0,
			 "reading from a pipe");
}

static bool preserve_cycle(struct bench *b, uint64_t took[NR_WHATS])
{
	struct session *session = luo__create_session(b->luo, "overhead");
	uint64_t t0, t1;
	int ret;

	if (!preserve_memfd(&b->user, session) || !fill_list(b))
		return false;
	await_tick();
	t0 = now();
	ret = preserve_iommufd(&b->user, session);
	took[PRESERVE] = now() - t0;
	await_tick();
	t1 = now();
	session__close(session);
	took[UNPRESERVE] = now() - t1;
	return tap__want(ret, 0, "preserving the iommufd");
}

static bool map_cycle(struct bench *b, uint64_t took[NR_WHATS])
{
	static uint8_t page[PAGE] __attribute__((aligned(PAGE)));
	struct iommufd *iommufd = b->user.iommufd;
	uint64_t t0, t1, t2;
	int map, unmap;

	t0 = now();
	map = iommufd__map(iommufd, b->ioas_id, page, PAGE, IOVA);
	t1 = now();
	unmap = iommufd__unmap(iommufd, b->ioas_id, IOVA, PAGE);
	t2 = now();
	took[MAP] = t1 - t0;
	took[UNMAP] = t2 - t1;
	/* What is freed next has page tables for it */
	return tap__want(map, 0, "mapping a page") && tap__want(unmap, 0, "unmapping it") &&
	       tap__want(iommufd__map(iommufd, b->ioas_id, page, PAGE, IOVA), 0, "mapping again");
}

static bool free_cycle(struct bench *b, uint64_t took[NR_WHATS])
{
	struct iommufd *iommufd = b->user.iommufd;
	uint32_t hwpt_id;
	uint64_t t0;
	int ret;

	if (!tap__want(iommufd__alloc_hwpt(iommufd, vfio__dev_id(b->user.vfio), b->ioas_id,
					   &hwpt_id), 0, "one more HWPT"))
		return false;
	t0 = now();
	ret = iommufd__destroy(iommufd, hwpt_id);
	took[FREE] = now() - t0;
	return tap__want(ret, 0, "freeing it") &&
	       tap__want(iommufd__unmap(iommufd, b->ioas_id, IOVA, PAGE), 0, "unmapping again");
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool run_cycles(struct bench *b, int64_t least[NR_WHATS])
{
	uint64_t took[NR_WHATS];
	unsigned int nr;
	unsigned long i;
	int64_t each;
	int w;

	for (i = 0; i < WARM_UP + b->cycles; i++) {
		/* 7 and MAX_STIR have no common divisor: each number comes once in MAX_STIR cycles */
		nr = i * 7 % MAX_STIR;
		if (!stir(b, nr) || !preserve_cycle(b, took) || !map_cycle(b, took) ||
		    !free_cycle(b, took) || !unstir(b, nr))
			return false;
		for (w = 0; i >= WARM_UP && w < NR_WHATS; w++) {
			each = took[w] / per_cycle[w];
			least[w] = i == WARM_UP ? each : MIN(least[w], each);
		}
	}
	return true;
}

static bool run_config(struct bench *b, unsigned long round, size_t c)
{
	const struct config *config = &configs[c];
	struct attached *tool;
	uint64_t before;
	bool ok;

	if (config->kind == DETACHED)
		return run_cycles(b, b->took[round][c]);
	tool = attached__start(&config->command);
	if (!tap__true(tool, "lutrace (%s) does not start", config->name))
		return false;
	before = attached__cpu_ns(tool);
	ok = run_cycles(b, b->took[round][c]);
	b->user_ns[c] += attached__cpu_ns(tool) - before;
	return tap__true(!attached__stop(tool), "lutrace (%s) failed", config->name) && ok;
}

/* What came of it */

/* Of all rounds */
struct summary { int64_t least, median, most; };

static struct summary summarize(int64_t *values, size_t nr)
{
	qsort(values, nr, sizeof(*values), compare);
	return (struct summary){ values[0], values[nr / 2], values[nr - 1] };
}

/* What @c has more than the first of the same round */
static struct summary added(const struct bench *b, size_t c, enum what w)
{
	int64_t values[MAX_ROUNDS];
	size_t i;

	for (i = 0; i < b->rounds; i++)
		values[i] = b->took[i][c][w] - b->took[i][0][w];
	return summarize(values, b->rounds);
}

static void print_row(const struct bench *b, size_t c, FILE *f)
{
	uint64_t pairs = b->rounds * (WARM_UP + b->cycles) * 2 * NR_DOMAINS;
	struct summary s;
	char text[64];
	int w;

	fprintf(f, "%-18s", configs[c].name);
	for (w = 0; w < NR_WHATS; w++) {
		s = added(b, c, w);
		snprintf(text, sizeof(text), "%+" PRId64 " (%+" PRId64 " %+" PRId64 ")", s.median,
			 s.least, s.most);
		fprintf(f, " %21s", text);
	}
	if (configs[c].kind != DETACHED)
		fprintf(f, " %7" PRIu64, b->user_ns[c] / pairs);
	fputc('\n', f);
}

static void print_table(const struct bench *b, FILE *f)
{
	int64_t values[MAX_ROUNDS];
	size_t c, i;
	int w;

	fprintf(f, "Instructions for each begin and end of a domain, and for each call where nothing "
		"is preserved\n%-18s", "");
	for (w = 0; w < NR_WHATS; w++)
		fprintf(f, " %21s", what_names[w]);
	fprintf(f, " %7s\n%-18s", "beside", "without lutrace");
	for (w = 0; w < NR_WHATS; w++) {
		for (i = 0; i < b->rounds; i++)
			values[i] = b->took[i][0][w];
		fprintf(f, " %21" PRId64, summarize(values, b->rounds).median);
	}
	fputs("\nadded with\n", f);
	for (c = 1; c < ARRAY_SIZE(configs); c++)
		print_row(b, c, f);
	fprintf(f, "Median of %lu rounds (least and most); in each, the least of %lu cycles with %u "
		"domains.\nbeside: what lutrace itself takes in user space and kernel, beside the "
		"operations, for each pair.\n", b->rounds, b->cycles, NR_DOMAINS);
}

static bool write_table(const struct bench *b)
{
	FILE *f = fopen("overhead.txt", "we");

	if (!tap__true(f, "the table cannot be written"))
		return false;
	print_table(b, f);
	return tap__true(!fclose(f), "the table cannot be written");
}

/*
 * The least of all rounds, less the least without lutrace: what the allocator does at times takes more and never
 * less, and now and then it does it in all cycles of a round (2 of 24, seen with fill_list()).
 */
static int64_t least_added(const struct bench *b, size_t c, enum what w)
{
	int64_t with = b->took[0][c][w], without = b->took[0][0][w];
	size_t i;

	for (i = 1; i < b->rounds; i++) {
		with = MIN(with, b->took[i][c][w]);
		without = MIN(without, b->took[i][0][w]);
	}
	return with - without;
}

static bool at_most(const struct bench *b, size_t c, enum what w, int64_t limit)
{
	int64_t more = least_added(b, c, w);

	return tap__true(more <= limit, "%s: %" PRId64 " instructions are added, and the limit is "
			 "%" PRId64, what_names[w], more, limit);
}

static bool is_nothing(const struct bench *b, size_t c, enum what w)
{
	return at_most(b, c, w, NOISE) &&
	       tap__true(least_added(b, c, w) >= -NOISE, "%s: it takes less than without",
			 what_names[w]);
}

static void judge(const struct bench *b, size_t c)
{
	const struct config *config = &configs[c];

	tap__group("%s", config->name);
	if (config->kind == LIMITED)
		tap__point(at_most(b, c, PRESERVE, MAX_PAIR) && at_most(b, c, UNPRESERVE, MAX_PAIR),
			   "at most %d instructions for a begin and an end", MAX_PAIR);
	if (config->kind == FILTERED)
		tap__point(at_most(b, c, PRESERVE, 2 * MAX_EVENT) &&
			   at_most(b, c, UNPRESERVE, 2 * MAX_EVENT),
			   "at most %d instructions for an event that is filtered out", MAX_EVENT);
	if (config->kind == DETACHED)
		tap__point(is_nothing(b, c, PRESERVE) && is_nothing(b, c, UNPRESERVE),
			   "nothing is left of it, within %d instructions", NOISE);
	tap__group("%s", config->name);
	tap__point(is_nothing(b, c, MAP) && is_nothing(b, c, UNMAP) && is_nothing(b, c, FREE),
		   "nothing is added to map, unmap and free, within %d instructions", NOISE);
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	unsigned long r;
	size_t c;
	bool ok;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("overhead");
	b.rounds = argc == 4 ? strtoul(argv[1], NULL, 0) : 0;
	b.cycles = argc == 4 ? strtoul(argv[2], NULL, 0) : 0;
	ok = tap__true(b.rounds && b.rounds <= MAX_ROUNDS && b.cycles && !chdir(argv[3]),
		       "usage: overhead ROUNDS CYCLES DIR, as root") && set_up(&b);
	tap__point(ok, "all domains are there");
	for (r = 0; ok && r < b.rounds; r++)
		for (c = 0; ok && c < ARRAY_SIZE(configs); c++)
			ok = run_config(&b, r, c);
	tap__point(ok && write_table(&b), "all rounds ran");
	for (c = 1; ok && c < ARRAY_SIZE(configs); c++)
		judge(&b, c);
	session__close(b.held);
	close_user(&b.user);
	close_user(&b.holder);
	luo__close(b.luo);
	return tap__end();
}
