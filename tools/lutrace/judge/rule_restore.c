// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule restore: what is restored is what the previous kernel left.
 */
#include "judge/rule.h"
#include "lib/idmap.h"
#include "lib/mem.h"

void rule_restore__restored(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	const struct preserved *p = NULL;
	uint64_t *at;
	char text[128];

	o->subjects[RULE_RESTORE]++;
	if (o->retrieved && o->subjects[RULE_RESTORE] > o->nr_incoming)
		oracle__report(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
			       "%s: %zu domains are restored of %llu that were handed over",
			       words__event(ev).s, o->subjects[RULE_RESTORE], o->nr_incoming);
	if (!o->expecting)
		return;
	at = idmap__find(o->left_at, ev->ser_phys, ev->generation, 0);
	if (at) {
		p = &o->left[*at];
		o->nr_compared++;
		o->nr_reclaimed += !o->reclaimed[*at];
		o->reclaimed[*at] = true;
	}
	if (!p && o->left_whole)
		oracle__report(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
			       "%s: it was not preserved at the end of the kernel before",
			       words__event(ev).s);
	else if (!p)
		oracle__report(
			o, RULE_RESTORE, VERDICT_INCOMPLETE, obj, ev,
			"%s: its preserve was not seen: the recording of the kernel before is not "
			"whole",
			words__event(ev).s);
	else if (preserved__differs(p, ev, text, sizeof(text)))
		oracle__report(
			o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
			"%s: it differs from its preserve (seq %llu of the kernel before): its %s",
			words__event(ev).s, p->seq, text);
}

void rule_restore__retrieved(struct oracle *o, const struct lutrace_event *ev)
{
	size_t i;

	o->retrieved = true;
	o->nr_incoming = ev->nr_tables;
	for (i = 0; i < o->nr_left; i++)
		if (o->handed_over < o->left[i].generation)
			o->handed_over = o->left[i].generation;
	if (o->expecting && ev->nr_tables != o->nr_left)
		oracle__report(o, RULE_RESTORE,
			       o->left_whole ? VERDICT_VIOLATION : VERDICT_INCOMPLETE, o->flb, ev,
			       "%s: it found %llu live records, %zu were preserved at the end of "
			       "the kernel before%s",
			       words__event(ev).s, ev->nr_tables, o->nr_left,
			       o->left_whole ? "" : ", whose recording is not whole");
}

void oracle__expect(struct oracle *o, const struct preserved *left, size_t nr, bool whole)
{
	size_t i;

	o->expecting = true;
	o->left = left;
	o->nr_left = nr;
	o->left_whole = whole;
	o->reclaimed = xcalloc(nr, sizeof(*o->reclaimed));
	for (i = 0; i < nr; i++)
		idmap__set(o->left_at, left[i].ser_phys, left[i].generation, 0, i);
}

size_t oracle__nr_compared(const struct oracle *o)
{
	return o->nr_compared;
}

size_t oracle__nr_reclaimed(const struct oracle *o)
{
	return o->nr_reclaimed;
}
