// SPDX-License-Identifier: GPL-2.0-only
/*
 * sweep: fails the 1st, 2nd, 3rd ... allocation of each call of a live update, until the call passes
 * without one. After each the errno must be ENOMEM, nothing may be left of the attempt, and all must
 * work as before.
 *
 *   sweep out                  marks, preserves and unpreserves
 *   sweep over IMAGE INITRD    preserves what the third needs, and jumps into the kernel IMAGE with
 *                              lutrace.stage=2 on the command line
 *   sweep in                   retrieves, reclaims and finishes
 *
 * Needs root, a kernel with CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC, CONFIG_IOMMUFD_TEST and the
 * series, and QEMU's edu device behind VT-d. Prints KTAP; the last comment is "sweep: N", the number
 * of allocations that failed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "counters.h"
#include "fault.h"
#include "kernel/session.h"
#include "sweep.h"
#include "tap.h"

/* More than any call has: a sweep that gets here does not end by itself */
#define MAX_NTH		2000u
#define NR_FILES	4096u

static unsigned int nr_injected;
static bool injected;		/* into the last call */

struct tally {
	unsigned int failed, made_up;
	bool errnos, afterwards, passed;
};

static bool is_expected(const struct sweep_step *step, int ret, unsigned int nth)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(step->other_errnos); i++)
		if (step->other_errnos[i] && ret == step->other_errnos[i])
			return true;
	return tap__want(ret, -ENOMEM, "%s, allocation %u failed", step->name, nth);
}

/* One call. Returns false if the sweep of the step is over, because it passed or went wrong. */
static bool try_nth(const struct sweep_step *step, void *arg, unsigned int nth, struct tally *tally)
{
	int ret;

	if (!step->prepare(arg)) {
		tally->afterwards = false;
		return false;
	}
	fault__arm(nth);
	ret = step->call(arg);
	injected = fault__disarm();
	nr_injected += injected;
	if (ret >= 0 || !injected || step->never_fails) {
		tally->errnos &= tap__want(ret, 0, "%s, allocation %u%s", step->name, nth,
					   injected ? " failed" : "");
		tally->afterwards &= step->passed(arg);
		tally->made_up += injected;
		tally->passed = !injected && tally->errnos && tally->afterwards;
	} else {
		tally->errnos &= is_expected(step, ret, nth);
		tally->afterwards &= step->failed(arg);
		tally->failed++;
	}
	return injected && tally->errnos && tally->afterwards;
}

void sweep__run(const char *title, const struct sweep_step *step, void *arg, bool twice)
{
	struct tally tally = { .errnos = true, .afterwards = true };
	unsigned int nth, i;
	bool more = true;

	tap__group("%s: %s", title, step->name);
	for (nth = 1; more && nth <= MAX_NTH; nth++)
		for (i = 0; more && i < (twice ? 2 : 1); i++)
			more = try_nth(step, arg, nth, &tally);
	printf("# %s: %s: %u failures, %u more were made up for\n", title, step->name, tally.failed,
	       tally.made_up);
	tap__point(tally.errnos && tap__true(tally.failed >= step->min, "only %u failures",
					     tally.failed),
		   step->never_fails ? "never fails" : "without memory it fails with ENOMEM");
	tap__point(tally.afterwards, "nothing is left behind, and all works");
	tap__point(tap__true(tally.passed, "after %u failures it did not pass", tally.failed),
		   "passes in the end");
}

bool sweep__made_up(void)
{
	return injected;
}

static bool allow_files(void)
{
	const struct rlimit limit = { NR_FILES, NR_FILES };

	return tap__true(!setrlimit(RLIMIT_NOFILE, &limit), "no more files are allowed");
}

static bool set_up(struct luo **luo)
{
	struct counters now = counters__read();

	*luo = luo__open();
	return tap__true(*luo, "/dev/liveupdate cannot be opened") && allow_files() &&
	       fault__init() &&
	       tap__true(now.preserved >= 0, "the kernel does not count what is preserved");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct luo *luo = NULL;
	bool ok;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("sweep");
	ok = set_up(&luo);
	if (strcmp(what, "over"))
		tap__point(ok, "faults can be injected, and the kernel counts what is preserved");
	if (ok && !strcmp(what, "out"))
		sweep__out(luo);
	else if (ok && !strcmp(what, "in"))
		sweep__in(luo);
	else if (ok && !strcmp(what, "over") && argc == 4)
		sweep__hand_over(luo, argv[2], argv[3]);
	else
		tap__true(false, "usage: sweep out | over IMAGE INITRD | in");
	luo__close(luo);
	if (!strcmp(what, "over")) {
		tap__reason();
		return 1;
	}
	printf("# sweep: %u\n", nr_injected);
	return tap__end();
}
