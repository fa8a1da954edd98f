/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a series of values changes: change points. Pure and deterministic. For luperf history.
 *
 * A place is found by the E-divisive statistic (Matteson and James: how much farther values of the two sides are from
 * each other than from their own), first in the whole series, then in its parts. Whether it is a change is asked of
 * the exact rank sum test of the two segments beside it, whose p is multiplied by the number of places that could have
 * been chosen. Last, what does not hold against its neighbours in the end is taken back, the weakest first.
 */
#ifndef LUPERF_CHANGES_H
#define LUPERF_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include "luperf/stats/ranksum.h"

/* So many values are on each side of a change at the least, and so none is within the first and the last of them. */
#define CHANGES_LEAST	5u

struct changes_options {
	double alpha;			/* of each part of the series */
	/* A change counts if it is at least as large as both; from 0 the relative one is not asked. */
	double absolute, relative;
	/*
	 * Whether the series may change before value i, as between two commits; NULL: before each. And where a part
	 * begins whatever the values are; NULL: nowhere.
	 */
	const bool *may, *must;
};

struct change {
	size_t at;			/* the first value after it */
	bool given;			/* of must[] */
	double before, after;		/* medians of the segments beside it */
	struct shift shift;
	double p;			/* of the test, times the number of places; of a given one the test alone */
};

/* In order; to free. Sets *@nr_changes. */
struct change *changes__find(const double *values, size_t nr, const struct changes_options *options,
			     size_t *nr_changes);

#endif
