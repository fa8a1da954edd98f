/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a walk makes of the entries of a page table. The BPF program that walks
 * and the unit tests share it: it reads a table that was copied, and nothing
 * else. It decides by itself what an entry is, on purpose: neither the kernel's
 * code nor pt.c has a say in what is compared.
 *
 * The digest of a level is the sum (modulo 2^64) over all entries of all its
 * tables that are not 0: of each a mix of its place, which is its physical
 * address, and what it says. So it needs no memory, does not depend on the order
 * of the walk, and no single entry can change without it. Include events.h first.
 */
#ifndef LUTRACE_DIGEST_H
#define LUTRACE_DIGEST_H

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define LUTRACE_ENTRIES		512
#define LUTRACE_BIT(n)		(1ull << (n))
#define LUTRACE_BITS(high, low)	((~0ull >> (63 - (high))) & (~0ull << (low)))
#define LUTRACE_ADDRESS		LUTRACE_BITS(51, 12)

/* The kernel's numbers, in its records and tracepoints; pt.h has them too. */
enum {
	LUTRACE_VTDSS = 1,
	LUTRACE_X86_64 = 2,
	LUTRACE_AMDV1 = 3,
};

enum lutrace_kind {
	LUTRACE_NOTHING,
	LUTRACE_TABLE,
	LUTRACE_LEAF,
	LUTRACE_IMPOSSIBLE,
};

/* A table that is walked, and how far. */
struct lutrace_place {
	__u64 phys;
	__u32 index;			/* of the next entry */
	__u32 loaded;
	__u64 entries[LUTRACE_ENTRIES];
};

/* What hardware sets (accessed, dirty) and what is the kernel's own (its software bits). */
static __always_inline __u64 lutrace_ignored(__u32 format)
{
	if (format == LUTRACE_VTDSS)
		return LUTRACE_BITS(10, 8) | LUTRACE_BITS(60, 52) | LUTRACE_BIT(63);
	if (format == LUTRACE_X86_64)
		return LUTRACE_BITS(6, 5) | LUTRACE_BIT(9) | LUTRACE_BIT(11) | LUTRACE_BITS(62, 52);
	return LUTRACE_BITS(6, 5);
}

static __always_inline enum lutrace_kind lutrace_kind_amdv1(__u32 level, __u64 entry)
{
	__u32 next = entry >> 9 & 7;

	if (!(entry & LUTRACE_BIT(0)))
		return LUTRACE_NOTHING;
	if (next == 0 || next == 7)
		return level < 5 ? LUTRACE_LEAF : LUTRACE_IMPOSSIBLE;
	return next == level ? LUTRACE_TABLE : LUTRACE_IMPOSSIBLE;
}

static __always_inline enum lutrace_kind lutrace_kind(__u32 format, __u32 level, __u64 entry)
{
	if (format == LUTRACE_AMDV1)
		return lutrace_kind_amdv1(level, entry);
	if (format == LUTRACE_VTDSS && !(entry & 3))
		return entry ? LUTRACE_IMPOSSIBLE : LUTRACE_NOTHING;
	if (format == LUTRACE_X86_64 && !(entry & 1))
		return LUTRACE_NOTHING;
	if (level == 0)
		return LUTRACE_LEAF;
	if (!(entry & LUTRACE_BIT(7)))
		return LUTRACE_TABLE;
	return level <= 2 ? LUTRACE_LEAF : LUTRACE_IMPOSSIBLE;
}

/* For one place it is a bijection of the entry. Odd numbers, their bits at random. */
static __always_inline __u64 lutrace_mix(__u64 place, __u64 entry)
{
	__u64 x = place * 0x9e3779b97f4a7c15ull;

	x ^= x >> 32;
	x = (x + entry) * 0xbf58476d1ce4e5b9ull;
	x ^= x >> 29;
	x *= 0x94d049bb133111ebull;
	return x ^ x >> 32;
}

/* Takes the entries of a table into a digest, from where it stopped. */
struct lutrace_scan {
	struct lutrace_digest *d;
	struct lutrace_place *at;
	__u64 level;
	__u64 sum, leaves;
	__u64 below;			/* the table that the last entry leads to; 0: none */
};

/* The next entry. Returns 1 if the scan ends with it: it leads to a table, or there is none. */
static __always_inline long lutrace_take(struct lutrace_scan *s)
{
	struct lutrace_digest *d = s->d;
	struct lutrace_place *at = s->at;
	__u64 entry, place, ignored, index = at->index;
	enum lutrace_kind kind;
	__u32 format = d->format;

	if (index >= LUTRACE_ENTRIES)
		return 1;
	at->index = index + 1;
	entry = at->entries[index & (LUTRACE_ENTRIES - 1)];
	if (!entry)
		return 0;
	/* An entry is 8 bytes: the low bits of its address have room for the level */
	place = at->phys + index * sizeof(entry) + s->level;
	ignored = lutrace_ignored(format);
	if (entry & ~ignored)
		s->sum += lutrace_mix(place, entry & ~ignored);
	kind = lutrace_kind(format, s->level, entry);
	/* No table is at 0, which stands for none */
	if (kind == LUTRACE_TABLE && !(entry & LUTRACE_ADDRESS))
		kind = LUTRACE_IMPOSSIBLE;
	if (kind == LUTRACE_LEAF)
		s->leaves++;
	if (kind == LUTRACE_IMPOSSIBLE && !d->bad++) {
		d->bad_phys = place - s->level;
		d->bad_entry = entry;
	}
	if (kind != LUTRACE_TABLE)
		return 0;
	s->below = entry & LUTRACE_ADDRESS;
	return 1;
}

static __always_inline void lutrace_taken(const struct lutrace_scan *s)
{
	if (s->level >= LUTRACE_PT_LEVELS)
		return;
	s->d->levels[s->level].digest += s->sum;
	s->d->levels[s->level].leaves += s->leaves;
}

#endif
