/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the direct map of physical memory is, from /proc/kcore. Called by kernel.c. */
#ifndef LUTRACE_KCORE_H
#define LUTRACE_KCORE_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/fault.h"

/* The direct map of physical memory, from the program headers of /proc/kcore. */
struct direct_map;
struct direct_map *direct_map__load(const char *path, struct fault *fault);
bool direct_map__to_phys(const struct direct_map *map, uint64_t virt, uint64_t *phys);
bool direct_map__to_virt(const struct direct_map *map, uint64_t phys, uint64_t *virt);
void direct_map__free(struct direct_map *map);

#endif
