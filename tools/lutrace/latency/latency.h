/* SPDX-License-Identifier: GPL-2.0-only */
/* The figures of `lutrace latency`, made from samples; does not touch the kernel. */
#ifndef LUTRACE_LATENCY_H
#define LUTRACE_LATENCY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "lib/idmap.h"
#include "lib/stats.h"
#include "live/live.h"
#include "model/selection.h"

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

/* One domain; or with LATENCY_BY_PROCESS one process, and its last domain. */
struct latency_domain {
	__u64 ser_phys, generation, tables, bytes;
	__u32 pid;			/* of its last operation */
	char comm[LUTRACE_COMM_SIZE];
	struct latency_row *ops[LUTRACE_OP_FLB_PRESERVE];	/* NULL: none of these */
};

/* What there is a row for; sessions and devices are those of the domains. */
enum latency_by {
	LATENCY_BY_NONE,
	LATENCY_BY_DOMAIN,
	LATENCY_BY_SESSION,
	LATENCY_BY_DEVICE,
	LATENCY_BY_PROCESS,
	LATENCY_NR_BYS,
};
extern const char *const latency_by_names[LATENCY_NR_BYS];

struct latency {
	__u64 min_ns;			/* what took less is left out; the programs cannot know */
	struct selection sel;
	struct names *names;		/* may be NULL, and then no domain has one */
	enum latency_by by;
	size_t max_slowest;		/* <= LATENCY_MAX_SLOWEST */
	bool why;			/* a struct lutrace_why comes for each sample, with its parts */
	bool why_knows[LUTRACE_NR_WHYS];	/* parts that the kernel tells of */

	struct latency_row ops[LUTRACE_NR_OPS];
	struct latency_domain *domains;
	size_t nr_domains, domains_room;
	struct idmap *domain_of;	/* identity: index of its row */
	struct lutrace_sample *slowest;	/* slowest first */
	struct lutrace_why *whys;	/* of the slowest; its type is 0 where nothing is known */
	struct lutrace_sample *pending;	/* not known yet whether they are selected */
	size_t nr_pending, pending_room;
	size_t nameless;		/* left out because that was never known */
	size_t nr_slowest;
	bool found;			/* something that is selected, in any interval */
	size_t received;		/* samples, those that were left out too */
	size_t left_out;		/* less than min_ns, or not selected */
	size_t without_row;		/* by LATENCY_MAX_DOMAINS */
	size_t nr_raw;
};

/* The members before the blank line are the caller's. */
void latency__init(struct latency *l);
void latency__add(struct latency *l, const struct lutrace_sample *s);
/* Adds what waited for a name that is known now; @last: there will be no more names. */
void latency__settle(struct latency *l, bool last);
/* Why one of the slowest was slow; returns false if it is none of them. */
bool latency__add_why(struct latency *l, const struct lutrace_why *why);
/* Forgets all samples, but those that wait for a name, for the next interval. */
void latency__reset(struct latency *l);
void latency__free(struct latency *l);

/* Percentiles of raw samples, or the bounds of the buckets in which they lie. */
void latency_row__stats(struct latency_row *row, struct stats *stats);

/* Domains put together by what they are called, for LATENCY_BY_SESSION and further. */
struct latency_group {
	char key[64];			/* "?": not known; of a device "-": none */
	size_t errors;
	struct {
		size_t n;
		uint64_t max;
	} ops[LUTRACE_OP_FLB_PRESERVE];
};
/* By key. Free with free(). A domain with two devices is in the groups of both. */
struct latency_group *latency__groups(const struct latency *l, size_t *nr);

/* What else there is to tell about a run or an interval. */
struct latency_context {
	double seconds;
	struct live_prog progs[LIVE_NR_PROGS];	/* within it */
	bool stats;			/* --stats was given */
	const char *stats_missing;	/* why there are no BPF statistics, or NULL */
	__u64 memory;			/* as live__memory() */
	__u64 lost_whys;		/* operations of which --why or --stack has nothing, within it */
	/* As why__stack(), with @stack_priv; NULL: no stack was asked for. */
	size_t (*stack)(const void *priv, const struct lutrace_why *why,
			char *frames[LUTRACE_MAX_FRAMES]);
	const void *stack_priv;
	const char *command;		/* NULL: none */
	int command_status;		/* as live__command_status() */
	unsigned int interval;		/* counted from 1; 0: the whole run */
	bool last;			/* nothing comes after it */
};

/* Operations left out: by the filter of the programs, by min_ns or by the selection. */
__u64 latency__left_out(const struct latency *l, const struct latency_context *c);
/* Samples that the programs sent and that did not arrive. */
__u64 latency__unaccounted(const struct latency *l, const struct latency_context *c);
/* Something was lost, so that figures are not of all operations. */
bool latency__incomplete(const struct latency *l, const struct latency_context *c);

/* What an operation waited for, by enum lutrace_why_part: in words, and its members in JSON. */
struct latency_part {
	const char *text, *ns, *n;
};
extern const struct latency_part latency_parts[LUTRACE_NR_WHYS];
/* Returns how many frames there are, each to be freed; 0: not asked for, or not known. */
size_t latency__stack(const struct latency_context *c, const struct lutrace_why *why,
		      char *frames[LUTRACE_MAX_FRAMES]);

/*
 * Documented in docs/lutrace-latency.1 and docs/latency.schema.json. It counts up when a member is
 * removed, or changes its type or meaning.
 */
#define LATENCY_SCHEMA "lutrace-latency/2"
/* text.c */
void latency__print(struct latency *l, const struct latency_context *c, FILE *f);
/* json.c; returns -1 if it could not be written. */
int latency__json(struct latency *l, const struct latency_context *c, FILE *f);

#endif
