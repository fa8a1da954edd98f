// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "judge/oracle.h"
#include "judge/spec.h"
#include "judge/walked.h"
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"

/* A begin this long before the end should have had its end: live.c waits that long. */
#define PATIENCE_NS	2000000000ull

#define MAX_SPECS	16
#define NR_OUTCOMES	3

/* The kernel returns errors as the negative of a number up to this one. */
#define MAX_ERRNO	4095

/* Rules without an automaton have their words here. */
static const struct {
	const char *name, *title;
} rules[NR_RULES] = {
	[RULE_LOSS] = { "loss", "no event was lost" },
	[RULE_PAIRS] = { "pairs", NULL },
	[RULE_ONCE] = { "once", NULL },
	[RULE_UNCHANGED] = { "unchanged", NULL },
	[RULE_ABORT] = { "abort", NULL },
	[RULE_GENERATION] = { "generation", "a slot that is used again has a higher generation" },
	[RULE_UNDO] = { "undo", "what undoes does not fail" },
	[RULE_FLB] = { "flb", NULL },
	[RULE_RESTORE] = { "restore", "every restore matches a preserve of the kernel before" },
	[RULE_NAME] = { "name", "what comes back has the name that it was preserved under" },
	[RULE_MEMORY] = { "memory", "what is mapped was compared with memory, is pinned and frozen" },
	[RULE_RESTORE_ONCE] = { "restore-once", NULL },
	[RULE_RESTORE_ERROR] = { "restore-error", NULL },
	[RULE_FINISH] = { "finish", NULL },
	[RULE_FREED] = { "freed", "no page is freed while it is preserved" },
	[RULE_KERNEL] = { "kernel", "the kernel's own log has no complaint" },
	[RULE_DEEP] = { "deep", "page tables are what they were, entry by entry" },
};

struct object {
	enum object_kind kind;
	__u64 a, b;			/* address and generation, root, slot; 0 for the FLB */
	struct track tracks[MAX_SPECS];
	struct track running[LUTRACE_NR_OPS];	/* of OBJECT_OPERATION */
	__u64 begun[LUTRACE_NR_OPS];	/* ns */
	struct preserved then;		/* of the preserve, if that was seen or is listed */
	bool then_known;
	__u64 top_phys;
	__u64 holder_a, holder_b;	/* of a root: the record that has it */
	bool started;			/* the automata are: events came, or it was listed */
	bool blamed;			/* for having changed */
	int error;			/* of the last operation */
	unsigned int undecided;		/* bit 1 << enum rule_id */
	__u64 missing;			/* what the tracks know of it */
	__u32 pid;			/* of the last event */
	struct lutrace_event *history;	/* NULL: none */
	size_t nr_history;
	struct lutrace_deep *walk;	/* the first one of this domain; NULL: none yet */
	struct preserved restored;	/* of a root: what its restore said */
	bool is_restored, walked;	/* of a root */
};

struct oracle {
	violation_fn on_violation;
	void *priv;
	about_fn about;
	void *about_priv;
	size_t left_out;
	struct check checks[NR_RULES];
	size_t unknown[NR_RULES], subjects[NR_RULES];
	enum rule_id rule_of[MAX_SPECS];
	unsigned char events[MAX_SPECS][LUTRACE_NR_OPS][NR_OUTCOMES];
	struct object *unseen[OBJECT_FLB + 1];	/* what an object is before it is seen */
	struct object *flb;
	struct idmap *objects;		/* kind, a, b: struct object */
	struct idmap *generations;	/* slot: the last one */
	__u64 handed_over;		/* the largest generation that this kernel knows of that */
	struct idmap *left_at;		/* identity: index + 1 in left */
	const struct preserved *left;
	size_t nr_left, nr_compared, nr_reclaimed;
	bool *reclaimed;		/* of each in left */
	bool expecting, left_whole, retrieved, flb_listed;
	__u64 nr_incoming;
	__u64 nr_events, first_seq, last_seq, missing;
	const struct names *names_before;	/* NULL: there are none */
	struct idmap *named;		/* identity, rule: it was looked at, and 1: found wrong */
	bool forgets;			/* nobody asks for one object */
	bool watching;			/* freed pages would be told */
	size_t nr_freed;
	bool has_klog;			/* the kernel's log is read */
	size_t nr_complaints;
	bool walking;			/* page tables are walked */
	const struct lutrace_deep *before;	/* walks of what is left; NULL: there are none */
	size_t nr_before;
	bool before_whole;
	struct idmap *before_at;	/* identity: index in before */
	struct idmap *before_by_token;	/* token, count: index in before; token, 0: how many */
	struct idmap *accused;		/* walks of it were found wrong: record, generation, root */
	size_t nr_walks, nr_walked, nr_gone, nr_walks_compared;
	__u64 tables_walked, took_ns;
};

/* Objects */

static void object__catch_up(struct oracle *o, struct object *obj)
{
	__u64 lost = o->missing - obj->missing;
	size_t i;
	int op;

	if (!lost)
		return;
	obj->missing = o->missing;
	for (i = 0; i < spec__count(); i++) {
		if (spec__get(i)->objects & 1u << obj->kind)
			track__widen(&obj->tracks[i], spec__get(i), lost);
		if (spec__get(i)->objects & 1u << OBJECT_OPERATION)
			for (op = 0; op < LUTRACE_NR_OPS; op++)
				track__widen(&obj->running[op], spec__get(i), lost);
	}
}

static struct object *object__new(struct oracle *o, enum object_kind kind, __u64 a, __u64 b)
{
	struct object *obj = xcalloc(1, sizeof(*obj));

	if (o->unseen[kind]) {
		object__catch_up(o, o->unseen[kind]);
		*obj = *o->unseen[kind];
	}
	obj->kind = kind;
	obj->a = a;
	obj->b = b;
	return obj;
}

static void object__free(struct object *obj)
{
	free(obj->history);
	free(obj->walk);
	free(obj);
}

static struct object *object_of(struct oracle *o, enum object_kind kind, __u64 a, __u64 b)
{
	uint64_t *at = idmap__find(o->objects, a, b, kind);
	struct object *obj;

	if (at) {
		obj = (struct object *)(uintptr_t)*at;
		object__catch_up(o, obj);
		return obj;
	}
	obj = object__new(o, kind, a, b);
	idmap__set(o->objects, a, b, kind, (uintptr_t)obj);
	return obj;
}

static void object__start(struct object *obj, bool known)
{
	size_t i;
	int op;

	obj->started = true;
	for (i = 0; i < spec__count(); i++) {
		obj->tracks[i] = track__start(spec__get(i), known);
		if (spec__get(i)->objects & 1u << OBJECT_OPERATION)
			for (op = 0; op < LUTRACE_NR_OPS; op++)
				obj->running[op] = track__start(spec__get(i), known);
	}
}

