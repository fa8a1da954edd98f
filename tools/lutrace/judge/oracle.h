/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judges the events of one boot as they come, by the automata of bpf/spec and
 * by what the events must agree in. Pure: it is fed records and gives verdicts.
 * docs/checks.md lists the rules.
 */
#ifndef LUTRACE_ORACLE_H
#define LUTRACE_ORACLE_H

#include <stddef.h>
#include <stdio.h>
#include "model/names.h"
#include "model/selection.h"
#include "recording/recording.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_NOT_CHECKED,	/* nothing to check it on was given */
	VERDICT_UNKNOWN,	/* it was before lutrace looked; the report says incomplete */
	VERDICT_INCOMPLETE,	/* something was lost or not seen */
	VERDICT_VIOLATION,	/* wins over all others */
};

/* RULE_LOSS and so on: rules.def has all rules. */
enum rule_id {
#define RULE(ID, row) RULE_##ID,
#include "judge/rules.def"
#undef RULE
	NR_RULES,
};

/* NR_RULES if there is none of that name. */
enum rule_id rule__by_name(const char *name);
const char *rule__name(enum rule_id id);
/* What holds if it is not broken, in words. */
const char *rule__title(enum rule_id id);

#define TALLY_NUMBERS	8

/* What a rule looked at, in one kernel or added up over several. */
struct tally {
	size_t kernels;			/* how many this is of */
	size_t watched;			/* those of them where what the rule needs was looked at */
	size_t subjects;		/* what it was looked at on */
	size_t unknown;			/* objects that it could not be decided on */
	__u64 n[TALLY_NUMBERS];		/* more that it counts: the file of the rule says what */
};

/* In n[] of RULE_LOSS. The oracle counts the first two; who reads recordings knows the others. */
enum {
	LOSS_EVENTS,			/* that came */
	LOSS_MISSING,			/* sequence numbers that did not */
	LOSS_RECORDINGS,		/* that were read; 0: none, and the next two are not known */
	LOSS_RING,			/* events that did not fit into the ring buffer */
	LOSS_RUNS,			/* times that the kernel skipped a program */
};

void tally__add(struct tally *sum, const struct tally *t);
/* What was looked at in words, as it stands in brackets behind the title; to free. */
char *rule__summary(enum rule_id id, const struct tally *t);

#define CHECK_MAX_DETAILS 20

struct check {
	const char *name, *title;
	enum verdict verdict;
	char *summary;			/* one line, also when it passed */
	char *details[CHECK_MAX_DETAILS];
	size_t nr_details;		/* may be more than are kept */
};

/* A domain that is preserved: its identity and what it was then. */
struct preserved {
	__u64 ser_phys, generation;
	__u64 top_phys, nr_tables, nr_bytes;
	__u32 format, top_level;
	__u64 seq;			/* of the end of its preserve */
};

struct preserved preserved__of(const struct lutrace_event *ev);
/* Whether the page table of @ev is another one; @text says in what it differs first. */
bool preserved__differs(const struct preserved *p, const struct lutrace_event *ev, char *text,
			size_t size);

/* The first event that a kernel emits has this number. */
#define ORACLE_FIRST_SEQ	1

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
	__u64 seq;			/* of the last event of the object; 0: there was none */
	/*
	 * The last events of the object, oldest first; the last one broke the rule, if one did. After
	 * oracle__forget() only that one, if one did.
	 */
	const struct lutrace_event *events;
	size_t nr_events;
};

/* Called at once; what @v points to is gone when it returns. */
typedef void (*violation_fn)(void *priv, const struct violation *v);

struct oracle;

/* @on_violation may be NULL; then no history is kept. */
struct oracle *oracle__new(violation_fn on_violation, void *priv);

/* What recordings of the previous kernel tell. They may have ended long before its kexec. */
struct previous {
	const struct preserved *left;	/* what was preserved when they ended */
	size_t nr_left;
	/*
	 * Nothing is missing in them from the kernel's first event until they end: no number, nothing
	 * that was counted, nothing that was left out on purpose.
	 */
	bool gapless;
	bool ended;			/* they ended properly: they were not cut */
	bool reaches;			/* they have all until the kexec: the caller has proof */
	__u64 last_generation;		/* the largest one that they have; 0: none */
	__u64 running;			/* the smallest one whose preserve had not ended; 0: none */
	__u64 unseen_ns;		/* from their end to where the next kernel was seen; 0: unknown */
};

/* @previous is copied; what it points to must outlive the oracle. To be called before any event. */
void oracle__expect(struct oracle *o, const struct previous *previous);
/*
 * Whether it is proven that what was preserved at the kexec is what the recordings of the previous
 * kernel ended with, so that what is not there was not preserved: they are gapless, and the caller says
 * so, or no preserve was running, and what this kernel found when it retrieved the FLB is as it was then. A kernel that tells the largest
 * generation proves it by that and the number of domains, another one by the number of domains if the
 * recordings ended properly.
 */
