// SPDX-License-Identifier: GPL-2.0-only
/* Allocation that ends the program when there is no memory. Any tool may call it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"

static void *need(void *memory)
{
	if (!memory) {
		complain("out of memory");
		exit(1);
	}
	return memory;
}

void *xcalloc(size_t nr, size_t size)
{
	return need(calloc(nr ? nr : 1, size));
}

void *xrealloc(void *memory, size_t nr, size_t size)
{
	return need(reallocarray(memory, nr ? nr : 1, size));
}

char *xstrdup(const char *s)
{
	return need(strdup(s));
}

char *xasprintf(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return need(text);
}

void *grow(void *array, size_t nr, size_t *room, size_t size)
{
	if (nr < *room)
		return array;
	*room = *room ? 2 * *room : 64;
	return xrealloc(array, *room, size);
}
