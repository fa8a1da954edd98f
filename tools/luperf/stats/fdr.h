/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many tests at once: which of them count, so that among those that count at most a share of q is expected to be
 * chance (the false discovery rate, by Benjamini and Hochberg). If nothing at all changed that is also how
 * often anything counts. Pure. For luperf's comparisons.
 *
 * An exact test of few or tied values has a smallest p that it can have, which does not depend on which side the
 * values are on. One that cannot reach q, whatever else counts, says nothing, and is not counted among the tests:
 * it does not make it harder for the others.
 */
#ifndef LUPERF_FDR_H
#define LUPERF_FDR_H

#include <stdbool.h>
#include <stddef.h>

struct fdr_test {
	double p, smallest;		/* in: as of struct ranksum */
	bool counts;			/* out */
	bool able;			/* out: with what else counts it does, or could have */
};

/* Sets the out members. Returns the p that another test would have to reach, with what counts already. */
double fdr__judge(struct fdr_test *tests, size_t nr, double q);

#endif
