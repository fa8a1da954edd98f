/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's counts of what an iommufd holds: page tables and pinned pages. */
#ifndef PROGS_COUNTERS_H
#define PROGS_COUNTERS_H

#include <stdbool.h>

struct counters {
	long iommu_pages;
	long pins;
};

/* Once they have come to rest; all zero if /proc/vmstat cannot be read */
struct counters counters__read(void);

/* Waits up to two seconds for what lags; says what is left behind, or missing */
bool counters__are(const struct counters *before);

#endif