bool oracle__previous_is_proven(const struct oracle *o);
/* How the kernel before called what it left; must outlive the oracle. */
void oracle__expect_names(struct oracle *o, const struct names *before);
/*
 * @p was preserved before the events that are still to come. Where there were
 * events of it, or of its root, its slot or the FLB, those say more and hold.
 */
void oracle__listed(struct oracle *o, const struct preserved *p);
/*
 * For recordings, which may be large: objects that nothing holds are forgotten when the FLB goes, for
 * oracle__domain() too, and no history is kept. To be called before any event.
 */
void oracle__forget(struct oracle *o);
/* Pages that are freed while they are preserved will be told, if there are any. */
void oracle__watch_freed(struct oracle *o);
/* The kernel's log is read. */
void oracle__watch_klog(struct oracle *o);
/*
 * Page tables will be walked, or, with @missing, would have been: it says why not.
 * The walks of what the previous kernel left must outlive the oracle; @whole: each
 * domain that it left was walked. @before NULL: nothing is known of that kernel's.
 */
void oracle__watch_deep(struct oracle *o, const char *missing);
void oracle__expect_deep(struct oracle *o, const struct lutrace_deep *before, size_t nr,
			 bool whole);
/*
 * Whether a domain is selected. One that is not known to be selected or not is reported, and not counted.
 * @text: set to how its operator calls it ("" if that is not known), unless it is NULL. @pid: of its last
 * event.
 */
typedef enum selected (*about_fn)(void *priv, __u64 ser_phys, __u64 generation, __u32 pid,
				  struct name_text *text);
/* What is not wanted is in no verdict and is counted; all else is found as without this. */
void oracle__about(struct oracle *o, about_fn about, void *priv);
size_t oracle__left_out(const struct oracle *o);
/* The next event, in the order of the kernel's numbers: the kernel emits them under one lock. */
void oracle__event(struct oracle *o, const struct lutrace_event *ev);
/* How a domain is called now, at any time between the events, and again whenever more is known. */
void oracle__name(struct oracle *o, const struct name *name);
/* Such a page, at any time between the events: it has no number. */
void oracle__freed(struct oracle *o, const struct lutrace_freed *freed);
/* At any time too: what the kernel's log said. */
void oracle__complaint(struct oracle *o, const struct lutrace_complaint *complaint);
/* The FLB is there for certain, and no domain is preserved, is being or may be. */
bool oracle__flb_is_empty(const struct oracle *o);
/* It is so although no session is open, and has been for @seconds. */
void oracle__flb_is_left(struct oracle *o, unsigned int seconds);
/* It is so, and whether a session is open cannot be known. */
void oracle__flb_may_be_left(struct oracle *o);
/* The FLB of the kernel before was retrieved for certain, and its finish has not begun. */
bool oracle__flb_is_incoming(const struct oracle *o);
/* It is so although no session of that kernel is left, and none has been for @seconds. */
void oracle__flb_not_finished(struct oracle *o, unsigned int seconds);
/* After the finish so many of the tables that were looked at are still reserved, the first at @phys. */
void oracle__left_reserved(struct oracle *o, size_t nr, size_t looked_at, __u64 phys);
/*
 * How many tables the domains have that are preserved or reclaimed, as far as they were walked, and how many
 * pages of page tables the kernel counted when they all were there.
 */
void oracle__counted(struct oracle *o, __u64 nr_tables, __u64 nr_counted);
/* Such a walk, after the events that came before it. */
void oracle__deep(struct oracle *o, const struct lutrace_deep *walk);
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

/* After oracle__end(): a rule in @required, of NR_RULES, that had nothing to look at is incomplete. */
void oracle__require(struct oracle *o, const bool *required);
/* After oracle__end(): the verdict of a rule. */
const struct check *oracle__check(const struct oracle *o, enum rule_id id);
/* Of all rules; before oracle__end(): so far. */
enum verdict oracle__verdict(const struct oracle *o);
/* After oracle__end(): a line for each rule, what was found, and the verdict. */
void oracle__print(const struct oracle *o, FILE *f);
/* What the rule was looked at on, until now. */
const struct tally *oracle__tally(const struct oracle *o, enum rule_id id);
__u64 oracle__nr_events(const struct oracle *o);
/* Events that did not come, as far as is known. */
__u64 oracle__missing(const struct oracle *o);
/* The smallest generation of a domain that is being preserved now; 0: there is none. */
__u64 oracle__running(const struct oracle *o);
/* What is preserved now, in the order in which it was; to free. */
struct preserved *oracle__left(struct oracle *o, size_t *nr);
/* The last walk of each of these that was walked; to free. */
struct lutrace_deep *oracle__walks(struct oracle *o, size_t *nr);
/* Domains that the previous kernel left and that were restored. */
size_t oracle__nr_reclaimed(const struct oracle *o);
void oracle__free(struct oracle *o);

const char *verdict__name(enum verdict verdict);
/* The exit status that goes with it. */
int verdict__status(enum verdict verdict);

#endif
