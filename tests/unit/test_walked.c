// SPDX-License-Identifier: GPL-2.0-only
/* What the BPF program makes of tables (bpf/digest.h), and what is made of its walks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judge/walked.h"
#include "lib/fault.h"
#include "walk/kho.h"
#include "walk/pt.h"
#include "bpf/digest.h"

#define NR_PAGES 8
#define NR_FORMATS 3

static const __u32 formats[NR_FORMATS] = { LUTRACE_VTDSS, LUTRACE_X86_64, LUTRACE_AMDV1 };

/* Page i is at physical address (i + 1) << 20. */
static uint64_t pages[NR_PAGES][PT_ITEMS];

static uint64_t phys(unsigned int page)
{
	return (uint64_t)(page + 1) << 20;
}

static int reset(void **state)
{
	(void)state;
	memset(pages, 0, sizeof(pages));
	return 0;
}

/* The same numbers in each run. */
static uint64_t next_random(void)
{
	static uint64_t x = 0x1234567;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static uint64_t table_entry(__u32 format, unsigned int level, uint64_t to)
{
	return format == LUTRACE_AMDV1 ? to | 1 | (uint64_t)level << 9 | 3ull << 61 :
	       format == LUTRACE_X86_64 ? to | 7 : to | 3;
}

static uint64_t leaf_entry(__u32 format, uint64_t to)
{
	return format == LUTRACE_AMDV1 ? to | 1 | 3ull << 61 : format == LUTRACE_X86_64 ? to | 7 :
	       to | 3;
}

/* As digest_tables() does it, without its batches. */
static void walk_table(struct lutrace_digest *d, uint64_t at, __u32 level)
{
	struct lutrace_place place = { .phys = at };
	struct lutrace_scan scan;

	memcpy(place.entries, pages[(at >> 20) - 1], sizeof(place.entries));
	d->levels[level].tables++;
	do {
		scan = (struct lutrace_scan){ .d = d, .at = &place, .level = level };
		while (!lutrace_take(&scan))
			;
		lutrace_taken(&scan);
		if (scan.below)
			walk_table(d, scan.below, level - 1);
	} while (scan.below);
}

static struct lutrace_digest walk(__u32 format, __u32 top)
{
	struct lutrace_digest d = { .format = format, .top_level = top };

	walk_table(&d, phys(0), top);
	return d;
}

/* Two tables on level 1, one below each, and leaves on both levels. */
static void make_tree(__u32 format)
{
	reset(NULL);
	pages[0][0] = table_entry(format, 2, phys(1));
	pages[0][511] = table_entry(format, 2, phys(2));
	pages[1][7] = table_entry(format, 1, phys(3));
	pages[2][0] = table_entry(format, 1, phys(4));
	pages[3][1] = leaf_entry(format, 0x5000);
	pages[3][2] = leaf_entry(format, 0x6000);
	pages[4][511] = leaf_entry(format, 0x7000);
	pages[2][9] = format == LUTRACE_AMDV1 ? leaf_entry(format, 0x200000) :
		leaf_entry(format, 0x200000) | 0x80;
}

static bool same(const struct lutrace_digest *a, const struct lutrace_digest *b)
{
	return !memcmp(a->levels, b->levels, sizeof(a->levels));
}

static void test_counts(void **state)
{
	struct lutrace_digest d;
	unsigned int i;

	(void)state;
	for (i = 0; i < NR_FORMATS; i++) {
		make_tree(formats[i]);
		d = walk(formats[i], 2);
		assert_int_equal(d.levels[2].tables, 1);
		assert_int_equal(d.levels[1].tables, 2);
		assert_int_equal(d.levels[0].tables, 2);
		assert_int_equal(d.levels[2].leaves, 0);
		assert_int_equal(d.levels[1].leaves, 1);
		assert_int_equal(d.levels[0].leaves, 3);
		assert_int_equal(d.bad, 0);
		assert_true(d.levels[0].digest && d.levels[1].digest && d.levels[2].digest);
		assert_int_equal(d.levels[3].digest, 0);
	}
}

/* Every bit of a leaf counts, but for those that hardware or the kernel sets for itself. */
static void test_each_bit_counts(void **state)
{
	struct lutrace_digest before, after;
	unsigned int i, bit;

	(void)state;
	for (i = 0; i < NR_FORMATS; i++) {
		make_tree(formats[i]);
		before = walk(formats[i], 2);
		for (bit = 0; bit < 64; bit++) {
			pages[3][1] ^= 1ull << bit;
			after = walk(formats[i], 2);
			pages[3][1] ^= 1ull << bit;
			if (same(&before, &after) != !!(lutrace_ignored(formats[i]) >> bit & 1))
				fail_msg("format %u, bit %u", formats[i], bit);
		}
	}
	/* What says where it leads to, and what it allows, is never ignored */
	for (i = 0; i < NR_FORMATS; i++)
		assert_int_equal(lutrace_ignored(formats[i]) & (LUTRACE_ADDRESS | 3), 0);
	assert_int_equal(lutrace_ignored(LUTRACE_X86_64) & (4 | 1ull << 63), 0);
	assert_int_equal(lutrace_ignored(LUTRACE_AMDV1) & 7ull << 60, 0);
	assert_int_equal(lutrace_ignored(LUTRACE_VTDSS) & 1ull << 11, 0);	/* snoop */
}

static void test_place_counts(void **state)
{
	struct lutrace_digest before, after;
	uint64_t entry;

	(void)state;
	make_tree(LUTRACE_VTDSS);
	before = walk(LUTRACE_VTDSS, 2);
	/* Two entries change places */
	entry = pages[3][1];
	pages[3][1] = pages[3][2];
	pages[3][2] = entry;
	after = walk(LUTRACE_VTDSS, 2);
	assert_int_equal(after.levels[0].leaves, before.levels[0].leaves);
	assert_int_not_equal(after.levels[0].digest, before.levels[0].digest);
	/* Two tables do, with all that is in them */
	make_tree(LUTRACE_VTDSS);
	entry = pages[1][7];
	pages[1][7] = pages[2][0];
	pages[2][0] = entry;
	after = walk(LUTRACE_VTDSS, 2);
	assert_int_equal(after.levels[0].digest, before.levels[0].digest);
	assert_int_not_equal(after.levels[1].digest, before.levels[1].digest);
	/* A table is somewhere else, and says the same */
	make_tree(LUTRACE_VTDSS);
	memcpy(pages[6], pages[3], sizeof(pages[3]));
	pages[1][7] = table_entry(LUTRACE_VTDSS, 1, phys(6));
	after = walk(LUTRACE_VTDSS, 2);
	assert_int_not_equal(after.levels[0].digest, before.levels[0].digest);
}

/* A subtree is skipped. */
static void test_missing_table(void **state)
{
	struct lutrace_digest before, after;

	(void)state;
	make_tree(LUTRACE_AMDV1);
	before = walk(LUTRACE_AMDV1, 2);
	pages[0][511] = 0;
	after = walk(LUTRACE_AMDV1, 2);
	assert_int_equal(after.levels[1].tables, 1);
	assert_int_equal(after.levels[0].leaves, 2);
	assert_int_not_equal(after.levels[2].digest, before.levels[2].digest);
}

static void test_impossible(void **state)
{
	struct lutrace_digest d;

	(void)state;
	make_tree(LUTRACE_VTDSS);
	pages[1][3] = 0x100000;				/* neither read nor write */
	d = walk(LUTRACE_VTDSS, 2);
	assert_int_equal(d.bad, 1);
	assert_int_equal(d.bad_phys, phys(1) + 3 * 8);
	assert_int_equal(d.bad_entry, 0x100000);
	make_tree(LUTRACE_AMDV1);
	pages[1][3] = table_entry(LUTRACE_AMDV1, 2, phys(5));	/* of a level that is not below */
	d = walk(LUTRACE_AMDV1, 2);
	assert_int_equal(d.bad, 1);
	assert_int_equal(d.levels[0].tables, 2);
	assert_int_equal(lutrace_kind(LUTRACE_VTDSS, 3, 0x80 | 3), LUTRACE_IMPOSSIBLE);
	assert_int_equal(lutrace_kind(LUTRACE_X86_64, 3, 0x80 | 7), LUTRACE_IMPOSSIBLE);
	/* Nothing behind it is left out */
	make_tree(LUTRACE_VTDSS);
	pages[0][1] = 3;				/* a table at 0 */
	d = walk(LUTRACE_VTDSS, 2);
	assert_int_equal(d.bad, 1);
	assert_int_equal(d.levels[0].tables, 2);
}

/* What walk prints and what is digested are the same entries, by two decoders. */
static void test_agrees_with_pt(void **state)
{
	enum lutrace_kind kind;
	struct pt_entry entry;
	struct fault fault;
	unsigned int i, n, level;
	uint64_t raw;

	(void)state;
	assert_int_equal(LUTRACE_VTDSS, PT_VTDSS);
	assert_int_equal(LUTRACE_X86_64, PT_X86_64);
	assert_int_equal(LUTRACE_AMDV1, PT_AMDV1);
	for (n = 0; n < 300000; n++) {
		i = n % NR_FORMATS;
		level = n / NR_FORMATS % (formats[i] == LUTRACE_AMDV1 ? 6 : 5);
		raw = next_random();
		/* Large pages begin at whole numbers of theirs, or pt.c refuses them */
		if (n & 64)
			raw &= ~LUTRACE_BITS(51, 12) | ~0ull << 39;
		kind = lutrace_kind(formats[i], level, raw);
		if (pt__decode(formats[i], level, raw, &entry, &fault))
			continue;
		if ((kind == LUTRACE_TABLE) != (entry.kind == PT_TABLE) ||
		    (kind == LUTRACE_LEAF) != (entry.kind == PT_LEAF) || kind == LUTRACE_IMPOSSIBLE)
			fail_msg("0x%lx of format %u, level %u", raw, formats[i], level);
	}
}

/* Walks */

static struct lutrace_deep sound(void)
{
	struct lutrace_deep w = {
		.token = 1, .ser_phys = 0x5000, .generation = 3, .said_top_phys = 0x1000,
		.said_tables = 5, .said_bytes = 5 * 4096, .said_format = PT_VTDSS,
		.said_top_level = 2, .top_phys = 0x1000, .format = PT_VTDSS, .top_level = 2,
		.flags = DEEP_KHO, .took_ns = 1,
		.levels = { { 2, 3, 0x11 }, { 2, 1, 0x22 }, { 1, 0, 0x33 } },
	};

	return w;
}

static void expect_wrong(const struct lutrace_deep *w, const char *words)
{
	char text[192];

	assert_true(walked__wrong(w, text, sizeof(text)));
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void test_wrong(void **state)
{
	struct lutrace_deep w = sound();
	char text[192];

	(void)state;
	assert_false(walked__wrong(&w, text, sizeof(text)));
	assert_int_equal(walked__tables(&w), 5);
	assert_int_equal(w.levels[0].leaves, 3);
	assert_int_equal(w.levels[1].leaves, 1);
	assert_int_equal(w.levels[2].leaves, 0);
	w.said_top_level = 3;
	expect_wrong(&w, "the top level is 3, the walk found 2");
	w = sound();
	w.said_tables = 4;
	expect_wrong(&w, "the number of tables is 4, the walk found 5");
	w = sound();
	w.said_top_phys = 0x2000;
	expect_wrong(&w, "the root is 0x2000, the walk found 0x1000");
	w = sound();
	w.said_format = PT_X86_64;
	expect_wrong(&w, "the format is 2, the walk found 1");
	w = sound();
	w.said_bytes = 4096;
	expect_wrong(&w, "the number of bytes is 4096, the walk found 20480");
	w = sound();
	w.unkept = 1;
	w.unkept_phys = 0x7000;
	expect_wrong(&w, "1 of its 5 tables are not preserved in KHO, the first at 0x7000");
	w = sound();
	w.bad = 2;
	w.bad_entry = 0x80;
	expect_wrong(&w, "2 entries are none that vtdss can have");
	w = sound();
	w.flags |= DEEP_UNREADABLE;
	expect_wrong(&w, "where there is no memory");
	w = sound();
	w.flags |= DEEP_STOPPED;
	expect_wrong(&w, "the walk was stopped after 5 tables");
	/* One that was reclaimed has no record that could be wrong */
	w = sound();
	w.said_tables = 0;
	w.ser_phys = 0;
	assert_false(walked__wrong(&w, text, sizeof(text)));
}

static void expect_differs(const struct lutrace_deep *now, const char *words)
{
	struct lutrace_deep then = sound();
	char text[192];

	assert_true(walked__differs(&then, now, text, sizeof(text)));
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void test_differs(void **state)
{
	struct lutrace_deep then = sound(), now = sound();
	char text[192];

	(void)state;
	now.time_ns = 7;
	now.ser_phys = 0;
	assert_false(walked__differs(&then, &now, text, sizeof(text)));
	now.levels[0].digest ^= 1;
	expect_differs(&now, "entries of level 0 differ");
	now.levels[1].tables = 1;
	expect_differs(&now, "level 1 has 1 tables, had 2");
	now = sound();
	now.levels[0].leaves++;
	expect_differs(&now, "level 0 has 4 leaves, had 3");
	now = sound();
	now.top_phys = 0x9000;
	expect_differs(&now, "its root is 0x9000, was 0x1000");
	now = sound();
	now.top_level = 3;
	expect_differs(&now, "its top level is 3, was 2");
	now = sound();
	now.format = PT_X86_64;
	expect_differs(&now, "its format is x86_64, was vtdss");
}

/* KHO's device tree */

struct blob {
	unsigned char data[256];
	size_t size;
};

static void put_word(struct blob *b, uint32_t word)
{
	unsigned char bytes[] = { word >> 24, word >> 16, word >> 8, word };

	memcpy(b->data + b->size, bytes, sizeof(bytes));
	b->size += sizeof(bytes);
}

static void put_property(struct blob *b, uint32_t name, const void *value, uint32_t size)
{
	put_word(b, 3);
	put_word(b, size);
	put_word(b, name);
	memcpy(b->data + b->size, value, size);
	b->size += (size + 3) / 4 * 4;
}

static struct blob make_fdt(const char *version)
{
	__u64 root = 0x123456000;
	struct blob b = { .size = 0 };

	put_word(&b, 0xd00dfeed);
	put_word(&b, sizeof(b.data));
	put_word(&b, 40);
	put_word(&b, 200);
	b.size = 40;
	put_word(&b, 1);
	put_word(&b, 0);
	put_word(&b, 4);				/* nothing */
	put_property(&b, 0, version, strlen(version) + 1);
	put_property(&b, 11, &root, sizeof(root));
	put_word(&b, 2);
	put_word(&b, 9);
	return b;
}

static void test_kho_root(void **state)
{
	struct blob b = make_fdt("kho-v4");
	struct fault fault;
	unsigned char *cut;
	__u64 root;
	size_t size;

	(void)state;
	assert_int_equal(kho__root(b.data, b.size, &root, &fault), 0);
	assert_int_equal(root, 0x123456000);
	/* debugfs cuts it; cut anywhere it is refused or the same, and nothing behind it is read */
	for (size = 0; size < b.size; size++) {
		cut = malloc(size ? size : 1);
		memcpy(cut, b.data, size);
		if (!kho__root(cut, size, &root, &fault))
			assert_int_equal(root, 0x123456000);
		free(cut);
	}
	b = make_fdt("kho-v5");
	assert_int_equal(kho__root(b.data, b.size, &root, &fault), -1);
	assert_non_null(strstr(fault.text, "kho-v4"));
	memset(b.data, 0, sizeof(b.data));
	assert_int_equal(kho__root(b.data, b.size, &root, &fault), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_each_bit_counts),
		cmocka_unit_test(test_place_counts),
		cmocka_unit_test(test_missing_table),
		cmocka_unit_test(test_impossible),
		cmocka_unit_test(test_agrees_with_pt),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_kho_root),
	};

	return cmocka_run_group_tests_name("walked", tests, NULL, NULL);
}
