// SPDX-License-Identifier: GPL-2.0-only
// sources: tools/lutrace/pt.c tools/lutrace/util.c
/* Page tables decoded from pages that the tests make up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/lutrace/pt.h"

#define NR_PAGES 16

/* A memory of some pages; page i is at physical address (i + 1) << 20. */
struct memory {
	uint64_t pages[NR_PAGES][PT_ITEMS];
	unsigned int reads, largest;
};

static struct memory mem;

static uint64_t phys(unsigned int page)
{
	return (uint64_t)(page + 1) << 20;
}

static int read_pages(void *priv, const uint64_t *addr, unsigned int nr, void *pages,
		      struct fault *fault)
{
	struct memory *m = priv;
	unsigned int i, page;

	m->reads++;
	if (nr > m->largest)
		m->largest = nr;
	for (i = 0; i < nr; i++) {
		page = (addr[i] >> 20) - 1;
		if (addr[i] & 0xfffff || page >= NR_PAGES)
			return fault__set(fault, "no page at 0x%lx", addr[i]);
		memcpy((char *)pages + i * PT_PAGE_SIZE, m->pages[page], PT_PAGE_SIZE);
	}
	return 0;
}

static const struct pt_reader reader = { read_pages, &mem, 2 };

static int reset(void **state)
{
	(void)state;
	memset(&mem, 0, sizeof(mem));
	return 0;
}

static void expect_leaf(const struct pt_walk *walk, size_t i, uint64_t iova, uint64_t to,
			uint64_t size, unsigned int perm)
{
	assert_true(i < walk->nr_leaves);
	assert_int_equal(walk->leaves[i].iova, iova);
	assert_int_equal(walk->leaves[i].phys, to);
	assert_int_equal(walk->leaves[i].size, size);
	assert_int_equal(walk->leaves[i].perm, perm);
}

static void walk_ok(enum pt_format format, unsigned int top, struct pt_walk *walk)
{
	struct fault fault = { "" };

	if (pt__walk(format, phys(0), top, &reader, walk, &fault))
		fail_msg("refused: %s", fault.text);
}

static void walk_refused(enum pt_format format, unsigned int top, const char *words)
{
	struct pt_walk walk;
	struct fault fault = { "" };

	assert_int_equal(pt__walk(format, phys(0), top, &reader, &walk, &fault), -1);
	if (!strstr(fault.text, words))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
	assert_null(walk.leaves);
}

static void test_empty(void **state)
{
	struct pt_walk walk;

	(void)state;
	walk_ok(PT_VTDSS, 2, &walk);
	assert_int_equal(walk.nr_leaves, 0);
	assert_int_equal(walk.nr_tables, 1);
	pt__walk_free(&walk);
}

/* 4 KiB, 2 MiB and 1 GiB in one three-level table, permissions, high address. */
static void test_vtdss_three_levels(void **state)
{
	struct pt_walk walk;

	(void)state;
	mem.pages[0][0] = phys(1) | 3;
	mem.pages[0][2] = 0x4000000000ull | 0x80 | 3;		/* 1 GiB at 2 GiB */
	mem.pages[1][8] = phys(2) | 3;				/* 16 MiB */
	mem.pages[1][9] = 0x200000 | 0x80 | 1;			/* 2 MiB, read */
	mem.pages[2][0] = 0x5000 | 3;
	mem.pages[2][511] = 0xffffffffff000ull | 2;		/* write only */
	walk_ok(PT_VTDSS, 2, &walk);
	assert_int_equal(walk.nr_tables, 3);
	assert_int_equal(walk.nr_leaves, 4);
	expect_leaf(&walk, 0, 0x1000000, 0x5000, 0x1000, PT_READ | PT_WRITE);
	expect_leaf(&walk, 1, 0x11ff000, 0xffffffffff000, 0x1000, PT_WRITE);
	expect_leaf(&walk, 2, 0x1200000, 0x200000, 0x200000, PT_READ);
	expect_leaf(&walk, 3, 0x80000000, 0x4000000000, 0x40000000, PT_READ | PT_WRITE);
	pt__walk_free(&walk);
}

