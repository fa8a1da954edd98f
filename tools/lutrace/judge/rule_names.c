// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules name and memory: what the kernel told of a HWPT when it was preserved, retrieved and
 * reclaimed.
 */
#include "judge/rule.h"
#include "lib/idmap.h"

void oracle__expect_names(struct oracle *o, const struct names *before)
{
	o->names_before = before;
}

/* What is known of a domain by now: each counts once, and is found once. */
static void rule_names__judge(struct oracle *o, enum rule_id id, const struct name *name,
			      bool wrong, const char *text)
{
	uint64_t *then = idmap__find(o->named, name->ser_phys, name->generation, id);

	if (then && *then)
		return;
	o->subjects[id] += !then;
	idmap__set(o->named, name->ser_phys, name->generation, id, wrong);
	if (wrong)
		oracle__report(o, id, VERDICT_VIOLATION,
			       object__get(o, OBJECT_RECORD, name->ser_phys, name->generation),
			       NULL, "record 0x%llx generation %llu %s", name->ser_phys,
			       name->generation, text);
}

void oracle__name(struct oracle *o, const struct name *name)
{
	const struct name *then = names__find(o->names_before, name->ser_phys, name->generation);
	bool known, wrong;
	char text[256];

	wrong = name__memory_wrong(name, &known, text, sizeof(text));
	if (known)
		rule_names__judge(o, RULE_MEMORY, name, wrong, text);
	if (!then)
		return;
	wrong = name__contradicts(then, name, &known, text, sizeof(text));
	if (known)
		rule_names__judge(o, RULE_NAME, name, wrong, text);
}
