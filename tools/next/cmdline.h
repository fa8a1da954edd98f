/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel's command line says about what a live update needs, read as the kernel reads it. */
#ifndef NEXT_CMDLINE_H
#define NEXT_CMDLINE_H

#include <stdbool.h>

enum cmdline_switch {
	CMDLINE_UNSET,		/* the kernel's own default holds */
	CMDLINE_OFF,
	CMDLINE_ON,
};

struct cmdline {
	enum cmdline_switch kho;
	enum cmdline_switch liveupdate;
	enum cmdline_switch vtd;		/* intel_iommu= */
	enum cmdline_switch vtd_scalable;	/* intel_iommu=sm_on */
	enum cmdline_switch amd_v2;		/* amd_iommu=pgtbl_v2 */
	bool amd_off;				/* amd_iommu=off; nothing takes that back */
	bool iommu_off;				/* iommu=off; likewise, and for all kinds */
};

void cmdline__read(const char *text, struct cmdline *out);

#endif
