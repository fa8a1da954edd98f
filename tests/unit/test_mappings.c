// SPDX-License-Identifier: GPL-2.0-only
/* What walk prints, reads back and compares, and the VT-d driver's dump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fault.h"
#include "walk/mappings.h"

/* Text as the driver of 7.3.4 printed it: three levels, a hole, 4 KiB and 2 MiB. */
#define DUMP_HEAD(root)	\
	"Device 0000:00:02.0 @" root "\n"	\
	"IOVA_PFN         \tPML5E             \tPML4E             \tPDPE              \tPDE       "	\
	"        \tPTE\n"
#define ZERO "0x0000000000000000"
#define ROW_4K_1 "0x0000000001000 |\t" ZERO "\t" ZERO	\
	"\t0x0000000000d52403\t0x0000000000d4c403\t0x0000000001beb003\n"
#define ROW_4K_2 "0x0000000001005 |\t" ZERO "\t" ZERO	\
	"\t0x0000000000d52403\t0x0000000000d4c403\t0x0000000001be8001\n"
#define ROW_2M "0x0000000001200 |\t" ZERO "\t" ZERO	\
	"\t0x0000000000d52403\t0x0000000001c00083\n"
#define ROW_1G "0x0000000040000 |\t" ZERO "\t" ZERO "\t0x0000000080000083\n"
#define DUMP DUMP_HEAD("0xd2b000") ROW_4K_1 ROW_4K_2 ROW_2M ROW_1G

static void add(struct mapping *m, uint64_t iova, uint64_t phys, uint64_t size, unsigned int perm)
{
	pt__add_leaf(&m->walk, &(struct pt_leaf){ iova, phys, size, perm });
}

/* The same as DUMP, as walk would find it. */
static struct mapping *add_main(struct mappings *list, uint64_t token)
{
	struct mapping *m = mappings__add(list);

	m->marked = true;
	m->token = token;
	m->format = PT_VTDSS;
	m->root = 0xd2b000;
	m->levels = 3;
	m->walk.nr_tables = 4;
	add(m, 0x1000000, 0x1beb000, 0x1000, PT_READ | PT_WRITE);
	add(m, 0x1005000, 0x1be8000, 0x1000, PT_READ);
	add(m, 0x1200000, 0x1c00000, 0x200000, PT_READ | PT_WRITE);
	add(m, 0x40000000, 0x80000000, 0x40000000, PT_READ | PT_WRITE);
	return m;
}

static char *print(const struct mappings *list)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	mappings__print(list, f);
	fclose(f);
	return text;
}

static void test_print(void **state)
{
	struct mappings list = { 0 };
	struct mapping *m;
	char *text;

	(void)state;
	m = mappings__add(&list);
	m->format = PT_VTDSS;
	m->root = 0x1000;
	m->levels = 4;
	m->walk.nr_tables = 1;
	m->pid = 7;
	m->fd = 8;
	m->id = 9;
	add_main(&list, 0x10);
	list.items[1].walk.nr_leaves = 1;
	mappings__sort(&list);
	text = print(&list);
	assert_string_equal(text,
			    "# hwpt token=0x10 format=vtdss root=0x0000000000d2b000 levels=3 "
			    "tables=4 leaves=1\n"
			    "token=0x10 iova=0x0000000001000000 phys=0x0000000001beb000 "
			    "size=0x1000 perm=rw\n"
			    "# hwpt token=- format=vtdss root=0x0000000000001000 levels=4 "
			    "tables=1 leaves=0 pid=7 fd=8 id=9\n");
	free(text);
	mappings__free(&list);
}

static void test_reads_back_what_it_prints(void **state)
{
	struct mappings list = { 0 }, again = { 0 };
	struct fault fault = { "" };
	char *text, *text2;

	(void)state;
	add_main(&list, 2);
	add_main(&list, 0);
	mappings__sort(&list);
	text = print(&list);
	assert_int_equal(mappings__parse(&again, text, strlen(text), "file", &fault), 0);
	text2 = print(&again);
	assert_string_equal(text, text2);
	assert_int_equal(again.items[0].token, 0);
	assert_true(again.items[0].marked);
	assert_true(mappings__same(&list, "a", &again, "b", &fault));
	assert_ptr_equal(mappings__by_token(&again, 2), &again.items[1]);
	assert_null(mappings__by_token(&again, 3));
	free(text);
	free(text2);
	mappings__free(&list);
	mappings__free(&again);
}

