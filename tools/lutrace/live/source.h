/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the records of a live session come from: one table of operations for
 * each way to see the iommu_liveupdate tracepoints. live.c has the main loop
 * and knows nothing else about them.
 *
 * Functions that take a fault return -1 with it set if they failed; then only
 * free() may follow.
 */
#ifndef LUTRACE_SOURCE_H
#define LUTRACE_SOURCE_H

#include <stdio.h>
#include "lib/fault.h"
#include "live/live.h"

/* Takes one record, which is gone when it returns. */
struct sink {
	void (*put)(void *priv, const struct lutrace_rec *rec);
	void *priv;
};

/* What all of them have first. */
struct source {
	const struct source_ops *ops;
	struct live_opts opts;
	struct sink sink;
	__u64 load_ns;			/* that open() took, for who describes it */
};

/* What open() returns beside 0 and -1: not in this way, on this machine or for this user. */
#define SOURCE_UNUSABLE	1

struct source_ops {
	const char *name;		/* one word, which stands in recordings */
	const char *unknown;		/* a sentence on what is not known in this way, or NULL */
	/* Sets up all probes, and counts nothing yet. @source is to be freed unless it is NULL. */
	int (*open)(struct source **source, const struct live_opts *opts, const struct sink *sink,
		    struct fault *fault);
	/* From now on, or from now on no more, all that the probes see is counted and sent. */
	int (*arm)(struct source *source, bool on, struct fault *fault);
	/*
	 * Hands what was sent to the sink; waits up to @timeout_ms if there is nothing. What does
	 * not pass opts.filter is not handed over; it is counted in live_prog.filtered.
	 */
	int (*drain)(struct source *source, int timeout_ms, struct fault *fault);
	int hurry_ms;			/* for live__hurry(): drained so often */
	/* Begins whose end is still to come. */
	__s64 (*in_flight)(const struct source *source);
	/* Whether all that was sent has come, as far as that is known. */
	bool (*all_came)(const struct source *source);
	/* As live__progs(), live__freed(), live__watches_freed(), live__stats_missing() */
	int (*progs)(const struct source *source, struct live_prog progs[LIVE_NR_PROGS],
		     struct fault *fault);
	int (*freed)(const struct source *source, struct live_prog *prog, struct fault *fault);
	bool (*watches_freed)(const struct source *source);
	const char *(*stats_missing)(const struct source *source);
	__u64 (*memory)(const struct source *source);	/* as live__memory(), or NULL */
	/* How it looks, and with what sizes: the beginning of a line that goes on with probes. */
	void (*describe)(const struct source *source, FILE *f);
	void (*free)(struct source *source);
};

extern const struct source_ops source_bpf, source_tracefs;

/* Whether the user wants this one of the LUTRACE_NR_PROGS programs. */
bool live_opts__want(const struct live_opts *opts, int prog);

#endif
