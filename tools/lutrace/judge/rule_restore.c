// SPDX-License-Identifier: GPL-2.0-only
/* Rule restore: what is restored is what the previous kernel left. */
#include <stdlib.h>
#include "judge/rule.h"

struct rule_restore {
	struct idmap *left_at;		/* identity: index in o->left; NULL: nothing is expected */
	bool *reclaimed;		/* of each in o->left: it was restored */
	size_t nr_reclaimed;
	size_t nr_restored;		/* of all domains, selected or not */
	__u64 nr_incoming;		/* how many records the kernel found in it */
};

enum { RESTORE_COMPARED };

static char *rule_restore__summary(const struct tally *t)
{
	return xasprintf("%zu restores, %llu compared with their preserve in identity, root, level, "
			 "tables, bytes and format", t->subjects, t->n[RESTORE_COMPARED]);
}

/* What the previous kernel left of that identity, or NULL. */
static const struct preserved *rule_restore__left(struct oracle *o,
						  const struct lutrace_event *ev)
{
	struct rule_restore *s = oracle__state(o, RULE_RESTORE);
	uint64_t *at = idmap__find(s->left_at, ev->ser_phys, ev->generation, 0);

	if (!at)
		return NULL;
	s->nr_reclaimed += !s->reclaimed[*at];
	s->reclaimed[*at] = true;
	return &o->left[*at];
}

static void rule_restore__restored(struct oracle *o, struct object *obj,
				   const struct lutrace_event *ev)
{
	struct rule_restore *s = oracle__state(o, RULE_RESTORE);
	bool counted = oracle__count(o, RULE_RESTORE, obj);
	const struct preserved *p;
	char text[128];

	if (o->retrieved && ++s->nr_restored > s->nr_incoming)
		oracle__report(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
			       "%s: %zu domains are restored of %llu that were handed over",
			       words__event(ev).s, s->nr_restored, s->nr_incoming);
	if (!o->expecting)
		return;
	p = rule_restore__left(o, ev);
	if (p && counted)
		o->tallies[RULE_RESTORE].n[RESTORE_COMPARED]++;
	if (!p && o->left_whole)
		oracle__report(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
			       "%s: it was not preserved at the end of the previous kernel",
			       words__event(ev).s);
	else if (!p)
		oracle__report(o, RULE_RESTORE, VERDICT_INCOMPLETE, obj, ev,
			       "%s: its preserve was not seen: the recording of the previous "
			       "kernel is not whole", words__event(ev).s);
	else if (preserved__differs(p, ev, text, sizeof(text)))
		oracle__report(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
			       "%s: it differs from its preserve (seq %llu of the previous "
			       "kernel): its %s", words__event(ev).s, p->seq, text);
}

static void rule_restore__retrieved(struct oracle *o, struct object *flb,
				    const struct lutrace_event *ev)
{
	struct rule_restore *s = oracle__state(o, RULE_RESTORE);

	s->nr_incoming = ev->nr_tables;
	if (o->expecting && ev->nr_tables != o->nr_left)
		oracle__report(o, RULE_RESTORE,
			       o->left_whole ? VERDICT_VIOLATION : VERDICT_INCOMPLETE, flb, ev,
			       "%s: it found %llu live records, %zu were preserved at the end of "
			       "the previous kernel%s", words__event(ev).s, ev->nr_tables,
			       o->nr_left, o->left_whole ? "" : ", whose recording is not whole");
}

static void rule_restore__event(struct oracle *o, struct object *obj,
				const struct lutrace_event *ev)
{
	if (ev->phase != LUTRACE_END || ev->ret)
		return;
	if (ev->op == LUTRACE_OP_RESTORE)
		rule_restore__restored(o, obj, ev);
	else if (ev->op == LUTRACE_OP_FLB_RETRIEVE)
		rule_restore__retrieved(o, obj, ev);
}

static void rule_restore__end(struct oracle *o)
{
	struct tally *t = &o->tallies[RULE_RESTORE];

	if (!o->expecting && t->subjects) {
		t->unknown = t->subjects;
		oracle__report(o, RULE_RESTORE, VERDICT_UNKNOWN, NULL, NULL,
			       "give the recording of the kernel before with --before to have "
			       "restores compared");
	} else if (o->expecting && o->nr_left && !o->retrieved) {
		oracle__report(o, RULE_RESTORE, VERDICT_UNKNOWN, NULL, NULL,
			       "that the FLB was retrieved was not seen: what was restored before "
			       "is unknown");
	}
}

static void rule_restore__release(struct oracle *o)
{
	struct rule_restore *s = oracle__state(o, RULE_RESTORE);

	free(s->reclaimed);
	idmap__free(s->left_at);
}

const struct rule rule_restore = {
	.name = "restore",
	.title = "every restored domain matches a domain preserved by the previous kernel",
	.summary = rule_restore__summary,
	.state_size = sizeof(struct rule_restore),
	.release = rule_restore__release,
	.event = rule_restore__event,
	.end = rule_restore__end,
};

void oracle__expect(struct oracle *o, const struct preserved *left, size_t nr, bool whole)
{
	struct rule_restore *s = oracle__state(o, RULE_RESTORE);
	size_t i;

	o->expecting = true;
	o->left = left;
	o->nr_left = nr;
	o->left_whole = whole;
	s->left_at = idmap__new();
	s->reclaimed = xcalloc(nr, sizeof(*s->reclaimed));
	for (i = 0; i < nr; i++)
		idmap__set(s->left_at, left[i].ser_phys, left[i].generation, 0, i);
}

size_t oracle__nr_reclaimed(const struct oracle *o)
{
	const struct rule_restore *s = oracle__state(o, RULE_RESTORE);

	return s->nr_reclaimed;
}
