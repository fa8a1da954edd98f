// SPDX-License-Identifier: GPL-2.0-only
/* What a preserved page table leads to, compared with what the memfds hand over: a kernel's memory is made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "objects/contents.h"

#define PAGE		4096ull
#define NR_PAGES	64u
#define IOVA		0x40000000ull
#define HUGE		(2ull << 20)
#define MEMFD		0x10ull
#define SER_PHYS	(1 * PAGE + 64)
#define GENERATION	7ull
#define MAX_FOLIOS	2048u

/* Structures of this "kernel", in an order of its own */
struct file {
	uint64_t token, serialized, private, handler, next;
};

struct handler {
	uint64_t nothing;
	char compatible[16];
};

struct hwpt {
	uint64_t generation, domain_phys, areas_phys;
};

struct area {
	uint64_t memfd_offset, memfd_token, length, iova;
};

struct folio {
	uint64_t pfn, index;
};

static const struct contents_layout layout = {
	.list = offsetof(struct file, next), .handler = offsetof(struct file, handler),
	.compatible = offsetof(struct handler, compatible), .serialized = offsetof(struct file, serialized),
	.private = offsetof(struct file, private), .token = offsetof(struct file, token),
	.memfd_nr = 24, .nr_hwpts = 8, .hwpts = 16, .hwpt_size = sizeof(struct hwpt),
	.domain_phys = offsetof(struct hwpt, domain_phys), .generation = offsetof(struct hwpt, generation),
	.areas_phys = offsetof(struct hwpt, areas_phys), .next_phys = 0, .nr_areas = 8, .areas = 16,
	.area_size = sizeof(struct area), .iova = offsetof(struct area, iova),
	.length = offsetof(struct area, length), .memfd_token = offsetof(struct area, memfd_token),
	.memfd_offset = offsetof(struct area, memfd_offset), .ser_state = 8, .ser_generation = 0,
};

/* Physical memory of it: records, areas, tables. What it has by address is here in the test. */
static uint8_t memory[NR_PAGES][PAGE];
static uint64_t used;			/* pages */
/* Whole pages are read of it. */
static union {
	struct {
		struct folio folios[MAX_FOLIOS];
		struct file files[2];
		struct handler handlers[2];
		uint64_t head;
	} k;
	uint8_t pages[16 * PAGE];
} virt __attribute__((aligned(4096)));
static unsigned int reads;
static uint64_t gone_after;		/* reads; the record is free from then on */

static uint64_t *word(uint64_t phys)
{
	return (uint64_t *)&memory[phys / PAGE][phys % PAGE];
}

static bool read_virt(void *priv, uint64_t address, void *page)
{
	(void)priv;
	memcpy(page, (void *)(uintptr_t)address, PAGE);
	return true;
}

static bool read_phys(void *priv, uint64_t phys, void *page)
{
	(void)priv;
	if (++reads > gone_after && gone_after)
		*word(SER_PHYS + 8) = 0;
	if (phys / PAGE >= NR_PAGES)
		return false;
	memcpy(page, memory[phys / PAGE], PAGE);
	return true;
}

static const struct contents_reader reader = { read_virt, read_phys, NULL };
static struct contents_of of;

/* Maps @size bytes, which is a page or 2 MiB. */
static void map(uint64_t iova, uint64_t phys, uint64_t size)
{
	uint64_t table = of.top_phys, *entry;
	unsigned int level;

	for (level = 2; ; level--) {
		entry = word(table + (iova >> (12 + 9 * level)) % 512 * 8);
		if (!level || (level == 1 && size != PAGE))
			break;
		if (!*entry)
			*entry = used++ * PAGE | 3;
		table = *entry & ~0xfffull;
	}
	*entry = phys | 3 | (level ? 1 << 7 : 0);
}

static void add_area(uint64_t iova, uint64_t length, uint64_t offset)
{
	uint64_t *nr = word(3 * PAGE + 8);
	struct area *area = (struct area *)word(3 * PAGE + 16);

	area[(*nr)++] = (struct area){ .iova = iova, .length = length, .memfd_token = MEMFD,
				       .memfd_offset = offset };
}

static void add_folio(uint64_t index, uint64_t pfn)
{
	uint64_t *nr = word(4 * PAGE + 24);

	virt.k.folios[(*nr)++] = (struct folio){ pfn | 3ull << 52, index };
}

/* A session with a memfd and an iommufd of one HWPT that maps nothing yet */
static int setup(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	reads = gone_after = 0;
	*word(SER_PHYS) = GENERATION;
	*word(SER_PHYS + 8) = 1;
	*word(2 * PAGE + 8) = 2;
	*(struct hwpt *)word(2 * PAGE + 16) = (struct hwpt){ GENERATION, SER_PHYS + 88, 0 };
	*(struct hwpt *)word(2 * PAGE + 16 + sizeof(struct hwpt)) =
		(struct hwpt){ GENERATION, SER_PHYS, 3 * PAGE };
	strcpy(virt.k.handlers[0].compatible, "memfd-v9");
	strcpy(virt.k.handlers[1].compatible, "iommufd");
	virt.k.files[0] = (struct file){ MEMFD, 4 * PAGE, (uintptr_t)virt.k.folios, (uintptr_t)&virt.k.handlers[0],
				  (uintptr_t)&virt.k.files[1].next };
	virt.k.files[1] = (struct file){ 0x20, 2 * PAGE, 0, (uintptr_t)&virt.k.handlers[1], (uintptr_t)&virt.k.head };
	virt.k.head = (uintptr_t)&virt.k.files[0].next;
	used = 6;
	of = (struct contents_of){ .files = (uintptr_t)&virt.k.head, .ser_phys = SER_PHYS, .generation = GENERATION,
				   .format = PT_VTDSS, .top_phys = 5 * PAGE, .top_level = 2 };
	return 0;
}

