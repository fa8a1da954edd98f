/* SPDX-License-Identifier: GPL-2.0-only */
/* What --stats tells: the time that the BPF programs took, and the memory that they hold. */
#ifndef LUTRACE_OVERHEAD_H
#define LUTRACE_OVERHEAD_H

#include <jansson.h>
#include <stdio.h>
#include "lib/fault.h"
#include "live/live.h"

struct overhead {
	struct live_prog progs[LIVE_NR_PROGS];
	struct live_prog freed;		/* tracepoint NULL: not attached */
	const char *stats_missing;	/* why the kernel measured nothing, or NULL */
	__u64 memory;			/* bytes of maps and programs; 0: not known */
};

/* As it is now. @overhead refers to @live. */
int overhead__read(struct overhead *overhead, const struct live *live, struct fault *fault);
/* Programs that were not attached have no row; what was not captured is no number. */
void overhead__print(const struct overhead *overhead, FILE *f);
/* An object; runs and run_ns of its programs are null if they were not captured. */
json_t *overhead__json(const struct overhead *overhead);

#endif
