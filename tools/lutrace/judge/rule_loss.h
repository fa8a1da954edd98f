/* SPDX-License-Identifier: GPL-2.0-only */
/* What oracle.c asks rule loss before anything else sees an event, and tells it at the end. */
#ifndef LUTRACE_RULE_LOSS_H
#define LUTRACE_RULE_LOSS_H

#include "judge/oracle.h"

/*
 * Whether the event can be the next one; counts it, and what is missing before it. One that cannot is
 * reported, and must not be looked at.
 */
bool rule_loss__is_next(struct oracle *o, const struct lutrace_event *ev);
/* @lost events were counted by others, be they missing or not. */
void rule_loss__lost(struct oracle *o, __u64 lost);

#endif
