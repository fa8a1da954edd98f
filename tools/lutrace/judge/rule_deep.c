// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule deep: walks of page tables (--deep) agree with each other, with the record, and with events.
 * walked.c compares two walks.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "judge/rule.h"
#include "judge/walked.h"

struct rule_deep {
	const struct lutrace_deep *before;	/* walks of what the previous kernel left; NULL: none */
	size_t nr_before;
	bool before_whole;		/* each domain that it left was walked */
	struct idmap *before_at;	/* identity: index in before */
	struct idmap *before_by_token;	/* token, count: index in before; token, 0: how many */
	struct idmap *accused;		/* walks of it were found wrong: record, generation, root */
	/*
	 * The first walk of each root that no restore gave, as far as is known: that its event was lost
	 * may show only later.
	 */
	struct lutrace_deep *unrestored;
	size_t nr_unrestored, unrestored_room;
	struct idmap *unrestored_at;	/* token, root: it is among them */
	bool miscounted;		/* the kernel counts fewer tables than there are: that was told */
};

enum {
	DEEP_WALKED,			/* domains, */
	DEEP_GONE,			/* and those that were unpreserved before a walk */
	DEEP_COMPARED,			/* walks, with one before */
	DEEP_TABLES,
	DEEP_TOOK_NS,
	DEEP_WITH_MEMFDS,		/* walks after which what is mapped was compared with the memfds */
};

static char *rule_deep__summary(const struct tally *t)
{
	if (!t->watched && !t->subjects)
		return xstrdup("--deep was not given");
	return xasprintf("%zu walks of %llu domains, %llu tables in %.3f s; %llu compared with one "
			 "before, %llu with the memory of the memfds; %llu domains were unpreserved before a walk; %zu of %zu kernels "
			 "were walked", t->subjects, t->n[DEEP_WALKED], t->n[DEEP_TABLES],
			 t->n[DEEP_TOOK_NS] / 1e9, t->n[DEEP_COMPARED], t->n[DEEP_WITH_MEMFDS],
			 t->n[DEEP_GONE], t->watched, t->kernels);
}

static __u64 *rule_deep__number(struct oracle *o, int which)
{
	return &o->tallies[RULE_DEEP].n[which];
}

/* What the restore says of the table, against what was seen of it in the previous kernel. */
static void rule_deep__restored(struct oracle *o, struct object *obj,
				const struct lutrace_event *ev)
{
	struct rule_deep *s = oracle__state(o, RULE_DEEP);
	uint64_t *at = idmap__find(s->before_at, ev->ser_phys, ev->generation, 0);
	struct preserved said = preserved__of(ev);
	struct object *root = object__get(o, OBJECT_ROOT, ev->top_phys, 0);
	char text[128];

	root->restored = said;
	root->is_restored = true;
	root->walked = false;
	if (at && walked__denies(&s->before[*at], &said, text, sizeof(text)))
		oracle__report(o, RULE_DEEP, VERDICT_VIOLATION, obj, ev,
			       "%s: it is not what was walked in the previous kernel: its %s",
			       words__event(ev).s, text);
}

static struct words rule_deep__words(const struct lutrace_deep *w)
{
	struct words words;

	if (w->flags & DEEP_UNPRESERVED)
		snprintf(words.s, sizeof(words.s), "HWPT token 0x%llx, not preserved, root 0x%llx",
			 w->token, w->top_phys);
	else if (w->ser_phys)
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
	const struct rule_deep *s = oracle__state(o, RULE_DEEP);

	return idmap__find(s->accused, w->ser_phys, w->generation, w->top_phys);
}

static void rule_deep__accuse(struct oracle *o, const struct lutrace_deep *w, struct object *obj,
			      const char *fmt, ...) PRINTF(4, 5);

static void rule_deep__accuse(struct oracle *o, const struct lutrace_deep *w, struct object *obj,
			      const char *fmt, ...)
{
	struct rule_deep *s = oracle__state(o, RULE_DEEP);
	char text[320];
	va_list args;

	if (!s->accused)
		s->accused = idmap__new();
	idmap__set(s->accused, w->ser_phys, w->generation, w->top_phys, 1);
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
		++*rule_deep__number(o, DEEP_WALKED);
		if (walked__denies(w, &obj->then, text, sizeof(text)))
			rule_deep__accuse(o, w, obj,
					  "it is not what its preserve (seq %llu) said: its %s",
					  obj->then.seq, text);
		obj->walk = xcalloc(1, sizeof(*obj->walk));
		*obj->walk = *w;
		return;
	}
	++*rule_deep__number(o, DEEP_COMPARED);
	if (walked__differs(obj->walk, w, text, sizeof(text)))
		rule_deep__accuse(o, w, obj, "its page table changed while it was preserved: %s",
				  text);
}

