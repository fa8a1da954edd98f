// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule unchanged: what an unpreserve says of a domain is what its preserve said. The order of both is in
 * bpf/spec/unchanged.dot.
 */
#include "judge/rule.h"

static char *rule_unchanged__summary(const struct tally *t)
{
	return xasprintf("%zu unpreserves compared with their preserve", t->subjects);
}

static void rule_unchanged__event(struct oracle *o, struct object *obj,
				  const struct lutrace_event *ev)
{
	char text[128];

	if (ev->op != LUTRACE_OP_UNPRESERVE)
		return;
	if (ev->phase == LUTRACE_END)
		oracle__count(o, RULE_UNCHANGED, obj);
	/* A trace buffer does not say it at the begin; no domain is without tables */
	if (ev->phase == LUTRACE_BEGIN && !ev->top_phys && !ev->nr_tables)
		return;
	if (!obj->then_known || obj->blamed ||
	    !preserved__differs(&obj->then, ev, text, sizeof(text)))
		return;
	obj->blamed = true;
	oracle__report(o, RULE_UNCHANGED, VERDICT_VIOLATION, obj, ev,
		       "%s: it changed while preserved: its %s", words__event(ev).s, text);
}

const struct rule rule_unchanged = {
	.name = "unchanged",
	.summary = rule_unchanged__summary,
	.event = rule_unchanged__event,
};
