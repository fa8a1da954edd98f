// SPDX-License-Identifier: GPL-2.0-only
/* What recordings mean: asks the other parts and the oracle, and puts together what they say. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "report/analysis_parts.h"

void verdict__raise(enum verdict *verdict, enum verdict to)
{
	if (*verdict < to)
		*verdict = to;
}

static void add_offence(struct analysis *a, int id, const struct boot *boot,
			const struct lutrace_event *event, const char *text)
{
	a->offences = grow(a->offences, a->nr_offences, &a->offences_room,
			   sizeof(*a->offences));
	a->offences[a->nr_offences++] = (struct offence){
		.check = id, .boot = boot, .event = event, .text = xstrdup(text),
		.time_ns = a->found_ns || !event ? a->found_ns : event->time_ns,
	};
}

void analysis__find(struct analysis *a, int id, enum verdict verdict, const char *fmt, ...)
{
	struct check *check = &a->checks[id];
	char text[512];
	va_list args;

	verdict__raise(&check->verdict, verdict);
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

void analysis__look_at(struct analysis *a, const struct boot *boot,
		       const struct lutrace_event *ev)
{
	a->boot = boot;
	a->event = ev;
	a->found_ns = 0;
}

/* A check that had nothing to look at has not passed. */
static void analysis__conclude(struct check *check, size_t subjects, char *summary)
{
	if (!subjects && check->verdict == VERDICT_PASS)
		check->verdict = VERDICT_NOT_CHECKED;
	check->summary = summary;
}

enum selected analysis__selected(const struct analysis *a, const struct boot *boot,
			      const struct lutrace_event *ev)
{
	if (!selection__any(a->sel))
		return SELECTED_YES;
	return selection__event(a->sel, boot->names, ev->op, ev->ser_phys, ev->generation,
				ev->pid);
}

bool analysis__selects(const struct analysis *a, const struct boot *boot,
		       const struct lutrace_event *ev)
{
	return analysis__selected(a, boot, ev) == SELECTED_YES;
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
		verdict__raise(&check->verdict, verdict_of(from));
	for (i = 0; i < from->nr_details && i < CHECK_MAX_DETAILS; i++)
		if (check->nr_details + i < CHECK_MAX_DETAILS)
			check->details[check->nr_details + i] =
				xasprintf("%s: %s", boot__name(boot), from->details[i]);
	check->nr_details += from->nr_details;
}

