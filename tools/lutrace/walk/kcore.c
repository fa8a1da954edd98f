// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's direct map, from the program headers of /proc/kcore. Called by objects/lister.c and
 * `walk`. See kcore.h.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "walk/kcore.h"

struct segment {
	uint64_t virt, phys, size;
};

struct direct_map {
	struct segment *items;
	size_t nr, room;
};

/*
 * Of the kernel's segments, those of the direct map have a physical address
 * and lie below the kernel's image, whose segment has one too (but another
 * offset). The image starts at -2 GiB on x86-64.
 */
static bool direct_map__has(const Elf64_Phdr *ph)
{
	return ph->p_type == PT_LOAD && ph->p_paddr != UINT64_MAX &&
	       ph->p_vaddr < 0xffffffff80000000ull && ph->p_memsz;
}

/* One offset for all of memory, or else an address would be computed wrongly. */
static int direct_map__check(const struct direct_map *map, const char *path, struct fault *fault)
{
	const struct segment *s = map->items;
	size_t i;

	if (!map->nr)
		return fault__set(fault, "%s shows no segment of the direct map", path);
	for (i = 1; i < map->nr; i++)
		if (s[i].virt - s[i].phys != s[0].virt - s[0].phys)
			return fault__set(fault, "%s shows two direct maps, at 0x%" PRIx64
					  " and 0x%" PRIx64, path, s[0].virt, s[i].virt);
	return 0;
}

static int direct_map__read(struct direct_map *map, int fd, const char *path, struct fault *fault)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	int i;

	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_phentsize != sizeof(ph))
		return fault__set(fault, "%s has no ELF header of a 64-bit kernel", path);
	for (i = 0; i < eh.e_phnum; i++) {
		if (pread(fd, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) != sizeof(ph))
			return fault__set(fault, "cannot read program header %d of %s: %s", i,
					  path, strerror(errno));
		if (!direct_map__has(&ph))
			continue;
		map->items = grow(map->items, map->nr, &map->room, sizeof(*map->items));
		map->items[map->nr++] = (struct segment){ ph.p_vaddr, ph.p_paddr, ph.p_memsz };
	}
	return direct_map__check(map, path, fault);
}

struct direct_map *direct_map__load(const char *path, struct fault *fault)
{
	struct direct_map *map;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fault__set(fault, "cannot open %s: %s: walk needs it to find physical memory; run "
			   "as root on a kernel with CONFIG_PROC_KCORE=y that is not locked down",
			   path, strerror(errno));
		return NULL;
	}
	map = xcalloc(1, sizeof(*map));
	if (direct_map__read(map, fd, path, fault)) {
		direct_map__free(map);
		map = NULL;
	}
	close(fd);
	return map;
}

bool direct_map__to_phys(const struct direct_map *map, uint64_t virt, uint64_t *phys)
{
	const struct segment *s;
	size_t i;

	for (i = 0; i < map->nr; i++) {
		s = &map->items[i];
		if (virt < s->virt || virt - s->virt >= s->size)
			continue;
		*phys = s->phys + (virt - s->virt);
		return true;
	}
	return false;
}

bool direct_map__to_virt(const struct direct_map *map, uint64_t phys, uint64_t *virt)
{
	const struct segment *s;
	size_t i;

	for (i = 0; i < map->nr; i++) {
		s = &map->items[i];
		if (phys < s->phys || phys - s->phys >= s->size)
			continue;
		*virt = s->virt + (phys - s->phys);
		return true;
	}
	return false;
}

void direct_map__free(struct direct_map *map)
{
	if (!map)
		return;
	free(map->items);
	free(map);
}
