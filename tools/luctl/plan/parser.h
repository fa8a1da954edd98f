/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the parser of plans share, and nobody else includes. */
#ifndef LUCTL_PARSER_H
#define LUCTL_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mem.h"

#include "plan/plan.h"

struct taken;

#define MAX_WORDS 16
#define MAX_KEYS 8

struct word {
	char *key; /* NULL: the word has no '=' */
	char *value;
};

struct parser {
	struct plan *plan;
	struct taken *taken; /* that are taken */
	const char *file;
	int line;
	char *err;
	size_t err_size;
	const struct keyword *keyword;
	char *rest; /* the line after the keyword, for keywords that take it as it is */
	struct word words[MAX_WORDS];
	size_t nr_words;
	size_t nr_names; /* words without '=' come first */
};

struct keyword {
	const char *name;
	const char *usage;
	int (*parse)(struct parser *p);
	size_t nr_names;
	bool raw; /* the rest of the line is not split into words */
	const char *keys[MAX_KEYS];
};

/* Both write the sentence "FILE:LINE: ..." and return -1 */
int parser__fail_at(struct parser *p, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#define parser__fail(p, ...) parser__fail_at(p, (p)->line, __VA_ARGS__)
int parser__fail_no_memory(struct parser *p);

/* Makes room for one more element after the first @nr, and clears it; NULL: no memory */
void *plan__grow(void *array, size_t nr, size_t size);

/* A new, cleared element at the end of plan->ARRAY, or NULL */
#define plan__append(plan, array)                                                                  \
	({                                                                                         \
		void *__p = plan__grow((plan)->array, (plan)->nr_##array, sizeof(*(plan)->array)); \
		if (__p)                                                                           \
			(plan)->array = __p;                                                       \
		__p ? &(plan)->array[(plan)->nr_##array++] : NULL;                                 \
	})

/* Refuses what is no text, at its line: plans have no control characters but tabs and line ends */
int parser__check_bytes(struct parser *p, const char *text, size_t size);

/* Takes the words of @text, which it changes, and checks them against the keyword's usage */
int parser__split_words(struct parser *p, char *text);
int parser__check_words(struct parser *p);

/* The value of a key of the line; NULL if it is not given, which get_key() takes for an error */
const char *parser__find_key(struct parser *p, const char *key);
const char *parser__get_key(struct parser *p, const char *key);

/* Values of keys, in the form that luctl(8) has; @key NULL: a word that has none */
int parser__number(struct parser *p, const char *key, const char *value, uint64_t *out);
int parser__get_number(struct parser *p, const char *key, uint64_t *out);
int parser__get_number_or(struct parser *p, const char *key, uint64_t *out, uint64_t missing);
int parser__get_yes_no(struct parser *p, const char *key, bool *out);
int parser__check_name(struct parser *p, const char *name);

/* NULL: there is none of that name */
const struct keyword *keyword__find(const char *name);

/* Checks that need the whole plan, for which it is indexed */
int check__plan(struct parser *p);

/*
 * What plan__find_area() and the like work with: query__index() sorts the areas, and says -1 if
 * there is no memory; query__answer() does the rest, and the areas must not overlap for that.
 */
int query__index(struct plan *plan);
int query__answer(struct plan *plan);
void query__free(struct plan *plan);
/* Adds to what plan__nr_comparisons() says */
void query__count(const struct plan *plan, uint64_t comparisons);
/* The areas that the HWPT maps, by IOVA */
const struct plan_area *const *query__areas_by_iova(const struct plan *plan, size_t hwpt,
						    size_t *nr);

#endif
