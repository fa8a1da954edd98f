// SPDX-License-Identifier: GPL-2.0-only
/* Order and median of doubles. For luperf's statistics. See doubles.h. */
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/stats/doubles.h"

int doubles__compare(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

double doubles__median(const double *values, size_t nr)
{
	double *sorted = xcalloc(nr, sizeof(*sorted)), median;

	memcpy(sorted, values, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), doubles__compare);
	median = nr % 2 ? sorted[nr / 2] : (sorted[nr / 2 - 1] + sorted[nr / 2]) / 2;
	free(sorted);
	return median;
}