/* Software bits, snoop, accessed and dirty are no part of the address. */
static void test_vtdss_ignores_other_bits(void **state)
{
	struct pt_walk walk;

	(void)state;
	mem.pages[0][0] = phys(1) | 3 | 1ull << 10 | 1ull << 52;
	mem.pages[1][0] = phys(2) | 3 | 1ull << 63;
	mem.pages[2][1] = 0x7000 | 3 | 1ull << 8 | 1ull << 9 | 1ull << 11 | 1ull << 62;
	walk_ok(PT_VTDSS, 2, &walk);
	assert_int_equal(walk.nr_leaves, 1);
	expect_leaf(&walk, 0, 0x1000, 0x7000, 0x1000, PT_READ | PT_WRITE);
	pt__walk_free(&walk);
}

static void test_vtdss_four_and_five_levels(void **state)
{
	struct pt_walk walk;
	unsigned int top, page;

	(void)state;
	for (top = 3; top <= 4; top++) {
		reset(NULL);
		for (page = 0; page < top; page++)
			mem.pages[page][1] = phys(page + 1) | 3;
		mem.pages[top][1] = 0x9000 | 1;
		walk_ok(PT_VTDSS, top, &walk);
		assert_int_equal(walk.nr_tables, top + 1);
		expect_leaf(&walk, 0, top == 3 ? 0x8040201000 : 0x1008040201000, 0x9000,
			    0x1000, PT_READ);
		pt__walk_free(&walk);
	}
}

/* More tables on a level than the reader takes at once. */
static void test_batches(void **state)
{
	struct pt_walk walk;
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		mem.pages[0][i] = phys(1 + i) | 3;
		mem.pages[1 + i][0] = (uint64_t)i << 21 | 0x80 | 3;
	}
	walk_ok(PT_VTDSS, 2, &walk);
	assert_int_equal(walk.nr_tables, 6);
	assert_int_equal(walk.nr_leaves, 5);
	for (i = 0; i < 5; i++)
		expect_leaf(&walk, i, (uint64_t)i << 30, i << 21, 0x200000, 3);
	assert_int_equal(mem.reads, 4);
	assert_int_equal(mem.largest, 2);
	pt__walk_free(&walk);
}

static void test_unreadable_page(void **state)
{
	(void)state;
	mem.pages[0][0] = 0xdead000 | 3;
	walk_refused(PT_VTDSS, 2, "0xdead000");
}

static void test_impossible_entries(void **state)
{
	(void)state;
	mem.pages[0][0] = phys(1);			/* neither read nor write */
	walk_refused(PT_VTDSS, 2, "is no possible vtdss entry");
	mem.pages[0][0] = 0x80 | 3;			/* page of 512 GiB */
	walk_refused(PT_VTDSS, 3, "is no possible vtdss entry");
	mem.pages[0][0] = 0x100000 | 0x80 | 3;		/* 1 GiB page at 1 MiB */
	walk_refused(PT_VTDSS, 2, "is no possible vtdss entry");
}

static void test_table_linked_twice(void **state)
{
	(void)state;
	mem.pages[0][0] = phys(1) | 3;
	mem.pages[0][5] = phys(1) | 3;
	walk_refused(PT_VTDSS, 2, "linked twice");
	reset(NULL);
	mem.pages[0][0] = phys(0) | 3;			/* a loop */
	walk_refused(PT_VTDSS, 2, "linked twice");
}

static void test_levels_and_formats(void **state)
{
	(void)state;
	walk_refused(PT_VTDSS, 1, "cannot have 2 levels");
	walk_refused(PT_VTDSS, 5, "cannot have 6 levels");
	walk_refused(PT_AMDV1_MOCK, 2, "amdv1_mock is not supported by walk");
	walk_refused(PT_UNKNOWN, 2, "not supported by walk");
	assert_int_equal(pt__format_by_name("vtdss"), PT_VTDSS);
	assert_int_equal(pt__format_by_name("amdv1"), PT_AMDV1);
	assert_int_equal(pt__format_by_name("riscv64"), PT_UNKNOWN);
}