static struct contents_result compare(void)
{
	struct contents_result found;

	assert_true(contents__compare(&layout, &reader, &of, &found));
	return found;
}

static void expect_nothing(void)
{
	struct contents_result found;

	assert_false(contents__compare(&layout, &reader, &of, &found));
}

/* Small pages, and a large entry of which the folios are of any size */
static void map_all(void)
{
	uint64_t i;

	for (i = 0; i < 16; i++) {
		add_folio(i, 0x9000 - i * 2);
		map(IOVA + i * PAGE, (0x9000 - i * 2) * PAGE, PAGE);
	}
	add_folio(512, 0x20000);
	add_folio(512 + 64, 0x20000 + 64);
	add_folio(1024, 0x40000);
	map(IOVA + HUGE, 0x20000 * PAGE, HUGE);
	add_area(IOVA, 16 * PAGE, 0);
	add_area(IOVA + HUGE, HUGE, 512 * PAGE);
}

static void test_right(void **state)
{
	struct contents_result found;

	(void)state;
	map_all();
	found = compare();
	assert_int_equal(found.compared, 18);
	assert_int_equal(found.wrong, 0);
}

static void test_nothing_mapped(void **state)
{
	(void)state;
	assert_int_equal(compare().compared, 0);
}

/* A hole was punched behind the first page of a large entry, and filled again */
static void test_hole_in_entry(void **state)
{
	struct contents_result found;

	(void)state;
	map_all();
	virt.k.folios[17].index = 512 + 63;
	virt.k.folios[17].pfn = 0x7777;
	found = compare();
	assert_int_equal(found.wrong, 1);
	assert_int_equal(found.iova, IOVA + HUGE + 63 * PAGE);
	assert_int_equal(found.leads_to, (0x20000 + 63) * PAGE);
}

static void test_other_page(void **state)
{
	struct contents_result found;

	(void)state;
	map_all();
	map(IOVA + 5 * PAGE, 0x1234 * PAGE, PAGE);
	map(IOVA + 9 * PAGE, 0x1235 * PAGE, PAGE);
	found = compare();
	assert_int_equal(found.wrong, 2);
	assert_int_equal(found.iova, IOVA + 5 * PAGE);
	assert_int_equal(found.leads_to, 0x1234 * PAGE);
}

static void test_missing(void **state)
{
	struct contents_result found;

	(void)state;
	map_all();
	*word((*word(*word(5 * PAGE + (IOVA >> 30) * 8) & ~0xfffull) & ~0xfffull) + 15 * 8) = 0;
	found = compare();
	assert_int_equal(found.wrong, 1);
	assert_int_equal(found.iova, IOVA + 15 * PAGE);
	assert_int_equal(found.leads_to, 0);
}

/* Not one entry after the other, if there are too many */
static void test_stride(void **state)
{
	uint64_t i;

	(void)state;
	for (i = 0; i < 512; i++) {
		add_folio(i, 0x5000 + i);
		map(IOVA + i * PAGE, (0x5000 + i) * PAGE, PAGE);
	}
	add_area(IOVA, 512 * PAGE, 0);
	assert_int_equal(compare().compared, 512);
	of.nr_leaves = CONTENTS_PIECES * 7;
	assert_int_equal(compare().compared, 512 / 8);
}

/* What cannot be known says nothing */
static void test_unknown(void **state)
{
	(void)state;
	map_all();
	virt.k.files[0].token++;
	expect_nothing();
	virt.k.files[0].token--;
	of.generation++;
	expect_nothing();
	of.generation--;
	of.files = 0;
	expect_nothing();
	of.files = (uintptr_t)&virt.k.head;
	*word(3 * PAGE + 8) = 1 << 20;
	expect_nothing();
	*word(3 * PAGE + 8) = 2;
	assert_int_equal(compare().compared, 18);
	*word(4 * PAGE + 24) = 0;
	expect_nothing();
}

/* Files that lead round in a circle, and pages of areas that do */
static void test_circles(void **state)
{
	(void)state;
	map_all();
	virt.k.files[1].next = (uintptr_t)&virt.k.files[1].next;
	expect_nothing();
	virt.k.files[1].next = (uintptr_t)&virt.k.head;
	*word(3 * PAGE + 8) = 0;
	*word(3 * PAGE) = 3 * PAGE;
	expect_nothing();
}

/* The session was closed while it was read, whenever that was */
static void test_given_up(void **state)
{
	unsigned int last, all;

	map_all();
	compare();
	all = reads;
	assert_true(all > 5);
	for (last = 1; last < all; last++) {
		setup(state);
		map_all();
		gone_after = last;
		expect_nothing();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_right, setup),
		cmocka_unit_test_setup(test_nothing_mapped, setup),
		cmocka_unit_test_setup(test_hole_in_entry, setup),
		cmocka_unit_test_setup(test_other_page, setup),
		cmocka_unit_test_setup(test_missing, setup),
		cmocka_unit_test_setup(test_stride, setup),
		cmocka_unit_test_setup(test_unknown, setup),
		cmocka_unit_test_setup(test_circles, setup),
		cmocka_unit_test_setup(test_given_up, setup),
	};

	return cmocka_run_group_tests_name("contents", tests, NULL, NULL);
}
