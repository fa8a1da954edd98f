/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether two sets of samples are of one distribution: the Mann-Whitney (Wilcoxon rank sum) test, and by how
 * much one is shifted against the other: the Hodges-Lehmann estimate. Pure. For luperf's comparisons.
 *
 * The test is exact, also with ties: what counts is the distribution of the rank sum over all ways to divide the
 * values that there are into two sets of these sizes. Where that is more work than RANKSUM_EXACT its normal approximation
 * is taken, with the variance that the ties leave: beyond 40 values on each side, 10 and 300, 5 and 600.
 */
#ifndef LUPERF_RANKSUM_H
#define LUPERF_RANKSUM_H

#include <stdbool.h>
#include <stddef.h>

/* Twice the square of the smaller size times the square of all values */
#define RANKSUM_EXACT	(2ull * 40 * 40 * 80 * 80)

struct ranksum {
	double p;		/* two-sided: of a rank sum at least as far from the middle as this one */
	double smallest;	/* the p that sets of these sizes and ties could have at the least */
	bool exact;
};

/* Both sets have at least one value, and none is a NaN. */
struct ranksum ranksum__test(const double *a, size_t nr_a, const double *b, size_t nr_b);

/* How many values each side needs so that two sets that do not overlap have a p of at most @alpha. */
size_t ranksum__needed(double alpha);

struct shift {
	double estimate;	/* median of all differences of a value of b and one of a */
	double low, high;	/* confidence interval */
	double confidence;	/* that it has, at least what was asked for; 0: so few values give none */
};

/* The interval is that of the exact test without ties. With ties it is wider than it would have to be. */
struct shift ranksum__shift(const double *a, size_t nr_a, const double *b, size_t nr_b, double confidence);

#endif
