/* SPDX-License-Identifier: GPL-2.0-only */
/* How a comparison is made, and in which forms it is written: the options that compare and gate share. */
#ifndef LUPERF_FORMS_H
#define LUPERF_FORMS_H

#include <argp.h>
#include "lib/outfile.h"
#include "luperf/compare/print.h"

/* Beside the text */
enum form { FORM_JSON, FORM_MARKDOWN, FORM_JUNIT, NR_FORMS };

struct forms {
	const char *limits;
	double q;			/* COMPARE_Q unless --rate says otherwise */
	char **allowed;
	size_t nr_allowed, allowed_room;
	const char *paths[NR_FORMS];
	/* From forms__open() on */
	struct metrics metrics;
	struct outfile *text, *files[NR_FORMS];
};

/* A child of a command's argp, whose input is a struct forms that is all 0. */
extern const struct argp forms_argp;

/*
 * Reads the limits and opens all outputs, before anything is compared. Text is on standard output unless a form is.
 * -1 with @fault.
 */
int forms__open(struct forms *forms, struct fault *fault);
struct compare_options forms__how(const struct forms *forms);
/* The stream of the text; NULL: there is none. Only before forms__write(). */
FILE *forms__text(const struct forms *forms);
/* Writes all forms but the text, and commits all. Returns a status. */
int forms__write(struct forms *forms, const struct comparison *c, const struct sides *sides);
/* Outputs that were not written are as they were. */
void forms__free(struct forms *forms);

#endif
