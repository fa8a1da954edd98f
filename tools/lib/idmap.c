// SPDX-License-Identifier: GPL-2.0-only
/*
 * The map is an array of entries without holes, and an index of it: a hash table with linear probing
 * that holds numbers of entries. So an entry costs its 32 bytes and 8 to 16 of the index, however much the
 * array was grown: what was not used yet is no memory.
 */
#include <stdlib.h>
#include "lib/idmap.h"
#include "lib/mem.h"

struct entry {
	uint64_t key[3], value;
};

/* In the index: the place is free, its key was removed, or the number of its entry and these two. */
enum { FREE, REMOVED, FIRST };

struct idmap {
	struct entry *entries;
	size_t count, room;
	uint32_t *index;
	size_t places;			/* of the index: a power of two */
	size_t used;			/* places that are not free */
};

#define IDMAP_PLACES	64
#define IDMAP_MAX	(UINT32_MAX - FIRST)

static void idmap__make_index(struct idmap *map, size_t places)
{
	map->index = xcalloc(places, sizeof(*map->index));
	map->places = places;
	map->used = 0;
}

struct idmap *idmap__new(void)
{
	struct idmap *map = xcalloc(1, sizeof(*map));

	idmap__make_index(map, IDMAP_PLACES);
	return map;
}

void idmap__free(struct idmap *map)
{
	if (!map)
		return;
	free(map->entries);
	free(map->index);
	free(map);
}

static size_t idmap__hash(const uint64_t key[3])
{
	uint64_t h = key[0] * 0x9e3779b97f4a7c15ull;

	h = (h ^ (h >> 29) ^ key[1]) * 0xbf58476d1ce4e5b9ull;
	h = (h ^ (h >> 32) ^ key[2]) * 0x94d049bb133111ebull;
	return h ^ (h >> 31);
}

static bool idmap__is(const struct entry *entry, const uint64_t key[3])
{
	return entry->key[0] == key[0] && entry->key[1] == key[1] && entry->key[2] == key[2];
}

/* The place of the key in the index, or else the place where it would be put. */
static uint32_t *idmap__place(const struct idmap *map, const uint64_t key[3])
{
	size_t i = idmap__hash(key) & (map->places - 1);
	uint32_t *place, *hole = NULL;

	for (;; i = (i + 1) & (map->places - 1)) {
		place = &map->index[i];
		if (*place == FREE)
			return hole ? hole : place;
		if (*place == REMOVED)
			hole = hole ? hole : place;
		else if (idmap__is(&map->entries[*place - FIRST], key))
			return place;
	}
}

uint64_t *idmap__find(const struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t key[3] = { a, b, c };
	uint32_t *place;

	if (!map)
		return NULL;
	place = idmap__place(map, key);
	return *place >= FIRST ? &map->entries[*place - FIRST].value : NULL;
}

/* At most half of the places are in use, so that what is looked for is near. */
static void idmap__make_room(struct idmap *map)
{
	size_t i, places = map->places;

	if (map->count == IDMAP_MAX)
		abort();		/* its entries were 128 GiB */
	if (2 * (map->used + 1) > map->places) {
		while (places < 2 * (map->count + 1))
			places *= 2;
		free(map->index);
		idmap__make_index(map, places);
		for (i = 0; i < map->count; i++)
			*idmap__place(map, map->entries[i].key) = i + FIRST;
		map->used = map->count;
	}
	map->entries = grow(map->entries, map->count, &map->room, sizeof(*map->entries));
}

void idmap__set(struct idmap *map, uint64_t a, uint64_t b, uint64_t c, uint64_t value)
{
	struct entry entry = { { a, b, c }, value };
	uint32_t *place = idmap__place(map, entry.key);

	if (*place >= FIRST) {
		map->entries[*place - FIRST].value = value;
		return;
	}
	idmap__make_room(map);
	place = idmap__place(map, entry.key);
	map->used += *place == FREE;
	*place = map->count + FIRST;
	map->entries[map->count++] = entry;
}

/* The last entry takes the place of the one that goes. */
void idmap__remove(struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t key[3] = { a, b, c };
	uint32_t *place = idmap__place(map, key), *last;

	if (*place < FIRST)
		return;
	last = idmap__place(map, map->entries[map->count - 1].key);
	map->entries[*place - FIRST] = map->entries[map->count - 1];
	*last = *place;
	*place = REMOVED;
	map->count--;
}

/* A map that was large once must not cost as much each time that it is cleared. */
void idmap__clear(struct idmap *map)
{
	free(map->entries);
	free(map->index);
	*map = (struct idmap){ 0 };
	idmap__make_index(map, IDMAP_PLACES);
}

size_t idmap__count(const struct idmap *map)
{
	return map ? map->count : 0;
}

uint64_t *idmap__next(const struct idmap *map, size_t *pos)
{
	return map && *pos < map->count ? &map->entries[(*pos)++].value : NULL;
}