static void expect_unreadable(const char *text, const char *words)
{
	struct mappings list = { 0 };
	struct fault fault = { "" };

	assert_int_equal(mappings__parse(&list, text, strlen(text), "file", &fault), -1);
	if (!strstr(fault.text, words))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
	mappings__free(&list);
}

#define HEAD "# hwpt token=0x1 format=vtdss root=0x1000 levels=3 tables=3 leaves=1\n"
#define LEAF "token=0x1 iova=0x1000 phys=0x2000 size=0x1000 perm=rw\n"

static void test_damaged_files(void **state)
{
	(void)state;
	expect_unreadable(HEAD, "has 0 leaves where its header says 1");
	expect_unreadable(HEAD LEAF LEAF, "has 2 leaves where its header says 1");
	expect_unreadable(HEAD HEAD LEAF, "has 0 leaves where its header says 1");
	expect_unreadable(LEAF, "file:1: not a line");
	expect_unreadable(HEAD "token=0x2 iova=0x1000 phys=0x2000 size=0x1000 perm=rw\n",
			  "file:2: not a line");
	expect_unreadable(HEAD "token=0x1 iova=0x1000 phys=0x2000 size=0x1000 perm=wr\n",
			  "file:2: not a line");
	expect_unreadable(HEAD "token=0x1 iova=0x1000 phys=0x2000 size=0x1000\n",
			  "file:2: not a line");
	expect_unreadable(HEAD "token=0x1 iova=zero phys=0x2000 size=0x1000 perm=rw\n",
			  "file:2: not a line");
	expect_unreadable("# hwpt token=0x1 format=nonsense root=0x1000 levels=3 tables=3 "
			  "leaves=0\n",
			  "file:1: not a line");
}

/* Numbers that would be cut to others, and what stands behind what was read. */
static void test_nothing_is_dropped(void **state)
{
	static const char nul[] = HEAD LEAF "\0token=0x1 and more";
	struct mappings list = { 0 };
	struct mapping dump;
	struct fault fault = { "" };

	(void)state;
	expect_unreadable("# hwpt token=0x1 format=vtdss root=0x1000 levels=4294967299 tables=3 "
			  "leaves=0\n", "file:1: not a line");
	expect_unreadable(HEAD "token=0x1 iova=0x1000 phys=0x2000 size=0x1000000000000000000000 "
			  "perm=rw\n", "file:2: not a line");
	expect_unreadable(HEAD "token=0x1 iova=010 phys=0x2000 size=-1 perm=rw\n",
			  "file:2: not a line");
	expect_unreadable(HEAD "token=0x1 iova=0x1000 phys=0x2000 size=0x1000 perm=rw more\n",
			  "file:2: not a line");
	expect_unreadable("# hwpt token=0x1 format=vtdss root=0x1000 levels=3 tables=3 leaves=0 "
			  "more\n", "file:1: not a line");
	expect_unreadable("# hwpt token=- format=vtdss root=0x1000 levels=3 tables=3 leaves=0\n",
			  "file:1: not a line");
	assert_int_equal(mappings__parse(&list, nul, sizeof(nul) - 1, "file", &fault), -1);
	assert_string_equal(fault.text, "file:3: a NUL character, which no text has: the file is "
			    "damaged");
	mappings__free(&list);
	assert_int_equal(mapping__parse_dump(&dump, "\0", 1, "dump", PT_VTDSS, 0, &fault), -1);
	assert_non_null(strstr(fault.text, "dump:1: a NUL character"));
}

enum { NO_CHANGE, CHANGE_PHYS, CHANGE_PERM, CHANGE_SIZE, CHANGE_IOVA, DROP_LAST, ADD_ONE,
	CHANGE_ROOT, CHANGE_LEVELS, CHANGE_TABLES, CHANGE_FORMAT, CHANGE_TOKEN, ADD_HWPT };

