/* SPDX-License-Identifier: GPL-2.0-only */
/* The figures of `lutrace latency`, made from samples; does not touch the kernel. */
#ifndef LUTRACE_LATENCY_H
#define LUTRACE_LATENCY_H

#include "live.h"
#include "stats.h"

/*
 * Log-linear buckets: the first holds all up to 1,024 ns, then four equally
 * wide ones for each power of two. The upper bound is inclusive. What is above
 * the last bound (about 68.7 s) is in a bucket of its own, the last.
 */
#define HIST_FIRST_NS	1024ull
#define HIST_SUB	4
#define HIST_OCTAVES	26
#define HIST_OVERFLOW	(1 + HIST_OCTAVES * HIST_SUB)
#define HIST_BUCKETS	(HIST_OVERFLOW + 1)

/* Inclusive, in ns; UINT64_MAX for the overflow bucket. */
uint64_t hist__bound(unsigned int bucket);
unsigned int hist__bucket(uint64_t ns);

/* Raw samples that are kept, over all rows: 8 MiB. A row that has more uses its buckets. */
#define LATENCY_MAX_RAW		(1u << 20)
/* Domains that have a row; samples of others are counted. */
#define LATENCY_MAX_DOMAINS	16384
#define LATENCY_MAX_SLOWEST	1000

/* Operations of one kind, of all domains or of one. Times are of those that succeeded, in ns. */
struct latency_row {
	size_t n, errors;
	uint64_t min, max;
	uint64_t hist[HIST_BUCKETS];
	uint64_t *raw;			/* NULL if @bucketed */
	size_t nr_raw, room;
	bool bucketed;
};

struct latency_domain {
	__u64 ser_phys, generation, tables, bytes;
	struct latency_row *ops[LUTRACE_OP_FLB_PRESERVE];	/* NULL: none of these */
};

struct latency {
	__u64 min_ns;			/* what took less is left out; the programs cannot know */
	bool by_domain;
	size_t max_slowest;		/* <= LATENCY_MAX_SLOWEST */

	struct latency_row ops[LUTRACE_NR_OPS];
	struct latency_domain *domains;
	size_t nr_domains, domains_room;
	struct idmap *domain_of;	/* identity: index of its row */
	struct lutrace_sample *slowest;	/* slowest first */
	size_t nr_slowest;
	size_t received;		/* samples, those that took less than min_ns too */
	size_t too_short;		/* less than min_ns */
	size_t without_row;		/* by LATENCY_MAX_DOMAINS */
	size_t nr_raw;
};

/* The members before the blank line are the caller's. */
void latency__init(struct latency *l);
void latency__add(struct latency *l, const struct lutrace_sample *s);
/* Forgets all samples, for the next interval. */
void latency__reset(struct latency *l);
void latency__free(struct latency *l);

/* Percentiles of raw samples, or the bounds of the buckets in which they lie. */
void latency_row__stats(struct latency_row *row, struct stats *stats);

/* What else there is to tell about a run or an interval. */
struct latency_context {
	double seconds;
	struct live_prog progs[LIVE_NR_PROGS];	/* within it */
	bool stats;			/* --stats was given */
	const char *stats_missing;	/* why there are no BPF statistics, or NULL */
	__u64 memory;			/* as live__memory() */
	const char *command;		/* NULL: none */
	int command_status;		/* as live__command_status() */
	unsigned int interval;		/* counted from 1; 0: the whole run */
	bool last;			/* nothing comes after it */
};

/* Operations left out: by the filter of the programs, or since they took less than min_ns. */
__u64 latency__left_out(const struct latency *l, const struct latency_context *c);
/* Samples that the programs sent and that did not arrive. */
__u64 latency__unaccounted(const struct latency *l, const struct latency_context *c);
/* Something was lost, so that figures are not of all operations. */
bool latency__incomplete(const struct latency *l, const struct latency_context *c);

/* Documented in docs/lutrace-latency.1. */
#define LATENCY_SCHEMA "lutrace-latency/1"
void latency__print(struct latency *l, const struct latency_context *c, FILE *f);
int latency__json(struct latency *l, const struct latency_context *c, FILE *f);

#endif