static void object__remember(struct oracle *o, struct object *obj,
			     const struct lutrace_event *ev)
{
	obj->pid = ev->pid;
	if (ev->phase == LUTRACE_END)
		obj->error = ev->ret;
	if (!o->on_violation)
		return;
	if (!obj->history)
		obj->history = xcalloc(ORACLE_HISTORY, sizeof(*obj->history));
	if (obj->nr_history == ORACLE_HISTORY) {
		memmove(obj->history, obj->history + 1,
			(ORACLE_HISTORY - 1) * sizeof(*obj->history));
		obj->nr_history--;
	}
	obj->history[obj->nr_history++] = *ev;
}

/* Verdicts */

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

/* A domain, and another event of it */

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

/* Findings */

static void find(struct oracle *o, enum rule_id id, enum verdict verdict, struct object *obj,
		 const struct lutrace_event *ev, const char *fmt, ...) PRINTF(6, 7);

static void tell(struct oracle *o, enum rule_id id, struct object *obj,
		 const struct lutrace_event *ev, const char *text)
{
	struct lutrace_event events[ORACLE_HISTORY + 1];
	struct violation v = { .rule = rules[id].name, .text = text, .events = events };

	if (!o->on_violation)
		return;
	if (obj) {
		v.nr_events = obj->nr_history;
		if (obj->history)
			memcpy(events, obj->history, v.nr_events * sizeof(*events));
		v.top_phys = obj->top_phys;
		if (obj->kind == OBJECT_RECORD) {
			v.ser_phys = obj->a;
			v.generation = obj->b;
		}
	}
	if (ev && (!v.nr_events || events[v.nr_events - 1].seq != ev->seq))
		events[v.nr_events++] = *ev;
	o->on_violation(o->priv, &v);
}

/* What concerns no domain concerns all. */
static bool is_wanted(struct oracle *o, const struct object *obj, struct name_text *name)
{
	*name = (struct name_text){ .s = "" };
	if (!o->about || !obj || obj->kind != OBJECT_RECORD)
		return true;
	if (o->about(o->about_priv, obj->a, obj->b, obj->pid, name))
		return true;
	o->left_out++;
	return false;
}

static void find(struct oracle *o, enum rule_id id, enum verdict verdict, struct object *obj,
		 const struct lutrace_event *ev, const char *fmt, ...)
{
	struct check *check = &o->checks[id];
	struct name_text name;
	char text[512];
	va_list args;
	int len;

	if (!is_wanted(o, obj, &name))
		return;
	if (check->verdict < verdict)
		check->verdict = verdict;
	if (obj && verdict != VERDICT_VIOLATION && !(obj->undecided & 1u << id)) {
		obj->undecided |= 1u << id;
		o->unknown[id]++;
	}
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (*name.s && len >= 0 && len < (int)sizeof(text))
		snprintf(text + len, sizeof(text) - len, " (%s)", name.s);
	if (check->nr_details++ < CHECK_MAX_DETAILS)
		check->details[check->nr_details - 1] = xstrdup(text);
	if (verdict == VERDICT_VIOLATION)
		tell(o, id, obj, ev, text);
}

/* Not seen because it was lost, or because it was before. */
static enum verdict unseen_verdict(const struct oracle *o)
{
	return o->missing ? VERDICT_INCOMPLETE : VERDICT_UNKNOWN;
}

struct words {
	char s[160];
};

static struct words who(const struct lutrace_event *ev)
{
	const char *phase = ev->phase == LUTRACE_BEGIN ? "begin" : "end";
	struct words w;

	if (op__is_flb(ev->op))
		snprintf(w.s, sizeof(w.s), "%s %s (seq %llu)", op__name(ev->op), phase, ev->seq);
	else
		snprintf(w.s, sizeof(w.s), "%s %s of record 0x%llx generation %llu (seq %llu)",
			 op__name(ev->op), phase, ev->ser_phys, ev->generation, ev->seq);
	return w;
}

static struct words what(const struct object *obj)
{
	struct words w;

	if (obj->kind == OBJECT_RECORD)
		snprintf(w.s, sizeof(w.s), "record 0x%llx generation %llu", obj->a, obj->b);
	else if (obj->kind == OBJECT_FLB)
		snprintf(w.s, sizeof(w.s), "the FLB");
	else
		snprintf(w.s, sizeof(w.s), "%s 0x%llx",
			 obj->kind == OBJECT_ROOT ? "root" : "slot", obj->a);
	return w;
}

/* A recording may have any number there; that it is none of the kernel's is said. */
static const char *error_text(int ret)
{
	return ret < 0 && ret >= -MAX_ERRNO ? strerror(-ret) : "this is no error number";
}

/* Where it is in an automaton, since when, and why if its last operation failed. */
static struct words where(const struct object *obj, const struct spec *spec,
			  const struct track *track)
{
	struct words w;
	int n = snprintf(w.s, sizeof(w.s), "%s", spec->states[track->believed]);

	if (track->since)
		n += snprintf(w.s + n, sizeof(w.s) - n, " since seq %" PRIu64, track->since);
	if (obj->error && (obj->kind == OBJECT_RECORD || obj->kind == OBJECT_FLB))
		snprintf(w.s + n, sizeof(w.s) - n, ": %s (%d)", error_text(obj->error), obj->error);
	return w;
}

/* Stepping through the automata */

static unsigned int outcome(const struct lutrace_event *ev)
{
	if (ev->phase == LUTRACE_BEGIN)
		return 0;
	/* What cannot fail has ended: see on_undo() */
	if (ev->op == LUTRACE_OP_UNPRESERVE || ev->op == LUTRACE_OP_FLB_UNPRESERVE ||
	    ev->op == LUTRACE_OP_FLB_FINISH)
		return 1;
	return ev->ret ? 2 : 1;
}

/* @blame: the object that is shown; a root or a slot has no history of its own. */
static void step(struct oracle *o, size_t i, struct track *track, struct object *obj,
		 struct object *blame, const struct lutrace_event *ev)
{
	const struct spec *spec = spec__get(i);
	unsigned int event = o->events[i][ev->op][outcome(ev)];
	struct track was = *track;
	enum step result;

