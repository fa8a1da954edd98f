/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found out about a machine, one sentence each, with what to do where something is
 * missing. doctor fills a list, ready another one from it. Nothing here touches a kernel.
 */
#ifndef LUTRACE_FINDINGS_H
#define LUTRACE_FINDINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum finding_state {
	FINDING_OK,
	FINDING_MISSING,
	FINDING_UNKNOWN, /* it could not be looked at */
};

/* What cannot work without it, as bits; 0: only worth knowing. */
enum finding_need {
	FOR_RECORD = 1 << 0,  /* lutrace record, with BPF */
	FOR_WALK = 1 << 1,    /* lutrace walk */
	FOR_UPDATE = 1 << 2,  /* the live update itself */
	FOR_TRACEFS = 1 << 3, /* lutrace record, where BPF cannot be used */
};

struct finding {
	const char *name; /* a word that stays the same; not owned */
	enum finding_state state;
	unsigned int needs;
	char *text;   /* what is so */
	char *advice; /* what to do about it; NULL if there is nothing to do */
	char *detail; /* what would make the text too long; NULL if there is none */
};

struct findings {
	struct finding *items;
	size_t nr, room;
};

/*
 * Takes over @text and @advice, which come from xasprintf(); @advice may be NULL. Returns the new
 * one, until the next is added, so that it can get a detail.
 */
struct finding *findings__add(struct findings *list, const char *name, unsigned int needs,
			      enum finding_state state, char *text, char *advice);
void findings__free(struct findings *list);

const struct finding *findings__by_name(const struct findings *list, const char *name);

/* OK if all that has a bit of @needs is; what is missing wins over what is unknown. */
enum finding_state findings__state(const struct findings *list, unsigned int needs);
/* The names of what is @state and has a bit of @needs, ", " in between. Free it. */
char *findings__names(const struct findings *list, unsigned int needs, enum finding_state state);

const char *finding_state__name(enum finding_state state);

/* One line each, and one for the advice; with @details those too. */
void findings__print(const struct findings *list, bool details, FILE *f);
/* An array; docs/lutrace-doctor.1 says of what. */
json_t *findings__json(const struct findings *list);

#endif
