// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule deep: walks of page tables agree with each other, with the record and with events.
 */
#include <stdarg.h>
#include <stdio.h>
#include "judge/rule.h"
#include "judge/walked.h"
#include "lib/idmap.h"
#include "lib/mem.h"

/* What the restore says of the table, against what was seen of it in the kernel before. */
void rule_deep__restored(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	uint64_t *at = idmap__find(o->before_at, ev->ser_phys, ev->generation, 0);
	struct preserved said = preserved__of(ev);
	struct object *root = object__get(o, OBJECT_ROOT, ev->top_phys, 0);
	char text[128];

	root->restored = said;
	root->is_restored = true;
	root->walked = false;
	if (at && walked__denies(&o->before[*at], &said, text, sizeof(text)))
		oracle__report(o, RULE_DEEP, VERDICT_VIOLATION, obj, ev,
			       "%s: it is not what was walked in the kernel before: its %s",
			       words__event(ev).s, text);
}

void oracle__watch_deep(struct oracle *o, const char *missing)
{
	o->walking = true;
	if (missing)
		oracle__report(o, RULE_DEEP, VERDICT_INCOMPLETE, NULL, NULL,
			       "no page table was walked: %s", missing);
}

void oracle__expect_deep(struct oracle *o, const struct lutrace_deep *before, size_t nr, bool whole)
{
	uint64_t *count;
	size_t i;

	o->before = before;
	o->nr_before = nr;
	o->before_whole = whole;
	for (i = 0; i < nr; i++) {
		idmap__set(o->before_at, before[i].ser_phys, before[i].generation, 0, i);
		count = idmap__find(o->before_by_token, before[i].token, 0, 0);
		idmap__set(o->before_by_token, before[i].token, 1 + (count ? *count : 0), 0, i);
		idmap__set(o->before_by_token, before[i].token, 0, 0, 1 + (count ? *count : 0));
	}
}

static struct words rule_deep__words(const struct lutrace_deep *w)
{
	struct words words;

	if (w->ser_phys)
		snprintf(words.s, sizeof(words.s),
			 "HWPT token 0x%llx, record 0x%llx generation %llu", w->token, w->ser_phys,
			 w->generation);
	else
		snprintf(words.s, sizeof(words.s), "HWPT token 0x%llx, reclaimed, root 0x%llx",
			 w->token, w->top_phys);
	return words;
}

/* Once for each, though it is walked again and again. */
static bool rule_deep__accused(const struct oracle *o, const struct lutrace_deep *w)
{
	return idmap__find(o->accused, w->ser_phys, w->generation, w->top_phys);
}

static void rule_deep__accuse(struct oracle *o, const struct lutrace_deep *w, struct object *obj,
			      const char *fmt, ...) PRINTF(4, 5);

static void rule_deep__accuse(struct oracle *o, const struct lutrace_deep *w, struct object *obj,
			      const char *fmt, ...)
{
	char text[320];
	va_list args;

	idmap__set(o->accused, w->ser_phys, w->generation, w->top_phys, 1);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	oracle__report(o, RULE_DEEP, VERDICT_VIOLATION, obj, NULL, "%s: %s", rule_deep__words(w).s,
		       text);
}

/* One that is preserved: against the event, and the first walk of it. */
static void rule_deep__preserved(struct oracle *o, struct object *obj, const struct lutrace_deep *w)
{
	char text[192];

	if (!obj->walk) {
		o->nr_walked++;
		if (walked__denies(w, &obj->then, text, sizeof(text)))
			rule_deep__accuse(o, w, obj,
					  "it is not what its preserve (seq %llu) said: its %s",
					  obj->then.seq, text);
		obj->walk = xcalloc(1, sizeof(*obj->walk));
		*obj->walk = *w;
		return;
	}
	o->nr_walks_compared++;
	if (walked__differs(obj->walk, w, text, sizeof(text)))
		rule_deep__accuse(o, w, obj, "its page table changed while it was preserved: %s",
				  text);
}

/* The walk in the kernel before that this one is compared with: that of its root, if there is one.
 */
static const struct lutrace_deep *rule_deep__before(const struct oracle *o,
						    const struct lutrace_deep *w)
{
	uint64_t *count = idmap__find(o->before_by_token, w->token, 0, 0);
	const struct lutrace_deep *then, *nearest = NULL;
	__u64 k;

	for (k = 1; count && k <= *count; k++) {
		then = &o->before[*idmap__find(o->before_by_token, w->token, k, 0)];
		if (!nearest || then->top_phys == w->top_phys)
			nearest = then;
	}
	return nearest;
}

