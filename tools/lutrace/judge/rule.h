/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The oracle from inside: its state, and what its parts, the rules among them, have of each other. For
 * the files of judge/ alone.
 */
#ifndef LUTRACE_RULE_H
#define LUTRACE_RULE_H

#include "judge/object.h"
#include "lib/idmap.h"
#include "lib/mem.h"

#define NR_OUTCOMES	3

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

struct words {
	char s[160];
};

/* words.c: in words, for findings. */
struct words words__event(const struct lutrace_event *ev);
struct words words__object(const struct object *obj);
struct words words__state(const struct object *obj, const struct spec *spec,
			  const struct track *track);
/* verdict.c: adds a finding to a check. */
void oracle__report(struct oracle *o, enum rule_id id, enum verdict verdict, struct object *obj,
		    const struct lutrace_event *ev, const char *fmt, ...) PRINTF(6, 7);
enum verdict oracle__unseen_verdict(const struct oracle *o);
/* automata.c */
void automata__step_all(struct oracle *o, struct object *obj, struct object *blame,
			const struct lutrace_event *ev);
void automata__step_operation(struct oracle *o, struct object *obj, const struct lutrace_event *ev);
void automata__broadcast(struct oracle *o, const struct lutrace_event *ev);
void automata__end_track(struct oracle *o, size_t i, struct object *obj);
void automata__resolve(struct oracle *o, size_t i);
/* oracle.c */
void oracle__on_first(struct oracle *o, const struct lutrace_event *ev);
/* rules.c */
void oracle__summarise(struct oracle *o);
/* rule_undo.c */
void rule_undo__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev);
/* rule_generation.c */
void rule_generation__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev);
void oracle__drop_generations(struct oracle *o);
/* rule_unchanged.c */
void rule_unchanged__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev);
/* rule_deep.c */
void rule_deep__restored(struct oracle *o, struct object *obj, const struct lutrace_event *ev);
void rule_deep__end_object(struct oracle *o, struct object *obj);
char *rule_deep__summary(const struct oracle *o);
/* rule_restore.c */
void rule_restore__restored(struct oracle *o, struct object *obj, const struct lutrace_event *ev);
void rule_restore__retrieved(struct oracle *o, const struct lutrace_event *ev);
/* rule_loss.c */
bool rule_loss__event(struct oracle *o, const struct lutrace_event *ev);

#endif
