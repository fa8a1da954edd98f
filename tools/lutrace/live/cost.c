// SPDX-License-Identifier: GPL-2.0-only
/* What recording costs: the recorder's process, and the programs on the tracepoints. See cost.h. */
#include <sys/resource.h>
#include "live/cost.h"

static __u64 timeval__ns(const struct timeval *t)
{
	return t->tv_sec * 1000000000ull + t->tv_usec * 1000ull;
}

int cost__read(struct lutrace_cost *cost, const struct live *live, struct fault *fault)
{
	struct live_prog progs[LIVE_NR_PROGS], freed, all;
	struct rusage usage;

	if (live__progs(live, progs, fault) || live__freed(live, &freed, fault))
		return -1;
	all = live__sum(progs);
	getrusage(RUSAGE_SELF, &usage);
	*cost = (struct lutrace_cost){
		.rec = { LUTRACE_REC_COST, sizeof(*cost) },
		.time_ns = live__now(),
		.cpu_ns = timeval__ns(&usage.ru_utime) + timeval__ns(&usage.ru_stime),
		.rss_bytes = usage.ru_maxrss * 1024ull,
		.bpf_bytes = live__memory(live),
		.bpf_runs = all.runs + freed.runs, .bpf_run_ns = all.run_ns + freed.run_ns,
		.has_runs = !live__stats_missing(live),
		.whole = LUTRACE_WHOLE,
	};
	return 0;
}
