/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In which order the live updates of a run take place. What drifts over the time of a run, as a machine that gets
 * warm, must not fall on one of the builds: they take turns, and each pair is turned round. Pure.
 */
#ifndef LUPERF_SCHEDULE_H
#define LUPERF_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

/* The control is the base once more: whatever differs between the two is chance. */
enum arm { ARM_BASE, ARM_NEW, ARM_CONTROL, NR_ARMS };

/* "base", "new", "control" */
const char *arm__name(enum arm arm);
/* The arm of live update @i, from 0: base new new base, or base new control control new base. */
enum arm schedule__arm(size_t i, bool control);
/* How many there are with @n of each arm. */
size_t schedule__length(size_t n, bool control);

#endif
