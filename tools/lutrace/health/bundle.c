// SPDX-License-Identifier: GPL-2.0-only
/* The files of a support bundle, in memory, and the list of them. For cmd/bundle.c and its tests. */
#include <ctype.h>
#include <stdlib.h>
#include "health/bundle.h"
#include "lib/mem.h"

static struct bundle_file *bundle__new_file(struct bundle *b, const char *name)
{
	struct bundle_file *file;
	char *at;

	b->files = grow(b->files, b->nr, &b->room, sizeof(*b->files));
	file = &b->files[b->nr++];
	*file = (struct bundle_file){ .name = xstrdup(name) };
	for (at = file->name; *at; at++)
		if (!isgraph((unsigned char)*at))
			*at = '_';
	return file;
}

void bundle__add(struct bundle *b, const char *name, char *data, size_t size)
{
	struct bundle_file *file = bundle__new_file(b, name);

	file->data = data;
	file->size = size;
}

void bundle__leave_out(struct bundle *b, const char *name, const char *why)
{
	bundle__new_file(b, name)->why = xstrdup(why);
}

void bundle__free(struct bundle *b)
{
	size_t i;

	for (i = 0; i < b->nr; i++) {
		free(b->files[i].name);
		free(b->files[i].data);
		free(b->files[i].why);
	}
	free(b->files);
	*b = (struct bundle){ 0 };
}

void bundle__list(const struct bundle *b, FILE *f)
{
	const struct bundle_file *file;
	size_t i;

	for (i = 0; i < b->nr; i++) {
		file = &b->files[i];
		if (file->data)
			fprintf(f, "%10zu %s\n", file->size, file->name);
		else
			fprintf(f, "%10s %s: %s\n", "left out", file->name, file->why);
	}
}
