// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "analysis.h"

/* A begin this long before the recording ended should have had its end. */
#define PATIENCE_NS 2000000000ull

/* The first event that a kernel emits has this number. */
#define FIRST_SEQ 1

/* The kernel returns errors as the negative of a number up to this one. */
#define MAX_ERRNO 4095

static const struct {
	const char *name, *title;
} check_names[NR_CHECKS] = {
	[CHECK_LOSS] = { "loss", "no event was lost" },
	[CHECK_PAIRS] = { "pairs", "every begin has one end" },
	[CHECK_ONCE] = { "once", "a domain is preserved at most once at a time" },
	[CHECK_UNCHANGED] = { "unchanged", "a domain is unpreserved as it was preserved" },
	[CHECK_ABORT] = { "abort", "nothing stays preserved after an abort" },
	[CHECK_GENERATION] = { "generation", "a slot that is used again has a higher generation" },
	[CHECK_LATENCY] = { "latency", "the latency measured in the kernel is that of the events" },
	[CHECK_RESTORE] = { "restore", "every restore matches a preserve of the kernel before" },
	[CHECK_RESTORE_ONCE] = { "restore-once", "a domain is restored at most once" },
	[CHECK_RESTORE_ERROR] = { "restore-error", "no restore was refused" },
};

const char *verdict__name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_PASS] = "clean",
		[VERDICT_NOT_CHECKED] = "not checked",
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_INCOMPLETE] = "incomplete",
		[VERDICT_VIOLATION] = "violation",
	};

	return names[verdict];
}

int verdict__status(enum verdict verdict)
{
	if (verdict == VERDICT_VIOLATION)
		return 2;
	return verdict >= VERDICT_UNKNOWN ? 3 : 0;
}

static void raise_to(enum verdict *verdict, enum verdict to)
{
	if (*verdict < to)
		*verdict = to;
}

static void find(struct analysis *a, enum check_id id, enum verdict verdict,
		 const char *fmt, ...) PRINTF(4, 5);

/* A violation is always one of an event: the one that is looked at. */
static void add_offence(struct analysis *a, enum check_id id, const char *text)
{
	a->offences = grow(a->offences, a->nr_offences, &a->offences_room,
			   sizeof(*a->offences));
	a->offences[a->nr_offences++] = (struct offence){
		.check = id, .boot = a->boot, .event = a->event, .text = xstrdup(text),
	};
}

/* Adds a line of evidence to a check, and what it makes of the verdict. */
static void find(struct analysis *a, enum check_id id, enum verdict verdict,
		 const char *fmt, ...)
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
	if (verdict == VERDICT_VIOLATION)
		add_offence(a, id, text);
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

static void boot__add(struct boot *boot, const struct recording *r)
{
	size_t i;

	boot->parts = xrealloc(boot->parts, boot->nr_parts + 1, sizeof(*boot->parts));
	boot->events = xrealloc(boot->events, boot->nr_events + r->nr_events,
				sizeof(*boot->events));
	boot->parts[boot->nr_parts++] = r;
	for (i = 0; i < r->nr_events; i++)
		boot->events[boot->nr_events++] = r->events[i];
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
		a->nr_boots = k < a->nr_boots ? a->nr_boots : k + 1;
		boot__add(boot, order[i]);
	}
	for (k = 0; k < a->nr_boots; k++)
		qsort(a->boots[k].events, a->boots[k].nr_events, sizeof(*boot->events), by_seq);
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
		find(a, CHECK_LOSS, VERDICT_INCOMPLETE,
		     "%s ends without a footer: it was cut, or lutrace record was killed; it is "
		     "whole for %zu records and %.6f s, what came later was not seen",
		     r->path, r->nr_records, recording__whole_s(r));
	if (r->skipped)
		find(a, CHECK_LOSS, VERDICT_PASS,
		     "%s has %zu records that only a newer lutrace knows: they were skipped",
		     r->path, r->skipped);
	if (c->lost_events)
		find(a, CHECK_LOSS, VERDICT_INCOMPLETE,
		     "%s: %llu events did not fit into the ring buffer; record with a larger "
		     "--ring-size",
		     r->path, c->lost_events);
	if (c->lost_latencies || c->lost_begins)
		find(a, CHECK_LOSS, VERDICT_INCOMPLETE,
		     "%s: %llu latencies were lost in the kernel (ring buffer full %llu, too many "
		     "at once %llu)",
		     r->path, c->lost_latencies + c->lost_begins, c->lost_latencies,
		     c->lost_begins);
	if (r->footer.missed_runs)
		find(a, CHECK_LOSS, VERDICT_INCOMPLETE,
		     "%s: the kernel skipped the BPF programs %llu times because one was running "
		     "already",
		     r->path, r->footer.missed_runs);
	if (r->complete && c->events != r->nr_events + c->lost_events)
		find(a, CHECK_LOSS, VERDICT_INCOMPLETE,
		     "%s: the programs counted %llu events, but %zu were recorded and %llu lost",
		     r->path, c->events, r->nr_events, c->lost_events);
}