/* The walk in the previous kernel to compare this one with: that of its root, if there is one. */
static const struct lutrace_deep *rule_deep__before(const struct oracle *o,
						    const struct lutrace_deep *w)
{
	const struct rule_deep *s = oracle__state(o, RULE_DEEP);
	uint64_t *count = idmap__find(s->before_by_token, w->token, 0, 0);
	const struct lutrace_deep *then, *nearest = NULL;
	__u64 k;

	for (k = 1; count && k <= *count; k++) {
		then = &s->before[*idmap__find(s->before_by_token, w->token, k, 0)];
		if (!nearest || then->top_phys == w->top_phys)
			nearest = then;
	}
	return nearest;
}

/* Against the walk of the same token in the previous kernel. */
static void rule_deep__compare_with(struct oracle *o, struct object *root,
				    const struct lutrace_deep *then, const struct lutrace_deep *w)
{
	bool same = root->is_restored && root->restored.ser_phys == then->ser_phys &&
		    root->restored.generation == then->generation;
	char text[192];

	++*rule_deep__number(o, DEEP_COMPARED);
	if (!walked__differs(then, w, text, sizeof(text)))
		return;
	if (same || oracle__previous_is_proven(o))
		rule_deep__accuse(o, w, root, "its page table is not what it was in the previous "
				  "kernel (record 0x%llx generation %llu): %s", then->ser_phys,
				  then->generation, text);
	else
		oracle__report(o, RULE_DEEP, VERDICT_INCOMPLETE, root, NULL,
			       "%s: the last walk of that token in the previous kernel may be of "
			       "another domain: %s", rule_deep__words(w).s, previous__unseen(o).s);
}

static void rule_deep__compare(struct oracle *o, struct object *root, const struct lutrace_deep *w)
{
	const struct rule_deep *s = oracle__state(o, RULE_DEEP);
	const struct lutrace_deep *then = rule_deep__before(o, w);
	bool told = root->undecided & 1u << RULE_DEEP;

	if (then)
		rule_deep__compare_with(o, root, then, w);
	else if (s->before && s->before_whole && oracle__previous_is_proven(o))
		rule_deep__accuse(o, w, root,
				  "no HWPT of that token was preserved in the previous kernel");
	else if (!told)
		oracle__report(o, RULE_DEEP, s->before ? VERDICT_INCOMPLETE : VERDICT_UNKNOWN, root,
			       NULL, "%s: there is no walk of the previous kernel to compare it with",
			       rule_deep__words(w).s);
}

static void rule_deep__add_unrestored(struct oracle *o, const struct lutrace_deep *w)
{
	struct rule_deep *s = oracle__state(o, RULE_DEEP);

	if (!s->unrestored_at)
		s->unrestored_at = idmap__new();
	if (idmap__find(s->unrestored_at, w->token, w->top_phys, 0))
		return;
	idmap__set(s->unrestored_at, w->token, w->top_phys, 0, 1);
	s->unrestored = grow(s->unrestored, s->nr_unrestored, &s->unrestored_room,
			     sizeof(*s->unrestored));
	s->unrestored[s->nr_unrestored++] = *w;
}

/* All that was lost is counted by now. */
static void rule_deep__judge_unrestored(struct oracle *o)
{
	const struct rule_deep *s = oracle__state(o, RULE_DEEP);
	struct object *root;
	size_t i;

	for (i = 0; i < s->nr_unrestored && !o->missing; i++) {
		root = object__get(o, OBJECT_ROOT, s->unrestored[i].top_phys, 0);
		if (!root->is_restored && !rule_deep__accused(o, &s->unrestored[i]))
			rule_deep__accuse(o, &s->unrestored[i], root, "no restore gave it that root");
	}
}

static void rule_deep__reclaimed(struct oracle *o, struct object *root,
				 const struct lutrace_deep *w)
{
	char text[192];

	if (root->is_restored && walked__denies(w, &root->restored, text, sizeof(text)))
		rule_deep__accuse(o, w, root, "it is not what its restore (seq %llu) said: its %s",
				  root->restored.seq, text);
	else if (!root->is_restored && o->retrieved)
		rule_deep__add_unrestored(o, w);
	*rule_deep__number(o, DEEP_WALKED) += !root->walked;
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

/* What KHO keeps of a domain without a record may be of an operation whose events were lost. */
static bool rule_deep__wrong(const struct oracle *o, const struct lutrace_deep *w, char *text,
			     size_t size)
{
	struct lutrace_deep seen = *w;

	if (!seen.ser_phys && o->missing)
		seen.unkept = 0;
	return walked__wrong(&seen, text, size);
}

static void rule_deep__walked(struct oracle *o, const struct lutrace_deep *w)
{
	struct object *obj = rule_deep__object(o, w);
	struct object *root = object__get(o, OBJECT_ROOT, w->top_phys, 0);
	char text[192];

	o->tallies[RULE_DEEP].subjects++;
	*rule_deep__number(o, DEEP_TABLES) += walked__tables(w);
	*rule_deep__number(o, DEEP_TOOK_NS) += w->took_ns;
	*rule_deep__number(o, DEEP_WITH_MEMFDS) += !!(w->flags & DEEP_CONTENTS);
	if (rule_deep__accused(o, w))
		return;
	if (rule_deep__wrong(o, w, text, sizeof(text)))
		rule_deep__accuse(o, w, obj, "%s", text);
	if (w->flags & DEEP_UNPRESERVED)
		return;
	/* Of one that was unpreserved since then there is its record alone */
	if (obj && obj->then_known)
		rule_deep__preserved(o, obj, w);
	if (!w->ser_phys || root->is_restored)
		rule_deep__reclaimed(o, root, w);
}

static void rule_deep__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	if (ev->phase != LUTRACE_END)
		return;
	if (ev->op == LUTRACE_OP_RESTORE && !ev->ret)
		rule_deep__restored(o, obj, ev);
	else if (ev->op == LUTRACE_OP_UNPRESERVE && o->tallies[RULE_DEEP].watched &&
		 obj->then_known && !obj->walk)
		++*rule_deep__number(o, DEEP_GONE);
}

