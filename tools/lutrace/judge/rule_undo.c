// SPDX-License-Identifier: GPL-2.0-only
/* Rule undo: unpreserve, and the FLB's unpreserve and finish, cannot fail. */
#include "judge/rule.h"

static char *rule_undo__summary(const struct tally *t)
{
	return xasprintf("%zu operations", t->subjects);
}

static void rule_undo__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	if (ev->phase != LUTRACE_END ||
	    (ev->op != LUTRACE_OP_UNPRESERVE && ev->op != LUTRACE_OP_FLB_UNPRESERVE &&
	     ev->op != LUTRACE_OP_FLB_FINISH))
		return;
	oracle__count(o, RULE_UNDO, obj);
	if (ev->ret)
		oracle__report(o, RULE_UNDO, VERDICT_VIOLATION, obj, ev,
			       "%s: it returned %d, and cannot fail", words__event(ev).s, ev->ret);
}

const struct rule rule_undo = {
	.name = "undo",
	.title = "unpreserve and finish never fail",
	.summary = rule_undo__summary,
	.event = rule_undo__event,
};
