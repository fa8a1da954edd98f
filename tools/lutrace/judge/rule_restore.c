// SPDX-License-Identifier: GPL-2.0-only
/* Rule restore: what is restored is what the previous kernel left. */
#include <stdlib.h>
#include "judge/rule.h"
#include "judge/rule_restore.h"

struct rule_restore {
	struct idmap *left_at;		/* identity: index in previous.left; NULL: nothing is expected */
	bool *reclaimed;		/* of each in previous.left: it was restored */
	size_t nr_reclaimed;
	size_t nr_restored;		/* of all domains, selected or not */
	bool finished;			/* the FLB was: what was not restored is gone */
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
	return &o->previous.left[*at];
}

/* A domain that is not among what the recordings of the previous kernel ended with. */
static void rule_restore__stranger(struct oracle *o, struct object *obj,
				   const struct lutrace_event *ev)
{
	const struct previous *p = &o->previous;
	/*
	 * What is preserved after the end has a higher generation than all that was seen, if the kernel
	 * counts them over all records: one that tells the largest does.
	 */
	bool seen = p->gapless && p->ended && o->incoming_generation &&
		    ev->generation <= p->last_generation &&
		    (!p->running || ev->generation < p->running);

	if (seen || oracle__previous_is_proven(o))
		oracle__report(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
			       "%s: it was not preserved at the end of the previous kernel",
			       words__event(ev).s);
	else
		oracle__report(o, RULE_RESTORE, VERDICT_INCOMPLETE, obj, ev,
			       "%s: its preserve was not seen: %s", words__event(ev).s,
			       previous__unseen(o).s);
}

static void rule_restore__restored(struct oracle *o, struct object *obj,
				   const struct lutrace_event *ev)
{
	struct rule_restore *s = oracle__state(o, RULE_RESTORE);
	bool counted = oracle__count(o, RULE_RESTORE, obj);
	const struct preserved *p;
	char text[128];

	if (++s->nr_restored > o->nr_incoming && o->retrieved)
		oracle__report(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
			       "%s: %zu domains are restored of %llu that were handed over",
			       words__event(ev).s, s->nr_restored, o->nr_incoming);
	if (!o->expecting)
		return;
	p = rule_restore__left(o, ev);
	if (!p) {
		rule_restore__stranger(o, obj, ev);
		return;
	}
	if (counted)
		o->tallies[RULE_RESTORE].n[RESTORE_COMPARED]++;
	if (preserved__differs(p, ev, text, sizeof(text)))
		oracle__report(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
			       "%s: it differs from its preserve (seq %llu of the previous "
			       "kernel): its %s", words__event(ev).s, p->seq, text);
}

/*
 * No preserve after the end explains more records than were left if no higher generation was used, and
 * nothing explains another number if all was seen until the kexec.
 */
static void rule_restore__retrieved(struct oracle *o, struct object *flb,
				    const struct lutrace_event *ev)
{
	const struct previous *p = &o->previous;
	bool later = ev->generation > p->last_generation;
	bool more = ev->nr_tables > p->nr_left && ev->generation && !later && p->ended &&
		    !p->running;

	if (!o->expecting || (ev->nr_tables == p->nr_left && !later))
		return;
	if (ev->nr_tables == p->nr_left)
		oracle__report(o, RULE_RESTORE, VERDICT_INCOMPLETE, flb, ev,
			       "%s: it has generation %llu, and %llu is the largest that was seen: "
			       "%s", words__event(ev).s, ev->generation, p->last_generation,
			       previous__unseen(o).s);
	else if (p->gapless && (p->reaches || more))
		oracle__report(o, RULE_RESTORE, VERDICT_VIOLATION, flb, ev,
			       "%s: it found %llu live records, %zu were preserved at the end of "
			       "the previous kernel", words__event(ev).s, ev->nr_tables,
			       p->nr_left);
	else
		oracle__report(o, RULE_RESTORE, VERDICT_INCOMPLETE, flb, ev,
			       "%s: it found %llu live records, %zu are known to have been "
			       "preserved: %s", words__event(ev).s, ev->nr_tables, p->nr_left,
			       previous__unseen(o).s);
}

static void rule_restore__event(struct oracle *o, struct object *obj,
				const struct lutrace_event *ev)
{
	struct rule_restore *s = oracle__state(o, RULE_RESTORE);

	if (ev->phase != LUTRACE_END || ev->ret)
		return;
	if (ev->op == LUTRACE_OP_RESTORE)
		rule_restore__restored(o, obj, ev);
	else if (ev->op == LUTRACE_OP_FLB_RETRIEVE)
		rule_restore__retrieved(o, obj, ev);
	else if (ev->op == LUTRACE_OP_FLB_FINISH)
		s->finished = true;
}

/* What was handed over and nobody reclaimed: that is allowed, and told. */
static void rule_restore__given_up(struct oracle *o)
{
	struct rule_restore *s = oracle__state(o, RULE_RESTORE);
	const struct previous *p = &o->previous;
	struct name_text text;
	size_t i;

	if (!o->retrieved || !oracle__previous_is_proven(o) || s->nr_reclaimed == p->nr_left)
		return;
	oracle__report(o, RULE_RESTORE, VERDICT_PASS, NULL, NULL,
		       "%zu of the %zu domains preserved at the end of the previous kernel were not "
		       "reclaimed%s", p->nr_left - s->nr_reclaimed, p->nr_left,
		       s->finished ? " and are given up" : "");
	for (i = 0; i < p->nr_left; i++) {
		if (s->reclaimed[i])
			continue;
		text = name__text(names__find(o->names_before, p->left[i].ser_phys,
					      p->left[i].generation));
		oracle__report(o, RULE_RESTORE, VERDICT_PASS, NULL, NULL,
			       "not reclaimed: record 0x%llx generation %llu%s%s%s",
			       p->left[i].ser_phys, p->left[i].generation, *text.s ? " (" : "",
			       text.s, *text.s ? ")" : "");
	}
}

static void rule_restore__end(struct oracle *o)
{
	struct tally *t = &o->tallies[RULE_RESTORE];

	if (!o->expecting && t->subjects) {
		t->unknown = t->subjects;
		oracle__report(o, RULE_RESTORE, VERDICT_UNKNOWN, NULL, NULL,
			       "give the recording of the kernel before with --before to have "
			       "restores compared");
	} else if (o->expecting && o->previous.nr_left && !o->retrieved) {
		oracle__report(o, RULE_RESTORE, VERDICT_UNKNOWN, NULL, NULL,
			       "that the FLB was retrieved was not seen: what was restored before "
			       "is unknown");
	}
	rule_restore__given_up(o);
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

void rule_restore__expect(struct oracle *o)
{
	struct rule_restore *s = oracle__state(o, RULE_RESTORE);
	const struct previous *p = &o->previous;
	size_t i;

	s->left_at = idmap__new();
	s->reclaimed = xcalloc(p->nr_left, sizeof(*s->reclaimed));
	for (i = 0; i < p->nr_left; i++)
		idmap__set(s->left_at, p->left[i].ser_phys, p->left[i].generation, 0, i);
}

size_t oracle__nr_reclaimed(const struct oracle *o)
{
	const struct rule_restore *s = oracle__state(o, RULE_RESTORE);

	return s->nr_reclaimed;
}