	if (event == SPEC_NO)
		return;
	result = track__step(track, spec, event);
	if (track->believed != was.believed || result != STEP_FINE)
		track->since = ev->seq;
	/* The record says it already if it is the same one */
	if (result == STEP_FINE || !blame || (obj->kind == OBJECT_ROOT &&
	    obj->holder_a == ev->ser_phys && obj->holder_b == ev->generation))
		return;
	if (result == STEP_BROKEN)
		find(o, o->rule_of[i], VERDICT_VIOLATION, blame, ev,
		     "%s: %s is %s, and %s.dot does not allow it then", who(ev).s,
		     what(obj).s, where(obj, spec, &was).s, spec->name);
	else
		find(o, o->rule_of[i], unseen_verdict(o), blame, ev,
		     "%s: what was before it was not seen; events are seen from seq %llu on%s",
		     who(ev).s, o->first_seq, o->missing ? " with gaps" : "");
}

static void step_all(struct oracle *o, struct object *obj, struct object *blame,
		     const struct lutrace_event *ev)
{
	size_t i;

	for (i = 0; i < spec__count(); i++)
		if (spec__get(i)->objects & 1u << obj->kind)
			step(o, i, &obj->tracks[i], obj, blame, ev);
}

static void step_operation(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	size_t i;

	for (i = 0; i < spec__count(); i++)
		if (spec__get(i)->objects & 1u << OBJECT_OPERATION)
			step(o, i, &obj->running[ev->op], obj, obj, ev);
	obj->begun[ev->op] = ev->phase == LUTRACE_BEGIN ? ev->time_ns : 0;
	o->subjects[RULE_PAIRS]++;
}

/* Whether it is what it would be if it came anew. */
static bool object__is_new(const struct oracle *o, const struct object *obj)
{
	const struct object *unseen = o->unseen[obj->kind];
	size_t i;
	int op;

	for (op = 0; op < LUTRACE_NR_OPS; op++)
		if (obj->begun[op])
			return false;
	for (i = 0; i < spec__count(); i++)
		if (spec__get(i)->objects & 1u << obj->kind &&
		    (obj->tracks[i].believed != unseen->tracks[i].believed ||
		     obj->tracks[i].possible != unseen->tracks[i].possible))
			return false;
	return !obj->then_known && !obj->is_restored;
}

/* Each event of the FLB goes to all objects, and so it must not meet those of all that was. */
static void forget_new(struct oracle *o)
{
	struct idmap *kept = idmap__new();
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;

	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		if (object__is_new(o, obj))
			object__free(obj);
		else
			idmap__set(kept, obj->a, obj->b, obj->kind, *at);
	}
	idmap__free(o->objects);
	o->objects = kept;
}

void oracle__forget(struct oracle *o)
{
	o->forgets = true;
}

/* What happens to the FLB happens to all that is in it. */
static void broadcast(struct oracle *o, const struct lutrace_event *ev)
{
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;
	int kind;

	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		object__catch_up(o, obj);
		step_all(o, obj, obj->kind == OBJECT_RECORD ? obj : NULL, ev);
	}
	for (kind = OBJECT_RECORD; kind < OBJECT_FLB; kind++) {
		object__catch_up(o, o->unseen[kind]);
		step_all(o, o->unseen[kind], NULL, ev);
	}
}

/* What the events must agree in */

static void on_undo(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	if (ev->phase != LUTRACE_END || (ev->op != LUTRACE_OP_UNPRESERVE &&
	    ev->op != LUTRACE_OP_FLB_UNPRESERVE && ev->op != LUTRACE_OP_FLB_FINISH))
		return;
	o->subjects[RULE_UNDO]++;
	if (ev->ret)
		find(o, RULE_UNDO, VERDICT_VIOLATION, obj, ev,
		     "%s: it returned %d, and cannot fail", who(ev).s, ev->ret);
}

static void on_generation(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	uint64_t *last = idmap__find(o->generations, ev->ser_phys, 0, 0);

	o->subjects[RULE_GENERATION]++;
	if (!ev->ser_phys || !ev->generation)
		find(o, RULE_GENERATION, VERDICT_VIOLATION, obj, ev, "%s: it has no identity",
		     who(ev).s);
	else if (last && ev->generation <= *last)
		/* A new FLB may begin anew, and may be what is missing */
		find(o, RULE_GENERATION, o->missing ? VERDICT_INCOMPLETE : VERDICT_VIOLATION, obj,
		     ev, "%s: the slot had generation %" PRIu64 " already", who(ev).s, *last);
	else if (ev->generation <= o->handed_over)
		find(o, RULE_GENERATION, VERDICT_VIOLATION, obj, ev,
		     "%s: the kernel before handed over generation %llu already", who(ev).s,
		     o->handed_over);
	idmap__set(o->generations, ev->ser_phys, 0, 0, ev->generation);
}

static void on_unpreserve(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	char text[128];

	o->subjects[RULE_UNCHANGED] += ev->phase == LUTRACE_END;
	/* A trace buffer does not tell at the begin; no domain is without tables */
	if (ev->phase == LUTRACE_BEGIN && !ev->top_phys && !ev->nr_tables)
		return;
	if (!obj->then_known || obj->blamed ||
	    !preserved__differs(&obj->then, ev, text, sizeof(text)))
		return;
	obj->blamed = true;
	find(o, RULE_UNCHANGED, VERDICT_VIOLATION, obj, ev,
	     "%s: it changed while preserved: its %s", who(ev).s, text);
}

/* What the restore says of the table, against what was seen of it in the kernel before. */
static void on_restored_deep(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	uint64_t *at = idmap__find(o->before_at, ev->ser_phys, ev->generation, 0);
	struct preserved said = preserved__of(ev);
	struct object *root = object_of(o, OBJECT_ROOT, ev->top_phys, 0);
	char text[128];

	root->restored = said;
	root->is_restored = true;
	root->walked = false;
	if (at && walked__denies(&o->before[*at], &said, text, sizeof(text)))
		find(o, RULE_DEEP, VERDICT_VIOLATION, obj, ev,
		     "%s: it is not what was walked in the kernel before: its %s", who(ev).s, text);
}

static void on_restored(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	const struct preserved *p = NULL;
	uint64_t *at;
	char text[128];

	o->subjects[RULE_RESTORE]++;
	if (o->retrieved && o->subjects[RULE_RESTORE] > o->nr_incoming)
		find(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
		     "%s: %zu domains are restored of %llu that were handed over", who(ev).s,
		     o->subjects[RULE_RESTORE], o->nr_incoming);
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
		find(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
		     "%s: it was not preserved at the end of the kernel before", who(ev).s);
	else if (!p)
		find(o, RULE_RESTORE, VERDICT_INCOMPLETE, obj, ev,
		     "%s: its preserve was not seen: the recording of the kernel before is not "
		     "whole", who(ev).s);
	else if (preserved__differs(p, ev, text, sizeof(text)))
		find(o, RULE_RESTORE, VERDICT_VIOLATION, obj, ev,
		     "%s: it differs from its preserve (seq %llu of the kernel before): its %s",
		     who(ev).s, p->seq, text);
}

