/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that a plan runs at its stages. */
#ifndef LUCTL_HOOK_H
#define LUCTL_HOOK_H

#include "plan/plan.h"

/*
 * Runs the plan's hooks of @stage in their order, with /bin/sh -c, each in a process group of its
 * own and with /dev/null for its input. A signal that stops luctl goes to that group, and to no
 * other process. Stops at the first hook that fails, reports it and returns -1.
 */
int hook__run(const struct plan *plan, enum plan_stage stage);

#endif