/* Two recordings that ran at the same time have the same event twice. */
static bool same_event(const struct boot *boot, const struct lutrace_event *x,
		       const struct lutrace_event *y)
{
	return boot->nr_parts > 1 && x->op == y->op && x->phase == y->phase &&
	       x->ser_phys == y->ser_phys && x->generation == y->generation && x->ret == y->ret;
}

static void check_sequence(struct analysis *a, struct boot *boot)
{
	struct lutrace_event *ev = boot->events;
	size_t i, out = 0;
	__u64 gap;

	for (i = 0; i < boot->nr_events; i++) {
		if (!out) {
			ev[out++] = ev[i];
			continue;
		}
		if (ev[i].seq == ev[out - 1].seq && same_event(boot, &ev[i], &ev[out - 1]))
			continue;
		look_at(a, boot, &ev[out]);
		if (ev[i].seq == ev[out - 1].seq)
			find(a, CHECK_LOSS, VERDICT_VIOLATION,
			     "%s: two events have the sequence number %llu",
			     boot__name(boot), ev[i].seq);
		gap = ev[i].seq - ev[out - 1].seq;
		if (gap > 1) {
			boot->missing += gap - 1;
			find(a, CHECK_LOSS, VERDICT_INCOMPLETE,
			     "%s: %llu events between the sequence numbers %llu and %llu are "
			     "missing",
			     boot__name(boot), gap - 1, ev[out - 1].seq, ev[i].seq);
		}
		ev[out++] = ev[i];
	}
	boot->nr_events = out;
}

/* What was lost at the end leaves no gap in the sequence. */
static bool recording__lossy(const struct recording *r)
{
	const struct lutrace_counts *c = &r->footer.counts;

	return c->lost_events || r->footer.missed_runs ||
	       (r->complete && c->events != r->nr_events);
}

static void check_loss(struct analysis *a)
{
	struct boot *boot;
	size_t i, k;

	for (i = 0; i < a->nr_boots; i++) {
		boot = &a->boots[i];
		boot->whole = true;
		for (k = 0; k < boot->nr_parts; k++) {
			check_recording(a, boot->parts[k]);
			boot->whole &= boot->parts[k]->complete;
			boot->lossy |= recording__lossy(boot->parts[k]);
		}
		check_sequence(a, boot);
		boot->lossy |= boot->missing > 0;
		if (boot->lossy || (boot->nr_events && boot->events[0].seq > FIRST_SEQ))
			boot->whole = false;
		a->missing += boot->missing;
		a->nr_events += boot->nr_events;
	}
	if (!a->nr_events)
		find(a, CHECK_LOSS, VERDICT_INCOMPLETE,
		     "not one event was recorded: start lutrace record before the live update");
	a->checks[CHECK_LOSS].summary =
		xasprintf("%llu events, %llu missing, %llu lost in the ring buffer, %llu program "
			  "runs missed",
			  a->nr_events, a->missing, a->lost.lost_events, a->missed_runs);
}

