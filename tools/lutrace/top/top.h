/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `lutrace top` shows: domains, counts and the verdict so far, made from
 * the records of a session. Pure; cmd_top.c puts it on a screen.
 */
#ifndef LUTRACE_TOP_H
#define LUTRACE_TOP_H

#include <stddef.h>
#include <stdio.h>
#include "judge/oracle.h"
#include "lib/table.h"
#include "lib/text.h"
#include "live/live.h"
#include "model/selection.h"

/* Domains that have a row; operations of others are counted. */
#define TOP_MAX_ROWS		16384
/* Operations that a domain has; those of the FLB come after them. */
#define TOP_NR_OPS		LUTRACE_OP_FLB_PRESERVE
/* Bytes of a line of text with its NUL; what is longer is cut. */
#define TOP_LINE		256
#define TOP_HEADER_LINES	5

enum top_column {
	TOP_RECORD, TOP_GENERATION, TOP_STATE, TOP_VIOLATIONS, TOP_ERRORS, TOP_PRESERVE,
	TOP_UNPRESERVE, TOP_RESTORE, TOP_TABLES, TOP_BYTES, TOP_PID, TOP_COMMAND,
	NR_TOP_COLUMNS,
};

struct top_row {
	__u64 ser_phys, generation;	/* of its record: the identity */
	enum domain_state state;	/* in a view, as is @certain: see oracle__domain() */
	bool certain;
	__u64 done[TOP_NR_OPS];		/* that succeeded */
	__u64 last_ns[TOP_NR_OPS];	/* of the last that succeeded; 0: none was measured */
	__u64 errors;			/* operations that failed */
	__u64 violations;
	__u64 tables, bytes;		/* as of the last operation that succeeded */
	__u32 pid;			/* who preserved or restored it last; 0: not seen */
	char command[PROCESS_NAME_SIZE];
	struct name_text name;		/* in a view: of the domain; "": not known */
	bool other;			/* in a view: known not to be one that is selected */
	bool hidden;			/* in a view: it is not selected, or by the filter */
};

/* How rows are shown: figures begin with the largest, all else with the smallest. */
struct top_order {
	enum top_column column;
	bool reverse;
	char filter[64];		/* text that a row must contain, in any case; "": all */
};

/* All at one moment. Zeroed by the caller before the first top__look(). */
struct top_view {
	struct top_row *rows;		/* those shown first, in their order */
	size_t nr, room, shown;
	size_t states[NR_DOMAIN_STATES];
	double seconds;			/* since the start */
	enum verdict verdict;		/* so far */
	__u64 events, violations;
	__u64 done[LUTRACE_NR_OPS], errors;
	double rates[LUTRACE_NR_OPS], event_rate;	/* per second, since the last look */
	__u64 lost_events, lost_latencies, missed_runs;
	size_t retired, without_row;
	char violation[TOP_LINE];	/* the last one; "": none */
};

/* Tells the name of a process, printable. */
typedef void (*top_name_fn)(unsigned int pid, char name[PROCESS_NAME_SIZE]);

struct top;
struct top *top__new(top_name_fn name_of);
void top__free(struct top *t);
/* Names that are being learnt, and what is selected by them; both must outlive @t. */
void top__names(struct top *t, const struct names *names, const struct selection *sel);
/* Nanoseconds (CLOCK_MONOTONIC) from which it is watched, and rates are counted. */
void top__start(struct top *t, __u64 now_ns);
/* The next event or latency; others are left alone. */
void top__record(struct top *t, const struct lutrace_rec *rec);
/* Freed pages would be told: see live__watches_freed(). */
void top__watch_freed(struct top *t);
/* And what the kernel's log says: see live__klog_missing(). */
void top__watch_klog(struct top *t);
/* Nothing comes any more; @progs and @freed as they are after live__stop(). */
void top__end(struct top *t, __u64 now_ns, const struct live_prog progs[LIVE_NR_PROGS],
	      const struct live_prog *freed);
/* What judges the events; the verdict is final after top__end(). */
const struct oracle *top__oracle(const struct top *t);

/* Fills @v anew, sorted by nothing and with all rows shown. */
void top__look(struct top *t, struct top_view *v, __u64 now_ns,
	       const struct live_prog progs[LIVE_NR_PROGS]);
void top_view__arrange(struct top_view *v, const struct top_order *order);
void top_view__free(struct top_view *v);

/* Lines of text, without newlines. */
void top_view__header(const struct top_view *v, const char *release,
		      char lines[TOP_HEADER_LINES][TOP_LINE]);
/* The rows that are shown below their titles; free with table__free(). */
struct table *top_view__table(const struct top_view *v);
/* As text: the header, and the rows that are shown. */
void top_view__print(const struct top_view *v, const char *release, FILE *f);

/* "record", "preserve" and so on. */
const char *top_column__name(enum top_column column);
/* NR_TOP_COLUMNS if no column has this name. */
enum top_column top_column__find(const char *name);

#endif
