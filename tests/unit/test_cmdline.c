// SPDX-License-Identifier: GPL-2.0-only
/* Command lines of kernels: both tools must read them as the kernel does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "next/cmdline.h"

static struct cmdline parse(const char *text)
{
	struct cmdline line;

	cmdline__read(text, &line);
	return line;
}

static void test_nothing(void **state)
{
	static const char *const texts[] = {
		"", "  ", "quiet root=/dev/sda1", "kho", "liveupdate", "liveupdate=", "kho=o",
		"kho=maybe", "xkho=on", "khox=on", "=on", "\"", "intel_iommu", "iommu=pt",
		"iommu.passthrough=1", "amd_iommu=fullflush,nohugepages", "init=/bin/kho=on",
	};
	struct cmdline line;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		line = parse(texts[i]);
		assert_memory_equal(&line, &(struct cmdline){ 0 }, sizeof(line));
	}
}

static void test_words_for_yes_and_no(void **state)
{
	static const char *const yes[] = { "on", "ON", "oN", "1", "y", "Yes", "true", "T", "enable" };
	static const char *const no[] = { "off", "OFF", "of", "0", "n", "No", "false", "f", "disabled" };
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		snprintf(text, sizeof(text), "liveupdate=%s", yes[i]);
		assert_int_equal(parse(text).liveupdate, CMDLINE_ON);
		snprintf(text, sizeof(text), "kho=%s", no[i]);
		assert_int_equal(parse(text).kho, CMDLINE_OFF);
	}
	assert_int_equal(parse("kho=oy").kho, CMDLINE_UNSET);
}

static void test_last_word_wins(void **state)
{
	(void)state;
	assert_int_equal(parse("kho=on kho=off").kho, CMDLINE_OFF);
	assert_int_equal(parse("kho=off kho=on").kho, CMDLINE_ON);
	/* What the kernel does not understand changes nothing */
	assert_int_equal(parse("kho=on kho=maybe kho=").kho, CMDLINE_ON);
	assert_int_equal(parse("intel_iommu=on intel_iommu=off").vtd, CMDLINE_OFF);
	assert_int_equal(parse("intel_iommu=off,on").vtd, CMDLINE_ON);
	assert_int_equal(parse("amd_iommu=pgtbl_v2 amd_iommu=pgtbl_v1").amd_v2, CMDLINE_OFF);
}

static void test_lists(void **state)
{
	struct cmdline line = parse("intel_iommu=on,sm_on,strict");

	(void)state;
	assert_int_equal(line.vtd, CMDLINE_ON);
	assert_int_equal(line.vtd_scalable, CMDLINE_ON);
	line = parse("intel_iommu=igfx_off,intgpu_off,sp_off,,sm_off");
	assert_int_equal(line.vtd, CMDLINE_UNSET);
	assert_int_equal(line.vtd_scalable, CMDLINE_OFF);
	/* The next word is no part of the list */
	line = parse("intel_iommu=sm_on, off");
	assert_int_equal(line.vtd, CMDLINE_UNSET);
	line = parse("amd_iommu=force_isolation,pgtbl_v2");
	assert_int_equal(line.amd_v2, CMDLINE_ON);
}

static void test_quotes_dashes_and_init(void **state)
{
	(void)state;
	assert_int_equal(parse("\"kho=on\"").kho, CMDLINE_ON);
	assert_int_equal(parse("kho=\"on\"").kho, CMDLINE_ON);
	assert_int_equal(parse("dyndbg=\"file x kho=off\" kho=on").kho, CMDLINE_ON);
	assert_int_equal(parse("a=\"x kho=off\"").kho, CMDLINE_UNSET);
	assert_int_equal(parse("intel-iommu=off").vtd, CMDLINE_OFF);
	assert_int_equal(parse("kho=on\n").kho, CMDLINE_ON);
	assert_int_equal(parse("\tliveupdate=on  kho=on").kho, CMDLINE_ON);
	/* Behind -- is what init gets */
	assert_int_equal(parse("kho=on -- kho=off liveupdate=on").kho, CMDLINE_ON);
	assert_int_equal(parse("kho=on -- liveupdate=on").liveupdate, CMDLINE_UNSET);
	assert_int_equal(parse("-- kho=on").kho, CMDLINE_UNSET);
	assert_int_equal(parse("--x kho=on").kho, CMDLINE_ON);
}

static void expect_word(const char **text, const char *name, const char *value)
{
	struct cmdline_word word;

	assert_true(cmdline__next_word(text, &word));
	assert_true(cmdline_word__is(&word, name));
	assert_int_equal(word.has_value, value != NULL);
	if (value)
		assert_true(span__equal(word.value, (struct span){ value, strlen(value) }));
}

static void test_words(void **state)
{
	const char *text = " quiet no-smp=\"a b\" \"x y=1,,2\" z=  -- init";
	struct cmdline_word word;

	(void)state;
	expect_word(&text, "quiet", NULL);
	expect_word(&text, "no_smp", "a b");
	expect_word(&text, "x y", "1,,2");
	expect_word(&text, "z", "");
	assert_false(cmdline__next_word(&text, &word));
	assert_false(cmdline__next_word(&text, &word));
}

static void test_options(void **state)
{
	struct span list = { "a,,bc,", 6 }, option;

	(void)state;
	assert_true(cmdline__next_option(&list, &option));
	assert_true(span__equal(option, (struct span){ "a", 1 }));
	assert_true(cmdline__next_option(&list, &option));
	assert_int_equal(option.length, 0);
	assert_true(cmdline__next_option(&list, &option));
	assert_true(span__begins(option, "bc"));
	assert_false(span__begins(option, "bcd"));
	assert_false(cmdline__next_option(&list, &option));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_words_for_yes_and_no),
		cmocka_unit_test(test_last_word_wins),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_quotes_dashes_and_init),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
