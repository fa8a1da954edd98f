// SPDX-License-Identifier: GPL-2.0-only
/* The options that all live subcommands have, names, and sums of what was counted. */
#include <stdlib.h>
#include <string.h>
#include "lib/number.h"
#include "live/source.h"

enum { OPT_STATS = 0x1000 };

static const struct argp_option options[] = {
	{ "duration", 'd', "SECONDS", 0, "End by itself after SECONDS", 0 },
	{ "ring-size", 'r', "KIB", 0, "Size of the ring buffer, a power of two (4096)", 0 },
	{ "in-flight", 'n', "NUMBER", 0, "Operations that can run at once (16384)", 0 },
	{ "stats", OPT_STATS, NULL, 0, "Also tell what the BPF programs cost: time, memory", 0 },
	{ "verbose", 'v', NULL, 0, "Show what libbpf and the kernel's verifier say", 0 },
	{ 0 }
};

unsigned long live__parse_count(struct argp_state *state, const char *what, const char *arg,
				unsigned long max)
{
	uint64_t value = 0;

	if (!number__parse(arg, max, &value) || !value)
		argp_error(state, "%s: \"%s\" is no number from 1 to %lu", what, arg, max);
	return value;
}

double live__parse_seconds(struct argp_state *state, const char *what, const char *arg)
{
	char *end;
	double seconds = strtod(arg, &end);

	if (*end || strchr("+- ", *arg) || strpbrk(arg, "xX") || !(seconds > 0 && seconds < 1e9))
		argp_error(state, "%s: \"%s\" is no number of seconds", what, arg);
	return seconds;
}

void live__parse_command(struct argp_state *state, struct live_opts *opts)
{
	if (state->next != state->quoted)
		argp_error(state, "\"%s\" is too much: write -- before the command",
			   state->argv[state->next]);
	opts->command = state->argv + state->next;
}

static error_t live_opts__parse(int key, char *arg, struct argp_state *state)
{
	struct live_opts *opts = state->input;

	switch (key) {
	case 'd':
		opts->seconds = live__parse_seconds(state, "--duration", arg);
		return 0;
	case 'r':
		opts->ring_kib = live__parse_count(state, "--ring-size", arg, 1ul << 20);
		if (opts->ring_kib < 4 || opts->ring_kib & (opts->ring_kib - 1))
			argp_error(state, "--ring-size: %s is no power of two from 4", arg);
		return 0;
	case 'n':
		opts->in_flight = live__parse_count(state, "--in-flight", arg, 1ul << 24);
		return 0;
	case OPT_STATS:
		opts->stats = true;
		return 0;
	case 'v':
		opts->verbose = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp live_argp = { .options = options, .parser = live_opts__parse };

const char *const live_tracepoints[LUTRACE_NR_PROGS + 1] = {
#define OPERATION(name, op)						\
	[LUTRACE_PROG(op, LUTRACE_BEGIN)] = #name "_begin",		\
	[LUTRACE_PROG(op, LUTRACE_END)] = #name "_end",
	LUTRACE_OPERATIONS(OPERATION)
#undef OPERATION
	[LUTRACE_PROG_FREED] = "iommu_preserved_page_freed",
};

bool live_opts__want(const struct live_opts *opts, int prog)
{
	return !opts->ops || opts->ops & 1u << prog / LUTRACE_NR_PHASES;
}

static void add_counts(struct lutrace_counts *sum, const struct lutrace_counts *c)
{
	sum->events += c->events;
	sum->lost_events += c->lost_events;
	sum->lost_latencies += c->lost_latencies;
	sum->lost_begins += c->lost_begins;
	sum->unmatched_ends += c->unmatched_ends;
	sum->replaced_begins += c->replaced_begins;
	sum->in_flight += c->in_flight;
}

struct live_prog live__sum(const struct live_prog progs[LIVE_NR_PROGS])
{
	struct live_prog sum = { .tracepoint = NULL };
	int i;

	for (i = 0; i < LIVE_NR_PROGS; i++) {
		add_counts(&sum.counts, &progs[i].counts);
		sum.filtered += progs[i].filtered;
		sum.missed_runs += progs[i].missed_runs;
		sum.runs += progs[i].runs;
		sum.run_ns += progs[i].run_ns;
	}
	return sum;
}

__u64 live__lost(const struct live_prog progs[LIVE_NR_PROGS], const struct live_prog *freed,
		 __u64 received)
{
	struct live_prog sum = live__sum(progs);

	return (sum.counts.events > received ? sum.counts.events - received : 0) +
	       sum.missed_runs + freed->counts.lost_events + freed->missed_runs;
}
