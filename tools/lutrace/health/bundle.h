/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A support bundle: files in memory, which become one tar archive (ustar).
 * Touches no kernel.
 */
#ifndef LUTRACE_BUNDLE_H
#define LUTRACE_BUNDLE_H

#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include "lib/fault.h"

/* All names in the archive are below this folder. */
#define BUNDLE_FOLDER "lutrace-bundle/"

struct bundle_file {
	char *name;		/* below BUNDLE_FOLDER */
	char *data;		/* NULL: left out */
	size_t size;
	char *why;		/* it was left out, or NULL */
};

struct bundle {
	struct bundle_file *files;
	size_t nr, room;
};

/* Takes over @data, from malloc(). What is no printable character of @name becomes "_". */
void bundle__add(struct bundle *b, const char *name, char *data, size_t size);
void bundle__leave_out(struct bundle *b, const char *name, const char *why);
void bundle__free(struct bundle *b);

/* One line per file: its size or "left out", its name, and why. */
void bundle__list(const struct bundle *b, FILE *f);
/*
 * The archive, all files of the time @mtime. Returns -1 with @fault set; whether the stream took
 * it is asked by who closes it.
 */
int bundle__write(const struct bundle *b, FILE *f, time_t mtime, struct fault *fault);

#endif
