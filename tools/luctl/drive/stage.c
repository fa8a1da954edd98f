// SPDX-License-Identifier: GPL-2.0-only
/* Goes through stages: see stage.h. Called by luctl run and resume --again. */
#include <string.h>

#include "drive/group.h"
#include "drive/stage.h"
#include "drive/stop.h"

static int stage__run_one(struct group *g, const struct stage *stage)
{
	if (stop__check() || (stage->each && group__each(g, stage->each)))
		return -1;
	if (stage->hook != STAGE_NO_HOOK && group__run_hooks(g, stage->hook))
		return -1;
	return stage->once ? stage->once(g) : 0;
}

int stage__run_all(struct group *g, const struct stage *stages, size_t nr, bool kexec,
		   const char *stop_after)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (stages[i].for_kexec && !kexec)
			continue;
		if (stage__run_one(g, &stages[i]))
			return -1;
		if (stop_after && !strcmp(stop_after, stages[i].name))
			break;
	}
	return stop__check();
}