/* What happened in one boot, event by event */

struct sample {
	uint64_t *items;
	size_t nr, room;
};

struct replay {
	struct analysis *a;
	struct boot *boot;
	bool gap;			/* something is missing before this event */
	struct idmap *open;		/* op, identity: index of the begin */
	struct idmap *known;		/* identity: was seen in this boot */
	struct idmap *preserved;	/* identity: index of the preserve's end */
	struct idmap *roots;		/* root: index of the preserve's end */
	struct idmap *slots;		/* ser_phys: last generation */
	struct idmap *latencies;	/* op, begin and end sequence: ns */
	struct idmap *restored;		/* identity: index of the restore's end */
	struct idmap *refused;		/* identity: index of the failed end */
	struct sample *samples;		/* per operation */
};

/* Numbers of things that were checked, for the summaries. */
struct tally {
	size_t begins, ends, preserves, unpreserves, aborts, latencies;
	size_t restores, compared, refused, retrieves;
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

/* What a contradiction proves if events before it may be missing: nothing. */
static enum verdict blame(const struct replay *r)
{
	return r->gap ? VERDICT_INCOMPLETE : VERDICT_VIOLATION;
}

static const char *doubt(const struct replay *r)
{
	return r->gap ? " (but events before it are missing)" : "";
}

static void on_begin(struct replay *r, const struct lutrace_event *ev, size_t i)
{
	__u64 phys = key_phys(ev), generation = key_generation(ev);
	uint64_t *at;

	at = idmap__find(r->open, ev->op, phys, generation);
	if (at)
		find(r->a, CHECK_PAIRS, blame(r), "%s: %s began again before the end of seq %llu%s",
		     boot__name(r->boot), who(ev).s, r->boot->events[*at].seq, doubt(r));
	idmap__set(r->open, ev->op, phys, generation, i);
}

/* Returns the begin of this end, or NULL if there is none. */
static const struct lutrace_event *on_end(struct replay *r, const struct lutrace_event *ev)
{
	__u64 phys = key_phys(ev), generation = key_generation(ev);
	uint64_t *at;
	const struct lutrace_event *begin;

	at = idmap__find(r->open, ev->op, phys, generation);
	if (at) {
		begin = &r->boot->events[*at];
		idmap__remove(r->open, ev->op, phys, generation);
		return begin;
	}
	/* It may have begun before the recording did. */
	if (r->boot->events[0].seq > FIRST_SEQ && !idmap__find(r->known, phys, generation, 0))
		find(r->a, CHECK_PAIRS, VERDICT_INCOMPLETE,
		     "%s: %s ended, its begin was not seen: the recording starts at seq %llu",
		     boot__name(r->boot), who(ev).s, r->boot->events[0].seq);
	else
		find(r->a, CHECK_PAIRS, blame(r), "%s: %s ended without having begun%s",
		     boot__name(r->boot), who(ev).s, doubt(r));
	return NULL;
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

static void on_preserve_begin(struct replay *r, const struct lutrace_event *ev)
{
	uint64_t *last = idmap__find(r->slots, ev->ser_phys, 0, 0);

	if (last && ev->generation <= *last)
		find(r->a, CHECK_GENERATION, blame(r),
		     "%s: %s, but the slot had generation %" PRIu64 " already%s",
		     boot__name(r->boot), who(ev).s, *last, doubt(r));
	idmap__set(r->slots, ev->ser_phys, 0, 0, ev->generation);
}

static void on_preserved(struct replay *r, const struct lutrace_event *ev, size_t i)
{
	uint64_t *at = idmap__find(r->preserved, ev->ser_phys, ev->generation, 0);
	uint64_t *root = idmap__find(r->roots, ev->top_phys, 0, 0);

	if (at)
		find(r->a, CHECK_ONCE, blame(r), "%s: %s, preserved already at seq %llu%s",
		     boot__name(r->boot), who(ev).s, r->boot->events[*at].seq, doubt(r));
	else if (root)
		find(r->a, CHECK_ONCE, blame(r),
		     "%s: %s has the root 0x%llx, which is preserved as record 0x%llx generation "
		     "%llu since seq %llu%s",
		     boot__name(r->boot), who(ev).s, ev->top_phys,
		     r->boot->events[*root].ser_phys, r->boot->events[*root].generation,
		     r->boot->events[*root].seq, doubt(r));
	idmap__set(r->preserved, ev->ser_phys, ev->generation, 0, i);
	idmap__set(r->roots, ev->top_phys, 0, 0, i);
}

bool preserved__differs(const struct preserved *p, const struct lutrace_event *ev, char *text,
			size_t size)
{
	struct { const char *name; __u64 then, now; } fields[] = {
		{ "root", p->top_phys, ev->top_phys },
		{ "top level", p->top_level, ev->top_level },
		{ "number of tables", p->nr_tables, ev->nr_tables },
		{ "number of bytes", p->nr_bytes, ev->nr_bytes },
		{ "format", p->format, ev->format },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].then == fields[i].now)
			continue;
		snprintf(text, size, i ? "%s is %llu, was %llu" : "%s is 0x%llx, was 0x%llx",
			 fields[i].name, fields[i].now, fields[i].then);
		return true;
	}
	return false;
}