/* What should have been walked before the end. */
static void rule_deep__end_object(struct oracle *o, struct object *obj, __u64 now_ns)
{
	(void)now_ns;
	if (!o->tallies[RULE_DEEP].watched)
		return;
	if (obj->kind == OBJECT_RECORD && obj->then_known && !obj->walk)
		oracle__report(o, RULE_DEEP, VERDICT_INCOMPLETE, obj, NULL,
			       "%s is preserved, and its page table was not walked",
			       words__object(obj).s);
	if (obj->kind == OBJECT_ROOT && obj->is_restored && !obj->walked)
		oracle__report(o, RULE_DEEP, VERDICT_INCOMPLETE, obj, NULL,
			       "record 0x%llx generation %llu was restored, and its page table was "
			       "not walked before it was freed", obj->restored.ser_phys,
			       obj->restored.generation);
}

static void rule_deep__end(struct oracle *o)
{
	const struct rule_deep *s = oracle__state(o, RULE_DEEP);
	const struct tally *t = &o->tallies[RULE_DEEP];

	rule_deep__judge_unrestored(o);
	if (s->nr_before && !t->watched && o->tallies[RULE_RESTORE].subjects)
		oracle__report(o, RULE_DEEP, VERDICT_PASS, NULL, NULL,
			       "%zu domains were walked in the previous kernel, and none here: "
			       "--deep was not given", s->nr_before);
	if (t->watched && !t->subjects && t->n[DEEP_GONE])
		oracle__report(o, RULE_DEEP, VERDICT_INCOMPLETE, NULL, NULL,
			       "all %llu domains were unpreserved before they were walked",
			       t->n[DEEP_GONE]);
}

static void rule_deep__release(struct oracle *o)
{
	struct rule_deep *s = oracle__state(o, RULE_DEEP);

	idmap__free(s->before_at);
	idmap__free(s->before_by_token);
	idmap__free(s->accused);
	idmap__free(s->unrestored_at);
	free(s->unrestored);
}

const struct rule rule_deep = {
	.name = "deep",
	.title = "page tables are identical, entry by entry",
	.summary = rule_deep__summary,
	.state_size = sizeof(struct rule_deep),
	.release = rule_deep__release,
	.event = rule_deep__event,
	.walked = rule_deep__walked,
	.end_object = rule_deep__end_object,
	.end = rule_deep__end,
};

void oracle__watch_deep(struct oracle *o, const char *missing)
{
	o->tallies[RULE_DEEP].watched = 1;
	if (missing)
		oracle__report(o, RULE_DEEP, VERDICT_INCOMPLETE, NULL, NULL,
			       "no page table was walked: %s", missing);
}

/* Once: it is looked at again and again. */
void oracle__counted(struct oracle *o, __u64 nr_tables, __u64 nr_counted)
{
	struct rule_deep *s = oracle__state(o, RULE_DEEP);
	bool wrong = nr_counted < nr_tables && !s->miscounted;

	s->miscounted |= wrong;
	if (wrong)
		oracle__report(o, RULE_DEEP, VERDICT_VIOLATION, NULL, NULL,
			       "the kernel counts %llu pages of page tables, and %llu tables of domains "
			       "that are preserved or reclaimed were walked", nr_counted, nr_tables);
}

void oracle__expect_deep(struct oracle *o, const struct lutrace_deep *before, size_t nr, bool whole)
{
	struct rule_deep *s = oracle__state(o, RULE_DEEP);
	uint64_t *at, count;
	size_t i;

	s->before = before;
	s->nr_before = nr;
	s->before_whole = whole;
	idmap__free(s->before_at);
	idmap__free(s->before_by_token);
	s->before_at = idmap__new();
	s->before_by_token = idmap__new();
	for (i = 0; i < nr; i++) {
		idmap__set(s->before_at, before[i].ser_phys, before[i].generation, 0, i);
		at = idmap__find(s->before_by_token, before[i].token, 0, 0);
		count = at ? *at : 0;
		idmap__set(s->before_by_token, before[i].token, count + 1, 0, i);
		idmap__set(s->before_by_token, before[i].token, 0, 0, count + 1);
	}
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