static void on_retrieved(struct oracle *o, const struct lutrace_event *ev)
{
	size_t i;

	o->retrieved = true;
	o->nr_incoming = ev->nr_tables;
	for (i = 0; i < o->nr_left; i++)
		if (o->handed_over < o->left[i].generation)
			o->handed_over = o->left[i].generation;
	if (o->expecting && ev->nr_tables != o->nr_left)
		find(o, RULE_RESTORE, o->left_whole ? VERDICT_VIOLATION : VERDICT_INCOMPLETE,
		     o->flb, ev, "%s: it found %llu live records, %zu were preserved at the end of "
		     "the kernel before%s", who(ev).s, ev->nr_tables, o->nr_left,
		     o->left_whole ? "" : ", whose recording is not whole");
}

/* Events of a domain */

static void forget_walk(struct object *obj)
{
	free(obj->walk);
	obj->walk = NULL;
}

/* The last domain in this slot is history if nothing holds it any more. */
static void forget_last(struct oracle *o, const struct lutrace_event *ev)
{
	uint64_t *last = idmap__find(o->generations, ev->ser_phys, 0, 0), *at;
	struct object *obj;

	at = last ? idmap__find(o->objects, ev->ser_phys, *last, OBJECT_RECORD) : NULL;
	if (!at || *last >= ev->generation)
		return;
	obj = (struct object *)(uintptr_t)*at;
	if (obj->then_known)
		return;
	idmap__remove(o->objects, ev->ser_phys, *last, OBJECT_RECORD);
	object__free(obj);
}

static void on_root(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	struct object *root;

	if (ev->phase != LUTRACE_END || ev->ret || !ev->top_phys)
		return;
	root = object_of(o, OBJECT_ROOT, ev->top_phys, 0);
	step_all(o, root, obj, ev);
	root->holder_a = ev->ser_phys;
	root->holder_b = ev->generation;
}

static void on_domain(struct oracle *o, const struct lutrace_event *ev)
{
	bool done = ev->phase == LUTRACE_END && !ev->ret;
	struct object *obj;

	if (ev->op == LUTRACE_OP_PRESERVE && ev->phase == LUTRACE_BEGIN)
		forget_last(o, ev);
	obj = object_of(o, OBJECT_RECORD, ev->ser_phys, ev->generation);
	object__remember(o, obj, ev);
	if (done && ev->top_phys)
		obj->top_phys = ev->top_phys;
	step_operation(o, obj, ev);
	object__catch_up(o, o->flb);
	step_all(o, o->flb, obj, ev);
	step_all(o, object_of(o, OBJECT_SLOT, ev->ser_phys, 0), obj, ev);
	if (ev->op == LUTRACE_OP_PRESERVE && ev->phase == LUTRACE_BEGIN)
		on_generation(o, obj, ev);
	step_all(o, obj, obj, ev);
	on_root(o, obj, ev);
	on_undo(o, obj, ev);
	if (ev->op == LUTRACE_OP_UNPRESERVE)
		on_unpreserve(o, obj, ev);
	if (ev->op == LUTRACE_OP_RESTORE && ev->phase == LUTRACE_END)
		o->subjects[RULE_RESTORE_ERROR]++;
	if (done && ev->op == LUTRACE_OP_RESTORE) {
		on_restored(o, obj, ev);
		on_restored_deep(o, obj, ev);
	}
	if (done && ev->op == LUTRACE_OP_PRESERVE) {
		o->subjects[RULE_ONCE]++;
		obj->then = preserved__of(ev);
		obj->then_known = true;
	} else if (ev->op == LUTRACE_OP_UNPRESERVE && ev->phase == LUTRACE_END) {
		o->nr_gone += o->walking && obj->then_known && !obj->walk;
		obj->then_known = false;
		forget_walk(obj);
	}
}

static void drop_generations(struct oracle *o)
{
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;

	idmap__clear(o->generations);
	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		obj->then_known = false;
		forget_walk(obj);
	}
}

static void on_flb(struct oracle *o, const struct lutrace_event *ev)
{
	bool done = ev->phase == LUTRACE_END && !ev->ret;

	object__catch_up(o, o->flb);
	object__remember(o, o->flb, ev);
	step_operation(o, o->flb, ev);
	step_all(o, o->flb, o->flb, ev);
	on_undo(o, o->flb, ev);
	if (ev->op == LUTRACE_OP_FLB_UNPRESERVE && ev->phase == LUTRACE_BEGIN) {
		o->subjects[RULE_ABORT]++;
		if (ev->nr_tables)
			find(o, RULE_ABORT, VERDICT_VIOLATION, o->flb, ev,
			     "%s: the kernel has %llu live records", who(ev).s, ev->nr_tables);
	}
	broadcast(o, ev);
	if (ev->op <= LUTRACE_OP_FLB_UNPRESERVE)
		o->subjects[RULE_FLB]++;
	else
		o->subjects[RULE_FINISH]++;
	if (ev->op == LUTRACE_OP_FLB_UNPRESERVE && ev->phase == LUTRACE_END)
		drop_generations(o);
	if (o->forgets && ev->phase == LUTRACE_END)
		forget_new(o);
	if (done && ev->op == LUTRACE_OP_FLB_PRESERVE && ev->nr_tables)
		find(o, RULE_FLB, VERDICT_VIOLATION, o->flb, ev, "%s: a new FLB holds %llu domains",
		     who(ev).s, ev->nr_tables);
	if (ev->op == LUTRACE_OP_FLB_RETRIEVE && ev->phase == LUTRACE_END)
		o->subjects[RULE_RESTORE_ERROR]++;
	if (done && ev->op == LUTRACE_OP_FLB_RETRIEVE)
		on_retrieved(o, ev);
}

/* Sequence */

/* Names and walks may know of an object before its first event. */
static void on_first(struct oracle *o, const struct lutrace_event *ev)
{
	bool known = ev->seq == ORACLE_FIRST_SEQ;
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;
	int kind;

	o->first_seq = ev->seq;
	for (kind = OBJECT_RECORD; kind <= OBJECT_FLB; kind++)
		object__start(o->unseen[kind], known);
	if (!o->flb_listed)
		object__start(o->flb, known);
	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		if (!obj->started)
			object__start(obj, known);
	}
}