struct preserved preserved__of(const struct lutrace_event *ev)
{
	return (struct preserved){
		.ser_phys = ev->ser_phys, .generation = ev->generation,
		.top_phys = ev->top_phys, .nr_tables = ev->nr_tables, .nr_bytes = ev->nr_bytes,
		.format = ev->format, .top_level = ev->top_level, .seq = ev->seq,
	};
}

static void on_unpreserved(struct replay *r, const struct lutrace_event *ev, struct tally *t)
{
	uint64_t *at = idmap__find(r->preserved, ev->ser_phys, ev->generation, 0);
	const struct lutrace_event *was;
	struct preserved then;
	struct text text;

	if (!at) {
		bool before = r->boot->events[0].seq > FIRST_SEQ;

		find(r->a, CHECK_UNCHANGED, before ? VERDICT_INCOMPLETE : blame(r),
		     "%s: %s was not seen being preserved%s", boot__name(r->boot), who(ev).s,
		     before ? ": the recording started later" : doubt(r));
		return;
	}
	t->unpreserves++;
	was = &r->boot->events[*at];
	then = preserved__of(was);
	if (preserved__differs(&then, ev, text.s, sizeof(text.s)))
		find(r->a, CHECK_UNCHANGED, VERDICT_VIOLATION, "%s: %s changed while preserved: "
		     "its %s",
		     boot__name(r->boot), who(ev).s, text.s);
	idmap__remove(r->roots, was->top_phys, 0, 0);
	idmap__remove(r->preserved, ev->ser_phys, ev->generation, 0);
}

/* What the check cannot show any more is counted only: each abort may find all domains. */
static void find_still_preserved(struct replay *r, const struct lutrace_event *ev)
{
	struct check *check = &r->a->checks[CHECK_ABORT];
	size_t pos = 0, left = idmap__count(r->preserved);
	uint64_t *at;

	for (; left && check->nr_details < CHECK_MAX_DETAILS; left--) {
		at = idmap__next(r->preserved, &pos);
		find(r->a, CHECK_ABORT, blame(r), "%s: %s is still preserved at %s%s",
		     boot__name(r->boot), who(&r->boot->events[*at]).s, who(ev).s, doubt(r));
	}
	if (left)
		raise_to(&check->verdict, blame(r));
	check->nr_details += left;
}

static void check_abort(struct replay *r, const struct lutrace_event *ev, struct tally *t)
{
	t->aborts++;
	if (ev->nr_tables)
		find(r->a, CHECK_ABORT, VERDICT_VIOLATION,
		     "%s: the kernel has %llu live records at %s", boot__name(r->boot),
		     ev->nr_tables, who(ev).s);
	find_still_preserved(r, ev);
}

