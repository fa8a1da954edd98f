/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is there, or the program ends with one sentence and status 1; and arrays. */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

void *xcalloc(size_t nr, size_t size);
void *xrealloc(void *memory, size_t nr, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for one more element at the end of an array that doubles. */
void *grow(void *array, size_t nr, size_t *room, size_t size);

#endif
