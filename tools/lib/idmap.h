/* SPDX-License-Identifier: GPL-2.0-only */
/* A hash from a key of three numbers to one number. */
#ifndef LIB_IDMAP_H
#define LIB_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap;
struct idmap *idmap__new(void);
void idmap__free(struct idmap *map);
/* Returns the value's place, or NULL if the key is not there. */
uint64_t *idmap__find(struct idmap *map, uint64_t a, uint64_t b, uint64_t c);
void idmap__set(struct idmap *map, uint64_t a, uint64_t b, uint64_t c, uint64_t value);
void idmap__remove(struct idmap *map, uint64_t a, uint64_t b, uint64_t c);
void idmap__clear(struct idmap *map);
size_t idmap__count(const struct idmap *map);
/* Goes through all values: start with *pos = 0, ends with NULL. */
uint64_t *idmap__next(struct idmap *map, size_t *pos);

#endif
