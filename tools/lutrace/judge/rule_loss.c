// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule loss: the kernel counts its events by one. oracle.c drops what rule_loss__is_next() refuses.
 */
#include "judge/rule.h"
#include "judge/rule_loss.h"

static char *rule_loss__summary(const struct tally *t)
{
	if (!t->n[LOSS_RECORDINGS])
		return xasprintf("%llu events, %llu missing", t->n[LOSS_EVENTS],
				 t->n[LOSS_MISSING]);
	return xasprintf("%llu events, %llu missing, %llu lost in the ring buffer, %llu program "
			 "runs missed", t->n[LOSS_EVENTS], t->n[LOSS_MISSING], t->n[LOSS_RING],
			 t->n[LOSS_RUNS]);
}

bool rule_loss__is_next(struct oracle *o, const struct lutrace_event *ev)
{
	__u64 lost;

	if (!o->nr_events++) {
		o->first_seq = ev->seq;
	} else if (ev->seq == o->last_seq) {
		oracle__report(o, RULE_LOSS, VERDICT_VIOLATION, NULL, ev,
			       "two events have the sequence number %llu", ev->seq);
		return false;
	} else if (ev->seq < o->last_seq) {
		oracle__report(o, RULE_LOSS, VERDICT_VIOLATION, NULL, ev,
			       "%s: its number came after %llu", words__event(ev).s, o->last_seq);
		return false;
	} else if (ev->seq > o->last_seq + 1) {
		lost = ev->seq - o->last_seq - 1;
		o->missing += lost;
		oracle__report(o, RULE_LOSS, VERDICT_INCOMPLETE, NULL, ev,
			       "%llu events between the sequence numbers %llu and %llu are missing",
			       lost, o->last_seq, ev->seq);
	}
	o->last_seq = ev->seq;
	return true;
}

void rule_loss__lost(struct oracle *o, __u64 lost)
{
	if (lost > o->missing) {
		oracle__report(o, RULE_LOSS, VERDICT_INCOMPLETE, NULL, NULL,
			       "%llu events were counted as lost", lost);
		o->missing = lost;
	}
	if (!o->nr_events)
		oracle__report(o, RULE_LOSS, VERDICT_INCOMPLETE, NULL, NULL,
			       "not one event came: start lutrace check before the live update");
}

static void rule_loss__end(struct oracle *o)
{
	struct tally *t = &o->tallies[RULE_LOSS];

	t->subjects = 1;
	t->n[LOSS_EVENTS] = o->nr_events;
	t->n[LOSS_MISSING] = o->missing;
}

const struct rule rule_loss = {
	.name = "loss",
	.title = "no events lost",
	.summary = rule_loss__summary,
	.end = rule_loss__end,
};