/* The FLB's pages are gone: what used them has no history any more. */
static void on_flb_unpreserved(struct replay *r)
{
	idmap__clear(r->preserved);
	idmap__clear(r->roots);
	idmap__clear(r->slots);
}

static void on_restored(struct replay *r, const struct lutrace_event *ev, size_t i,
			struct tally *t)
{
	uint64_t *at = idmap__find(r->restored, ev->ser_phys, ev->generation, 0);

	if (ev->ret) {
		t->refused++;
		idmap__set(r->refused, ev->ser_phys, ev->generation, 0, i);
		return;
	}
	t->restores++;
	idmap__remove(r->refused, ev->ser_phys, ev->generation, 0);
	if (at)
		find(r->a, CHECK_RESTORE_ONCE, VERDICT_VIOLATION, "%s: %s was restored already at "
		     "seq %llu",
		     boot__name(r->boot), who(ev).s, r->boot->events[*at].seq);
	idmap__set(r->restored, ev->ser_phys, ev->generation, 0, i);
}

static void act(struct replay *r, const struct lutrace_event *ev, size_t i, struct tally *t)
{
	if (ev->phase == LUTRACE_BEGIN) {
		if (ev->op == LUTRACE_OP_PRESERVE)
			on_preserve_begin(r, ev);
		else if (ev->op == LUTRACE_OP_FLB_UNPRESERVE)
			check_abort(r, ev, t);
		return;
	}
	if (ev->op == LUTRACE_OP_RESTORE)
		on_restored(r, ev, i, t);
	if (ev->ret)
		return;
	switch (ev->op) {
	case LUTRACE_OP_PRESERVE:
		t->preserves++;
		on_preserved(r, ev, i);
		break;
	case LUTRACE_OP_UNPRESERVE:
		on_unpreserved(r, ev, t);
		break;
	case LUTRACE_OP_FLB_UNPRESERVE:
		on_flb_unpreserved(r);
		break;
	case LUTRACE_OP_FLB_RETRIEVE:
		t->retrieves++;
		break;
	}
}

/* The recorder waits for running operations before it ends: see cmd_record.c */
static void check_unended(struct replay *r)
{
	const struct boot *boot = r->boot;
	const struct lutrace_event *ev;
	__u64 after;
	uint64_t *at;
	size_t pos = 0, k;

	while ((at = idmap__next(r->open, &pos))) {
		ev = &boot->events[*at];
		look_at(r->a, boot, ev);
		after = 0;
		for (k = 0; k < boot->nr_parts; k++)
			if (boot->parts[k]->end.monotonic_ns > ev->time_ns + after)
				after = boot->parts[k]->end.monotonic_ns - ev->time_ns;
		if (boot->lossy || after < PATIENCE_NS)
			find(r->a, CHECK_PAIRS, VERDICT_INCOMPLETE,
			     "%s: the end of %s was not seen", boot__name(boot), who(ev).s);
		else
			find(r->a, CHECK_PAIRS, VERDICT_VIOLATION,
			     "%s: %s has no end, and the recording went on for %llu ms",
			     boot__name(boot), who(ev).s, after / 1000000);
	}
}

