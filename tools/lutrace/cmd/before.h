/* SPDX-License-Identifier: GPL-2.0-only */
/* What `lutrace check --before` is given: recordings of the kernel before the running one. */
#ifndef LUTRACE_BEFORE_H
#define LUTRACE_BEFORE_H

#include "report/analysis.h"

struct before {
	struct collection recordings;
	struct analysis analysis;
	const struct boot *boot;	/* that handed over; NULL: nothing is compared */
};

/* The running kernel as a recording without events; to free with recording__free(). */
struct recording before__running(void);
/*
 * Reads the files @paths into @b, which is all 0, and judges them. What keeps them from being
 * compared, and files that hold nothing, is said on standard error. -1 with @fault: one cannot be
 * read, or is of the running kernel or another host. @b is to be freed in any case.
 */
int before__read(struct before *b, char *const *paths, size_t nr, const struct recording *running,
		 struct fault *fault);
void before__free(struct before *b);

#endif
