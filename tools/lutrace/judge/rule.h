/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a rule is, and what the oracle offers to it. For the files of judge/ alone.
 *
 * A new rule is a file rule_NAME.c with a row `const struct rule rule_NAME`, and a line in rules.def.
 * The row says what the rule is called, what it looks at and how that is told; the oracle, the report
 * and `lutrace top` need not know of it. What an automaton in bpf/spec can say needs no code here: its
 * file NAME.dot or NAME.PART.dot belongs to the rule of that name. docs/checks.md describes the rules.
 */
#ifndef LUTRACE_RULE_H
#define LUTRACE_RULE_H

#include "judge/object.h"
#include "judge/oracle.h"
#include "lib/idmap.h"
#include "lib/mem.h"

#define NR_OUTCOMES	3		/* of an event: begin, end, fail */

struct rule {
	const char *name;		/* as in details, JSON and bpf/spec */
	const char *title;		/* NULL: the label of bpf/spec/NAME.dot */
	/*
	 * What was looked at, in words, to free; @t->subjects may be 0. The oracle adds how many objects
	 * could not be decided.
	 */
	char *(*summary)(const struct tally *t);
	/* Bytes of state that the rule has in each oracle, zeroed at first: oracle__state(). */
	size_t state_size;
	void (*release)(struct oracle *o);	/* frees what is in that state */

	/* Each of the following may be NULL. All of them find with oracle__report(). */

	/*
	 * Each event after the automata have seen it. @obj: its record, or the FLB. What @obj knows of a
	 * domain (object.h: then, then_known, walk) is as it was before the event.
	 */
	void (*event)(struct oracle *o, struct object *obj, const struct lutrace_event *ev);
	/* oracle__name(), oracle__deep(), oracle__freed() and oracle__complaint() */
	void (*named)(struct oracle *o, const struct name *name);
	void (*walked)(struct oracle *o, const struct lutrace_deep *walk);
	void (*freed)(struct oracle *o, const struct lutrace_freed *freed);
	void (*complained)(struct oracle *o, const struct lutrace_complaint *complaint);
	/* oracle__end(): first for each object, then once. @now_ns: CLOCK_MONOTONIC. */
	void (*end_object)(struct oracle *o, struct object *obj, __u64 now_ns);
	void (*end)(struct oracle *o);
};

#define RULE(ID, row) extern const struct rule rule_##row;
#include "judge/rules.def"
#undef RULE

/* rules.c */
const struct rule *rule__get(enum rule_id id);

struct oracle {
	violation_fn on_violation;
	void *priv;
	about_fn about;
	void *about_priv;
	size_t left_out;
	struct check checks[NR_RULES];
	const char *causes[NR_RULES][CHECK_MAX_DETAILS];	/* of each detail: verdict.c */
	size_t alike[NR_RULES][CHECK_MAX_DETAILS];	/* how many more were found of its cause */
	struct tally tallies[NR_RULES];
	void *states[NR_RULES];		/* of the rules; NULL: it has none */
	enum rule_id rule_of[MAX_SPECS];
	unsigned char events[MAX_SPECS][LUTRACE_NR_OPS][NR_OUTCOMES];
	unsigned char track_at[OBJECT_FLB + 1][MAX_SPECS];	/* of each kind: which of its tracks */
	unsigned char nr_tracks[OBJECT_FLB + 1];
	struct object *unseen[OBJECT_FLB + 1];	/* what an object is before it is seen */
	struct object *flb;
	struct idmap *objects;		/* kind, a, b: struct object */
	struct idmap *generations;	/* slot: the last one */
	bool flb_listed;
	__u64 nr_events, first_seq, last_seq, missing;
	bool forgets;			/* nobody asks for one object, nor for histories */
	/* What is known of the previous kernel. */
	bool expecting;			/* anything is */
	struct previous previous;
	/* What this kernel found when it retrieved the FLB, and whether it was seen to. */
	bool retrieved;
	__u64 nr_incoming;		/* live records */
	__u64 incoming_generation;	/* the largest that was ever used; 0: not told */
	const struct names *names_before;	/* NULL: none */
};

/* The state of a rule, which must have some. */
void *oracle__state(const struct oracle *o, enum rule_id id);
/*
 * The rule was looked at on one more thing. A domain that is not selected is not counted, and false
 * comes back; all else concerns all.
 */
bool oracle__count(struct oracle *o, enum rule_id id, const struct object *obj);
/* The same of a domain of which there may have been no event. */
void oracle__count_domain(struct oracle *o, enum rule_id id, __u64 ser_phys, __u64 generation);

struct words {
	char s[160];
};

/* previous.c: why what the previous kernel preserved at last may not have been seen, for a finding. */
struct words previous__unseen(const struct oracle *o);

/* words.c: in words, for findings. */
struct words words__event(const struct lutrace_event *ev);
struct words words__object(const struct object *obj);
/* Where it is in an automaton, since when, and why if its last operation failed. */
struct words words__state(const struct object *obj, const struct spec *spec,
			  const struct track *track);

/*
 * verdict.c: adds a finding to the check of a rule, whose verdict is @verdict or worse from then on.
 * @obj: what it is about; of a domain that is not selected it is dropped. @ev: the event that showed it.
 * Both may be NULL. Findings about objects that are no violation and have the same @fmt (which must be a
 * constant) are one line with a count.
 */
void oracle__report(struct oracle *o, enum rule_id id, enum verdict verdict, struct object *obj,
		    const struct lutrace_event *ev, const char *fmt, ...) PRINTF(6, 7);
/* The verdict on what was not seen, be it lost, or before the first event. */
enum verdict oracle__unseen_verdict(const struct oracle *o);
/* Nothing is reported any more: says in the details how many were alike. */
void oracle__count_alike(struct oracle *o);

/* automata.c: steps objects through the automata of bpf/spec, which report to the rule they belong to. */
/* @blame: the object that is shown; a root or a slot has no history of its own. NULL: nothing is. */
void automata__step_all(struct oracle *o, struct object *obj, struct object *blame,
			const struct lutrace_event *ev);
void automata__step_operation(struct oracle *o, struct object *obj, const struct lutrace_event *ev);
/* What happens to the FLB happens to all that is in it. */
void automata__broadcast(struct oracle *o, const struct lutrace_event *ev);
/* What an object was left in, if it may not be. */
void automata__end_object(struct oracle *o, struct object *obj);
/* Finds out which events automaton @i listens to, and which rule it belongs to. */
void automata__resolve(struct oracle *o, size_t i);

#endif
