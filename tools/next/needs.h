/* SPDX-License-Identifier: GPL-2.0-only */
/* What the next kernel must be able to take back, and with which IOMMU. */
#ifndef NEXT_NEEDS_H
#define NEXT_NEEDS_H

#include <stdbool.h>

enum iommu_kind {
	IOMMU_NONE,
	IOMMU_VTD,
	IOMMU_AMD,
};

struct needs {
	bool memfds;
	bool hwpts;
	enum iommu_kind iommu;
};

#endif
