// SPDX-License-Identifier: GPL-2.0-only
/*
 * The map is an array of entries without holes, and an index of it: a hash table with linear probing
 * that holds numbers of entries. So an entry costs its 32 bytes and 16 to 32 of the index, however much the
 * array was grown: what was not used yet is no memory. In a large map each look at an entry is a miss of
 * the cache, so the index has a part of the hash too, and entries of other keys are not looked at.
 */
#include <stdlib.h>
#include "lib/idmap.h"
#include "lib/mem.h"

struct entry {
	uint64_t key[3], value;
};

/* A place of the index. */
struct place {
	uint32_t entry;			/* its number + FIRST, or one of these */
	uint32_t hash;
};

enum { FREE, REMOVED, FIRST };

struct idmap {
	struct entry *entries;
	size_t count, room;
	struct place *index;
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

/* The place of the key with that hash in the index, or else the place where it would be put. */
static struct place *idmap__place(const struct idmap *map, const uint64_t key[3], size_t hash)
{
	struct place *place, *hole = NULL;
	size_t i = hash & (map->places - 1);

	for (;; i = (i + 1) & (map->places - 1)) {
		place = &map->index[i];
		if (place->entry == FREE)
			return hole ? hole : place;
		if (place->entry == REMOVED)
			hole = hole ? hole : place;
		else if (place->hash == (uint32_t)(hash >> 32) &&
			 idmap__is(&map->entries[place->entry - FIRST], key))
			return place;
	}
}

uint64_t *idmap__find(const struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t key[3] = { a, b, c };
	struct place *place;

	if (!map)
		return NULL;
	place = idmap__place(map, key, idmap__hash(key));
	return place->entry >= FIRST ? &map->entries[place->entry - FIRST].value : NULL;
}

static void idmap__index_all(struct idmap *map, size_t places)
{
	const uint64_t *key;
	size_t i, hash;

	free(map->index);
	idmap__make_index(map, places);
	for (i = 0; i < map->count; i++) {
		key = map->entries[i].key;
		hash = idmap__hash(key);
		*idmap__place(map, key, hash) = (struct place){ i + FIRST, hash >> 32 };
	}
	map->used = map->count;
}

/*
 * At most half of the places are in use, so that what is looked for is near. Returns true if places
 * have changed.
 */
static bool idmap__make_room(struct idmap *map)
{
	size_t places = map->places;

	if (map->count == IDMAP_MAX)
		abort();		/* its entries were 128 GiB */
	map->entries = grow(map->entries, map->count, &map->room, sizeof(*map->entries));
	if (2 * (map->used + 1) <= map->places)
		return false;
	while (places < 2 * (map->count + 1))
		places *= 2;
	idmap__index_all(map, places);
	return true;
}

void idmap__set(struct idmap *map, uint64_t a, uint64_t b, uint64_t c, uint64_t value)
{
	struct entry entry = { { a, b, c }, value };
	size_t hash = idmap__hash(entry.key);
	struct place *place = idmap__place(map, entry.key, hash);

	if (place->entry >= FIRST) {
		map->entries[place->entry - FIRST].value = value;
		return;
	}
	if (idmap__make_room(map))
		place = idmap__place(map, entry.key, hash);
	map->used += place->entry == FREE;
	*place = (struct place){ map->count + FIRST, hash >> 32 };
	map->entries[map->count++] = entry;
}

/* The last entry takes the place of the one that goes. */
void idmap__remove(struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t key[3] = { a, b, c };
	struct place *place = idmap__place(map, key, idmap__hash(key)), *last;
	struct entry *moved;

	if (place->entry < FIRST)
		return;
	moved = &map->entries[map->count - 1];
	last = idmap__place(map, moved->key, idmap__hash(moved->key));
	map->entries[place->entry - FIRST] = *moved;
	last->entry = place->entry;
	place->entry = REMOVED;
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
