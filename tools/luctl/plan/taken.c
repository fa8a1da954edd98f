// SPDX-License-Identifier: GPL-2.0-only
/* What names and tokens are taken in a plan: see taken.h. A hash over lib/idmap. */
#include <stdlib.h>
#include <string.h>

#include "lib/idmap.h"
#include "lib/mem.h"
#include "plan/taken.h"

struct taken {
	/* (kind, hash of the name, how many of that hash were there before) to a place in entries
	 */
	struct idmap *map;
	struct taken_entry {
		char *name;
		size_t index;
	} * entries;
	size_t nr, room;
	uint64_t comparisons;
};

struct taken *taken__new(void)
{
	struct taken *taken = xcalloc(1, sizeof(*taken));

	taken->map = idmap__new();
	return taken;
}

void taken__free(struct taken *taken)
{
	size_t i;

	if (!taken)
		return;
	for (i = 0; i < taken->nr; i++)
		free(taken->entries[i].name);
	idmap__free(taken->map);
	free(taken->entries);
	free(taken);
}

/* FNV-1a */
static uint64_t taken__hash(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3ull;
	return hash;
}

size_t taken__find(struct taken *taken, enum taken_kind kind, const char *name)
{
	uint64_t hash = taken__hash(name), i, *place;

	for (i = 0; (place = idmap__find(taken->map, kind, hash, i)); i++) {
		taken->comparisons++;
		if (!strcmp(taken->entries[*place].name, name))
			return taken->entries[*place].index;
	}
	return TAKEN_NONE;
}

void taken__add(struct taken *taken, enum taken_kind kind, const char *name, size_t index)
{
	uint64_t hash = taken__hash(name), i = 0;

	while (idmap__find(taken->map, kind, hash, i))
		i++;
	taken->entries = grow(taken->entries, taken->nr, &taken->room, sizeof(*taken->entries));
	taken->entries[taken->nr] = (struct taken_entry){ xstrdup(name), index };
	idmap__set(taken->map, kind, hash, i, taken->nr++);
}

size_t taken__find_number(struct taken *taken, enum taken_kind kind, uint64_t number)
{
	uint64_t *index = idmap__find(taken->map, kind, number, 0);

	taken->comparisons++;
	return index ? *index : TAKEN_NONE;
}

void taken__add_number(struct taken *taken, enum taken_kind kind, uint64_t number, size_t index)
{
	idmap__set(taken->map, kind, number, 0, index);
}

uint64_t taken__nr_comparisons(const struct taken *taken)
{
	return taken->comparisons;
}
