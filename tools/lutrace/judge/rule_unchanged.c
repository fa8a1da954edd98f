// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule unchanged: what an unpreserve says of a domain is what its preserve said. (The order of both
 * is in bpf/spec/unchanged.dot.)
 */
#include "judge/rule.h"

void rule_unchanged__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	char text[128];

	o->subjects[RULE_UNCHANGED] += ev->phase == LUTRACE_END;
	/* A trace buffer does not tell at the begin; no domain is without tables */
	if (ev->phase == LUTRACE_BEGIN && !ev->top_phys && !ev->nr_tables)
		return;
	if (!obj->then_known || obj->blamed ||
	    !preserved__differs(&obj->then, ev, text, sizeof(text)))
		return;
	obj->blamed = true;
	oracle__report(o, RULE_UNCHANGED, VERDICT_VIOLATION, obj, ev,
		       "%s: it changed while preserved: its %s", words__event(ev).s, text);
}
