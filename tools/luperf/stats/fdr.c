// SPDX-License-Identifier: GPL-2.0-only
/* The false discovery rate of tests that have a smallest p. For luperf's comparisons. See fdr.h. */
#include <stdlib.h>
#include "lib/mem.h"
#include "luperf/stats/fdr.h"

static int compare_p(const void *x, const void *y)
{
	double a = (*(const struct fdr_test *const *)x)->p, b = (*(const struct fdr_test *const *)y)->p;

	return a < b ? -1 : a > b;
}

/* Benjamini and Hochberg: the largest k with p(k) <= q k / nr, and all up to it. Returns k. */
static size_t step_up(struct fdr_test **sorted, size_t nr, double q)
{
	size_t i, k;

	qsort(sorted, nr, sizeof(*sorted), compare_p);
	for (k = nr; k && sorted[k - 1]->p > q * k / nr; k--)
		;
	for (i = 0; i < k; i++)
		sorted[i]->counts = true;
	return k;
}

double fdr__judge(struct fdr_test *tests, size_t nr, double q)
{
	struct fdr_test **family = xcalloc(nr + 1, sizeof(*family));
	size_t size = 0, counted, i;

	for (i = 0; i < nr; i++) {
		tests[i].counts = tests[i].able = false;
		if (tests[i].smallest <= q)
			family[size++] = &tests[i];
	}
	counted = step_up(family, size, q);
	for (i = 0; i < size; i++)
		family[i]->able = family[i]->counts ||
				  family[i]->smallest <= q * (counted + 1) / size;
	free(family);
	return q * (counted + 1) / (size + 1);
}
