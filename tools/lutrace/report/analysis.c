// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "report/analysis.h"

static void raise_to(enum verdict *verdict, enum verdict to)
{
	if (*verdict < to)
		*verdict = to;
}

static void find(struct analysis *a, int id, enum verdict verdict, const char *fmt, ...)
	PRINTF(4, 5);

static void add_offence(struct analysis *a, int id, const struct boot *boot,
			const struct lutrace_event *event, const char *text)
{
	a->offences = grow(a->offences, a->nr_offences, &a->offences_room,
			   sizeof(*a->offences));
	a->offences[a->nr_offences++] = (struct offence){
		.check = id, .boot = boot, .event = event, .text = xstrdup(text),
	};
}

/* Adds a line of evidence to a check, and what it makes of the verdict. */
static void find(struct analysis *a, int id, enum verdict verdict, const char *fmt, ...)
{
	struct check *check = &a->checks[id];
	char text[512];
	va_list args;

	raise_to(&check->verdict, verdict);
	if (check->nr_details++ >= CHECK_MAX_DETAILS && verdict != VERDICT_VIOLATION)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (check->nr_details <= CHECK_MAX_DETAILS)
		check->details[check->nr_details - 1] = xstrdup(text);
	/* A violation is always one of an event: the one that is looked at */
	if (verdict == VERDICT_VIOLATION)
		add_offence(a, id, a->boot, a->event, text);
}

static void look_at(struct analysis *a, const struct boot *boot, const struct lutrace_event *ev)
{
	a->boot = boot;
	a->event = ev;
}

/* A check that had nothing to look at has not passed. */
static void conclude(struct check *check, size_t subjects, char *summary)
{
	if (!subjects && check->verdict == VERDICT_PASS)
		check->verdict = VERDICT_NOT_CHECKED;
	check->summary = summary;
}

/* Boots */

static int by_start(const void *a, const void *b)
{
	const struct recording *x = *(const struct recording *const *)a;
	const struct recording *y = *(const struct recording *const *)b;

	if (x->start.tsc != y->start.tsc)
		return x->start.tsc < y->start.tsc ? -1 : 1;
	return (x->start.realtime_ns > y->start.realtime_ns) -
	       (x->start.realtime_ns < y->start.realtime_ns);
}

