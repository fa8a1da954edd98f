/* SPDX-License-Identifier: GPL-2.0-only */
/* Stages of `luctl run` and `luctl resume --again`, which hooks and --stop-after name. */
#ifndef LUCTL_STAGE_H
#define LUCTL_STAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "plan/plan.h"

struct group;
struct update;

#define STAGE_NO_HOOK PLAN_NR_STAGES

/* All plans do the step, then all hooks run, then what is done once for all */
struct stage {
	const char *name;
	int (*each)(struct update *update);
	enum plan_stage hook;
	int (*once)(struct group *group);
	bool for_kexec; /* left out without a kexec */
};

/* One after the other, up to the one named @stop_after if that is not NULL. Returns -1 if one
 * fails. */
int stage__run_all(struct group *group, const struct stage *stages, size_t nr, bool kexec,
		   const char *stop_after);

#endif
