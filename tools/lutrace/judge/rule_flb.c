// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule flb, what no automaton says of it: the FLB goes when no domain is preserved and no session
 * is open.
 */
#include <string.h>
#include "judge/rule.h"
#include "lib/idmap.h"

bool oracle__flb_is_empty(const struct oracle *o)
{
	const char *state;
	bool certain;
	size_t pos = 0;
	uint64_t *at;

	state = object__state(o->flb, "flb", &certain);
	if (!certain || strcmp(state, "there") || o->missing ||
	    !object__holds_nothing(o->unseen[OBJECT_RECORD]))
		return false;
	while ((at = idmap__next(o->objects, &pos)))
		if (!object__holds_nothing((const struct object *)(uintptr_t)*at))
			return false;
	return true;
}

void oracle__flb_is_left(struct oracle *o, unsigned int seconds)
{
	oracle__report(
		o, RULE_FLB, VERDICT_VIOLATION, o->flb, NULL,
		"the FLB is there without a domain, and for %u s no session has been open: a reference "
		"to it was not given back",
		seconds);
}

void oracle__flb_may_be_left(struct oracle *o)
{
	oracle__report(
		o, RULE_FLB, VERDICT_UNKNOWN, o->flb, NULL,
		"the FLB is there without a domain, and whether a session is open is not known: only "
		"BPF programs in the first PID namespace can tell");
}
