/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel's command line, read as the kernel reads it: its words, and the switches that a live
 * update needs. parameters.c compares two of them, lutrace doctor looks at the running one. Pure.
 */
#ifndef NEXT_CMDLINE_H
#define NEXT_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/* A part of the text, which is not ended by a NUL */
struct span {
	const char *text;
	size_t length;
};

bool span__begins(struct span span, const char *prefix);
bool span__equal(struct span a, struct span b);

/* "name=value", without the quotes around it or around the value */
struct cmdline_word {
	struct span name;
	bool has_value; /* there is an '=' */
	struct span value;
};

/* The word that begins at @text, with all of its quotes, which protect blanks; empty at a blank */
struct span cmdline__word_at(const char *text);

/*
 * Takes the next word from *@text, which begins as the command line and is moved on. Returns false
 * at the end, and at "--", behind which is what init gets.
 */
bool cmdline__next_word(const char **text, struct cmdline_word *word);

/* Is it the parameter @name, which has '_' where the word may have '-' as well? */
bool cmdline_word__is(const struct cmdline_word *word, const char *name);

/*
 * Takes the next of the options between commas from *@list, which begins as a word's value. Returns
 * false at the end.
 */
bool cmdline__next_option(struct span *list, struct span *option);

enum cmdline_switch {
	CMDLINE_UNSET, /* the kernel's own default holds */
	CMDLINE_OFF,
	CMDLINE_ON,
};

struct cmdline {
	enum cmdline_switch kho;
	enum cmdline_switch liveupdate;
	enum cmdline_switch vtd;	  /* intel_iommu= */
	enum cmdline_switch vtd_scalable; /* intel_iommu=sm_on */
	enum cmdline_switch amd_v2;	  /* amd_iommu=pgtbl_v2 */
};

/* The last word that the kernel understands wins, as there */
void cmdline__read(const char *text, struct cmdline *out);

#endif
