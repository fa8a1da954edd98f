/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LUTRACE_STATS_H
#define LUTRACE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below this many samples a p99 says nothing that max does not say. */
#define STATS_P99_MIN 100

/* Nearest-rank figures of raw samples: each is a sample that occurred. */
struct stats {
	size_t n;
	bool has_p99;
	uint64_t min, p50, p90, p99, max;
};

/* Sorts @samples. With @n 0 all figures are 0. */
void stats__compute(struct stats *stats, uint64_t *samples, size_t n);

/* @sorted ascending, @n > 0, 0 < @percent <= 100. */
uint64_t stats__nearest_rank(const uint64_t *sorted, size_t n, unsigned int percent);

#endif
