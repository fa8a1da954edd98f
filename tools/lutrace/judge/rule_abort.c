// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule abort: when the FLB is unpreserved no domain is preserved. bpf/spec/abort.dot has what the events
 * say, here is the kernel's own count.
 */
#include "judge/rule.h"

static char *rule_abort__summary(const struct tally *t)
{
	return xasprintf("%zu aborts", t->subjects);
}

static void rule_abort__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	if (ev->op != LUTRACE_OP_FLB_UNPRESERVE || ev->phase != LUTRACE_BEGIN)
		return;
	oracle__count(o, RULE_ABORT, obj);
	if (ev->nr_tables)
		oracle__report(o, RULE_ABORT, VERDICT_VIOLATION, obj, ev,
			       "%s: the kernel has %llu live records", words__event(ev).s,
			       ev->nr_tables);
}

const struct rule rule_abort = {
	.name = "abort",
	.summary = rule_abort__summary,
	.event = rule_abort__event,
};