static void test_x86_64(void **state)
{
	struct pt_walk walk;

	(void)state;
	mem.pages[0][1] = phys(1) | 7;
	mem.pages[1][0] = phys(2) | 7;
	mem.pages[1][1] = 0x80000000ull | 0x80 | 5;		/* 1 GiB, no write */
	mem.pages[2][3] = 0x600000 | 0x80 | 7;
	mem.pages[2][4] = phys(9) | 6;				/* not present */
	walk_ok(PT_X86_64, 3, &walk);
	assert_int_equal(walk.nr_leaves, 2);
	expect_leaf(&walk, 0, 0x8000600000, 0x600000, 0x200000, PT_READ | PT_WRITE);
	expect_leaf(&walk, 1, 0x8040000000, 0x80000000, 0x40000000, PT_READ);
	pt__walk_free(&walk);
}

#define AMD_TABLE(page, level)	(phys(page) | 1 | (uint64_t)(level) << 9 | 3ull << 61)
#define AMD_LEAF		(1 | 3ull << 61)

static void test_amdv1(void **state)
{
	struct pt_walk walk;
	unsigned int i;

	(void)state;
	mem.pages[0][0] = AMD_TABLE(1, 2);
	mem.pages[1][1] = AMD_TABLE(2, 1);
	mem.pages[1][3] = 0x600000 | AMD_LEAF;			/* 2 MiB */
	mem.pages[2][0] = 0x3000 | 1 | 1ull << 61;
	/* 32 KiB at 0x40000: eight copies, size as two ones and a zero */
	for (i = 8; i < 16; i++)
		mem.pages[2][i] = 0x43000 | AMD_LEAF | 7 << 9;
	mem.pages[2][12] |= 1 << 6;				/* dirty in one of them */
	walk_ok(PT_AMDV1, 2, &walk);
	assert_int_equal(walk.nr_tables, 3);
	assert_int_equal(walk.nr_leaves, 3);
	expect_leaf(&walk, 0, 0x200000, 0x3000, 0x1000, PT_READ);
	expect_leaf(&walk, 1, 0x208000, 0x40000, 0x8000, PT_READ | PT_WRITE);
	expect_leaf(&walk, 2, 0x600000, 0x600000, 0x200000, PT_READ | PT_WRITE);
	pt__walk_free(&walk);
}

static void test_amdv1_refusals(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 8; i < 16; i++)
		mem.pages[0][i] = 0x43000 | AMD_LEAF | 7 << 9;
	mem.pages[0][13] += 0x8000;
	walk_refused(PT_AMDV1, 0, "differs from entry 8");
	reset(NULL);
	mem.pages[0][1] = 0x43000 | AMD_LEAF | 7 << 9;
	walk_refused(PT_AMDV1, 0, "starts a leaf of 8 entries");
	reset(NULL);
	mem.pages[0][0] = AMD_TABLE(1, 1);			/* skips a level */
	walk_refused(PT_AMDV1, 2, "is no possible amdv1 entry");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty, reset),
		cmocka_unit_test_setup(test_vtdss_three_levels, reset),
		cmocka_unit_test_setup(test_vtdss_ignores_other_bits, reset),
		cmocka_unit_test_setup(test_vtdss_four_and_five_levels, reset),
		cmocka_unit_test_setup(test_batches, reset),
		cmocka_unit_test_setup(test_unreadable_page, reset),
		cmocka_unit_test_setup(test_impossible_entries, reset),
		cmocka_unit_test_setup(test_table_linked_twice, reset),
		cmocka_unit_test_setup(test_levels_and_formats, reset),
		cmocka_unit_test_setup(test_x86_64, reset),
		cmocka_unit_test_setup(test_amdv1, reset),
		cmocka_unit_test_setup(test_amdv1_refusals, reset),
	};

	return cmocka_run_group_tests_name("pt", tests, NULL, NULL);
}
