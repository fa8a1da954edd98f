/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the oracle knows of one thing: a record, a root, a slot, or the FLB. For the files of judge/
 * alone.
 */
#ifndef LUTRACE_OBJECT_H
#define LUTRACE_OBJECT_H

#include <stddef.h>
#include "judge/oracle.h"
#include "judge/spec.h"

#define MAX_SPECS	16

/* One kind of operation on an object. */
struct operation {
	struct track track;		/* in the automaton of OBJECT_OPERATION */
	__u64 begun;			/* ns; 0: none is running */
};

/*
 * A recording has millions of them, so each has only what its kind needs: a slot ends before the union,
 * and behind an object stand its tracks and operations. object__new() alone makes them.
 */
struct object {
	__u64 a, b;			/* address and generation, root, slot; 0 for the FLB */
	__u64 missing;			/* what the tracks know of it */
	__u32 undecided;		/* bit 1 << enum rule_id */
	__u8 kind;			/* enum object_kind */
	__u8 nr_tracks;
	bool started;			/* the automata are: events came, or it was listed */
	bool blamed;			/* for having changed */
	bool then_known;		/* then is: it is preserved */
	bool is_restored, walked;	/* of a root */
	__u8 nr_history;
	__u32 pid;			/* of the last event */
	int error;			/* of the last operation */
	union {
		struct {		/* of a record, and the FLB */
			struct preserved then;	/* of the preserve, if that was seen or is listed */
			__u64 top_phys;
			__u64 last_seq;	/* of the last event; 0: none */
			struct lutrace_event *history;	/* NULL: none */
			struct lutrace_deep *walk;	/* the first one of this domain; NULL: none yet */
		};
		struct {		/* of a root */
			struct preserved restored;	/* what its restore said */
			__u64 holder_a, holder_b;	/* the record that has it */
		};
	};
};

/* Bytes of an object of that kind with all that stands behind it. */
size_t object__size(const struct oracle *o, enum object_kind kind);
/* Its place in the automaton @i, which must be one for its kind. */
struct track *object__track(const struct oracle *o, const struct object *obj, size_t i);
/* What is known of @op, enum lutrace_op, which must be one on objects of its kind. */
struct operation *object__operation(const struct object *obj, unsigned int op);
/* The operations on objects of a kind: all from @first on, @nr of them. */
void object_kind__operations(enum object_kind kind, unsigned int *first, unsigned int *nr);
/* Whether an @op of it has begun and not ended. False for what is no operation on it. */
bool object__runs(const struct object *obj, unsigned int op);

/* What was lost since @obj was looked at last may have happened to it. */
void object__catch_up(struct oracle *o, struct object *obj);
/* As it is before any event of it. It is in no map: object__get() is what is wanted. */
struct object *object__new(struct oracle *o, enum object_kind kind, __u64 a, __u64 b);
void object__free(struct object *obj);
/* NULL: nothing is known of it. */
struct object *object__find(const struct oracle *o, enum object_kind kind, __u64 a, __u64 b);
/* Made if there is none; what was lost is caught up with. */
struct object *object__get(struct oracle *o, enum object_kind kind, __u64 a, __u64 b);
/* Its automata begin: in their initial state, or, if that is not @known, in any. */
void object__start(struct oracle *o, struct object *obj, bool known);
/*
 * The automata are where the operation @op leads from their initial state. Those that do not listen to
 * it know nothing of the object.
 */
void object__start_after(struct oracle *o, struct object *obj, unsigned int op);
/* @ev is the last event of it. */
void object__remember(struct oracle *o, struct object *obj, const struct lutrace_event *ev);
/* Frees all that are as if they came anew. What points to one must not be used any more. */
void object__forget_new(struct oracle *o);
void object__forget_walk(struct object *obj);
/* Before @ev, a begin of preserve: the last domain in this slot is freed if nothing holds it. */
void object__forget_last(struct oracle *o, const struct lutrace_event *ev);
/* Where @obj is in the automaton @name; @alone: it can be nowhere else. */
const char *object__state(const struct oracle *o, const struct object *obj, const char *name,
			  bool *alone);
/* Whether no domain is preserved, is being or may be in that record. */
bool object__holds_nothing(const struct oracle *o, const struct object *obj);

#endif
