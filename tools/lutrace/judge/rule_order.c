// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules once, restore-once, restore-error and finish: the automata of bpf/spec say all of them. Here is
 * only what they were looked at on.
 */
#include "judge/rule.h"

enum { ERROR_RESTORES, ERROR_FAILED };

static char *rule_once__summary(const struct tally *t)
{
	return xasprintf("%zu preserves compared by record and by root", t->subjects);
}

static void rule_once__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	if (ev->op == LUTRACE_OP_PRESERVE && ev->phase == LUTRACE_END && !ev->ret)
		oracle__count(o, RULE_ONCE, obj);
}

const struct rule rule_once = {
	.name = "once",
	.summary = rule_once__summary,
	.event = rule_once__event,
};

static char *rule_restore_once__summary(const struct tally *t)
{
	return xasprintf("%zu restores", t->subjects);
}

static void rule_restore_once__event(struct oracle *o, struct object *obj,
				     const struct lutrace_event *ev)
{
	if (ev->op == LUTRACE_OP_RESTORE && ev->phase == LUTRACE_END && !ev->ret)
		oracle__count(o, RULE_RESTORE_ONCE, obj);
}

const struct rule rule_restore_once = {
	.name = "restore-once",
	.summary = rule_restore_once__summary,
	.event = rule_restore_once__event,
};

static char *rule_restore_error__summary(const struct tally *t)
{
	return xasprintf("%llu restores, %llu failed", t->n[ERROR_RESTORES], t->n[ERROR_FAILED]);
}

static void rule_restore_error__event(struct oracle *o, struct object *obj,
				      const struct lutrace_event *ev)
{
	struct tally *t = &o->tallies[RULE_RESTORE_ERROR];

	if (ev->phase != LUTRACE_END)
		return;
	if (ev->op == LUTRACE_OP_FLB_RETRIEVE) {
		oracle__count(o, RULE_RESTORE_ERROR, obj);
	} else if (ev->op == LUTRACE_OP_RESTORE && oracle__count(o, RULE_RESTORE_ERROR, obj)) {
		t->n[ERROR_RESTORES]++;
		t->n[ERROR_FAILED] += ev->ret != 0;
	}
}

const struct rule rule_restore_error = {
	.name = "restore-error",
	.summary = rule_restore_error__summary,
	.event = rule_restore_error__event,
};

static char *rule_finish__summary(const struct tally *t)
{
	return xasprintf("%zu events of the FLB", t->subjects);
}

static void rule_finish__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	if (ev->op == LUTRACE_OP_FLB_RETRIEVE || ev->op == LUTRACE_OP_FLB_FINISH)
		oracle__count(o, RULE_FINISH, obj);
}

const struct rule rule_finish = {
	.name = "finish",
	.summary = rule_finish__summary,
	.event = rule_finish__event,
};
