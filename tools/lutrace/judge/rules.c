// SPDX-License-Identifier: GPL-2.0-only
/* The table of rules, made of rules.def, and what is asked of any of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "judge/rule.h"

static const struct rule *const rules[NR_RULES] = {
#define RULE(ID, row) [RULE_##ID] = &rule_##row,
#include "judge/rules.def"
#undef RULE
};

const struct rule *rule__get(enum rule_id id)
{
	return rules[id];
}

enum rule_id rule__by_name(const char *name)
{
	int id;

	for (id = 0; id < NR_RULES && strcmp(rules[id]->name, name); id++)
		;
	return id;
}

const char *rule__name(enum rule_id id)
{
	return rules[id]->name;
}

const char *rule__title(enum rule_id id)
{
	size_t i;

	for (i = 0; !rules[id]->title && i < spec__count(); i++)
		if (!strcmp(spec__get(i)->name, rules[id]->name))
			return spec__get(i)->title;
	return rules[id]->title;
}

char *rule__summary(enum rule_id id, const struct tally *t)
{
	char *looked_at = rules[id]->summary(t), *summary;

	if (!t->unknown)
		return looked_at;
	summary = xasprintf("%s; %zu could not be decided", looked_at, t->unknown);
	free(looked_at);
	return summary;
}

void tally__add(struct tally *sum, const struct tally *t)
{
	int i;

	sum->kernels += t->kernels;
	sum->watched += t->watched;
	sum->subjects += t->subjects;
	sum->unknown += t->unknown;
	for (i = 0; i < TALLY_NUMBERS; i++)
		sum->n[i] += t->n[i];
}

const struct check *oracle__check(const struct oracle *o, enum rule_id id)
{
	return &o->checks[id];
}

const struct tally *oracle__tally(const struct oracle *o, enum rule_id id)
{
	return &o->tallies[id];
}

void *oracle__state(const struct oracle *o, enum rule_id id)
{
	return o->states[id];
}
