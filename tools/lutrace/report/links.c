// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether one boot was reached from another by a live update, and by what that is known. Called by
 * analysis.c, for a boot and the one before it in the order of boots.c, once the first was judged.
 *
 * Evidence, in this order:
 *  - how many kexecs KHO counted since the last cold boot, and the release it came from;
 *  - the TSC, which runs on through a kexec and restarts at a cold boot: it and REALTIME must have
 *    advanced alike;
 *  - what was handed over: restores that are, in each number, what was left preserved.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lib/idmap.h"
#include "lib/mem.h"
#include "report/boots.h"

/*
 * How far TSC and REALTIME may be apart: a real-time clock is read to the second when a kernel
 * starts and may have drifted, and NTP may slew by some parts in a million. A cold boot puts them
 * apart by as long as the machine had been up.
 */
#define CLOCK_SLACK_NS	3e9
#define CLOCK_SLACK_PPM	200.0
/* Where KHO's count is right already: a kernel without NTP may have a badly measured TSC. */
#define COUNTED_SLACK_PPM	50000.0

/* A rate from less than this is not exact enough. */
#define RATE_MIN_NS	100000000ull

enum evidence { FOR, AGAINST, NONE };

/* TSC ticks per ns, 0 if the recording is too short to tell. */
static double recording__tsc_rate(const struct recording *r)
{
	const struct lutrace_clock *start = &r->start, *end = &r->end;

	if (!start->tsc || end->tsc <= start->tsc ||
	    end->monotonic_ns < start->monotonic_ns + RATE_MIN_NS)
		return 0;
	return (double)(end->tsc - start->tsc) / (end->monotonic_ns - start->monotonic_ns);
}

/* That of the longest recording, which is the most exact. */
static double boot__tsc_rate(const struct boot *boot)
{
	__u64 longest = 0, ns;
	double rate = 0;
	size_t i;

	for (i = 0; i < boot->nr_parts; i++) {
		ns = boot->parts[i]->end.monotonic_ns - boot->parts[i]->start.monotonic_ns;
		if (recording__tsc_rate(boot->parts[i]) > 0 && ns > longest) {
			rate = recording__tsc_rate(boot->parts[i]);
			longest = ns;
		}
	}
	return rate;
}

static double boots__tsc_rate(const struct boot *x, const struct boot *y)
{
	return boot__tsc_rate(x) > 0 ? boot__tsc_rate(x) : boot__tsc_rate(y);
}

/* The latest reading of the clocks; that of the end is not there if a recording was cut. */
static const struct lutrace_clock *boot__last_clock(const struct boot *boot)
{
	const struct lutrace_clock *last = &boot->parts[0]->start;
	size_t i;

	for (i = 0; i < boot->nr_parts; i++) {
		if (boot->parts[i]->start.monotonic_ns > last->monotonic_ns)
			last = &boot->parts[i]->start;
		if (boot->parts[i]->end.monotonic_ns > last->monotonic_ns)
			last = &boot->parts[i]->end;
	}
	return last;
}

__u64 boot__last_ns(const struct boot *boot)
{
	__u64 last = 0;
	size_t i;

	for (i = 0; i < boot->nr_parts; i++)
		if (boot->parts[i]->whole_ns > last)
			last = boot->parts[i]->whole_ns;
	return last;
}

static enum evidence link__by_clocks(const struct boot *x, const struct boot *y, double slack_ppm)
{
	const struct lutrace_clock *from = boot__last_clock(x), *to = &y->parts[0]->start;
	double rate = boots__tsc_rate(x, y), tsc_ns, realtime_ns;

	if (rate <= 0 || !from->tsc || !to->tsc || !from->realtime_ns || !to->realtime_ns)
		return NONE;
	tsc_ns = ((double)to->tsc - (double)from->tsc) / rate;
	realtime_ns = (double)to->realtime_ns - (double)from->realtime_ns;
	return fabs(tsc_ns - realtime_ns) <=
	       CLOCK_SLACK_NS + fabs(realtime_ns) * slack_ppm / 1e6 ? FOR : AGAINST;
}

bool boot__took_over(const struct boot *boot)
{
	size_t i;

	for (i = 0; i < boot->nr_events; i++)
		if (boot->events[i].op == LUTRACE_OP_RESTORE ||
		    boot->events[i].op == LUTRACE_OP_FLB_RETRIEVE)
			return true;
	return false;
}

struct handed boot__handed(const struct boot *x, const struct boot *y)
{
	struct idmap *left = idmap__new();
	struct handed handed = { 0 };
	const struct lutrace_event *ev;
	uint64_t *at;
	char text[128];
	size_t i;

