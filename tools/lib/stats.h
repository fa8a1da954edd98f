/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of a set of numbers, by nearest rank. Pure; any tool may call it. */
#ifndef LUTRACE_STATS_H
#define LUTRACE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below this many samples a p99 says nothing that max does not say. */
#define STATS_P99_MIN 100
/* The same for p99.9. */
#define STATS_P999_MIN 1000

/* Nearest-rank figures of raw samples: each is a sample that occurred. */
struct stats {
	size_t n;
	bool has_p99, has_p999;
	uint64_t min, p50, p90, p99, p999, max;
};

/* Sorts @samples. With @n 0 all figures are 0. */
void stats__compute(struct stats *stats, uint64_t *samples, size_t n);

/* The rank, from 1 to @n, of a quantile in thousandths, 0 < @mille <= 1000. */
size_t stats__rank(size_t n, unsigned int mille);

#endif
