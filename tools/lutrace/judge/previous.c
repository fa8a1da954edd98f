// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the recordings of the previous kernel reach its kexec. Events tell it, not that a recording
 * has an end: a recording may have ended before the last preserve, and one that was cut may have all.
 */
#include <stdio.h>
#include "judge/rule.h"
#include "judge/rule_restore.h"

void oracle__expect(struct oracle *o, const struct previous *previous)
{
	o->expecting = true;
	o->previous = *previous;
	rule_restore__expect(o);
}

bool oracle__previous_is_proven(const struct oracle *o)
{
	const struct previous *p = &o->previous;

	if (!o->expecting || !p->gapless)
		return false;
	if (p->reaches)
		return true;
	if (p->running || !o->retrieved || o->nr_incoming != p->nr_left)
		return false;
	return o->incoming_generation ? o->incoming_generation == p->last_generation : p->ended;
}

struct words previous__unseen(const struct oracle *o)
{
	const struct previous *p = &o->previous;
	struct words w;

	if (!p->gapless)
		snprintf(w.s, sizeof(w.s), "the recording of the previous kernel is not whole");
	else if (p->unseen_ns)
		snprintf(w.s, sizeof(w.s), "the recording of the previous kernel ended %.3f s before "
			 "the next one began: what was preserved after that was not seen",
			 p->unseen_ns / 1e9);
	else
		snprintf(w.s, sizeof(w.s), "the recording of the previous kernel ended before its "
			 "kexec: what was preserved after that was not seen");
	return w;
}
