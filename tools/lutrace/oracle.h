/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judges the events of one boot as they come, by the automata of bpf/spec and
 * by what the events must agree in. Pure: it is fed records and gives verdicts.
 * docs/checks.md lists the rules.
 */
#ifndef LUTRACE_ORACLE_H
#define LUTRACE_ORACLE_H

#include "analysis.h"

enum rule_id {
	RULE_LOSS,		/* every event came, once, in order */
	RULE_PAIRS,
	RULE_ONCE,
	RULE_UNCHANGED,
	RULE_ABORT,
	RULE_GENERATION,
	RULE_UNDO,		/* what undoes does not fail */
	RULE_FLB,
	RULE_RESTORE,
	RULE_RESTORE_ONCE,
	RULE_RESTORE_ERROR,
	RULE_FINISH,
	NR_RULES,
};

/* How many of an object's last events are kept to be shown. */
#define ORACLE_HISTORY	8

/* What a domain is, as far as events told. */
enum domain_state {
	DOMAIN_UNSEEN,		/* no event of it came, or its record is another one's since */
	DOMAIN_FREE,
	DOMAIN_PRESERVING,
	DOMAIN_PRESERVED,
	DOMAIN_UNPRESERVING,
	DOMAIN_RESTORING,
	DOMAIN_RESTORED,
	DOMAIN_REFUSED,		/* its restore was */
	NR_DOMAIN_STATES,
};

struct violation {
	const char *rule, *text;
	__u64 ser_phys, generation;	/* of the domain; 0 for the FLB */
	__u64 top_phys;			/* its root when it was preserved or restored; 0: unknown */
	/* The last events of the object, oldest first; the last one broke the rule. */
	const struct lutrace_event *events;
	size_t nr_events;
};

/* Called at once; what @v points to is gone when it returns. */
typedef void (*violation_fn)(void *priv, const struct violation *v);

struct oracle;

struct oracle *oracle__new(violation_fn on_violation, void *priv);
/*
 * What the kernel before left preserved; must outlive the oracle. @whole: its
 * recording missed nothing, so what is not there was not preserved.
 */
void oracle__expect(struct oracle *o, const struct preserved *left, size_t nr, bool whole);
/*
 * @p was preserved before the events that are still to come. Where there were
 * events of it, or of its root, its slot or the FLB, those say more and hold.
 */
void oracle__listed(struct oracle *o, const struct preserved *p);
/* The next event, in the order of the ring buffer. */
void oracle__event(struct oracle *o, const struct lutrace_event *ev);
/*
 * Nothing comes any more. @now_ns: CLOCK_MONOTONIC; @lost: events that were
 * counted but did not come, wherever that was.
 */
void oracle__end(struct oracle *o, __u64 now_ns, __u64 lost);

/*
 * By the automata, for the domain with this record. @certain is false if
 * events that were not seen could have led to another state.
 */
enum domain_state oracle__domain(const struct oracle *o, __u64 ser_phys, __u64 generation,
				 bool *certain);
/* "preserved" and so on. */
const char *domain_state__name(enum domain_state state);

/* After oracle__end(): the verdict of a rule. */
const struct check *oracle__check(const struct oracle *o, enum rule_id id);
/* Of all rules; before oracle__end(): so far. */
enum verdict oracle__verdict(const struct oracle *o);
/* After oracle__end(): a line for each rule, what was found, and the verdict. */
void oracle__print(const struct oracle *o, FILE *f);
/* Objects that the rule could not be decided on. */
size_t oracle__unknown(const struct oracle *o, enum rule_id id);
__u64 oracle__nr_events(const struct oracle *o);
void oracle__free(struct oracle *o);

#endif
