// SPDX-License-Identifier: GPL-2.0-only
/* What the recordings themselves say that they lack: the check `loss`, but for the sequence. */
#include "report/analysis_parts.h"

static void losses__check_recording(struct analysis *a, const struct recording *r)
{
	const struct lutrace_counts *c = &r->footer.counts;

	a->emulated |= r->emulated;
	a->lost.events += c->events;
	a->lost.lost_events += c->lost_events;
	a->lost.lost_latencies += c->lost_latencies;
	a->lost.lost_begins += c->lost_begins;
	a->lost.unmatched_ends += c->unmatched_ends;
	a->lost.replaced_begins += c->replaced_begins;
	a->missed_runs += r->footer.missed_runs;
	if (r->selected)
		analysis__find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s was recorded with a selection: what it left out was not seen; record all and "
		     "select in the report", r->path);
	if (r->skipped)
		analysis__find(a, RULE_LOSS, VERDICT_PASS,
		     "%s has %zu records that only a newer lutrace knows: they were skipped",
		     r->path, r->skipped);
	if (c->lost_events)
		analysis__find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s: %llu events did not fit into the ring buffer (record with a larger "
		     "--ring-size), or on the disk",
		     r->path, c->lost_events);
	if (c->lost_latencies || c->lost_begins)
		analysis__find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s: %llu latencies were lost in the kernel (ring buffer full %llu, too many "
		     "at once %llu)",
		     r->path, c->lost_latencies + c->lost_begins, c->lost_latencies,
		     c->lost_begins);
	if (r->footer.missed_runs)
		analysis__find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s: the kernel skipped the BPF programs %llu times because one was running "
		     "already",
		     r->path, r->footer.missed_runs);
	if (r->complete && c->events != r->nr_events + c->lost_events)
		analysis__find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s: the programs counted %llu events, but %zu were recorded and %llu lost",
		     r->path, c->events, r->nr_events, c->lost_events);
}

/* Parts stand in their order. */
static void losses__check_flight(struct analysis *a, const struct boot *boot)
{
	const struct recording *r = boot->parts[0];

	if (r->flight_file > r->flight_first)
		analysis__find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s is file %llu of its boot, those before it are not here: %llu with %llu "
		     "events were rotated away",
		     r->path, r->flight_file - r->flight_first + 1, r->rotated_files,
		     r->rotated_events);
}

/* What was lost at the end leaves no gap in the sequence. */
static __u64 recording__lost(const struct recording *r)
{
	const struct lutrace_counts *c = &r->footer.counts;
	__u64 lost = c->lost_events + r->footer.missed_runs;

	if (r->complete && c->events > r->nr_events + c->lost_events)
		lost += c->events - r->nr_events - c->lost_events;
	return lost;
}

void losses__count(struct analysis *a)
{
	struct boot *boot;
	size_t i, k;

	for (i = 0; i < a->nr_boots; i++) {
		boot = &a->boots[i];
		boot->ended = boot->sound = true;
		for (k = 0; k < boot->nr_parts; k++) {
			boot->ended &= boot->parts[k]->complete;
			boot->sound &= !boot->parts[k]->selected;
			boot->lost += recording__lost(boot->parts[k]);
		}
		a->nr_events += boot->nr_events;
	}
	if (!a->nr_events)
		analysis__find(a, RULE_LOSS, VERDICT_INCOMPLETE, "not one event was recorded: "
			       "start lutrace record before the live update");
}

static const char *losses__proof(const struct boot *boot)
{
	switch (boot->end) {
	case END_GENERATION:
		return "and no later generation than it has";
	case END_FROZEN:
		return "and it has the freeze before the jump";
	case END_RESTORED:
		return "and restored all of them as they were preserved";
	default:
		return NULL;
	}
}

/* A recording without a footer that others of its boot go on from is cut in the middle. */
static void losses__check_cut(struct analysis *a, const struct boot *boot, const struct recording *r)
{
	if (boot->sound && losses__proof(boot))
		analysis__find(a, RULE_LOSS, VERDICT_PASS,
			       "%s ends without a footer, as a kexec leaves it; nothing is missing "
			       "after it: its numbers have no gap, the next kernel found the %zu "
			       "records that it left, %s",
			       r->path, boot->nr_found, losses__proof(boot));
	else
		analysis__find(a, RULE_LOSS, VERDICT_INCOMPLETE,
			       "%s ends without a footer: it was cut, or lutrace record was killed; "
			       "it is whole for %zu records and %.6f s, what came later was not seen",
			       r->path, r->nr_records, recording__whole_s(r));
}

void losses__check(struct analysis *a, const struct boot *boot)
{
	size_t k;

	losses__check_flight(a, boot);
	for (k = 0; k < boot->nr_parts; k++) {
		if (!boot->parts[k]->complete)
			losses__check_cut(a, boot, boot->parts[k]);
		losses__check_recording(a, boot->parts[k]);
	}
	for (k = 0; k < boot->nr_twice; k++)
		analysis__find(a, RULE_LOSS, VERDICT_PASS, "%s was given twice, or is a copy of "
			       "another recording: it was left out", boot->twice[k]->path);
}