/* Returns false for an event that cannot be. */
static bool check_sequence(struct oracle *o, const struct lutrace_event *ev)
{
	__u64 lost;

	if (!o->nr_events++) {
		on_first(o, ev);
	} else if (ev->seq == o->last_seq) {
		find(o, RULE_LOSS, VERDICT_VIOLATION, NULL, ev,
		     "two events have the sequence number %llu", ev->seq);
		return false;
	} else if (ev->seq < o->last_seq) {
		find(o, RULE_LOSS, VERDICT_VIOLATION, NULL, ev,
		     "%s: its number came after %llu", who(ev).s, o->last_seq);
		return false;
	} else if (ev->seq > o->last_seq + 1) {
		lost = ev->seq - o->last_seq - 1;
		o->missing += lost;
		find(o, RULE_LOSS, VERDICT_INCOMPLETE, NULL, ev,
		     "%llu events between the sequence numbers %llu and %llu are missing", lost,
		     o->last_seq, ev->seq);
	}
	o->last_seq = ev->seq;
	return true;
}

void oracle__event(struct oracle *o, const struct lutrace_event *ev)
{
	if (!check_sequence(o, ev))
		return;
	if (op__is_flb(ev->op))
		on_flb(o, ev);
	else
		on_domain(o, ev);
}

/* What was preserved before the first event */

/*
 * Where the automata are after the operation @op, from their initial state.
 * Those that do not listen to it know nothing of the object.
 */
static void object__after(struct oracle *o, struct object *obj, unsigned int op)
{
	const struct spec *spec;
	struct track track;
	unsigned int event;
	bool listens;
	size_t i, k;

	object__start(obj, false);
	for (i = 0; i < spec__count(); i++) {
		spec = spec__get(i);
		if (!(spec->objects & 1u << obj->kind))
			continue;
		track = track__start(spec, true);
		for (k = 0, listens = false; k < 2; k++) {
			event = o->events[i][op][k];
			if (event == SPEC_NO)
				continue;
			track__step(&track, spec, event);
			listens = true;
		}
		if (listens)
			obj->tracks[i] = track;
	}
}

/* A new object; NULL if there were events of it, which know more. */
static struct object *listed_object(struct oracle *o, enum object_kind kind, __u64 a, __u64 b)
{
	struct object *obj;

	if (idmap__find(o->objects, a, b, kind))
		return NULL;
	obj = object_of(o, kind, a, b);
	object__after(o, obj, LUTRACE_OP_PRESERVE);
	return obj;
}

static void list_flb(struct oracle *o)
{
	if (o->flb_listed || o->flb->nr_history)
		return;
	object__after(o, o->flb, LUTRACE_OP_FLB_PRESERVE);
	o->flb_listed = true;
}

void oracle__listed(struct oracle *o, const struct preserved *p)
{
	struct object *obj = listed_object(o, OBJECT_RECORD, p->ser_phys, p->generation);

	if (!obj)
		return;
	obj->then = *p;
	obj->then_known = true;
	obj->top_phys = p->top_phys;
	listed_object(o, OBJECT_SLOT, p->ser_phys, 0);
	if (!idmap__find(o->generations, p->ser_phys, 0, 0))
		idmap__set(o->generations, p->ser_phys, 0, 0, p->generation);
	obj = listed_object(o, OBJECT_ROOT, p->top_phys, 0);
	if (obj) {
		obj->holder_a = p->ser_phys;
		obj->holder_b = p->generation;
	}
	list_flb(o);
}

void oracle__about(struct oracle *o, about_fn about, void *priv)
{
	o->about = about;
	o->about_priv = priv;
}

size_t oracle__left_out(const struct oracle *o)
{
	return o->left_out;
}

/* Pages */

void oracle__expect_names(struct oracle *o, const struct names *before)
{
	o->names_before = before;
}

/* What is known of a domain by now: each counts once, and is found once. */
static void judge_name(struct oracle *o, enum rule_id id, const struct name *name, bool wrong,
		       const char *text)
{
	uint64_t *then = idmap__find(o->named, name->ser_phys, name->generation, id);

	if (then && *then)
		return;
	o->subjects[id] += !then;
	idmap__set(o->named, name->ser_phys, name->generation, id, wrong);
	if (wrong)
		find(o, id, VERDICT_VIOLATION,
		     object_of(o, OBJECT_RECORD, name->ser_phys, name->generation), NULL,
		     "record 0x%llx generation %llu %s", name->ser_phys, name->generation, text);
}

void oracle__name(struct oracle *o, const struct name *name)
{
	const struct name *then = names__find(o->names_before, name->ser_phys, name->generation);
	bool known, wrong;
	char text[256];

	wrong = name__memory_wrong(name, &known, text, sizeof(text));
	if (known)
		judge_name(o, RULE_MEMORY, name, wrong, text);
	if (!then)
		return;
	wrong = name__contradicts(then, name, &known, text, sizeof(text));
	if (known)
		judge_name(o, RULE_NAME, name, wrong, text);
}

void oracle__watch_klog(struct oracle *o)
{
	o->has_klog = true;
}

void oracle__complaint(struct oracle *o, const struct lutrace_complaint *complaint)
{
	if (complaint->lost) {
		find(o, RULE_KERNEL, VERDICT_INCOMPLETE, NULL, NULL,
		     "%llu messages of the kernel's log were gone before they could be read",
		     complaint->lost);
		return;
	}
	o->nr_complaints++;
	find(o, RULE_KERNEL, VERDICT_VIOLATION, NULL, NULL, "the kernel's log says: %s",
	     complaint->text);
}

void oracle__watch_freed(struct oracle *o)
{
	o->watching = true;
}

void oracle__freed(struct oracle *o, const struct lutrace_freed *freed)
{
	uint64_t *at = idmap__find(o->objects, freed->phys, 0, OBJECT_ROOT);
	struct object *root = at ? (struct object *)(uintptr_t)*at : NULL, *obj = NULL;
	char text[256] = "";

	o->nr_freed++;
	at = root ? idmap__find(o->objects, root->holder_a, root->holder_b, OBJECT_RECORD) : NULL;
	if (at) {
		obj = (struct object *)(uintptr_t)*at;
		snprintf(text, sizeof(text), "; it was last seen as the root of %s", what(obj).s);
	}
	find(o, RULE_FREED, VERDICT_VIOLATION, obj, NULL,
	     "the page at 0x%llx (%llu bytes) was freed while it was preserved, by pid %u on cpu "
	     "%u; the kernel kept it%s", freed->phys, freed->size, freed->pid, freed->cpu, text);
}

/* Page tables */

void oracle__watch_deep(struct oracle *o, const char *missing)
{
	o->walking = true;
	if (missing)
		find(o, RULE_DEEP, VERDICT_INCOMPLETE, NULL, NULL, "no page table was walked: %s",
		     missing);
}

