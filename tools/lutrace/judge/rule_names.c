// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules name and memory: what the kernel says of a HWPT when it is preserved, retrieved and reclaimed
 * (names.h). Each domain counts once and is found once, however often its name comes.
 */
#include "judge/rule.h"

/* Of both rules. */
struct rule_names {
	struct idmap *judged;	/* identity: 1 if it was found wrong, else 0 */
};

static void rule_names__release(struct oracle *o, enum rule_id id)
{
	struct rule_names *s = oracle__state(o, id);

	idmap__free(s->judged);
}

/* What is known of a domain by now is, or is not, @wrong, as @text says. */
static void rule_names__judge(struct oracle *o, enum rule_id id, const struct name *name,
			      bool wrong, const char *text)
{
	struct rule_names *s = oracle__state(o, id);
	uint64_t *then;

	if (!s->judged)
		s->judged = idmap__new();
	then = idmap__find(s->judged, name->ser_phys, name->generation, 0);
	if (then && *then)
		return;
	if (!then)
		oracle__count_domain(o, id, name->ser_phys, name->generation);
	idmap__set(s->judged, name->ser_phys, name->generation, 0, wrong);
	if (wrong)
		oracle__report(o, id, VERDICT_VIOLATION,
			       object__get(o, OBJECT_RECORD, name->ser_phys, name->generation),
			       NULL, "record 0x%llx generation %llu %s", name->ser_phys,
			       name->generation, text);
}

static char *rule_name__summary(const struct tally *t)
{
	return xasprintf("%zu domains compared in session and tokens", t->subjects);
}

static void rule_name__named(struct oracle *o, const struct name *name)
{
	const struct name *then = names__find(o->names_before, name->ser_phys, name->generation);
	bool known, wrong;
	char text[256];

	if (!then)
		return;
	wrong = name__contradicts(then, name, &known, text, sizeof(text));
	if (known)
		rule_names__judge(o, RULE_NAME, name, wrong, text);
}

static void rule_name__release(struct oracle *o)
{
	rule_names__release(o, RULE_NAME);
}

const struct rule rule_name = {
	.name = "name",
	.title = "every HWPT comes back under its own session and tokens",
	.summary = rule_name__summary,
	.state_size = sizeof(struct rule_names),
	.release = rule_name__release,
	.named = rule_name__named,
};

static char *rule_memory__summary(const struct tally *t)
{
	return xasprintf("%zu domains", t->subjects);
}

static void rule_memory__named(struct oracle *o, const struct name *name)
{
	bool known, wrong;
	char text[256];

	wrong = name__memory_wrong(name, &known, text, sizeof(text));
	if (known)
		rule_names__judge(o, RULE_MEMORY, name, wrong, text);
}

static void rule_memory__release(struct oracle *o)
{
	rule_names__release(o, RULE_MEMORY);
}

const struct rule rule_memory = {
	.name = "memory",
	.title = "mapped memory was verified, is pinned, and its IOAS is immutable",
	.summary = rule_memory__summary,
	.state_size = sizeof(struct rule_names),
	.release = rule_memory__release,
	.named = rule_memory__named,
};
