/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mappings of HWPTs as `lutrace walk` prints them, and what can be done
 * with two such lists. Nothing here touches a kernel.
 */
#ifndef LUTRACE_MAPPINGS_H
#define LUTRACE_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "lib/fault.h"
#include "walk/pt.h"

/* One HWPT with all its leaves. */
struct mapping {
	bool marked;			/* or reclaimed: has a token */
	uint64_t token;
	enum pt_format format;
	uint64_t root;
	unsigned int levels;
	struct pt_walk walk;
	/* Where it was found; not part of the file of a marked HWPT. */
	uint32_t pid, fd, id;
};

struct mappings {
	struct mapping *items;
	size_t nr, room;
};

struct mapping *mappings__add(struct mappings *list);
void mappings__free(struct mappings *list);
/* By token; those without come last. */
void mappings__sort(struct mappings *list);
struct mapping *mappings__by_token(struct mappings *list, uint64_t token);

/*
 * Prints the list, or reads back what was printed: @size bytes, followed by a NUL (@name for messages).
 * Every byte must be as print writes it; -1 with @fault set if not, and @list has what came before.
 */
void mappings__print(const struct mappings *list, FILE *f);
int mappings__parse(struct mappings *list, const char *text, size_t size, const char *name,
		    struct fault *fault);

/*
 * Reads the VT-d driver's debugfs file domain_translation_struct. The entries
 * are decoded as @format; of several tables the one at @root is taken, or the
 * first if none is there. @out has the root, the leaves and the levels. @text is
 * followed by a NUL, as read_file() leaves it.
 */
int mapping__parse_dump(struct mapping *out, const char *text, size_t size, const char *name,
			enum pt_format format, uint64_t root, struct fault *fault);

/*
 * Compare and describe the first difference in @fault; true if there is none.
 * @a_name and @b_name say whose list is which. A dump knows no number of
 * tables, hence mapping__same() compares root and leaves, mappings__same() all.
 */
bool mapping__same(const struct mapping *a, const char *a_name,
		   const struct mapping *b, const char *b_name, struct fault *fault);
bool mappings__same(const struct mappings *a, const char *a_name,
		    const struct mappings *b, const char *b_name, struct fault *fault);

#endif