static int by_seq(const void *a, const void *b)
{
	const struct lutrace_event *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int by_time(const void *a, const void *b)
{
	const struct lutrace_freed *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int by_walk_time(const void *a, const void *b)
{
	const struct lutrace_deep *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int by_complaint_time(const void *a, const void *b)
{
	const struct lutrace_complaint *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static void boot__add(struct boot *boot, const struct recording *r)
{
	size_t i;

	boot->parts = xrealloc(boot->parts, boot->nr_parts + 1, sizeof(*boot->parts));
	boot->events = xrealloc(boot->events, boot->nr_events + r->nr_events,
				sizeof(*boot->events));
	boot->freed = xrealloc(boot->freed, boot->nr_freed + r->nr_freed, sizeof(*boot->freed));
	boot->deep = xrealloc(boot->deep, boot->nr_deep + r->nr_deep, sizeof(*boot->deep));
	boot->complaints = xrealloc(boot->complaints, boot->nr_complaints + r->nr_complaints,
				    sizeof(*boot->complaints));
	boot->parts[boot->nr_parts++] = r;
	for (i = 0; i < r->nr_events; i++)
		boot->events[boot->nr_events++] = r->events[i];
	for (i = 0; i < r->nr_freed; i++)
		boot->freed[boot->nr_freed++] = r->freed[i];
	for (i = 0; i < r->nr_deep; i++)
		boot->deep[boot->nr_deep++] = r->deep[i];
	for (i = 0; i < r->nr_complaints; i++)
		boot->complaints[boot->nr_complaints++] = r->complaints[i];
	boot->watches_freed |= r->watches_freed;
	boot->computed |= r->computed;
	boot->is_deep |= r->is_deep;
	boot->has_klog |= r->has_klog;
	names__merge(boot->names, r->names);
}

const struct name *boot__domain_name(const struct boot *boot,
				     const struct lutrace_event *ev)
{
	return op__is_flb(ev->op) ? NULL :
		names__find(boot->names, ev->ser_phys, ev->generation);
}

static enum selected selected(const struct analysis *a, const struct boot *boot,
			      const struct lutrace_event *ev)
{
	return selection__event(a->sel, boot->names, ev->op, ev->ser_phys, ev->generation,
				ev->pid);
}

bool analysis__selects(const struct analysis *a, const struct boot *boot,
		       const struct lutrace_event *ev)
{
	return selected(a, boot, ev) == SELECTED_YES;
}

/* A restored domain is the one that had its record, whatever else the new kernel counts anew. */
static void inherit_names(struct boot *boot, const struct boot *before)
{
	const struct lutrace_event *ev;
	size_t i;

	for (i = 0; i < boot->nr_events; i++) {
		ev = &boot->events[i];
		if (ev->op == LUTRACE_OP_RESTORE)
			names__inherit(boot->names, before->names, ev->ser_phys, ev->generation);
	}
}

static void sort_into_boots(struct analysis *a, const struct recording *recordings, size_t nr)
{
	const struct recording **order = xcalloc(nr, sizeof(*order));
	struct boot *boot;
	size_t i, k;

	for (i = 0; i < nr; i++)
		order[i] = &recordings[i];
	qsort(order, nr, sizeof(*order), by_start);
	a->boots = xcalloc(nr, sizeof(*a->boots));
	for (i = 0; i < nr; i++) {
		for (k = 0; k < a->nr_boots; k++)
			if (!strcmp(a->boots[k].parts[0]->boot_id, order[i]->boot_id))
				break;
		boot = &a->boots[k];
		if (k == a->nr_boots) {
			boot->names = names__new();
			a->nr_boots++;
		}
		boot__add(boot, order[i]);
	}
	for (k = 0; k < a->nr_boots; k++) {
		boot = &a->boots[k];
		qsort(boot->events, boot->nr_events, sizeof(*boot->events), by_seq);
		qsort(boot->freed, boot->nr_freed, sizeof(*boot->freed), by_time);
		qsort(boot->deep, boot->nr_deep, sizeof(*boot->deep), by_walk_time);
		qsort(boot->complaints, boot->nr_complaints, sizeof(*boot->complaints),
		      by_complaint_time);
		if (k)
			inherit_names(boot, &a->boots[k - 1]);
	}
	free(order);
}

static const char *boot__name(const struct boot *boot)
{
	return boot->parts[0]->path;
}

/* Loss */

static void check_recording(struct analysis *a, const struct recording *r)
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
	if (!r->complete)
		find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s ends without a footer: it was cut, or lutrace record was killed; it is "
		     "whole for %zu records and %.6f s, what came later was not seen",
		     r->path, r->nr_records, recording__whole_s(r));
	if (r->selected)
		find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s was recorded with a selection: what it left out was not seen; record all and "
		     "select in the report", r->path);
	if (r->skipped)
		find(a, RULE_LOSS, VERDICT_PASS,
		     "%s has %zu records that only a newer lutrace knows: they were skipped",
		     r->path, r->skipped);
	if (c->lost_events)
		find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s: %llu events did not fit into the ring buffer (record with a larger "
		     "--ring-size), or on the disk",
		     r->path, c->lost_events);
	if (c->lost_latencies || c->lost_begins)
		find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s: %llu latencies were lost in the kernel (ring buffer full %llu, too many "
		     "at once %llu)",
		     r->path, c->lost_latencies + c->lost_begins, c->lost_latencies,
		     c->lost_begins);
	if (r->footer.missed_runs)
		find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s: the kernel skipped the BPF programs %llu times because one was running "
		     "already",
		     r->path, r->footer.missed_runs);
	if (r->complete && c->events != r->nr_events + c->lost_events)
		find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s: the programs counted %llu events, but %zu were recorded and %llu lost",
		     r->path, c->events, r->nr_events, c->lost_events);
}

/* Parts stand in their order. */
static void check_flight(struct analysis *a, const struct boot *boot)
{
	const struct recording *r = boot->parts[0];

	if (r->flight_file > r->flight_first)
		find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "%s is file %llu of its boot, those before it are not here: %llu with %llu "
		     "events were rotated away",
		     r->path, r->flight_file - r->flight_first + 1, r->rotated_files,
		     r->rotated_events);
}

/* Two recordings that ran at the same time have the same event twice. */
static bool same_event(const struct boot *boot, const struct lutrace_event *x,
		       const struct lutrace_event *y)
{
	return boot->nr_parts > 1 && x->op == y->op && x->phase == y->phase &&
	       x->ser_phys == y->ser_phys && x->generation == y->generation && x->ret == y->ret;
}

