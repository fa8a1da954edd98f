/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's counts of what an iommufd holds: page tables, pinned pages and preserved memory. */
#ifndef PROGS_COUNTERS_H
#define PROGS_COUNTERS_H

#include <stdbool.h>

struct counters {
	long iommu_pages;
	long pins;
	long preserved;		/* blocks that KHO hands to the next kernel, of any order */
};

/* Once they have come to rest; -1 is what the kernel does not tell */
struct counters counters__read(void);

/* Waits up to two seconds for what lags; says what is left behind, or missing */
bool counters__are(const struct counters *before);

#endif