	for (i = 0; i < x->nr_left; i++)
		idmap__set(left, x->left[i].ser_phys, x->left[i].generation, 0, i);
	for (i = 0; i < y->nr_events; i++) {
		ev = &y->events[i];
		if (ev->op != LUTRACE_OP_RESTORE || ev->phase != LUTRACE_END || ev->ret)
			continue;
		handed.nr++;
		at = idmap__find(left, ev->ser_phys, ev->generation, 0);
		handed.same += at && !preserved__differs(&x->left[*at], ev, text, sizeof(text));
	}
	idmap__free(left);
	return handed;
}

/* Of two releases that are known. */
static bool link__came_from(const struct boot *y, const struct boot *x)
{
	const char *from = y->parts[0]->previous_release, *release = x->parts[0]->release;

	return !from || !*from || !release || !strcmp(from, release);
}

static enum boot_link link__by_count(const struct boot *x, const struct boot *y,
				    struct handed handed)
{
	enum evidence clocks = link__by_clocks(x, y, COUNTED_SLACK_PPM);
	__u64 count = y->parts[0]->kexec_count, before = x->parts[0]->kexec_count;

	if (!count || (count <= before && clocks != FOR))
		return LINK_COLD;
	if (count <= before)
		return LINK_UNSURE;
	if (count > before + 1 || !link__came_from(y, x))
		return clocks == AGAINST ? LINK_COLD : LINK_MISSING;
	if (clocks == FOR)
		return LINK_KEXEC;
	/* REALTIME may have been set; or it is a cold boot, and a kernel that is not given */
	if (clocks == AGAINST)
		return handed.nr && handed.same == handed.nr ? LINK_KEXEC : LINK_UNSURE;
	return handed.same || !handed.nr ? LINK_KEXEC : LINK_UNSURE;
}

/* Recordings before 1.8 have no count: nothing but what was handed over tells of a kernel between. */
static enum boot_link link__without_count(const struct boot *y, enum evidence clocks,
				     struct handed handed)
{
	if (clocks == AGAINST)
		return LINK_COLD;
	if (!handed.nr && !boot__took_over(y))
		return clocks == FOR ? LINK_KEXEC : LINK_UNSURE;
	return handed.same || !handed.nr ? LINK_KEXEC : LINK_UNSURE;
}

static enum boot_link link__find(const struct boot *x, const struct boot *y)
{
	struct handed handed = boot__handed(x, y);

	if (x->parts[0]->has_kexec_count && y->parts[0]->has_kexec_count)
		return link__by_count(x, y, handed);
	if (y->parts[0]->has_kexec_count && !y->parts[0]->kexec_count)
		return LINK_COLD;
	return link__without_count(y, link__by_clocks(x, y, CLOCK_SLACK_PPM), handed);
}

/* Added to a MONOTONIC time of @y, modulo 2^64, it is one of @x's. */
static void link__place(struct boot *x, const struct boot *y)
{
	const struct lutrace_clock *from = &x->parts[0]->start, *to = &y->parts[0]->start;
	double rate = boots__tsc_rate(x, y), between;

	if (x->link == LINK_KEXEC && rate > 0 && from->tsc && to->tsc)
		between = (double)(__s64)(to->tsc - from->tsc) / rate;
	else if (x->link != LINK_KEXEC && from->realtime_ns && to->realtime_ns)
		between = (double)(__s64)(to->realtime_ns - from->realtime_ns);
	else
		return;
	if (between < -1e18 || between > 1e18)
		return;
	x->linked = true;
	x->to_next_ns = (__u64)(__s64)between + from->monotonic_ns - to->monotonic_ns;
}

static void link__measure_gap(struct boot *x, const struct boot *y)
{
	__s64 gap;

	if (x->link != LINK_KEXEC || !x->linked || !x->nr_events || !y->nr_events)
		return;
	gap = y->events[0].time_ns + x->to_next_ns - x->events[x->nr_events - 1].time_ns;
	if (gap > 0)
		x->gap_ns = gap;
}

void boot__link(struct boot *x, const struct boot *y)
{
	x->link = link__find(x, y);
	link__place(x, y);
	link__measure_gap(x, y);
}

const char *boot_link__name(enum boot_link link)
{
	static const char *const names[] = {
		[LINK_LAST] = "last", [LINK_KEXEC] = "kexec", [LINK_COLD] = "cold boot",
		[LINK_MISSING] = "kernel missing", [LINK_UNSURE] = "unknown",
	};

	return names[link];
}