static void drop_doubles(struct boot *boot)
{
	struct lutrace_event *ev = boot->events;
	size_t i, out = 0;

	for (i = 0; i < boot->nr_events; i++)
		if (!out || ev[i].seq != ev[out - 1].seq || !same_event(boot, &ev[i], &ev[out - 1]))
			ev[out++] = ev[i];
	boot->nr_events = out;
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

static void check_recordings(struct analysis *a)
{
	struct boot *boot;
	size_t i, k;

	for (i = 0; i < a->nr_boots; i++) {
		boot = &a->boots[i];
		boot->whole = true;
		check_flight(a, boot);
		for (k = 0; k < boot->nr_parts; k++) {
			check_recording(a, boot->parts[k]);
			boot->whole &= boot->parts[k]->complete && !boot->parts[k]->selected;
			boot->lost += recording__lost(boot->parts[k]);
		}
		drop_doubles(boot);
		a->nr_events += boot->nr_events;
	}
	if (!a->nr_events)
		find(a, RULE_LOSS, VERDICT_INCOMPLETE,
		     "not one event was recorded: start lutrace record before the live update");
}

/* What happened in one boot, event by event */

struct sample {
	uint64_t *items;
	size_t nr, room;
};

/* For the figures alone: whether a begin has its end is for the oracle to say. */
struct replay {
	struct analysis *a;
	struct boot *boot;
	struct idmap *open;		/* op, identity: index of the begin */
	struct idmap *latencies;	/* op, begin and end sequence: ns */
	struct sample *samples;		/* per operation */
};

/* Numbers of things that were checked, for the summaries. */
struct tally {
	size_t begins, ends, preserves, unpreserves, aborts, latencies;
	size_t restores, compared, refused, watched, klogs, deep;
	size_t subjects[NR_RULES];
};

/* There is one FLB, and it has no address before its preserve ended. */
static __u64 key_phys(const struct lutrace_event *ev)
{
	return op__is_flb(ev->op) ? 0 : ev->ser_phys;
}

static __u64 key_generation(const struct lutrace_event *ev)
{
	return op__is_flb(ev->op) ? 0 : ev->generation;
}

struct text {
	char s[128];
};

static struct text who(const struct lutrace_event *ev)
{
	struct text t;

	if (op__is_flb(ev->op))
		snprintf(t.s, sizeof(t.s), "%s at seq %llu", op__name(ev->op), ev->seq);
	else
		snprintf(t.s, sizeof(t.s), "%s of record 0x%llx generation %llu at seq %llu",
			 op__name(ev->op), ev->ser_phys, ev->generation, ev->seq);
	return t;
}

/* Returns the begin of this end, or NULL if there is none. */
static const struct lutrace_event *pair(struct replay *r, const struct lutrace_event *ev, size_t i)
{
	__u64 phys = key_phys(ev), generation = key_generation(ev);
	const struct lutrace_event *begin;
	uint64_t *at;

	if (ev->phase == LUTRACE_BEGIN) {
		idmap__set(r->open, ev->op, phys, generation, i);
		return NULL;
	}
	at = idmap__find(r->open, ev->op, phys, generation);
	if (!at)
		return NULL;
	begin = &r->boot->events[*at];
	idmap__remove(r->open, ev->op, phys, generation);
	return begin;
}

static void add_figures(struct replay *r, const struct lutrace_event *begin,
			const struct lutrace_event *end)
{
	struct op_figures *f = &r->a->ops[end->op];
	struct sample *s = &r->samples[end->op];

	if (end->ret) {
		f->errors++;
		return;
	}
	s->items = grow(s->items, s->nr, &s->room, sizeof(*s->items));
	s->items[s->nr++] = end->time_ns - begin->time_ns;
	if (!op__is_flb(end->op)) {
		f->tables += end->nr_tables;
		f->bytes += end->nr_bytes;
		f->formats[end->format < PT_NR_FORMATS ? end->format : PT_UNKNOWN]++;
	}
}

static void check_latency(struct replay *r, const struct lutrace_event *begin,
			  const struct lutrace_event *end, struct tally *t)
{
	uint64_t *ns = idmap__find(r->latencies, end->op, begin->seq, end->seq);
	__u64 seen = end->time_ns - begin->time_ns;

	if (end->time_ns < begin->time_ns) {
		find(r->a, CHECK_LATENCY, VERDICT_VIOLATION, "%s: %s ended before it began",
		     boot__name(r->boot), who(end).s);
		return;
	}
	if (r->boot->computed)
		return;
	if (!ns) {
		find(r->a, CHECK_LATENCY, VERDICT_INCOMPLETE,
		     "%s: %s has no latency from the kernel", boot__name(r->boot), who(end).s);
		return;
	}
	t->latencies++;
	if (*ns != seen)
		find(r->a, CHECK_LATENCY, VERDICT_VIOLATION,
		     "%s: %s took %" PRIu64 " ns by the kernel side and %llu ns by its events",
		     boot__name(r->boot), who(end).s, *ns, seen);
}

static void count(const struct lutrace_event *ev, struct tally *t)
{
	bool done = ev->phase == LUTRACE_END && !ev->ret;

	t->begins += ev->phase == LUTRACE_BEGIN;
	t->ends += ev->phase == LUTRACE_END;
	t->preserves += done && ev->op == LUTRACE_OP_PRESERVE;
	t->unpreserves += done && ev->op == LUTRACE_OP_UNPRESERVE;
	t->aborts += ev->phase == LUTRACE_BEGIN && ev->op == LUTRACE_OP_FLB_UNPRESERVE;
	t->restores += done && ev->op == LUTRACE_OP_RESTORE;
	t->refused += ev->phase == LUTRACE_END && ev->ret && ev->op == LUTRACE_OP_RESTORE;
}

static void load_latencies(struct replay *r)
{
	const struct lutrace_latency *lat;
	const struct recording *rec;
	size_t i, k;

	for (k = 0; k < r->boot->nr_parts; k++) {
		rec = r->boot->parts[k];
		for (i = 0; i < rec->nr_latencies; i++) {
			lat = &rec->latencies[i];
			idmap__set(r->latencies, lat->op, lat->begin_seq, lat->end_seq,
				   lat->latency_ns);
		}
	}
}

/* Both ends of an operation are of one domain and one process, or the begin was not seen. */
static bool is_counted(struct analysis *a, const struct boot *boot, const struct lutrace_event *ev)
{
	enum selected is = selected(a, boot, ev);

	a->nr_not_selected += is != SELECTED_YES && ev->phase == LUTRACE_END;
	a->nr_nameless += is == SELECTED_UNKNOWN && ev->phase == LUTRACE_END;
	return is == SELECTED_YES;
}

static void measure_boot(struct analysis *a, struct boot *boot, struct sample *samples,
			 struct tally *t)
{
	struct replay r = {
		.a = a, .boot = boot, .samples = samples,
		.open = idmap__new(), .latencies = idmap__new(),
	};
	const struct lutrace_event *ev, *begin;
	size_t i;

	load_latencies(&r);
	for (i = 0; i < boot->nr_events; i++) {
		ev = &boot->events[i];
		look_at(a, boot, ev);
		if (!is_counted(a, boot, ev))
			continue;
		count(ev, t);
		begin = pair(&r, ev, i);
		if (begin) {
			add_figures(&r, begin, ev);
			check_latency(&r, begin, ev, t);
		}
	}
	idmap__free(r.open);
	idmap__free(r.latencies);
}

/* What the oracle says of a boot, which is all of the rules */

/* What was not seen is incomplete here, whyever it was not. */
static enum verdict verdict_of(const struct check *from)
{
	return from->verdict == VERDICT_UNKNOWN ? VERDICT_INCOMPLETE : from->verdict;
}

static void take(struct analysis *a, int id, const struct boot *boot, const struct check *from)
{
	struct check *check = &a->checks[id];
	size_t i;

	if (from->verdict != VERDICT_NOT_CHECKED)
		raise_to(&check->verdict, verdict_of(from));
	for (i = 0; i < from->nr_details && i < CHECK_MAX_DETAILS; i++)
		if (check->nr_details + i < CHECK_MAX_DETAILS)
			check->details[check->nr_details + i] =
				xasprintf("%s: %s", boot__name(boot), from->details[i]);
	check->nr_details += from->nr_details;
}

static void take_rules(struct analysis *a, const struct boot *boot, const struct oracle *o,
		       bool compared, struct tally *t)
{
	int id;

	for (id = 0; id < NR_RULES; id++) {
		t->subjects[id] += oracle__subjects(o, id);
		/* With no kernel before there is no question what it preserved */
		if (id == RULE_LOSS || (id == RULE_RESTORE && !compared &&
		    oracle__check(o, id)->verdict != VERDICT_VIOLATION) ||
		    (id == RULE_DEEP && !compared &&
		     oracle__check(o, id)->verdict == VERDICT_UNKNOWN))
			continue;
		take(a, id, boot, oracle__check(o, id));
	}
}

static int by_number(const void *a, const void *b)
{
	const struct lutrace_event *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* What is wrong with a domain that has no name is told, whichever is wanted. */
static bool about(void *priv, __u64 ser_phys, __u64 generation, __u32 pid, struct name_text *text)
{
	const struct analysis *a = priv;
	const struct names *names = a->boot->names;
	const struct name *name = names__find(names, ser_phys, generation);

	*text = name__text(name);
	return selection__domain(a->sel, name) != SELECTED_NO &&
	       selection__process(a->sel, pid, names__process(names, pid)) != SELECTED_NO;
}

/* It is shown at the last event of the object itself, which the end or the FLB may have judged. */
static void on_violation(void *priv, const struct violation *v)
{
	struct analysis *a = priv;
	const struct boot *boot = a->boot;
	const struct lutrace_event *ev = NULL;
	char *text = xasprintf("%s: %s", boot__name(boot), v->text);
	size_t i;

	for (i = v->nr_events; i-- && !ev;)
		if (key_phys(&v->events[i]) == v->ser_phys)
			ev = bsearch(&v->events[i], boot->events, boot->nr_events, sizeof(*ev),
				     by_number);
	if (!ev)
		ev = a->event;
	if (ev)
		add_offence(a, rule__by_name(v->rule), boot, ev, text);
	free(text);
}

/* What has a time and no number, up to that of an event. */
struct between {
	size_t freed, deep, complaints;
};

static void feed_between(struct between *at, struct oracle *o, const struct boot *boot, __u64 until)
{
	while (at->freed < boot->nr_freed && boot->freed[at->freed].time_ns < until)
		oracle__freed(o, &boot->freed[at->freed++]);
	while (at->deep < boot->nr_deep && boot->deep[at->deep].time_ns < until)
		oracle__deep(o, &boot->deep[at->deep++]);
	while (at->complaints < boot->nr_complaints &&
	       boot->complaints[at->complaints].time_ns < until)
		oracle__complaint(o, &boot->complaints[at->complaints++]);
}

static void feed(struct analysis *a, struct oracle *o, const struct boot *boot)
{
	struct between at = { 0 };
	size_t i;

	look_at(a, boot, boot->nr_events ? boot->events : NULL);
	for (i = 0; i < boot->nr_events; i++) {
		feed_between(&at, o, boot, boot->events[i].time_ns);
		look_at(a, boot, &boot->events[i]);
		oracle__event(o, &boot->events[i]);
	}
	feed_between(&at, o, boot, UINT64_MAX);
	for (i = 0; i < names__count(boot->names); i++)
		oracle__name(o, names__at(boot->names, i));
}

/* The end of the last recording; 0 if it was cut. */
static __u64 boot__end_ns(const struct boot *boot)
{
	__u64 end = 0;
	size_t i;

	for (i = 0; i < boot->nr_parts; i++)
		if (boot->parts[i]->end.monotonic_ns > end)
			end = boot->parts[i]->end.monotonic_ns;
	return end;
}

static void judge_boot(struct analysis *a, struct boot *boot, struct boot *before,
		       struct tally *t)
{
	struct oracle *o = oracle__new(on_violation, a);

	if (before) {
		oracle__expect(o, before->left, before->nr_left, before->whole);
		oracle__expect_names(o, before->names);
	}
	if (before && before->walks)
		oracle__expect_deep(o, before->walks, before->nr_walks,
				    before->whole && before->nr_walks == before->nr_left);
	if (boot->watches_freed)
		oracle__watch_freed(o);
	if (boot->has_klog)
		oracle__watch_klog(o);
	if (boot->is_deep)
		oracle__watch_deep(o, NULL);
	oracle__forget(o);
	oracle__about(o, about, a);
	feed(a, o, boot);
	/* What the recordings count as lost is said already: check_recording() */
	take(a, RULE_LOSS, boot, oracle__check(o, RULE_LOSS));
	boot->missing = oracle__missing(o);
	a->missing += boot->missing;
	if (boot->lost || boot->missing ||
	    (boot->nr_events && boot->events[0].seq > ORACLE_FIRST_SEQ))
		boot->whole = false;
	oracle__end(o, boot__end_ns(boot), boot->lost);
	boot->left = oracle__left(o, &boot->nr_left);
	if (boot->is_deep)
		boot->walks = oracle__walks(o, &boot->nr_walks);
	if (before)
		before->nr_restored = oracle__nr_reclaimed(o);
	a->nr_found_left_out += oracle__left_out(o);
	t->compared += oracle__nr_compared(o);
	t->watched += boot->watches_freed;
	t->klogs += boot->has_klog;
	t->deep += boot->is_deep;
	take_rules(a, boot, o, before, t);
	oracle__free(o);
}

static void list_not_restored(struct analysis *a, const struct boot *before,
			      const struct boot *after)
{
	size_t missing = before->nr_left - before->nr_restored;

	/* How many were left for the next kernel is known only then. */
	if (!before->whole)
		return;
	a->nr_not_restored += missing;
	if (missing)
		find(a, RULE_RESTORE, VERDICT_PASS,
		     "%zu of the %zu domains preserved at the end of %s were not reclaimed in %s",
		     missing, before->nr_left, boot__name(before), boot__name(after));
}

/* TSC ticks per ns, 0 if the recording is too short to tell. */
static double tsc_rate(const struct recording *r)
{
	const struct lutrace_clock *start = &r->start, *end = &r->end;

	if (!start->tsc || end->tsc <= start->tsc ||
	    end->monotonic_ns < start->monotonic_ns + 100000000)
		return 0;
	return (double)(end->tsc - start->tsc) / (end->monotonic_ns - start->monotonic_ns);
}

/* Only the TSC runs on through a kexec; each kernel has its own MONOTONIC. */
static void link_boots(struct boot *before, const struct boot *after)
{
	const struct recording *x = before->parts[before->nr_parts - 1];
	const struct recording *y = after->parts[0];
	double rate = tsc_rate(x) > 0 ? tsc_rate(x) : tsc_rate(y), between;

	if (rate <= 0 || !x->start.tsc || !y->start.tsc)
		return;
	between = (double)(__s64)(y->start.tsc - x->start.tsc) / rate;
	if (between < -1e18 || between > 1e18)
		return;
	before->linked = true;
	before->to_next_ns = (__u64)(__s64)between + x->start.monotonic_ns - y->start.monotonic_ns;
}

static void measure_gap(struct boot *before, const struct boot *after)
{
	__s64 gap;

	if (!before->linked || !before->nr_events || !after->nr_events)
		return;
	gap = after->events[0].time_ns + before->to_next_ns -
	      before->events[before->nr_events - 1].time_ns;
	if (gap > 0)
		before->gap_ns = gap;
}

static void judge(struct analysis *a, struct tally *t)
{
	struct boot *boot, *before = NULL;
	size_t i;

	for (i = 0; i < a->nr_boots; i++) {
		boot = &a->boots[i];
		judge_boot(a, boot, before, t);
		if (before) {
			list_not_restored(a, before, boot);
			link_boots(before, boot);
			measure_gap(before, boot);
		}
		before = boot;
	}
	a->nr_preserved_left = before->nr_left;
}

static void summarise_restores(struct analysis *a, const struct tally *t)
{
	struct check *check = &a->checks[RULE_RESTORE];

	if (a->nr_boots < 2) {
		raise_to(&check->verdict, VERDICT_NOT_CHECKED);
		check->summary = xasprintf("only one kernel was recorded: give both recordings to "
					   "compare");
		return;
	}
	conclude(check, t->restores,
		 xasprintf("%zu restores, %zu compared with their preserve in identity, root, "
			   "level, tables, bytes and format", t->restores, t->compared));
}

static void summarise(struct analysis *a, const struct tally *t)
{
	struct check *c = a->checks;

	conclude(&c[RULE_LOSS], 1,
		 xasprintf("%llu events, %llu missing, %llu lost in the ring buffer, %llu program "
			   "runs missed",
			   a->nr_events, a->missing, a->lost.lost_events, a->missed_runs));
	conclude(&c[RULE_PAIRS], t->begins + t->ends,
		 xasprintf("%zu begins, %zu ends", t->begins, t->ends));
	conclude(&c[RULE_ONCE], t->preserves,
		 xasprintf("%zu preserves compared by record and by root", t->preserves));
	conclude(&c[RULE_UNCHANGED], t->unpreserves,
		 xasprintf("%zu unpreserves compared with their preserve", t->unpreserves));
	conclude(&c[RULE_ABORT], t->aborts, xasprintf("%zu aborts", t->aborts));
	conclude(&c[RULE_GENERATION], t->preserves, xasprintf("%zu preserves", t->preserves));
	conclude(&c[RULE_UNDO], t->subjects[RULE_UNDO],
		 xasprintf("%zu ends", t->subjects[RULE_UNDO]));
	conclude(&c[RULE_FLB], t->subjects[RULE_FLB],
		 xasprintf("%zu events of the FLB", t->subjects[RULE_FLB]));
	summarise_restores(a, t);
	conclude(&c[RULE_NAME], t->subjects[RULE_NAME],
		 xasprintf("%zu domains compared in session and tokens", t->subjects[RULE_NAME]));
	conclude(&c[RULE_MEMORY], t->subjects[RULE_MEMORY],
		 xasprintf("%zu domains, as the kernel told", t->subjects[RULE_MEMORY]));
	conclude(&c[RULE_RESTORE_ONCE], t->restores, xasprintf("%zu restores", t->restores));
	conclude(&c[RULE_RESTORE_ERROR], t->restores + t->refused,
		 xasprintf("%zu restores, %zu failed", t->restores + t->refused, t->refused));
	conclude(&c[RULE_FINISH], t->subjects[RULE_FINISH],
		 xasprintf("%zu events of the FLB", t->subjects[RULE_FINISH]));
	conclude(&c[RULE_FREED], t->subjects[RULE_FREED],
		 xasprintf("%zu of %zu kernels tell", t->watched, a->nr_boots));
	conclude(&c[RULE_KERNEL], t->subjects[RULE_KERNEL],
		 xasprintf("the logs of %zu of %zu kernels were read", t->klogs, a->nr_boots));
	conclude(&c[RULE_DEEP], t->subjects[RULE_DEEP],
		 xasprintf("%zu walks of page tables; %zu of %zu kernels were walked",
			   t->subjects[RULE_DEEP], t->deep, a->nr_boots));
	conclude(&c[CHECK_LATENCY], t->latencies,
		 xasprintf("%zu latencies compared to the nanosecond", t->latencies));
}

void analysis__run(struct analysis *a, const struct recording *recordings, size_t nr)
{
	analysis__run_for(a, recordings, nr, NULL);
}

void analysis__run_for(struct analysis *a, const struct recording *recordings, size_t nr,
		       const struct selection *sel)
{
	struct sample samples[LUTRACE_NR_OPS] = { 0 };
	struct tally tally = { 0 };
	size_t i;

	*a = (struct analysis){ .sel = sel };
	for (i = 0; i < NR_RULES; i++) {
		a->checks[i].name = rule__name(i);
		a->checks[i].title = rule__title(i);
	}
	a->checks[CHECK_LATENCY].name = "latency";
	a->checks[CHECK_LATENCY].title = "the latency measured in the kernel is that of the events";
	sort_into_boots(a, recordings, nr);
	check_recordings(a);
	for (i = 0; i < a->nr_boots; i++)
		measure_boot(a, &a->boots[i], samples, &tally);
	judge(a, &tally);
	summarise(a, &tally);
	for (i = 0; i < LUTRACE_NR_OPS; i++) {
		stats__compute(&a->ops[i].latency, samples[i].items, samples[i].nr);
		free(samples[i].items);
	}
	for (i = 0; i < NR_CHECKS; i++)
		if (a->checks[i].verdict != VERDICT_NOT_CHECKED)
			raise_to(&a->verdict, a->checks[i].verdict);
}

void analysis__free(struct analysis *a)
{
	size_t i, k;

	for (i = 0; i < a->nr_boots; i++) {
		free(a->boots[i].parts);
		free(a->boots[i].events);
		free(a->boots[i].freed);
		free(a->boots[i].complaints);
		free(a->boots[i].left);
		free(a->boots[i].deep);
		free(a->boots[i].walks);
		names__free(a->boots[i].names);
	}
	free(a->boots);
	for (i = 0; i < a->nr_offences; i++)
		free(a->offences[i].text);
	free(a->offences);
	for (i = 0; i < NR_CHECKS; i++) {
		free(a->checks[i].summary);
		for (k = 0; k < CHECK_MAX_DETAILS; k++)
			free(a->checks[i].details[k]);
	}
	*a = (struct analysis){ 0 };
}
