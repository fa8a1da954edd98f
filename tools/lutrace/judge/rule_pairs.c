// SPDX-License-Identifier: GPL-2.0-only
/* Rule pairs: every begin has one end. The order is in bpf/spec/pairs.dot, the end of all is here. */
#include "judge/rule.h"

/* A begin this long before the end should have had its end: live.c waits that long. */
#define PATIENCE_NS	2000000000ull

enum { PAIRS_BEGINS, PAIRS_ENDS };

static char *rule_pairs__summary(const struct tally *t)
{
	return xasprintf("%llu begins, %llu ends", t->n[PAIRS_BEGINS], t->n[PAIRS_ENDS]);
}

static void rule_pairs__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	if (oracle__count(o, RULE_PAIRS, obj))
		o->tallies[RULE_PAIRS].n[ev->phase == LUTRACE_BEGIN ? PAIRS_BEGINS : PAIRS_ENDS]++;
}

static void rule_pairs__end_object(struct oracle *o, struct object *obj, __u64 now_ns)
{
	enum verdict verdict;
	int op;

	for (op = 0; op < LUTRACE_NR_OPS; op++) {
		if (!object__runs(obj, op))
			continue;
		verdict = !o->missing && now_ns >= object__operation(obj, op)->begun + PATIENCE_NS ?
			VERDICT_VIOLATION : VERDICT_INCOMPLETE;
		oracle__report(o, RULE_PAIRS, verdict, obj, NULL,
			       "the end of %s of %s was not seen", op__name(op),
			       words__object(obj).s);
	}
}

const struct rule rule_pairs = {
	.name = "pairs",
	.summary = rule_pairs__summary,
	.event = rule_pairs__event,
	.end_object = rule_pairs__end_object,
};
