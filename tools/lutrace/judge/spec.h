/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The automata of bpf/spec, and where an object is in one of them. What came
 * before the first event, and what was lost, is not known: an object is in one
 * of several states then, and breaks a rule only if no past explains it.
 */
#ifndef LUTRACE_SPEC_H
#define LUTRACE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an automaton is about; one instance for each. */
enum object_kind {
	OBJECT_OPERATION,	/* an operation on one object */
	OBJECT_RECORD,		/* a domain's record: address and generation */
	OBJECT_ROOT,		/* the top page of a page table */
	OBJECT_SLOT,		/* the place of a record: its address */
	OBJECT_FLB,
};

#define SPEC_NO			0xff
#define SPEC_MAX_STATES		32
#define SPEC_MAX_EVENTS		32

struct spec {
	const char *name, *check, *title;
	unsigned int objects;		/* bit 1 << enum object_kind */
	unsigned int nr_states, nr_events, initial;
	uint32_t finals;		/* states in which an object may be left */
	const char *states[SPEC_MAX_STATES];
	const char *events[SPEC_MAX_EVENTS];
	const unsigned char *next;	/* [state * nr_events + event], or SPEC_NO */
};

/* Where an object is: the state that what was seen leads to, and all that are possible. */
struct track {
	uint32_t possible;
	uint8_t believed;
	uint64_t since;		/* for whoever steps it: the event that led there; 0: none */
};

enum step {
	STEP_FINE,
	STEP_UNKNOWN,		/* only a past that was not seen explains it */
	STEP_BROKEN,		/* nothing explains it */
};

size_t spec__count(void);
const struct spec *spec__get(size_t i);
/* The event of this name, or SPEC_NO if the automaton does not listen to it. */
unsigned int spec__event(const struct spec *spec, const char *name);

/* The initial state, or any if @known is false. */
struct track track__start(const struct spec *spec, bool known);
/* After a broken step the object goes on as if the event had been allowed. */
enum step track__step(struct track *track, const struct spec *spec, unsigned int event);
/* @lost events may have come, of which nothing is known. */
void track__widen(struct track *track, const struct spec *spec, uint64_t lost);

#endif