static void rule_deep__compare(struct oracle *o, struct object *root, const struct lutrace_deep *w)
{
	const struct lutrace_deep *then = rule_deep__before(o, w);
	bool told = root->undecided & 1u << RULE_DEEP;
	char text[192];

	if (then) {
		o->nr_walks_compared++;
		if (walked__differs(then, w, text, sizeof(text)))
			rule_deep__accuse(o, w, root,
					  "its page table is not what it was in the kernel before "
					  "(record 0x%llx generation %llu): %s",
					  then->ser_phys, then->generation, text);
	} else if (o->before && o->before_whole) {
		rule_deep__accuse(o, w, root,
				  "no HWPT of that token was preserved in the kernel before");
	} else if (!told) {
		oracle__report(o, RULE_DEEP, o->before ? VERDICT_INCOMPLETE : VERDICT_UNKNOWN, root,
			       NULL, "%s: there is no walk of the kernel before to compare it with",
			       rule_deep__words(w).s);
	}
}

static void rule_deep__reclaimed(struct oracle *o, struct object *root,
				 const struct lutrace_deep *w)
{
	char text[192];

	if (root->is_restored && walked__denies(w, &root->restored, text, sizeof(text)))
		rule_deep__accuse(o, w, root, "it is not what its restore (seq %llu) said: its %s",
				  root->restored.seq, text);
	else if (!root->is_restored && o->retrieved && !o->missing)
		rule_deep__accuse(o, w, root, "no restore gave it that root");
	o->nr_walked += !root->walked;
	root->walked = true;
	rule_deep__compare(o, root, w);
}

/* The record of a walk. One that no event told of was preserved before all of them. */
static struct object *rule_deep__object(struct oracle *o, const struct lutrace_deep *w)
{
	struct preserved said = {
		.ser_phys = w->ser_phys,
		.generation = w->generation,
		.top_phys = w->said_top_phys,
		.nr_tables = w->said_tables,
		.nr_bytes = w->said_bytes,
		.format = w->said_format,
		.top_level = w->said_top_level,
	};

	if (!w->ser_phys)
		return NULL;
	oracle__listed(o, &said);
	return object__get(o, OBJECT_RECORD, w->ser_phys, w->generation);
}

void oracle__deep(struct oracle *o, const struct lutrace_deep *w)
{
	struct object *obj = rule_deep__object(o, w);
	struct object *root = object__get(o, OBJECT_ROOT, w->top_phys, 0);
	char text[192];

	o->nr_walks++;
	o->tables_walked += walked__tables(w);
	o->took_ns += w->took_ns;
	if (rule_deep__accused(o, w))
		return;
	if (walked__wrong(w, text, sizeof(text)))
		rule_deep__accuse(o, w, obj, "%s", text);
	/* Of one that was given up since then there is its record alone */
	if (obj && obj->then_known)
		rule_deep__preserved(o, obj, w);
	if (!w->ser_phys || root->is_restored)
		rule_deep__reclaimed(o, root, w);
}

/* What should have been walked before the end. */
void rule_deep__end_object(struct oracle *o, struct object *obj)
{
	if (!o->walking)
		return;
	if (obj->kind == OBJECT_RECORD && obj->then_known && !obj->walk)
		oracle__report(o, RULE_DEEP, VERDICT_INCOMPLETE, obj, NULL,
			       "%s is preserved, and its page table was not walked",
			       words__object(obj).s);
	if (obj->kind == OBJECT_ROOT && obj->is_restored && !obj->walked)
		oracle__report(
			o, RULE_DEEP, VERDICT_INCOMPLETE, obj, NULL,
			"record 0x%llx generation %llu was restored, and its page table was not walked "
			"before it was given up",
			obj->restored.ser_phys, obj->restored.generation);
}

char *rule_deep__summary(const struct oracle *o)
{
	if (!o->walking && !o->nr_walks)
		return xstrdup("--deep was not given");
	return xasprintf("%zu walks of %zu domains, %llu tables in %.3f s; %zu compared with one "
			 "before; %zu domains were unpreserved before a walk",
			 o->nr_walks, o->nr_walked, o->tables_walked, o->took_ns / 1e9,
			 o->nr_walks_compared, o->nr_gone);
}

struct lutrace_deep *oracle__walks(struct oracle *o, size_t *nr)
{
	struct lutrace_deep *walks = xcalloc(idmap__count(o->objects), sizeof(*walks));
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;

	*nr = 0;
	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		if (obj->then_known && obj->walk)
			walks[(*nr)++] = *obj->walk;
	}
	return walks;
}