static void change(struct mappings *list, int what)
{
	struct mapping *m = &list->items[1];

	switch (what) {
	case CHANGE_PHYS:
		m->walk.leaves[2].phys += 0x1000;
		break;
	case CHANGE_PERM:
		m->walk.leaves[2].perm = PT_READ;
		break;
	case CHANGE_SIZE:
		m->walk.leaves[2].size *= 2;
		break;
	case CHANGE_IOVA:
		m->walk.leaves[2].iova += 0x1000;
		break;
	case DROP_LAST:
		m->walk.nr_leaves--;
		break;
	case ADD_ONE:
		add(m, 0x90000000, 0x1000, 0x1000, PT_READ);
		break;
	case CHANGE_ROOT:
		m->root += 0x1000;
		break;
	case CHANGE_LEVELS:
		m->levels++;
		break;
	case CHANGE_TABLES:
		m->walk.nr_tables++;
		break;
	case CHANGE_FORMAT:
		m->format = PT_X86_64;
		break;
	case CHANGE_TOKEN:
		m->token = 9;
		break;
	case ADD_HWPT:
		add_main(list, 10);
		break;
	}
}

static void expect_change(int what, const char *words)
{
	struct mappings a = { 0 }, b = { 0 };
	struct fault fault = { "" };

	add_main(&a, 1);
	add_main(&a, 2);
	add_main(&b, 1);
	add_main(&b, 2);
	change(&b, what);
	assert_int_equal(mappings__same(&a, "A", &b, "B", &fault), what == NO_CHANGE);
	if (words && !strstr(fault.text, words))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
	mappings__free(&a);
	mappings__free(&b);
}

static void test_compare(void **state)
{
	(void)state;
	expect_change(NO_CHANGE, NULL);
	expect_change(CHANGE_PHYS, "token 0x2: mapping 3 is iova 0x1200000 phys 0x1c00000 size "
		      "0x200000 rw in A and iova 0x1200000 phys 0x1c01000");
	expect_change(CHANGE_PERM, "size 0x200000 r- in B");
	expect_change(CHANGE_SIZE, "size 0x400000 rw in B");
	expect_change(CHANGE_IOVA, "iova 0x1201000");
	expect_change(DROP_LAST, "mapping 4 is iova 0x40000000 phys 0x80000000 size 0x40000000 rw "
		      "in A and nothing more in B");
	expect_change(ADD_ONE, "mapping 5 is nothing more in A");
	expect_change(CHANGE_ROOT, "root is 0xd2b000 in A and 0xd2c000 in B");
	expect_change(CHANGE_LEVELS, "number of levels is 3 in A and 4 in B");
	expect_change(CHANGE_TABLES, "number of tables is 4 in A and 5 in B");
	expect_change(CHANGE_FORMAT, "the format is vtdss in A and x86_64 in B");
	expect_change(CHANGE_TOKEN, "has token 0x2 in A and 0x9 in B");
	expect_change(ADD_HWPT, "A has 2 HWPTs and B has 3");
}

static int parse_dump(struct mapping *dump, const char *text, enum pt_format format, uint64_t root,
		      struct fault *fault)
{
	return mapping__parse_dump(dump, text, strlen(text), "dump", format, root, fault);
}

static void test_dump(void **state)
{
	struct mappings list = { 0 };
	struct fault fault = { "" };
	struct mapping dump, *m = add_main(&list, 1);

	(void)state;
	assert_int_equal(parse_dump(&dump, DUMP, PT_VTDSS, m->root, &fault), 0);
	assert_int_equal(dump.root, 0xd2b000);
	assert_int_equal(dump.levels, 3);
	assert_int_equal(dump.walk.nr_leaves, 4);
	if (!mapping__same(m, "walk", &dump, "dump", &fault))
		fail_msg("%s", fault.text);
	m->walk.leaves[0].perm = PT_READ;
	assert_false(mapping__same(m, "walk", &dump, "dump", &fault));
	pt__walk_free(&dump.walk);
	mappings__free(&list);
}

static void test_dump_of_several_tables(void **state)
{
	static const char text[] =
		DUMP_HEAD("0xaaa000") ROW_1G "\n" DUMP_HEAD("0xd2b000") ROW_4K_1 ROW_4K_2 "\n"
		DUMP_HEAD("0xbbb000") ROW_1G;
	struct fault fault = { "" };
	struct mapping dump;

	(void)state;
	assert_int_equal(parse_dump(&dump, text, PT_VTDSS, 0xd2b000, &fault), 0);
	assert_int_equal(dump.root, 0xd2b000);
	assert_int_equal(dump.walk.nr_leaves, 2);
	pt__walk_free(&dump.walk);
	assert_int_equal(parse_dump(&dump, text, PT_VTDSS, 0xccc000, &fault), 0);
	assert_int_equal(dump.root, 0xaaa000);
	assert_int_equal(dump.walk.nr_leaves, 1);
	pt__walk_free(&dump.walk);
}

