// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule undo: unpreserve, and the FLB's unpreserve and finish, cannot fail.
 */
#include "judge/rule.h"

void rule_undo__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	if (ev->phase != LUTRACE_END ||
	    (ev->op != LUTRACE_OP_UNPRESERVE && ev->op != LUTRACE_OP_FLB_UNPRESERVE &&
	     ev->op != LUTRACE_OP_FLB_FINISH))
		return;
	o->subjects[RULE_UNDO]++;
	if (ev->ret)
		oracle__report(o, RULE_UNDO, VERDICT_VIOLATION, obj, ev,
			       "%s: it returned %d, and cannot fail", words__event(ev).s, ev->ret);
}