void oracle__expect_deep(struct oracle *o, const struct lutrace_deep *before, size_t nr,
			 bool whole)
{
	uint64_t *count;
	size_t i;

	o->before = before;
	o->nr_before = nr;
	o->before_whole = whole;
	for (i = 0; i < nr; i++) {
		idmap__set(o->before_at, before[i].ser_phys, before[i].generation, 0, i);
		count = idmap__find(o->before_by_token, before[i].token, 0, 0);
		idmap__set(o->before_by_token, before[i].token, 1 + (count ? *count : 0), 0, i);
		idmap__set(o->before_by_token, before[i].token, 0, 0, 1 + (count ? *count : 0));
	}
}

static struct words whose(const struct lutrace_deep *w)
{
	struct words words;

	if (w->ser_phys)
		snprintf(words.s, sizeof(words.s), "HWPT token 0x%llx, record 0x%llx generation %llu",
			 w->token, w->ser_phys, w->generation);
	else
		snprintf(words.s, sizeof(words.s), "HWPT token 0x%llx, reclaimed, root 0x%llx",
			 w->token, w->top_phys);
	return words;
}

/* Once for each, though it is walked again and again. */
static bool accused(const struct oracle *o, const struct lutrace_deep *w)
{
	return idmap__find(o->accused, w->ser_phys, w->generation, w->top_phys);
}

static void accuse(struct oracle *o, const struct lutrace_deep *w, struct object *obj,
		   const char *fmt, ...) PRINTF(4, 5);

static void accuse(struct oracle *o, const struct lutrace_deep *w, struct object *obj,
		   const char *fmt, ...)
{
	char text[320];
	va_list args;

	idmap__set(o->accused, w->ser_phys, w->generation, w->top_phys, 1);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	find(o, RULE_DEEP, VERDICT_VIOLATION, obj, NULL, "%s: %s", whose(w).s, text);
}

/* One that is preserved: against the event, and the first walk of it. */
static void on_walk_preserved(struct oracle *o, struct object *obj, const struct lutrace_deep *w)
{
	char text[192];

	if (!obj->walk) {
		o->nr_walked++;
		if (walked__denies(w, &obj->then, text, sizeof(text)))
			accuse(o, w, obj, "it is not what its preserve (seq %llu) said: its %s",
			       obj->then.seq, text);
		obj->walk = xcalloc(1, sizeof(*obj->walk));
		*obj->walk = *w;
		return;
	}
	o->nr_walks_compared++;
	if (walked__differs(obj->walk, w, text, sizeof(text)))
		accuse(o, w, obj, "its page table changed while it was preserved: %s", text);
}

/* The walk in the kernel before that this one is compared with: that of its root, if there is one. */
static const struct lutrace_deep *walk_before(const struct oracle *o, const struct lutrace_deep *w)
{
	uint64_t *count = idmap__find(o->before_by_token, w->token, 0, 0);
	const struct lutrace_deep *then, *nearest = NULL;
	__u64 k;

	for (k = 1; count && k <= *count; k++) {
		then = &o->before[*idmap__find(o->before_by_token, w->token, k, 0)];
		if (!nearest || then->top_phys == w->top_phys)
			nearest = then;
	}
	return nearest;
}

static void compare_reclaimed(struct oracle *o, struct object *root, const struct lutrace_deep *w)
{
	const struct lutrace_deep *then = walk_before(o, w);
	bool told = root->undecided & 1u << RULE_DEEP;
	char text[192];

	if (then) {
		o->nr_walks_compared++;
		if (walked__differs(then, w, text, sizeof(text)))
			accuse(o, w, root, "its page table is not what it was in the kernel before "
			       "(record 0x%llx generation %llu): %s", then->ser_phys,
			       then->generation, text);
	} else if (o->before && o->before_whole) {
		accuse(o, w, root, "no HWPT of that token was preserved in the kernel before");
	} else if (!told) {
		find(o, RULE_DEEP, o->before ? VERDICT_INCOMPLETE : VERDICT_UNKNOWN, root, NULL,
		     "%s: there is no walk of the kernel before to compare it with", whose(w).s);
	}
}

static void on_walk_reclaimed(struct oracle *o, struct object *root, const struct lutrace_deep *w)
{
	char text[192];

	if (root->is_restored && walked__denies(w, &root->restored, text, sizeof(text)))
		accuse(o, w, root, "it is not what its restore (seq %llu) said: its %s",
		       root->restored.seq, text);
	else if (!root->is_restored && o->retrieved && !o->missing)
		accuse(o, w, root, "no restore gave it that root");
	o->nr_walked += !root->walked;
	root->walked = true;
	compare_reclaimed(o, root, w);
}

/* The record of a walk. One that no event told of was preserved before all of them. */
static struct object *walked_object(struct oracle *o, const struct lutrace_deep *w)
{
	struct preserved said = {
		.ser_phys = w->ser_phys, .generation = w->generation,
		.top_phys = w->said_top_phys, .nr_tables = w->said_tables,
		.nr_bytes = w->said_bytes, .format = w->said_format,
		.top_level = w->said_top_level,
	};

	if (!w->ser_phys)
		return NULL;
	oracle__listed(o, &said);
	return object_of(o, OBJECT_RECORD, w->ser_phys, w->generation);
}

void oracle__deep(struct oracle *o, const struct lutrace_deep *w)
{
	struct object *obj = walked_object(o, w);
	struct object *root = object_of(o, OBJECT_ROOT, w->top_phys, 0);
	char text[192];

	o->nr_walks++;
	o->tables_walked += walked__tables(w);
	o->took_ns += w->took_ns;
	if (accused(o, w))
		return;
	if (walked__wrong(w, text, sizeof(text)))
		accuse(o, w, obj, "%s", text);
	/* Of one that was given up since then there is its record alone */
	if (obj && obj->then_known)
		on_walk_preserved(o, obj, w);
	if (!w->ser_phys || root->is_restored)
		on_walk_reclaimed(o, root, w);
}

/* What should have been walked before the end. */
static void end_walks(struct oracle *o, struct object *obj)
{
	if (!o->walking)
		return;
	if (obj->kind == OBJECT_RECORD && obj->then_known && !obj->walk)
		find(o, RULE_DEEP, VERDICT_INCOMPLETE, obj, NULL,
		     "%s is preserved, and its page table was not walked", what(obj).s);
	if (obj->kind == OBJECT_ROOT && obj->is_restored && !obj->walked)
		find(o, RULE_DEEP, VERDICT_INCOMPLETE, obj, NULL,
		     "record 0x%llx generation %llu was restored, and its page table was not walked "
		     "before it was given up", obj->restored.ser_phys, obj->restored.generation);
}

/* The end */