static void test_dump_with_pasid_and_five_levels(void **state)
{
	static const char text[] =
		"Device 0000:00:02.0 with pasid 0 @0x5000\n"
		"0x0000000000001 |\t0x6003\t0x7003\t0x8003\t0x9003\t0xa003\n";
	struct fault fault = { "" };
	struct mapping dump;

	(void)state;
	assert_int_equal(parse_dump(&dump, text, PT_VTDSS, 0, &fault), 0);
	assert_int_equal(dump.root, 0x5000);
	assert_int_equal(dump.levels, 5);
	assert_int_equal(dump.walk.leaves[0].iova, 0x1000);
	assert_int_equal(dump.walk.leaves[0].phys, 0xa000);
	pt__walk_free(&dump.walk);
}

/* First stage: tables that limit what is below, and the half of the addresses at the end. */
static void test_dump_of_the_first_stage(void **state)
{
	static const char text[] =
		"Device 0000:00:04.0 with pasid 0 @0x5000\n"
		"0x0000000000001 |\t0x0\t0x6027\t0x7027\t0x8025\t0x9067\n"
		"0x0000fffffffff |\t0x0\t0xa027\t0xb027\t0xc027\t0xd025\n";
	struct fault fault = { "" };
	struct mapping dump;

	(void)state;
	assert_int_equal(parse_dump(&dump, text, PT_X86_64, 0, &fault), 0);
	assert_int_equal(dump.levels, 4);
	assert_int_equal(dump.walk.nr_leaves, 2);
	assert_int_equal(dump.walk.leaves[0].iova, 0x1000);
	assert_int_equal(dump.walk.leaves[0].phys, 0x9000);
	assert_int_equal(dump.walk.leaves[0].perm, PT_READ);
	assert_int_equal(dump.walk.leaves[1].iova, 0xfffffffffffff000);
	pt__walk_free(&dump.walk);
}

static void expect_bad_dump(const char *text, const char *words)
{
	struct fault fault = { "" };
	struct mapping dump;

	assert_int_equal(parse_dump(&dump, text, PT_VTDSS, 0, &fault), -1);
	if (!strstr(fault.text, words))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
}

static void test_bad_dumps(void **state)
{
	(void)state;
	expect_bad_dump("", "has no table: no device is attached");
	expect_bad_dump("DMA Remapping is not enabled on dmar0\n", "dump:1: \"DMA Remapping");
	expect_bad_dump(DUMP_HEAD("0x1000") "0x1000 0x1 0x2 0x3\n", "dump:3: no '|'");
	expect_bad_dump(DUMP_HEAD("0x1000") "0x1000 |\t0x0\t0x0\n", "dump:3: 2 entries");
	expect_bad_dump(DUMP_HEAD("0x1000") "0x1000 |\t0x0\t0x0\t0x0\n", "dump:3: 3 entries");
	expect_bad_dump(DUMP_HEAD("0x1000") "0x1000 |\t0x0\t0x0\tnil\n", "\"nil\" is no entry");
	expect_bad_dump(DUMP_HEAD("0x1000") "0x1000 |\t" ZERO "\t" ZERO "\t0x2003\t0x3003\n",
			"is the last entry and not a leaf");
	expect_bad_dump(DUMP_HEAD("0x1000") "0x1000 |\t0x0\t0x0\t0x80000083\t0x2003\t0x3003\n",
			"0x80000083 is not the last entry and no table");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_reads_back_what_it_prints),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_nothing_is_dropped),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_dump_of_several_tables),
		cmocka_unit_test(test_dump_with_pasid_and_five_levels),
		cmocka_unit_test(test_dump_of_the_first_stage),
		cmocka_unit_test(test_bad_dumps),
	};

	return cmocka_run_group_tests_name("mappings", tests, NULL, NULL);
}