static void take_rules(struct analysis *a, const struct boot *boot, const struct oracle *o,
		       bool compared)
{
	int id;

	for (id = 0; id < NR_RULES; id++) {
		tally__add(&a->tallies[id], oracle__tally(o, id));
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
static enum selected analysis__about(void *priv, __u64 ser_phys, __u64 generation, __u32 pid,
				     struct name_text *text)
{
	const struct analysis *a = priv;
	const struct names *names = a->boot->names;
	const struct name *name;

	if (!text && !selection__any(a->sel))
		return SELECTED_YES;
	name = names__find(names, ser_phys, generation);
	if (text)
		*text = name__text(name);
	return selected__both(selection__domain(a->sel, name),
			      selection__process(a->sel, pid, names__process(names, pid)));
}

/*
 * It is of the last event of the object itself, which the end or the FLB may have judged. What the
 * kernel told between the events has its own time, and need not be of an object with events.
 */
static void analysis__on_violation(void *priv, const struct violation *v)
{
	struct analysis *a = priv;
	const struct boot *boot = a->boot;
	const struct lutrace_event last = { .seq = v->seq }, *ev = NULL;
	char *text = xasprintf("%s: %s", boot__name(boot), v->text);

	if (v->seq)
		ev = bsearch(&last, boot->events, boot->nr_events, sizeof(*ev), by_number);
	if (!ev && !a->found_ns)
		ev = a->event;
	if (ev || a->found_ns)
		add_offence(a, rule__by_name(v->rule), boot, ev, text);
	free(text);
}

/* What has a time and no number, up to that of an event. */
struct between {
	size_t freed, deep, complaints;
};

static void feed_between(struct analysis *a, struct between *at, struct oracle *o,
			 const struct boot *boot, __u64 until)
{
	for (; at->freed < boot->nr_freed && boot->freed[at->freed].time_ns < until; at->freed++) {
		a->found_ns = boot->freed[at->freed].time_ns;
		oracle__freed(o, &boot->freed[at->freed]);
	}
	for (; at->deep < boot->nr_deep && boot->deep[at->deep].time_ns < until; at->deep++) {
		a->found_ns = boot->deep[at->deep].time_ns;
		oracle__deep(o, &boot->deep[at->deep]);
	}
	for (; at->complaints < boot->nr_complaints &&
	       boot->complaints[at->complaints].time_ns < until; at->complaints++) {
		a->found_ns = boot->complaints[at->complaints].time_ns;
		oracle__complaint(o, &boot->complaints[at->complaints]);
	}
	a->found_ns = 0;
}

static void feed(struct analysis *a, struct oracle *o, const struct boot *boot)
{
	struct between at = { 0 };
	size_t i;

	analysis__look_at(a, boot, boot->nr_events ? boot->events : NULL);
	for (i = 0; i < boot->nr_events; i++) {
		feed_between(a, &at, o, boot, boot->events[i].time_ns);
		analysis__look_at(a, boot, &boot->events[i]);
		oracle__event(o, &boot->events[i]);
	}
	feed_between(a, &at, o, boot, UINT64_MAX);
	for (i = 0; i < names__count(boot->names); i++)
		oracle__name(o, names__at(boot->names, i));
}

/*
 * Whether nothing was preserved before its first event, which is the kernel's first, or that of a new
 * FLB: what is preserved is in an FLB, and there is one at a time.
 */
static bool boot__has_beginning(const struct boot *boot)
{
	const struct lutrace_event *first = boot->events;

	return !boot->nr_events || first->seq == ORACLE_FIRST_SEQ ||
	       (first->op == LUTRACE_OP_FLB_PRESERVE && first->phase == LUTRACE_BEGIN);
}

static void judge_boot(struct analysis *a, struct boot *boot, struct boot *before)
{
	struct oracle *o = oracle__new(analysis__on_violation, a);
	struct previous previous;

	if (before) {
		previous = boot__previous(before, boot);
		oracle__expect(o, &previous);
		oracle__expect_names(o, before->names);
	}
	if (before && before->walks)
		oracle__expect_deep(o, before->walks, before->nr_walks,
				    before->nr_walks == before->nr_left);
	if (boot->watches_freed)
		oracle__watch_freed(o);
	if (boot->has_klog)
		oracle__watch_klog(o);
	if (boot->is_deep)
		oracle__watch_deep(o, NULL);
	oracle__forget(o);
	oracle__about(o, analysis__about, a);
	feed(a, o, boot);
	/* What the recordings count as lost is said already: losses.c */
	take(a, RULE_LOSS, boot, oracle__check(o, RULE_LOSS));
	boot->missing = oracle__missing(o);
	a->missing += boot->missing;
	if (boot->lost || boot->missing || !boot__has_beginning(boot))
		boot->sound = false;
	oracle__end(o, boot__end_ns(boot), boot->lost);
	boot->left = oracle__left(o, &boot->nr_left);
	boot->running = oracle__running(o);
	if (boot->is_deep)
		boot->walks = oracle__walks(o, &boot->nr_walks);
	if (before)
		before->nr_restored = oracle__nr_reclaimed(o);
	if (before && oracle__previous_is_proven(o))
		a->nr_not_restored += before->nr_left - before->nr_restored;
	a->nr_found_left_out += oracle__left_out(o);
	take_rules(a, boot, o, before);
	oracle__free(o);
}

/* Restores that are wanted, or may be. */
static size_t count_restores(const struct analysis *a, const struct boot *boot)
{
	const struct lutrace_event *ev;
	size_t i, nr = 0;

	for (i = 0; i < boot->nr_events; i++) {
		ev = &boot->events[i];
		nr += ev->op == LUTRACE_OP_RESTORE && ev->phase == LUTRACE_END && !ev->ret &&
		      analysis__selected(a, boot, ev) != SELECTED_NO;
	}
	return nr;
}

/* Why nothing is compared between two boots, as far as it is known. */
static void tell_link(struct analysis *a, const struct boot *before, const struct boot *boot)
{
	enum verdict verdict = count_restores(a, boot) ? VERDICT_INCOMPLETE : VERDICT_PASS;
	const char *x = before ? boot__name(before) : NULL, *y = boot__name(boot);

	if (!before && verdict == VERDICT_PASS)
		return;
	if (!before)
		analysis__find(a, RULE_RESTORE, verdict, "%s: domains were restored, and there is no "
			       "recording of the kernel before it to compare them with: give that "
			       "too", y);
	else if (before->link == LINK_COLD)
		analysis__find(a, RULE_RESTORE, verdict, "a cold boot between %s and %s: they are "
			       "not compared%s", x, y, verdict == VERDICT_PASS ? "" :
			       "; the kernel that handed over to the second is not given");
	else if (before->link == LINK_MISSING)
		analysis__find(a, RULE_RESTORE, verdict, "a kernel between them is not given: %s and "
			       "%s are not compared", x, y);
	else if (before->link == LINK_UNSURE)
		analysis__find(a, RULE_RESTORE, verdict, "%s and %s are not compared: neither KHO's "
			       "count, nor the clocks, nor what was restored tells that one kernel "
			       "jumped into the other; a kernel between them may not be given", x, y);
}

/* The boot before this one, if it is the one that handed over. */
static struct boot *join(struct analysis *a, struct boot *boot)
{
	struct boot *before = boot > a->boots ? boot - 1 : NULL;

	if (before) {
		boot__link(before, boot);
		boot__close(before, boot);
		losses__check(a, before);
	}
	tell_link(a, before, boot);
	if (!before || before->link != LINK_KEXEC)
		return NULL;
	boot__inherit_names(boot, before);
	return before;
}

/* A boot is judged before it is known what the next one has of it. */
static void judge(struct analysis *a, struct sample *samples)
{
	struct boot *boot, *before;

	for (boot = a->boots; boot < a->boots + a->nr_boots; boot++) {
		before = join(a, boot);
		figures__measure(a, boot, samples);
		judge_boot(a, boot, before);
	}
	boot--;
	boot__close(boot, NULL);
	losses__check(a, boot);
	a->nr_preserved_left = boot->nr_left;
}

static void summarise(struct analysis *a)
{
	struct tally *loss = &a->tallies[RULE_LOSS];
	int id;

	loss->n[LOSS_RECORDINGS] = a->nr_boots;
	loss->n[LOSS_RING] = a->lost.lost_events;
	loss->n[LOSS_RUNS] = a->missed_runs;
	for (id = 0; id < NR_RULES; id++)
		analysis__conclude(&a->checks[id], a->tallies[id].subjects,
				   rule__summary(id, &a->tallies[id]));
	analysis__conclude(&a->checks[CHECK_LATENCY], a->nr_latencies,
			   xasprintf("%zu latencies compared to the nanosecond", a->nr_latencies));
}

void analysis__run(struct analysis *a, const struct recording *recordings, size_t nr)
{
	analysis__run_all(a, &(struct collection){ .items = (struct recording *)recordings,
						   .nr = nr }, NULL);
}

void analysis__run_all(struct analysis *a, const struct collection *c, const struct selection *sel)
{
	struct sample samples[LUTRACE_NR_OPS] = { 0 };
	size_t i;

	*a = (struct analysis){ .sel = sel };
	for (i = 0; i < NR_RULES; i++) {
		a->checks[i].name = rule__name(i);
		a->checks[i].title = rule__title(i);
	}
	a->checks[CHECK_LATENCY].name = "latency";
	a->checks[CHECK_LATENCY].title = "kernel-measured latencies match the event timestamps";
	a->nr_boots = boots__sort(&a->boots, c->items, c->nr);
	for (i = 0; i < c->nr_empty; i++)
		analysis__find(a, RULE_LOSS, VERDICT_INCOMPLETE, "%s", c->empty[i]);
	losses__count(a);
	judge(a, samples);
	summarise(a);
	for (i = 0; i < LUTRACE_NR_OPS; i++) {
		stats__compute(&a->ops[i].latency, samples[i].items, samples[i].nr);
		free(samples[i].items);
	}
	for (i = 0; i < NR_CHECKS; i++)
		if (a->checks[i].verdict != VERDICT_NOT_CHECKED)
			verdict__raise(&a->verdict, a->checks[i].verdict);
}

/* What stands in no event, as a line of the log, is proven by nothing that the next kernel has. */
static void analysis__require_ends(struct analysis *a, int id)
{
	size_t i;

	for (i = 0; i + 1 < a->nr_boots; i++) {
		if (a->boots[i].link != LINK_KEXEC || boot__saw_jump(&a->boots[i]))
			continue;
		analysis__find(a, id, VERDICT_INCOMPLETE, "it is required, and the recording of "
			       "kernel %zu ended before the kexec: what this looks at was not seen "
			       "after that", i + 1);
		verdict__raise(&a->verdict, VERDICT_INCOMPLETE);
	}
}

void analysis__require(struct analysis *a, const bool *required)
{
	int id;

	for (id = 0; id < NR_CHECKS; id++)
		if (required[id] && (id == RULE_KERNEL || id == RULE_FREED || id == RULE_DEEP))
			analysis__require_ends(a, id);
	for (id = 0; id < NR_CHECKS; id++) {
		if (!required[id] || a->checks[id].verdict != VERDICT_NOT_CHECKED)
			continue;
		analysis__find(a, id, VERDICT_INCOMPLETE, "it is required, and there was nothing to "
			       "check it on");
		verdict__raise(&a->verdict, VERDICT_INCOMPLETE);
	}
}

void analysis__free(struct analysis *a)
{
	size_t i, k;

	boots__free(a->boots, a->nr_boots);
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
