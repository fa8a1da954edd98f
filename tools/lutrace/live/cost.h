/* SPDX-License-Identifier: GPL-2.0-only */
/* What recording costs, as it stands in a recording. `lutrace record` calls it when a recording ends. */
#ifndef LUTRACE_COST_H
#define LUTRACE_COST_H

#include "live/live.h"
#include "recording/format.h"

/* As it is now. -1 with @fault if the programs cannot be asked. */
int cost__read(struct lutrace_cost *cost, const struct live *live, struct fault *fault);

#endif
