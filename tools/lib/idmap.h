/* SPDX-License-Identifier: GPL-2.0-only */
/* A hash from a key of three numbers to one number. An entry takes some 45 bytes. */
#ifndef LIB_IDMAP_H
#define LIB_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap;
struct idmap *idmap__new(void);
/* @map may be NULL. */
void idmap__free(struct idmap *map);
/*
 * The value's place, which is good until the map is changed, or NULL if the key is not there. A map that
 * is NULL is empty here and in the two functions at the end.
 */
uint64_t *idmap__find(const struct idmap *map, uint64_t a, uint64_t b, uint64_t c);
/* Puts the key there, or gives it another value. */
void idmap__set(struct idmap *map, uint64_t a, uint64_t b, uint64_t c, uint64_t value);
/* A key that is not there is not there afterwards either. */
void idmap__remove(struct idmap *map, uint64_t a, uint64_t b, uint64_t c);
void idmap__clear(struct idmap *map);
size_t idmap__count(const struct idmap *map);
/*
 * Goes through all values, in the order in which their keys were put there as long as none was removed:
 * start with *pos = 0, ends with NULL. The map must not be changed meanwhile.
 */
uint64_t *idmap__next(const struct idmap *map, size_t *pos);

#endif
