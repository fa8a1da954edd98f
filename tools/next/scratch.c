// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does what kho_walk_scratch(), locate_mem_hole_top_down() and bzImage64_load() of Linux 7.3 do:
 * the pieces come in a fixed order, each goes as high as it can into the first area that has room.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/text.h"
#include "next/scratch.h"

#define PAGE 4096ull
#define MIB (1ull << 20)
#define MIN_ADDRESS 0x3000ull /* of what is not said else */
#define MIN_KERNEL 0x100000ull
#define MIN_INITRD 0x1000000ull
#define SIZES_SIZE 200 /* of all areas as text */

/* What goes along: KHO's list of areas, purgatory, boot parameters. They are smaller than this. */
#define SMALL_SIZE 0x20000ull
#define SMALL_ALIGN 0x10000ull

struct piece {
	uint64_t size, align, min;
	uint64_t start; /* where it was placed */
};

enum { SMALL_1, SMALL_2, SMALL_3, KERNEL, INITRD, NR_PIECES };

/* The numbers of a file, one in a line, into every second u64 of @out */
static int scratch__read_column(const char *dir, const char *name, uint64_t *out, size_t *nr,
				struct fault *fault)
{
	char *path = xasprintf("%s/%s", dir, name), *text = read_file(path, NULL, fault);
	char *at = text, *end;

	free(path);
	if (!text)
		return -1;
	for (*nr = 0; *nr < SCRATCH_MAX_AREAS; at = end) {
		uint64_t value = strtoull(at, &end, 16);

		if (end == at)
			break;
		out[2 * (*nr)++] = value;
	}
	free(text);
	return *nr ? 0 : fault__set(fault, "%s/%s has no number", dir, name);
}

int scratch__read(const char *dir, struct scratch *scratch, struct fault *fault)
{
	size_t nr;

	if (scratch__read_column(dir, "scratch_phys", &scratch->areas[0].start, &scratch->nr,
				 fault) ||
	    scratch__read_column(dir, "scratch_len", &scratch->areas[0].size, &nr, fault))
		return -1;
	if (nr != scratch->nr)
		return fault__set(fault, "%s has %zu addresses and %zu sizes of scratch areas", dir,
				  scratch->nr, nr);
	return 0;
}

/* The first of the @nr pieces that are there already which it would overlap; NULL: none */
static const struct piece *piece__in_the_way(const struct piece *pieces, size_t nr, uint64_t start,
					     uint64_t size)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (pieces[i].size && start < pieces[i].start + pieces[i].size &&
		    pieces[i].start < start + size)
			return &pieces[i];
	return NULL;
}

/* Places pieces[nr] into one area as high as it goes; the others are placed. */
static bool piece__place_in(struct piece *pieces, size_t nr, uint64_t area, uint64_t area_size)
{
	struct piece *piece = &pieces[nr];
	const struct piece *other;
	uint64_t top = area + area_size, start;

	for (;;) {
		if (top < area || top - area < piece->size)
			return false;
		start = (top - piece->size) / piece->align * piece->align;
		if (start < area || start < piece->min)
			return false;
		other = piece__in_the_way(pieces, nr, start, piece->size);
		if (!other) {
			piece->start = start;
			return true;
		}
		top = other->start;
	}
}

static bool scratch__place(const struct scratch *scratch, struct piece pieces[NR_PIECES])
{
	size_t i, area;

	for (i = 0; i < NR_PIECES; i++) {
		if (!pieces[i].size)
			continue;
		for (area = 0; area < scratch->nr; area++)
			if (piece__place_in(pieces, i, scratch->areas[area].start,
					    scratch->areas[area].size))
				break;
		if (area == scratch->nr)
			return false;
	}
	return true;
}

static bool scratch__fits(const struct scratch *scratch, const struct image_layout *layout,
			  uint64_t initrd_size, uint64_t small_size)
{
	const struct piece small = { .size = small_size, .align = SMALL_ALIGN, .min = MIN_ADDRESS };
	struct piece pieces[NR_PIECES] = {
		[SMALL_1] = small, [SMALL_2] = small, [SMALL_3] = small,
		[KERNEL] = {
			.size = layout->size, .align = layout->align ?: PAGE,
			.min = layout->preferred < MIN_KERNEL ? MIN_KERNEL : layout->preferred,
		},
		[INITRD] = {
			.size = (initrd_size + PAGE - 1) / PAGE * PAGE, .align = PAGE,
			.min = MIN_INITRD,
		},
	};

	return scratch__place(scratch, pieces);
}

/* "24 MiB, 512 MiB and 0 MiB" */
static void scratch__sizes(const struct scratch *scratch, char text[SIZES_SIZE])
{
	size_t i, used = 0;

	text[0] = '\0';
	for (i = 0; i < scratch->nr && used < SIZES_SIZE; i++)
		used += snprintf(text + used, SIZES_SIZE - used, "%s%" PRIu64 " MiB",
				 !i			? ""
				 : i + 1 == scratch->nr ? " and "
							: ", ",
				 (uint64_t)(scratch->areas[i].size / MIB));
}

/* In MiB, with one digit behind the point: an initrd may be small */
static double in_mib(uint64_t bytes)
{
	return (double)bytes / MIB;
}

void scratch__check(const struct scratch *scratch, const char *name,
		    const struct image_layout *layout, uint64_t initrd_size,
		    struct remarks *remarks)
{
	bool without = scratch__fits(scratch, layout, initrd_size, 0);
	bool with = scratch__fits(scratch, layout, initrd_size, SMALL_SIZE);
	char sizes[SIZES_SIZE];

	if (without && with)
		return;
	scratch__sizes(scratch, sizes);
	remarks__add(
		remarks, without == with ? REMARK_LOST : REMARK_RISK,
		"%s needs %.1f MiB in one piece and its initrd %.1f MiB, and they %s into the "
		"scratch areas of KHO, which are %s: it %s be loaded (EADDRNOTAVAIL); boot this "
		"kernel with a larger kho_scratch=, or use a smaller initrd",
		name, in_mib(layout->size), in_mib(initrd_size),
		without == with ? "do not fit" : "just about fit", sizes,
		without == with ? "cannot" : "perhaps cannot");
}