/* What an object was left in, if it may not be. */
static void end_track(struct oracle *o, size_t i, struct object *obj)
{
	const struct spec *spec = spec__get(i);
	const struct track *track = &obj->tracks[i];

	if (!(spec->objects & 1u << obj->kind) || spec->finals & 1u << track->believed)
		return;
	find(o, o->rule_of[i], spec->finals & track->possible ? unseen_verdict(o) :
	     VERDICT_VIOLATION, obj, NULL, "%s was left %s; the kernel's log may name the reason",
	     what(obj).s, where(obj, spec, track).s);
}

static void end_object(struct oracle *o, struct object *obj, __u64 now_ns)
{
	size_t i;
	int op;

	object__catch_up(o, obj);
	end_walks(o, obj);
	for (op = 0; op < LUTRACE_NR_OPS; op++)
		if (obj->begun[op])
			find(o, RULE_PAIRS, !o->missing && now_ns >= obj->begun[op] + PATIENCE_NS ?
			     VERDICT_VIOLATION : VERDICT_INCOMPLETE, obj, NULL,
			     "the end of %s of %s was not seen", op__name(op), what(obj).s);
	if (obj->kind == OBJECT_RECORD || obj->kind == OBJECT_FLB)
		for (i = 0; i < spec__count(); i++)
			end_track(o, i, obj);
}

static char *walks_summary(const struct oracle *o)
{
	if (!o->walking && !o->nr_walks)
		return xstrdup("--deep was not given");
	return xasprintf("%zu walks of %zu domains, %llu tables in %.3f s; %zu compared with one "
			 "before; %zu domains were unpreserved before a walk", o->nr_walks,
			 o->nr_walked, o->tables_walked, o->took_ns / 1e9, o->nr_walks_compared,
			 o->nr_gone);
}

static void summarise(struct oracle *o)
{
	int id;

	o->subjects[RULE_RESTORE_ONCE] = o->subjects[RULE_RESTORE];
	o->subjects[RULE_LOSS] = 1;
	o->subjects[RULE_FREED] = o->watching || o->nr_freed;
	o->subjects[RULE_KERNEL] = o->has_klog || o->nr_complaints;
	o->subjects[RULE_DEEP] = o->nr_walks;
	if (o->nr_before && !o->walking && o->subjects[RULE_RESTORE])
		find(o, RULE_DEEP, VERDICT_PASS, NULL, NULL, "%zu domains were walked in the kernel "
		     "before, and none here: --deep was not given", o->nr_before);
	if (o->walking && !o->nr_walks && o->nr_gone)
		find(o, RULE_DEEP, VERDICT_INCOMPLETE, NULL, NULL,
		     "all %zu domains were unpreserved before they were walked", o->nr_gone);
	for (id = 0; id < NR_RULES; id++) {
		if (!o->subjects[id] && o->checks[id].verdict == VERDICT_PASS)
			o->checks[id].verdict = VERDICT_NOT_CHECKED;
		if (id == RULE_LOSS)
			o->checks[id].summary = xasprintf("%llu events, %llu missing", o->nr_events,
							  o->missing);
		else if (id == RULE_FREED)
			o->checks[id].summary = xasprintf(o->subjects[id] ? "%zu pages" :
							  "the kernel does not tell", o->nr_freed);
		else if (id == RULE_KERNEL)
			o->checks[id].summary = xasprintf(o->subjects[id] ? "%zu complaints" :
							  "it was not read", o->nr_complaints);
		else if (id == RULE_DEEP)
			o->checks[id].summary = walks_summary(o);
		else
			o->checks[id].summary = xasprintf("%zu looked at, %zu objects unknown",
							  o->subjects[id], o->unknown[id]);
	}
}

void oracle__end(struct oracle *o, __u64 now_ns, __u64 lost)
{
	size_t pos = 0;
	uint64_t *at;

	if (lost > o->missing) {
		find(o, RULE_LOSS, VERDICT_INCOMPLETE, NULL, NULL,
		     "%llu events were counted as lost", lost);
		o->missing = lost;
	}
	if (!o->nr_events)
		find(o, RULE_LOSS, VERDICT_INCOMPLETE, NULL, NULL,
		     "not one event came: start lutrace check before the live update");
	if (!o->expecting && o->subjects[RULE_RESTORE]) {
		o->unknown[RULE_RESTORE] = o->subjects[RULE_RESTORE];
		find(o, RULE_RESTORE, VERDICT_UNKNOWN, NULL, NULL,
		     "give the recording of the kernel before with --before to have restores "
		     "compared");
	} else if (o->expecting && o->nr_left && !o->retrieved) {
		find(o, RULE_RESTORE, VERDICT_UNKNOWN, NULL, NULL,
		     "that the FLB was retrieved was not seen: what was restored before is "
		     "unknown");
	}
	while ((at = idmap__next(o->objects, &pos)))
		end_object(o, (struct object *)(uintptr_t)*at, now_ns);
	end_object(o, o->flb, now_ns);
	summarise(o);
}

/* What domains are */

/* Where @obj is in an automaton; @alone: it can be nowhere else. */
static const char *state_in(const struct object *obj, const char *name, bool *alone)
{
	const struct spec *spec;
	size_t i;

	for (i = 0; i < spec__count() && strcmp(spec__get(i)->name, name); i++)
		;
	spec = spec__get(i);
	*alone = obj->tracks[i].possible == 1u << obj->tracks[i].believed;
	return spec->states[obj->tracks[i].believed];
}

static bool holds_nothing(const struct object *obj)
{
	const char *state;
	bool certain;

	if (obj->kind != OBJECT_RECORD)
		return true;
	state = state_in(obj, "abort", &certain);
	return certain && !strcmp(state, "free");
}

bool oracle__flb_is_empty(const struct oracle *o)
{
	const char *state;
	bool certain;
	size_t pos = 0;
	uint64_t *at;

	state = state_in(o->flb, "flb", &certain);
	if (!certain || strcmp(state, "there") || o->missing ||
	    !holds_nothing(o->unseen[OBJECT_RECORD]))
		return false;
	while ((at = idmap__next(o->objects, &pos)))
		if (!holds_nothing((const struct object *)(uintptr_t)*at))
			return false;
	return true;
}

void oracle__flb_is_left(struct oracle *o, unsigned int seconds)
{
	find(o, RULE_FLB, VERDICT_VIOLATION, o->flb, NULL,
	     "the FLB is there without a domain, and for %u s no session has been open: a reference "
	     "to it was not given back", seconds);
}

