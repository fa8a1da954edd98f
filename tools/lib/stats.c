// SPDX-License-Identifier: GPL-2.0-only
/* Nearest-rank figures of a set of numbers. Any tool may call it. */
#include <stdlib.h>
#include "lib/stats.h"

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

size_t stats__rank(size_t n, unsigned int mille)
{
	return (n * mille + 999) / 1000;	/* rounded up */
}

static uint64_t nearest_rank(const uint64_t *sorted, size_t n, unsigned int mille)
{
	return sorted[stats__rank(n, mille) - 1];
}

void stats__compute(struct stats *stats, uint64_t *samples, size_t n)
{
	*stats = (struct stats){ .n = n };
	if (!n)
		return;
	qsort(samples, n, sizeof(*samples), by_value);
	stats->min = samples[0];
	stats->p50 = nearest_rank(samples, n, 500);
	stats->p90 = nearest_rank(samples, n, 900);
	stats->max = samples[n - 1];
	stats->has_p99 = n >= STATS_P99_MIN;
	if (stats->has_p99)
		stats->p99 = nearest_rank(samples, n, 990);
	stats->has_p999 = n >= STATS_P999_MIN;
	if (stats->has_p999)
		stats->p999 = nearest_rank(samples, n, 999);
}
