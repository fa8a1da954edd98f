// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule loss: the kernel counts its events by one.
 */
#include "judge/rule.h"

/* Returns false for an event that cannot be. */
bool rule_loss__event(struct oracle *o, const struct lutrace_event *ev)
{
	__u64 lost;

	if (!o->nr_events++) {
		oracle__on_first(o, ev);
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