enum domain_state oracle__domain(const struct oracle *o, __u64 ser_phys, __u64 generation,
				 bool *certain)
{
	uint64_t *at = idmap__find(o->objects, ser_phys, generation, OBJECT_RECORD);
	const struct object *obj = at ? (const struct object *)(uintptr_t)*at : NULL;
	const char *state;

	*certain = true;
	if (!obj)
		return DOMAIN_UNSEEN;
	if (obj->begun[LUTRACE_OP_PRESERVE])
		return DOMAIN_PRESERVING;
	if (obj->begun[LUTRACE_OP_UNPRESERVE])
		return DOMAIN_UNPRESERVING;
	if (obj->begun[LUTRACE_OP_RESTORE])
		return DOMAIN_RESTORING;
	state = state_in(obj, "restore-error", certain);
	if (!strcmp(state, "restored"))
		return DOMAIN_RESTORED;
	if (!strcmp(state, "refused"))
		return DOMAIN_REFUSED;
	state = state_in(obj, "once", certain);
	return strcmp(state, "preserved") ? DOMAIN_FREE : DOMAIN_PRESERVED;
}

const char *domain_state__name(enum domain_state state)
{
	static const char *const names[NR_DOMAIN_STATES] = {
		[DOMAIN_UNSEEN] = "not seen", [DOMAIN_FREE] = "free",
		[DOMAIN_PRESERVING] = "preserving", [DOMAIN_PRESERVED] = "preserved",
		[DOMAIN_UNPRESERVING] = "unpreserving", [DOMAIN_RESTORING] = "restoring",
		[DOMAIN_RESTORED] = "restored", [DOMAIN_REFUSED] = "refused",
	};

	return names[state];
}

/* The oracle */

enum rule_id rule__by_name(const char *name)
{
	int id;

	for (id = 0; id < NR_RULES && strcmp(rules[id].name, name); id++)
		;
	return id;
}

const char *rule__name(enum rule_id id)
{
	return rules[id].name;
}

const char *rule__title(enum rule_id id)
{
	size_t i;

	for (i = 0; !rules[id].title && i < spec__count(); i++)
		if (!strcmp(spec__get(i)->name, rules[id].name))
			return spec__get(i)->title;
	return rules[id].title;
}

static void resolve(struct oracle *o, size_t i)
{
	static const char *const outcomes[NR_OUTCOMES] = { "begin", "end", "fail" };
	const struct spec *spec = spec__get(i);
	char name[64];
	int op, k;

	o->rule_of[i] = rule__by_name(spec->check);
	if (o->rule_of[i] == NR_RULES) {
		complain("no rule is named \"%s\"", spec->check);
		abort();
	}
	for (op = 0; op < LUTRACE_NR_OPS; op++)
		for (k = 0; k < NR_OUTCOMES; k++) {
			snprintf(name, sizeof(name), "%s_%s", op__name(op), outcomes[k]);
			o->events[i][op][k] = spec__event(spec, spec->objects &
				1u << OBJECT_OPERATION ? outcomes[k] : name);
		}
}

struct oracle *oracle__new(violation_fn on_violation, void *priv)
{
	struct oracle *o = xcalloc(1, sizeof(*o));
	size_t i;

	o->on_violation = on_violation;
	o->priv = priv;
	for (i = 0; i < NR_RULES; i++) {
		o->checks[i].name = rule__name(i);
		o->checks[i].title = rule__title(i);
	}
	for (i = 0; i < spec__count(); i++)
		resolve(o, i);
	for (i = OBJECT_RECORD; i <= OBJECT_FLB; i++)
		o->unseen[i] = object__new(o, i, 0, 0);
	o->flb = object__new(o, OBJECT_FLB, 0, 0);
	o->objects = idmap__new();
	o->generations = idmap__new();
	o->left_at = idmap__new();
	o->before_at = idmap__new();
	o->before_by_token = idmap__new();
	o->accused = idmap__new();
	o->named = idmap__new();
	return o;
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

const struct check *oracle__check(const struct oracle *o, enum rule_id id)
{
	return &o->checks[id];
}

enum verdict oracle__verdict(const struct oracle *o)
{
	enum verdict verdict = VERDICT_PASS;
	int id;

	for (id = 0; id < NR_RULES; id++)
		if (o->checks[id].verdict != VERDICT_NOT_CHECKED && o->checks[id].verdict > verdict)
			verdict = o->checks[id].verdict;
	return verdict;
}

void oracle__print(const struct oracle *o, FILE *f)
{
	const struct check *check;
	size_t k;
	int id;

	fprintf(f, "check         verdict     claim (what was looked at)\n");
	for (id = 0; id < NR_RULES; id++) {
		check = oracle__check(o, id);
		fprintf(f, "%-13s %-11s %s (%s)\n", check->name, verdict__name(check->verdict),
			check->title, check->summary);
		for (k = 0; k < check->nr_details && k < CHECK_MAX_DETAILS; k++)
			fprintf(f, "  - %s\n", check->details[k]);
	}
	fprintf(f, "\nverdict: %s\n", verdict__name(oracle__verdict(o)));
}

size_t oracle__unknown(const struct oracle *o, enum rule_id id)
{
	return o->unknown[id];
}

size_t oracle__subjects(const struct oracle *o, enum rule_id id)
{
	return o->subjects[id];
}

__u64 oracle__nr_events(const struct oracle *o)
{
	return o->nr_events;
}

__u64 oracle__missing(const struct oracle *o)
{
	return o->missing;
}

static int by_end(const void *a, const void *b)
{
	const struct preserved *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

struct preserved *oracle__left(struct oracle *o, size_t *nr)
{
	struct preserved *left = xcalloc(idmap__count(o->objects), sizeof(*left));
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;

	*nr = 0;
	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		if (obj->then_known)
			left[(*nr)++] = obj->then;
	}
	qsort(left, *nr, sizeof(*left), by_end);
	return left;
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

size_t oracle__nr_compared(const struct oracle *o)
{
	return o->nr_compared;
}

size_t oracle__nr_reclaimed(const struct oracle *o)
{
	return o->nr_reclaimed;
}

void oracle__free(struct oracle *o)
{
	size_t pos = 0, i, k;
	uint64_t *at;

	while ((at = idmap__next(o->objects, &pos)))
		object__free((struct object *)(uintptr_t)*at);
	for (i = OBJECT_RECORD; i <= OBJECT_FLB; i++)
		object__free(o->unseen[i]);
	object__free(o->flb);
	free(o->reclaimed);
	for (i = 0; i < NR_RULES; i++) {
		free(o->checks[i].summary);
		for (k = 0; k < CHECK_MAX_DETAILS; k++)
			free(o->checks[i].details[k]);
	}
	idmap__free(o->objects);
	idmap__free(o->generations);
	idmap__free(o->left_at);
	idmap__free(o->before_at);
	idmap__free(o->before_by_token);
	idmap__free(o->accused);
	idmap__free(o->named);
	free(o);
}
