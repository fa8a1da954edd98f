// SPDX-License-Identifier: GPL-2.0-only
/* Page tables decoded from pages that the tests make up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fault.h"
#include "walk/pt.h"

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
	walk_refused(PT_X86_64, 2, "cannot have 3 levels");
	walk_refused(PT_AMDV1, 6, "cannot have 7 levels");
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

/* The upper half of the top table is the end of the addresses. */
static void test_x86_64_halves(void **state)
{
	struct pt_walk walk;
	unsigned int top;

	(void)state;
	for (top = 3; top <= 4; top++) {
		reset(NULL);
		mem.pages[0][255] = phys(1) | 7;
		mem.pages[0][256] = phys(2) | 7;
		mem.pages[0][511] = phys(3) | 7;
		if (top == 4) {
			mem.pages[1][511] = phys(4) | 7;
			mem.pages[2][0] = phys(5) | 7;
			mem.pages[3][511] = phys(6) | 7;
		}
		/* The last, the first and the last GiB */
		mem.pages[top == 4 ? 4 : 1][511] = 0x40000000 | 0x80 | 7;
		mem.pages[top == 4 ? 5 : 2][0] = 0x80000000 | 0x80 | 7;
		mem.pages[top == 4 ? 6 : 3][511] = 0xc0000000 | 0x80 | 7;
		walk_ok(PT_X86_64, top, &walk);
		assert_int_equal(walk.nr_leaves, 3);
		expect_leaf(&walk, 0, (top == 4 ? 1ull << 56 : 1ull << 47) - 0x40000000,
			    0x40000000, 0x40000000, PT_READ | PT_WRITE);
		expect_leaf(&walk, 1, top == 4 ? 0xff00000000000000 : 0xffff800000000000,
			    0x80000000, 0x40000000, PT_READ | PT_WRITE);
		expect_leaf(&walk, 2, 0xffffffffc0000000, 0xc0000000, 0x40000000,
			    PT_READ | PT_WRITE);
		pt__walk_free(&walk);
	}
}

/* Accessed, dirty, software bits and no-execute are no part of the address. */
static void test_x86_64_ignores_other_bits(void **state)
{
	struct pt_walk walk;

	(void)state;
	mem.pages[0][0] = phys(1) | 0x27 | 1ull << 11;
	mem.pages[1][0] = phys(2) | 0x27 | 1ull << 62;
	mem.pages[2][0] = phys(3) | 0x27 | 1ull << 52;
	mem.pages[3][1] = 0xffffffffff000ull | 0x67 | 1ull << 9 | 1ull << 63;
	walk_ok(PT_X86_64, 3, &walk);
	assert_int_equal(walk.nr_leaves, 1);
	expect_leaf(&walk, 0, 0x1000, 0xffffffffff000, 0x1000, PT_READ | PT_WRITE);
	pt__walk_free(&walk);
}