static int by_end(const void *a, const void *b)
{
	const struct preserved *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void keep_left(struct replay *r)
{
	struct boot *boot = r->boot;
	size_t pos = 0;
	uint64_t *at;

	boot->left = xcalloc(idmap__count(r->preserved), sizeof(*boot->left));
	while ((at = idmap__next(r->preserved, &pos)))
		boot->left[boot->nr_left++] = preserved__of(&boot->events[*at]);
	qsort(boot->left, boot->nr_left, sizeof(*boot->left), by_end);
	boot->left_at = idmap__new();
	for (pos = 0; pos < boot->nr_left; pos++)
		idmap__set(boot->left_at, boot->left[pos].ser_phys, boot->left[pos].generation, 0,
			   pos);
}

/* A recording may have any number there; that it is none of the kernel's is said. */
static const char *error_text(int ret)
{
	return ret < 0 && ret >= -MAX_ERRNO ? strerror(-ret) : "this is no error number";
}

static void report_refused(struct replay *r)
{
	const struct lutrace_event *ev;
	size_t pos = 0;
	uint64_t *at;

	while ((at = idmap__next(r->refused, &pos))) {
		ev = &r->boot->events[*at];
		look_at(r->a, r->boot, ev);
		find(r->a, CHECK_RESTORE_ERROR, VERDICT_VIOLATION,
		     "%s: %s was refused: %s (%d), and never succeeded; the kernel's log names "
		     "the reason",
		     boot__name(r->boot), who(ev).s, error_text(ev->ret), ev->ret);
	}
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

static void replay(struct replay *r, struct tally *t)
{
	const struct lutrace_event *ev, *begin;
	size_t i;

	load_latencies(r);
	for (i = 0; i < r->boot->nr_events; i++) {
		ev = &r->boot->events[i];
		look_at(r->a, r->boot, ev);
		if (i && ev->seq > ev[-1].seq + 1)
			r->gap = true;
		if (ev->phase == LUTRACE_BEGIN) {
			t->begins++;
			on_begin(r, ev, i);
		} else {
			t->ends++;
			begin = on_end(r, ev);
			if (begin) {
				add_figures(r, begin, ev);
				check_latency(r, begin, ev, t);
			}
		}
		act(r, ev, i, t);
		idmap__set(r->known, key_phys(ev), key_generation(ev), 0, 1);
	}
	check_unended(r);
	report_refused(r);
	keep_left(r);
}

static struct idmap **replay__map(struct replay *r, size_t i)
{
	struct idmap **maps[] = {
		&r->open, &r->known, &r->preserved, &r->roots, &r->slots,
		&r->latencies, &r->restored, &r->refused,
	};

	return i < ARRAY_SIZE(maps) ? maps[i] : NULL;
}

static void replay_boot(struct analysis *a, struct boot *boot, struct sample *samples,
			struct tally *t)
{
	struct replay r = { .a = a, .boot = boot, .samples = samples };
	size_t i;

	for (i = 0; replay__map(&r, i); i++)
		*replay__map(&r, i) = idmap__new();
	replay(&r, t);
	for (i = 0; replay__map(&r, i); i++)
		idmap__free(*replay__map(&r, i));
}

/* What two kernels say about the same domains */

static const struct preserved *left__find(const struct boot *boot, const struct lutrace_event *ev)
{
	uint64_t *at = idmap__find(boot->left_at, ev->ser_phys, ev->generation, 0);

	return at ? &boot->left[*at] : NULL;
}

static void match_restore(struct analysis *a, struct boot *before, const struct boot *after,
			  const struct lutrace_event *ev, struct tally *t)
{
	const struct preserved *p = left__find(before, ev);
	struct text text;

	if (!p && before->whole)
		find(a, CHECK_RESTORE, VERDICT_VIOLATION,
		     "%s: %s, which was not preserved at the end of %s", boot__name(after),
		     who(ev).s, boot__name(before));
	else if (!p)
		find(a, CHECK_RESTORE, VERDICT_INCOMPLETE,
		     "%s: the preserve behind %s was not seen: %s is not whole",
		     boot__name(after), who(ev).s, boot__name(before));
	else if (preserved__differs(p, ev, text.s, sizeof(text.s)))
		find(a, CHECK_RESTORE, VERDICT_VIOLATION,
		     "%s: %s differs from its preserve at seq %llu of %s: its %s",
		     boot__name(after), who(ev).s, p->seq, boot__name(before), text.s);
	t->compared += p != NULL;
}

static void match_retrieve(struct analysis *a, const struct boot *before,
			   const struct boot *after, const struct lutrace_event *ev)
{
	if (ev->nr_tables == before->nr_left)
		return;
	find(a, CHECK_RESTORE, before->whole ? VERDICT_VIOLATION : VERDICT_INCOMPLETE,
	     "%s: %s found %llu live records, %zu were preserved at the end of %s%s",
	     boot__name(after), who(ev).s, ev->nr_tables, before->nr_left, boot__name(before),
	     before->whole ? "" : ", which is not whole");
}

/* Restores by identity, so that a second one counts once. */
static size_t count_restored(const struct boot *before, const struct idmap *restored)
{
	size_t n = idmap__count(restored);

	return n < before->nr_left ? n : before->nr_left;
}

static void match_boots(struct analysis *a, struct boot *before, const struct boot *after,
			struct tally *t)
{
	struct idmap *restored = idmap__new();
	const struct lutrace_event *ev;
	bool retrieved = false;
	size_t i;

	for (i = 0; i < after->nr_events; i++) {
		ev = &after->events[i];
		look_at(a, after, ev);
		if (ev->phase != LUTRACE_END || ev->ret)
			continue;
		if (ev->op == LUTRACE_OP_FLB_RETRIEVE) {
			retrieved = true;
			match_retrieve(a, before, after, ev);
		} else if (ev->op == LUTRACE_OP_RESTORE) {
			match_restore(a, before, after, ev, t);
			if (left__find(before, ev))
				idmap__set(restored, ev->ser_phys, ev->generation, 0, 1);
		}
	}
	before->nr_restored = count_restored(before, restored);
	idmap__free(restored);
	if (before->nr_left && !retrieved)
		find(a, CHECK_RESTORE, VERDICT_INCOMPLETE,
		     "%s: that the FLB was retrieved was not seen: what was restored before the "
		     "recording started is unknown",
		     boot__name(after));
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
		find(a, CHECK_RESTORE, VERDICT_PASS,
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

static void check_restores(struct analysis *a, struct tally *t)
{
	struct check *check = &a->checks[CHECK_RESTORE];
	size_t i;

	for (i = 1; i < a->nr_boots; i++) {
		match_boots(a, &a->boots[i - 1], &a->boots[i], t);
		list_not_restored(a, &a->boots[i - 1], &a->boots[i]);
		link_boots(&a->boots[i - 1], &a->boots[i]);
		measure_gap(&a->boots[i - 1], &a->boots[i]);
	}
	a->nr_preserved_left = a->boots[a->nr_boots - 1].nr_left;
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

	conclude(&c[CHECK_PAIRS], t->begins + t->ends,
		 xasprintf("%zu begins, %zu ends", t->begins, t->ends));
	conclude(&c[CHECK_ONCE], t->preserves,
		 xasprintf("%zu preserves compared by record and by root", t->preserves));
	conclude(&c[CHECK_UNCHANGED], t->unpreserves,
		 xasprintf("%zu unpreserves compared with their preserve", t->unpreserves));
	conclude(&c[CHECK_ABORT], t->aborts, xasprintf("%zu aborts", t->aborts));
	conclude(&c[CHECK_GENERATION], t->preserves, xasprintf("%zu preserves", t->preserves));
	conclude(&c[CHECK_LATENCY], t->latencies,
		 xasprintf("%zu latencies compared to the nanosecond", t->latencies));
	conclude(&c[CHECK_RESTORE_ONCE], t->restores, xasprintf("%zu restores", t->restores));
	conclude(&c[CHECK_RESTORE_ERROR], t->restores + t->refused,
		 xasprintf("%zu restores, %zu failed", t->restores + t->refused, t->refused));
}

void analysis__run(struct analysis *a, const struct recording *recordings, size_t nr)
{
	struct sample samples[LUTRACE_NR_OPS] = { 0 };
	struct tally tally = { 0 };
	size_t i;

	*a = (struct analysis){ 0 };
	for (i = 0; i < NR_CHECKS; i++) {
		a->checks[i].name = check_names[i].name;
		a->checks[i].title = check_names[i].title;
	}
	sort_into_boots(a, recordings, nr);
	check_loss(a);
	for (i = 0; i < a->nr_boots; i++)
		replay_boot(a, &a->boots[i], samples, &tally);
	check_restores(a, &tally);
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
		free(a->boots[i].left);
		idmap__free(a->boots[i].left_at);
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
