// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "stats.h"

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t stats__nearest_rank(const uint64_t *sorted, size_t n, unsigned int percent)
{
	size_t rank = (n * percent + 99) / 100;	/* rounded up, counted from 1 */

	return sorted[rank - 1];
}

void stats__compute(struct stats *stats, uint64_t *samples, size_t n)
{
	*stats = (struct stats){ .n = n };
	if (!n)
		return;
	qsort(samples, n, sizeof(*samples), by_value);
	stats->min = samples[0];
	stats->p50 = stats__nearest_rank(samples, n, 50);
	stats->p90 = stats__nearest_rank(samples, n, 90);
	stats->max = samples[n - 1];
	stats->has_p99 = n >= STATS_P99_MIN;
	if (stats->has_p99)
		stats->p99 = stats__nearest_rank(samples, n, 99);
}