static void test_x86_64_refusals(void **state)
{
	(void)state;
	mem.pages[0][0] = 0x80 | 7;				/* page of 512 GiB */
	walk_refused(PT_X86_64, 3, "is no possible x86_64 entry of level 3");
	mem.pages[0][0] = phys(1) | 7;
	mem.pages[1][0] = 0x100000 | 0x80 | 7;			/* 1 GiB page at 1 MiB */
	walk_refused(PT_X86_64, 3, "is no possible x86_64 entry of level 2");
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

/*
 * The top grows with the addresses: each size of the table finds the same
 * leaf, at the last of its addresses.
 */
static void test_amdv1_top_levels(void **state)
{
	struct pt_walk walk;
	unsigned int top, page;

	(void)state;
	for (top = 1; top <= 5; top++) {
		reset(NULL);
		for (page = 0; page < top; page++)
			mem.pages[page][page || top < 5 ? 511 : 127] =
				AMD_TABLE(page + 1, top - page);
		mem.pages[top][511] = 0x9000 | AMD_LEAF;
		walk_ok(PT_AMDV1, top, &walk);
		assert_int_equal(walk.nr_tables, top + 1);
		expect_leaf(&walk, 0, top == 5 ? 0xfffffffffffff000 :
			    (1ull << (12 + 9 * (top + 1))) - 0x1000, 0x9000, 0x1000,
			    PT_READ | PT_WRITE);
		pt__walk_free(&walk);
	}
}

/* Every size that the kernel makes: 2^12 to 2^51, without 2^39. */
static void test_amdv1_sizes(void **state)
{
	unsigned int size, level, copies, i;
	struct pt_walk walk;
	uint64_t entry;

	(void)state;
	for (size = 12; size <= 51; size++) {
		level = (size - 12) / 9;
		copies = 1u << (size - 12 - 9 * level);
		/* The size is that of the lowest zero of the address. */
		entry = AMD_LEAF | 7 << 9 | ((1ull << size) - 1) >> 13 << 12;
		if (copies == 1)
			entry = AMD_LEAF;
		reset(NULL);
		for (i = 0; i < copies; i++)
			mem.pages[0][copies + i] = entry;
		if (size == 39) {
			walk_refused(PT_AMDV1, level, "is no possible amdv1 entry of level 3");
			continue;
		}
		walk_ok(PT_AMDV1, level, &walk);
		assert_int_equal(walk.nr_leaves, 1);
		expect_leaf(&walk, 0, 1ull << size, 0, 1ull << size, PT_READ | PT_WRITE);
		pt__walk_free(&walk);
	}
}

/* Force-coherent, dirty and software bits are no part of the address. */
static void test_amdv1_ignores_other_bits(void **state)
{
	struct pt_walk walk;

	(void)state;
	mem.pages[0][0] = AMD_TABLE(1, 1) | 1 << 2 | 1ull << 63;
	mem.pages[1][1] = 0xffffffffff000ull | AMD_LEAF | 1ull << 60 | 1 << 6 | 1 << 8 | 1ull << 52;
	mem.pages[1][2] = 0x5000 | 1 | 1ull << 62;
	mem.pages[1][3] = 0x6000 | 3ull << 61;			/* not present */
	walk_ok(PT_AMDV1, 1, &walk);
	assert_int_equal(walk.nr_leaves, 2);
	expect_leaf(&walk, 0, 0x1000, 0xffffffffff000, 0x1000, PT_READ | PT_WRITE);
	expect_leaf(&walk, 1, 0x2000, 0x5000, 0x1000, PT_WRITE);
	pt__walk_free(&walk);
}

/* What a table does not allow, nothing below it does. */
static void test_permissions_of_tables(void **state)
{
	struct pt_walk walk;

	(void)state;
	mem.pages[0][0] = phys(1) | 1;
	mem.pages[0][1] = phys(2) | 3;
	mem.pages[1][0] = 0x200000 | 0x80 | 3;
	mem.pages[2][0] = phys(3) | 2;
	mem.pages[3][0] = 0x5000 | 3;
	mem.pages[3][1] = 0x6000 | 1;
	walk_ok(PT_VTDSS, 2, &walk);
	expect_leaf(&walk, 0, 0, 0x200000, 0x200000, PT_READ);
	expect_leaf(&walk, 1, 0x40000000, 0x5000, 0x1000, PT_WRITE);
	expect_leaf(&walk, 2, 0x40001000, 0x6000, 0x1000, 0);
	pt__walk_free(&walk);

	reset(NULL);
	mem.pages[0][0] = phys(1) | 7;
	mem.pages[1][0] = phys(2) | 5;
	mem.pages[1][1] = phys(3) | 3;				/* not for a user */
	mem.pages[2][0] = 0x200000 | 0x80 | 7;
	mem.pages[3][0] = 0x400000 | 0x80 | 7;
	walk_ok(PT_X86_64, 3, &walk);
	expect_leaf(&walk, 0, 0, 0x200000, 0x200000, PT_READ);
	expect_leaf(&walk, 1, 0x40000000, 0x400000, 0x200000, 0);
	pt__walk_free(&walk);

	reset(NULL);
	mem.pages[0][0] = AMD_TABLE(1, 1) & ~(1ull << 62);
	mem.pages[0][1] = AMD_TABLE(2, 1) & ~(1ull << 61);
	mem.pages[1][0] = 0x5000 | AMD_LEAF;
	mem.pages[2][0] = 0x6000 | AMD_LEAF;
	walk_ok(PT_AMDV1, 1, &walk);
	expect_leaf(&walk, 0, 0, 0x5000, 0x1000, PT_READ);
	expect_leaf(&walk, 1, 0x200000, 0x6000, 0x1000, PT_WRITE);
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
	mem.pages[0][0] = AMD_TABLE(1, 3);			/* or does not go down */
	walk_refused(PT_AMDV1, 2, "is no possible amdv1 entry");
	mem.pages[0][0] = 0x5000 | AMD_LEAF | 2 << 9;		/* a table below the last level */
	walk_refused(PT_AMDV1, 0, "is no possible amdv1 entry of level 0");
	mem.pages[0][0] = AMD_LEAF;				/* the sixth level has no leaves */
	walk_refused(PT_AMDV1, 5, "is no possible amdv1 entry of level 5");
	mem.pages[0][0] = 0xfffff000 | AMD_LEAF | 7 << 9;	/* 8 GiB in a table of 2 MiB */
	walk_refused(PT_AMDV1, 1, "is no possible amdv1 entry of level 1");
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
		cmocka_unit_test_setup(test_x86_64_halves, reset),
		cmocka_unit_test_setup(test_x86_64_ignores_other_bits, reset),
		cmocka_unit_test_setup(test_x86_64_refusals, reset),
		cmocka_unit_test_setup(test_amdv1, reset),
		cmocka_unit_test_setup(test_amdv1_top_levels, reset),
		cmocka_unit_test_setup(test_amdv1_sizes, reset),
		cmocka_unit_test_setup(test_amdv1_ignores_other_bits, reset),
		cmocka_unit_test_setup(test_permissions_of_tables, reset),
		cmocka_unit_test_setup(test_amdv1_refusals, reset),
	};

	return cmocka_run_group_tests_name("pt", tests, NULL, NULL);
}
