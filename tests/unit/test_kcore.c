// SPDX-License-Identifier: GPL-2.0-only
/* Physical memory found in the program headers of a made-up /proc/kcore. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fault.h"
#include "lib/mem.h"
#include "walk/kcore.h"

#define BASE	0xffff9a0000000000ull	/* as KASLR might choose it */
#define MIB	0x100000ull

static char path[] = "/tmp/lutrace-unit-XXXXXX";

static Elf64_Phdr segment(uint64_t virt, uint64_t phys, uint64_t size)
{
	return (Elf64_Phdr){ .p_type = PT_LOAD, .p_vaddr = virt, .p_paddr = phys,
			     .p_memsz = size };
}

static struct direct_map *load(const Elf64_Phdr *ph, unsigned int nr, struct fault *fault)
{
	Elf64_Ehdr eh = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64 },
		.e_phoff = sizeof(eh), .e_phentsize = sizeof(*ph), .e_phnum = nr,
	};
	struct direct_map *map;
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, &eh, sizeof(eh)), sizeof(eh));
	assert_int_equal(write(fd, ph, nr * sizeof(*ph)), nr * sizeof(*ph));
	close(fd);
	map = direct_map__load(path, fault);
	unlink(path);
	return map;
}

/* Notes, vmalloc, the image and vmemmap stand among what is looked for. */
static void test_translates(void **state)
{
	Elf64_Phdr ph[] = {
		{ .p_type = PT_NOTE, .p_vaddr = BASE, .p_memsz = MIB },
		segment(0xffffffff81000000ull, 0x2000000, 32 * MIB),
		segment(0xffffb00000000000ull, UINT64_MAX, 1ull << 40),
		segment(BASE + 0x1000, 0x1000, 0x9e000),
		segment(BASE + MIB, MIB, 1023 * MIB),
	};
	struct fault fault = { "" };
	struct direct_map *map = load(ph, ARRAY_SIZE(ph), &fault);
	uint64_t out;

	(void)state;
	assert_non_null(map);
	assert_true(direct_map__to_virt(map, 0x1000, &out));
	assert_int_equal(out, BASE + 0x1000);
	assert_true(direct_map__to_virt(map, 1024 * MIB - 1, &out));
	assert_int_equal(out, BASE + 1024 * MIB - 1);
	assert_true(direct_map__to_phys(map, BASE + 5 * MIB, &out));
	assert_int_equal(out, 5 * MIB);
	assert_false(direct_map__to_virt(map, 0, &out));
	assert_false(direct_map__to_virt(map, 0x9f000, &out));
	assert_false(direct_map__to_virt(map, 1024 * MIB, &out));
	assert_false(direct_map__to_phys(map, 0xffffffff81000000ull, &out));
	assert_false(direct_map__to_phys(map, 0xffffb00000000000ull, &out));
	direct_map__free(map);
}

static void expect_refused(const Elf64_Phdr *ph, unsigned int nr, const char *words)
{
	struct fault fault = { "" };

	assert_null(load(ph, nr, &fault));
	if (!strstr(fault.text, words))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
}

static void test_refuses(void **state)
{
	Elf64_Phdr two[] = {
		segment(BASE + MIB, MIB, MIB), segment(BASE + 4 * MIB, 3 * MIB, MIB),
	};
	struct fault fault = { "" };

	(void)state;
	expect_refused(two, 2, "shows two direct maps");
	expect_refused(two, 0, "shows no segment of the direct map");
	assert_null(direct_map__load("/nowhere/kcore", &fault));
	assert_non_null(strstr(fault.text, "CONFIG_PROC_KCORE=y"));
	assert_null(direct_map__load("/dev/null", &fault));
	assert_non_null(strstr(fault.text, "has no ELF header"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translates),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests_name("kcore", tests, NULL, NULL);
}
