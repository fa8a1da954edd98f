// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "lib/idmap.h"
#include "lib/mem.h"

/* Linear probing; a removed place stays marked until the next growth. */
enum { FREE, USED, REMOVED };

struct slot {
	uint64_t key[3], value;
	int state;
};

struct idmap {
	struct slot *slots;
	size_t room, used, count;	/* used includes removed places */
};

#define IDMAP_ROOM 64

static struct idmap idmap__empty(void)
{
	return (struct idmap){
		.slots = xcalloc(IDMAP_ROOM, sizeof(struct slot)), .room = IDMAP_ROOM,
	};
}

struct idmap *idmap__new(void)
{
	struct idmap *map = xcalloc(1, sizeof(*map));

	*map = idmap__empty();
	return map;
}

void idmap__free(struct idmap *map)
{
	if (!map)
		return;
	free(map->slots);
	free(map);
}

static size_t hash(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t h = a * 0x9e3779b97f4a7c15ull;

	h = (h ^ (h >> 29) ^ b) * 0xbf58476d1ce4e5b9ull;
	h = (h ^ (h >> 32) ^ c) * 0x94d049bb133111ebull;
	return h ^ (h >> 31);
}

/* The place of the key, or else the place where it would be put. */
static struct slot *idmap__slot(struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	size_t i = hash(a, b, c) & (map->room - 1);
	struct slot *slot, *hole = NULL;

	for (;; i = (i + 1) & (map->room - 1)) {
		slot = &map->slots[i];
		if (slot->state == FREE)
			return hole ? hole : slot;
		if (slot->state == REMOVED)
			hole = hole ? hole : slot;
		else if (slot->key[0] == a && slot->key[1] == b && slot->key[2] == c)
			return slot;
	}
}

uint64_t *idmap__find(struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	struct slot *slot = idmap__slot(map, a, b, c);

	return slot->state == USED ? &slot->value : NULL;
}

static void idmap__rehash(struct idmap *map)
{
	struct slot *old = map->slots, *to;
	size_t i, room = map->room;

	while (map->room < 4 * (map->count + 1))
		map->room *= 2;
	map->slots = xcalloc(map->room, sizeof(*map->slots));
	map->used = map->count;
	for (i = 0; i < room; i++) {
		if (old[i].state != USED)
			continue;
		to = idmap__slot(map, old[i].key[0], old[i].key[1], old[i].key[2]);
		*to = old[i];
	}
	free(old);
}

void idmap__set(struct idmap *map, uint64_t a, uint64_t b, uint64_t c, uint64_t value)
{
	struct slot *slot;

	if (2 * (map->used + 1) > map->room)
		idmap__rehash(map);
	slot = idmap__slot(map, a, b, c);
	if (slot->state != USED) {
		map->used += slot->state == FREE;
		map->count++;
	}
	*slot = (struct slot){ { a, b, c }, value, USED };
}

void idmap__remove(struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	struct slot *slot = idmap__slot(map, a, b, c);

	if (slot->state != USED)
		return;
	slot->state = REMOVED;
	map->count--;
}

/* A map that was large once must not cost as much each time that it is cleared. */
void idmap__clear(struct idmap *map)
{
	free(map->slots);
	*map = idmap__empty();
}

size_t idmap__count(const struct idmap *map)
{
	return map->count;
}

uint64_t *idmap__next(struct idmap *map, size_t *pos)
{
	while (*pos < map->room) {
		struct slot *slot = &map->slots[(*pos)++];

		if (slot->state == USED)
			return &slot->value;
	}
	return NULL;
}
