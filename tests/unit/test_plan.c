// SPDX-License-Identifier: GPL-2.0-only
/* The parser of luctl's plans: what it accepts, and that each error names file, line and remedy. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "next/cmdline_expand.h"
#include "plan/plan.h"

#define FILE_NAME	"some.plan"

/* Six lines, so that what a test adds begins on line 7 */
#define BASE							\
	"session demo\n"					\
	"device edu 00:04.0\n"					\
	"memfd ram size=8M huge=yes token=0x100 seed=7\n"	\
	"memfd small size=64K token=0x101 noexec=yes\n"	\
	"hwpt main token=0x1 device=edu\n"			\
	"area main iova=0x1000000 memfd=ram offset=2M length=4M\n"

static struct plan *parse(const char *text)
{
	char err[512] = "";
	struct plan *plan = plan__parse(FILE_NAME, text, err, sizeof(err));

	if (!plan)
		fail_msg("refused: %s", err);
	return plan;
}

/* The text must be refused at @line, with @words in the message and advice behind a ';' */
static void expect_error(const char *text, int line, const char *words)
{
	char err[512] = "", where[64];

	assert_null(plan__parse(FILE_NAME, text, err, sizeof(err)));
	snprintf(where, sizeof(where), FILE_NAME ":%d: ", line);
	if (strncmp(err, where, strlen(where)))
		fail_msg("'%s' does not begin with '%s'", err, where);
	if (!strstr(err, words))
		fail_msg("'%s' lacks '%s'", err, words);
	if (!strchr(err, ';'))
		fail_msg("'%s' says nothing about what to do", err);
}

/* Loads @n plans, "some.plan" and others, and has them checked together */
static int check_together(const char *const *texts, size_t n, bool need_kernel, char *err,
			  size_t err_size)
{
	static const char *const files[] = { FILE_NAME, "other.plan", "third.plan" };
	struct plan *plans[3] = { 0 };
	size_t i;
	int ret;

	for (i = 0; i < n; i++) {
		plans[i] = plan__parse(files[i], texts[i], err, err_size);
		if (!plans[i])
			fail_msg("refused: %s", err);
	}
	ret = plan__check_together(plans, n, need_kernel, err, err_size);
	for (i = 0; i < n; i++)
		plan__free(plans[i]);
	return ret;
}

static void test_whole_plan(void **state)
{
	struct plan *plan = parse("# a comment\n\n"
				  "kernel image=/share/bzImage initrd=/share/initrd "
				  "cmdline=\"@CMDLINE@ a=b c\"\n"
				  "iommufd token=0x300 # behind a line\n"
				  BASE
				  "probe main from=0x1000000 to=0x1200000 length=4K\n"
				  "hole main iova=0x800000 dir=read\n"
				  "assert marks order attach # all\n"
				  "retrieve memfds-first\n"
				  "abort 2\n"
				  "hook preserved lutrace walk -o \"/share/a b\" # for the "
				  "shell\n");

	(void)state;
	assert_string_equal(plan->file, FILE_NAME);
	assert_string_equal(plan->session, "demo");
	assert_string_equal(plan->kernel.image, "/share/bzImage");
	assert_string_equal(plan->kernel.initrd, "/share/initrd");
	assert_string_equal(plan->kernel.cmdline, "@CMDLINE@ a=b c");
	assert_int_equal(plan->iommufd_token, 0x300);
	assert_string_equal(plan->devices[0].bdf, "0000:00:04.0");
	assert_int_equal(plan->nr_memfds, 2);
	assert_int_equal(plan->memfds[0].size, 8 << 20);
	assert_true(plan->memfds[0].huge);
	assert_int_equal(plan->memfds[0].seed, 7);
	assert_false(plan->memfds[0].noexec);
	assert_false(plan->memfds[1].huge);
	assert_true(plan->memfds[1].noexec);
	assert_true(plan->hwpts[0].marked);
	assert_int_equal(plan->hwpts[0].token, 1);
	assert_int_equal(plan->areas[0].offset, 2 << 20);
	assert_int_equal(plan->areas[0].perm, PLAN_READ | PLAN_WRITE);
	assert_int_equal(plan->probes[0].length, 4096);
	assert_int_equal(plan->holes[0].dir, PLAN_READ);
	assert_true(plan->assert_marks && plan->assert_order && plan->assert_attach);
	assert_false(plan->iommufd_first);
	assert_int_equal(plan__mapped_bytes(plan, 0), 4 << 20);
	assert_int_equal(plan->aborts, 2);
	assert_int_equal(plan->hooks[0].stage, PLAN_PRESERVED);
	assert_string_equal(plan->hooks[0].command, "lutrace walk -o \"/share/a b\" # for the "
						    "shell");
	plan__free(plan);
}

static void test_defaults(void **state)
{
	struct plan *plan = parse(BASE "hwpt other device=edu\n"
				  "area other iova=0 memfd=small offset=4K\n");

	(void)state;
	assert_null(plan->kernel.image);
	assert_int_equal(plan->iommufd_token, 0x200);
	assert_int_equal(plan->aborts, 0);
	assert_true(plan->iommufd_first);
	assert_false(plan->assert_marks || plan->assert_order || plan->assert_attach);
	assert_false(plan->hwpts[1].marked);
	assert_int_equal(plan->hwpts[1].ioas, 1);
	assert_false(plan__shares_ioas(plan, 1));
	assert_int_equal(plan__nr_marked(plan), 1);
	/* the rest of the memfd */
	assert_int_equal(plan->areas[1].length, 60 << 10);
	plan__free(plan);
}

static void test_repeated_areas(void **state)
{
	struct plan *plan = parse(BASE "area main iova=0 memfd=small length=4K count=4 stride=8K "
				       "perm=r\n");
	const struct plan_area *last = &plan->areas[4];

	(void)state;
	assert_int_equal(plan->nr_areas, 5);
	assert_int_equal(last->iova, 3 * 8192);
	assert_int_equal(last->offset, 3 * 4096);
	assert_int_equal(last->perm, PLAN_READ);
	plan__free(plan);
}

static void test_iommufd_first(void **state)
{
	struct plan *plan = parse(BASE "retrieve iommufd-first\n");

	(void)state;
	assert_true(plan->iommufd_first);
	plan__free(plan);
}

static void test_assert_in_parts(void **state)
{
	struct plan *plan = parse(BASE "assert attach\nassert marks\n");

	(void)state;
	assert_true(plan->assert_attach && plan->assert_marks);
	assert_false(plan->assert_order);
	plan__free(plan);
}

/* A second HWPT maps what the first one maps, and is what it is in all else */
static void test_shared_ioas(void **state)
{
	struct plan *plan = parse(BASE "device two 00:05.0\n"
				  "hwpt twin device=two token=2 ioas=main\n"
				  "area main iova=0 memfd=small length=4K perm=r\n"
				  "probe twin from=0x1000000 to=0x1200000 length=4K\n"
				  "hole twin iova=0x0 dir=write\n"
				  "hole twin iova=0x1000\n"
				  "hwpt own device=two\n");
	uint64_t iova = 0;
	size_t nr;

	(void)state;
	assert_true(plan__shares_ioas(plan, 1));
	assert_false(plan__shares_ioas(plan, 0) || plan__shares_ioas(plan, 2));
	assert_int_equal(plan->hwpts[1].device, 1);
	assert_int_equal(plan__nr_marked(plan), 2);
	assert_ptr_equal(plan__areas(plan, 1, &nr)[1], &plan->areas[1]);
	assert_int_equal(nr, 2);
	plan__areas(plan, 2, &nr);
	assert_int_equal(nr, 0);
	assert_ptr_equal(plan__first_probe(plan, 1), &plan->probes[0]);
	assert_null(plan__first_probe(plan, 0));
	assert_ptr_equal(plan__find_area(plan, 1, 0x1000000, 8), &plan->areas[0]);
	assert_int_equal(plan__mapped_bytes(plan, 1), (4 << 20) + 4096);
	assert_int_equal(plan__mapped_bytes(plan, 2), 0);
	assert_true(plan__scratch_iova(plan, 1, &iova));
	assert_int_equal(iova, 4096);
	assert_true(plan__hwpt_is_attached(plan, 1));
	assert_false(plan__hwpt_is_attached(plan, 0));
	plan__free(plan);
}

/* What is fixed while preserved is the IOAS, for all HWPTs on it */
static void test_marked_ioas(void **state)
{
	struct plan *plan = parse(BASE "hwpt free device=edu\n"
				  "hwpt plain device=edu ioas=main\n"
				  "hwpt late device=edu\n"
				  "hwpt later device=edu token=2 ioas=late\n"
				  "hwpt plain2 device=edu ioas=late\n");

	(void)state;
	assert_true(plan__ioas_is_marked(plan, 0));
	assert_false(plan__ioas_is_marked(plan, 1));
	assert_true(plan__ioas_is_marked(plan, 2));
	assert_true(plan__ioas_is_marked(plan, 3));
	assert_true(plan__ioas_is_marked(plan, 4));
	assert_true(plan__ioas_is_marked(plan, 5));
	plan__free(plan);
}

static void test_token_zero_marks(void **state)
{
	struct plan *plan = parse("session s\ndevice d 0001:1f:1f.7\nhwpt h device=d token=0\n");

	(void)state;
	assert_true(plan->hwpts[0].marked);
	assert_int_equal(plan->hwpts[0].token, 0);
	assert_string_equal(plan->devices[0].bdf, "0001:1f:1f.7");
	plan__free(plan);
}

static void test_windows_line_ends(void **state)
{
	struct plan *plan = parse("session demo\r\nabort 3\r\nhook marked true\r\n");

	(void)state;
	assert_string_equal(plan->session, "demo");
	assert_int_equal(plan->aborts, 3);
	assert_string_equal(plan->hooks[0].command, "true");
	plan__free(plan);
}

static void test_quotes(void **state)
{
	struct plan *plan = parse("session s\nkernel image=\"/a b\" cmdline=\"x=\\\"y z\\\" w\"\n");

	(void)state;
	assert_string_equal(plan->kernel.image, "/a b");
	assert_null(plan->kernel.initrd);
	assert_string_equal(plan->kernel.cmdline, "x=\"y z\" w");
	plan__free(plan);
}

struct bad {
	const char *text;
	int line;
	const char *words;
};

static void expect_errors(const struct bad *bad, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		expect_error(bad[i].text, bad[i].line, bad[i].words);
}

#define EXPECT_ERRORS(...) do {						\
	static const struct bad __bad[] = { __VA_ARGS__ };		\
	expect_errors(__bad, sizeof(__bad) / sizeof(__bad[0]));		\
} while (0)

static void test_bad_syntax(void **state)
{
	(void)state;
	EXPECT_ERRORS({ BASE "frobnicate x\n", 7, "'frobnicate' is no keyword" },
		      { BASE "area main iova=0 memfd=small colour=red\n", 7, "no key 'colour'" },
		      { BASE "area main iova=0 iova=1 memfd=small\n", 7, "given twice" },
		      { BASE "area main memfd=small\n", 7, "lacks 'iova='" },
		      { BASE "area main iova=0 memfd=small loose\n", 7, "'loose'" },
		      { BASE "area iova=0 memfd=small\n", 7, "takes 1 word" },
		      { BASE "device x\n", 7, "takes 2 words" },
		      { BASE "kernel image=\"/x\n", 7, "quote is not closed" },
		      { BASE "kernel initrd=/x\n", 7, "lacks 'image='" },
		      { BASE "hwpt a b c d e f g h i j k l m n o p q\n", 7, "more than 16 words" });
}

static void test_bad_values(void **state)
{
	(void)state;
	EXPECT_ERRORS({ BASE "memfd x size=12Q token=1\n", 7, "'size=12Q' is no number" },
		      { BASE "memfd x size=-4K token=1\n", 7, "'size=-4K' is no number" },
		      { BASE "memfd x size= token=1\n", 7, "'size=' is no number" },
		      { BASE "memfd x size=99999999T token=1\n", 7, "does not fit into 64 bits" },
		      { BASE "memfd x size=5000 token=1\n", 7, "multiple of 4K" },
		      { BASE "memfd x size=0 token=1\n", 7, "'size=' is 0; give the memfd 4K" },
		      { BASE "memfd x size=1M token=1 huge=yes\n", 7, "multiple of 2048K" },
		      { BASE "memfd x size=2M token=1 huge=maybe\n", 7, "neither yes nor no" },
		      { BASE "device x 00:24.0\n", 7, "no PCI address" },
		      { BASE "device x 00:04.8\n", 7, "no PCI address" },
		      { BASE "device x 4\n", 7, "no PCI address" },
		      { BASE "session a/b\n", 7, "named on line 1 already" },
		      { "session a/b\n", 1, "is no session's name" },
		      { BASE "area main iova=0 memfd=small perm=x\n", 7, "write r, w or rw" },
		      { BASE "hole main iova=0 dir=up\n", 7, "write read, write or both" },
		      { BASE "hole main iova=3\n", 7, "multiple of 8" },
		      { BASE "abort many\n", 7, "'many' is no number" },
		      { BASE "assert sanity\n", 7, "'sanity'" },
		      { BASE "retrieve nothing\n", 7, "'nothing'" },
		      { BASE "assert\n", 7, "says nothing" },
		      { BASE "hook someday true\n", 7, "no stage 'someday'" },
		      { BASE "hook marked\n", 7, "no command" });
}

/* Decimal or hexadecimal: a leading zero is a digit like others */
static void test_numbers(void **state)
{
	struct plan *plan = parse("session s\niommufd token=010\n"
				  "memfd m size=0x1000 token=08 seed=0xFfffFFFFffffFFFF\n");

	(void)state;
	assert_int_equal(plan->iommufd_token, 10);
	assert_int_equal(plan->memfds[0].token, 8);
	assert_int_equal(plan->memfds[0].size, 4096);
	assert_true(plan->memfds[0].seed == UINT64_MAX);
	plan__free(plan);
	EXPECT_ERRORS({ "session s\niommufd token=0x\n", 2, "is no number" },
		      { "session s\niommufd token=+1\n", 2, "is no number" },
		      { "session s\niommufd token=0x1z\n", 2, "is no number" },
		      { "session s\niommufd token=1KK\n", 2, "is no number" },
		      { "session s\niommufd token=18446744073709551616\n", 2, "does not fit" },
		      { "session s\niommufd token=0x1ffffffffffffffffK\n", 2, "does not fit" },
		      { "session s\niommufd token=0x8000000000000000K\n", 2, "does not fit" });
}

/* A carriage return, a NUL and what an editor wrote in front hide nothing, and are shown readably */
static void test_bad_bytes(void **state)
{
	(void)state;
	EXPECT_ERRORS({ "session a\rgarbage here\n", 1, "0x0D (carriage return)" },
		      { "session a\n# one\rmemfd x size=4K token=1\r\n", 2, "0x0D" },
		      { "session a\r\r\n", 1, "0x0D" },
		      { "\xef\xbb\xbfsession a\n", 1, "byte order mark EF BB BF" },
		      { "\xff\xfes\n", 1, "FF FE of UTF-16" },
		      { "\xfe\xffs\n", 1, "FE FF of UTF-16" },
		      { "session a\nhook mapped printf '\x1b[31m'\n", 2, "0x1B" },
		      { "session a\n\vmemfd x size=4K token=1\n", 2, "0x0B" },
		      { "session a\nhook mapped \xc2\x9b" "31m\n", 2, "0xC2" },
		      { "session a\x7f\n", 1, "0x7F" });
	plan__free(parse("session a\r\n\thook mapped echo gr\xc3\xbc\xc3\x9f\xc2\xa0\n"));
}

static void test_given_twice(void **state)
{
	(void)state;
	EXPECT_ERRORS({ BASE "abort 1\nabort 0\n", 8, "given on line 7 already" },
		      { BASE "retrieve memfds-first\nretrieve memfds-first\n", 8, "line 7 already" },
		      { BASE "hook mapped # true\n", 7, "is a comment" });
}

static void test_session_names(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "../x", "a b", "systemd", "\xc3\xbc",
		"0123456789012345678901234567890123456789012345678901234567890123" };
	static const char *const good[] = { "a", "a.pid.b", "...", "-", "systemd2",
		"012345678901234567890123456789012345678901234567890123456789012" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!plan__refuse_session(bad[i]))
			fail_msg("'%s' is taken for a session's name", bad[i]);
	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_null(plan__refuse_session(good[i]));
	EXPECT_ERRORS({ "session systemd\n", 1, "PID 1" }, { "session ..\n", 1, "no session's name" });
}

static void test_bad_names(void **state)
{
	(void)state;
	EXPECT_ERRORS({ BASE "hwpt main device=edu\n", 7, "declared on line 5" },
		      { BASE "memfd ram size=4K token=5\n", 7, "declared on line 3" },
		      { BASE "device edu 00:05.0\n", 7, "declared on line 2" },
		      { BASE "device two 0000:00:04.0\n", 7, "declared on line 2" },
		      { BASE "hwpt x device=nic\n", 7, "no device 'nic'" },
		      { BASE "area x iova=0 memfd=small\n", 7, "no hwpt 'x'" },
		      { BASE "area main iova=0 memfd=x\n", 7, "no memfd 'x'" },
		      { BASE "hwpt x token=1 device=edu\n", 7, "belongs to hwpt 'main'" },
		      { BASE "memfd x size=4K token=0x101\n", 7, "belongs to memfd 'small'" },
		      { BASE "iommufd token=0x100\n", 3, "also the iommufd's" },
		      { "abort 1\n", 2, "names no session" });
}

static void test_bad_areas(void **state)
{
	(void)state;
	EXPECT_ERRORS({ BASE "area main iova=0x1001000 memfd=small length=4K\n", 7, "of line 6" },
		      { BASE "area main iova=0 memfd=small length=68K\n", 7,
			"behind memfd 'small'" },
		      { BASE "area main iova=0 memfd=small offset=64K\n", 7,
			"behind memfd 'small'" },
		      { BASE "area main iova=0x10 memfd=small\n", 7, "multiples of 4K" },
		      { BASE "area main iova=0 memfd=small length=0\n", 7, "length not 0" },
		      { BASE "area main iova=0 memfd=small length=8K count=2 stride=4K\n", 7,
			"overlap" },
		      { BASE "area main iova=0 memfd=small length=4K count=0\n", 7, "'count='" },
		      { BASE "area main iova=0xfffffffffffff000 memfd=small length=8K\n", 7,
			"64 bits" },
		      { BASE "area main iova=0xfffffffffffff000 memfd=small length=4K\n", 7,
			"reaches the end of 64 bits" });
}

static void test_bad_shared_ioas(void **state)
{
	(void)state;
	EXPECT_ERRORS({ BASE "hwpt twin device=edu ioas=none\n", 7, "no hwpt 'none'" },
		      { BASE "hwpt twin device=edu ioas=twin\n", 7, "no hwpt 'twin'" },
		      { BASE "hwpt twin device=edu ioas=main\n"
			"hwpt third device=edu ioas=twin\n", 8, "write ioas=main" },
		      { BASE "hwpt twin device=edu ioas=main\n"
			"area twin iova=0 memfd=small\n", 8, "write 'area main ...'" },
		      { BASE "hwpt twin device=edu ioas=main ioas=main\n", 7, "given twice" },
		      { BASE "area main iova=0 memfd=small ioas=main\n", 7, "no key 'ioas'" },
		      { BASE "hwpt twin device=edu ioas=main\n"
			"hole twin iova=0x1000000\n", 8, "is mapped by the area of line 6" },
		      { BASE "hwpt twin device=edu ioas=main\n"
			"probe twin from=0 to=0x1000000 length=8\n", 8, "no readable area" },
		      { BASE "hwpt twin device=edu ioas=main\n"
			"hole twin iova=0\nhole main iova=0\n", 7,
			"both have probes or holes" });
}

static void test_bad_probes(void **state)
{
	(void)state;
	EXPECT_ERRORS({ BASE "probe main from=0x1000000 to=0x2000000 length=4K\n", 7,
			"no writable area" },
		      { BASE "probe main from=0x0 to=0x1000000 length=4K\n", 7,
			"no readable area" },
		      { BASE "probe main from=0x13ff000 to=0x1000000 length=8K\n", 7,
			"no readable area" },
		      { BASE "probe main from=0x1000000 to=0x1000800 length=4K\n", 7,
			"of line 7 writes" },
		      { BASE "probe main from=0x1000000 to=0x1001000 length=4\n", 7,
			"multiples of 8" },
		      { BASE "hole main iova=0x1000000\n", 7, "is mapped by the area of line 6" },
		      { BASE "hwpt two device=edu\nhole two iova=0\nhole main iova=0\n", 7,
			"both have probes or holes" });
	/* Two HWPTs map the same memory: one reads what the other writes */
	EXPECT_ERRORS({ BASE "device x 00:05.0\nhwpt two device=x\n"
			"area two iova=0 memfd=ram offset=2M length=2M\n"
			"probe main from=0x1000000 to=0x1001000 length=4K\n"
			"probe two from=0x1000 to=0x3000 length=4K\n", 11, "of line 10 writes" });
}

static void test_read_only_hole(void **state)
{
	struct plan *plan = parse(BASE "area main iova=0 memfd=small perm=r\nhole main iova=0 "
				       "dir=write\n");

	(void)state;
	assert_true(plan__hwpt_is_attached(plan, 0));
	plan__free(plan);
	expect_error(BASE "area main iova=0 memfd=small perm=r\nhole main iova=0\n", 8, "line 7");
}

static void test_find_area(void **state)
{
	struct plan *plan = parse(BASE "hwpt none device=edu\n");

	(void)state;
	assert_ptr_equal(plan__find_area(plan, 0, 0x1000000, 4 << 20), &plan->areas[0]);
	assert_ptr_equal(plan__find_area(plan, 0, 0x13ffff8, 8), &plan->areas[0]);
	assert_null(plan__find_area(plan, 0, 0x13ffff8, 16));
	assert_null(plan__find_area(plan, 0, 0xfffff8, 8));
	assert_null(plan__find_area(plan, 0, 0x1000000, UINT64_MAX));
	assert_null(plan__find_area(plan, 1, 0x1000000, 8));
	plan__free(plan);
}

static void test_scratch_iova(void **state)
{
	struct plan *plan = parse(BASE "hwpt two device=edu\n"
				  "area two iova=0 memfd=small length=4K\n"
				  "area two iova=4K memfd=small length=4K\n"
				  "hwpt none device=edu\n");
	uint64_t iova = 0;

	(void)state;
	assert_true(plan__scratch_iova(plan, 0, &iova));
	assert_int_equal(iova, 0x1400000);
	assert_true(plan__scratch_iova(plan, 1, &iova));
	assert_int_equal(iova, 8192);
	assert_false(plan__scratch_iova(plan, 2, &iova));
	plan__free(plan);
}

static void test_far_iova(void **state)
{
	struct plan *plan = parse(BASE "hwpt two device=edu\n"
				  "area two iova=0 memfd=small length=4K\n"
				  "area two iova=2M memfd=small length=4K\n"
				  "hwpt full device=edu\n"
				  "area full iova=0x4000000000 memfd=small length=4K\n"
				  "hwpt none device=edu\n");
	uint64_t iova = 0;

	(void)state;
	assert_true(plan__far_iova(plan, 1, &iova));
	assert_int_equal(iova, 4 << 20);
	assert_false(plan__far_iova(plan, 2, &iova));
	assert_false(plan__far_iova(plan, 3, &iova));
	plan__free(plan);
}

/* The answers are those of whoever looks at all areas, also side by side and at the ends of space */
static bool slow_is_free(const struct plan *plan, size_t hwpt, uint64_t iova, uint64_t length)
{
	const struct plan_area *a;

	if (iova + (length - 1) < iova)
		return false;
	for (a = plan->areas; a < plan->areas + plan->nr_areas; a++)
		if (a->hwpt == plan->hwpts[hwpt].ioas && a->iova <= iova + (length - 1) &&
		    iova <= a->iova + (a->length - 1))
			return false;
	return true;
}

static void check_answers(const struct plan *plan, size_t hwpt)
{
	uint64_t next, iova, scratch = 0, far = 0, at;
	bool has_scratch = false, has_far = false;
	const struct plan_area *a, *found;

	for (a = plan->areas; a < plan->areas + plan->nr_areas; a++) {
		if (a->hwpt != plan->hwpts[hwpt].ioas)
			continue;
		for (at = a->iova - 8; at != a->iova + 16; at += 8) {
			found = plan__find_area(plan, hwpt, at, 16);
			assert_int_equal(found && found <= a, found == a);
			if (at == a->iova)
				assert_ptr_equal(found, a);
		}
		assert_ptr_equal(plan__find_area(plan, hwpt, a->iova, a->length), a);
		assert_null(plan__find_area(plan, hwpt, a->iova, a->length + 1));
		next = a->iova + a->length;
		if ((!has_scratch || scratch % (2 << 20) == 0) &&
		    slow_is_free(plan, hwpt, next, 4096)) {
			scratch = next;
			has_scratch = true;
		}
		next = (next + (2 << 20) - 1) / (2 << 20) * (2 << 20);
		if (!has_far && next < (1ull << 38) && a->iova < (1ull << 38) &&
		    slow_is_free(plan, hwpt, next, 2 << 20)) {
			far = next;
			has_far = true;
		}
	}
	assert_int_equal(plan__scratch_iova(plan, hwpt, &iova), has_scratch);
	assert_true(!has_scratch || iova == scratch);
	assert_int_equal(plan__far_iova(plan, hwpt, &iova), has_far);
	assert_true(!has_far || iova == far);
}

static void test_answers(void **state)
{
	/* In units of 4K; neighbours with and without a hole, in no order */
	static const char text[] =
		"session s\ndevice d 00:04.0\nmemfd m size=64M token=1\n"
		"hwpt a device=d token=1\nhwpt b device=d ioas=a\nhwpt c device=d\n"
		"area a iova=0x7fff000 memfd=m length=4K count=3 stride=8K step=0\n"
		"area c iova=0x0 memfd=m length=4K count=512 stride=4K step=0\n"
		"area a iova=0x0 memfd=m length=2M count=4 stride=2M step=0\n"
		"area c iova=0x400000 memfd=m length=2M\n"
		"area a iova=0xffffffffffffd000 memfd=m length=4K\n"
		"area a iova=0x3fffe00000 memfd=m length=2M\n"
		"area c iova=0x600000 memfd=m length=4K count=7 stride=12K step=0\n"
		"area a iova=0xffffffffffffe000 memfd=m length=4K\n"
		"area c iova=0xffffffffffff0000 memfd=m length=4K\n";
	struct plan *plan = parse(text);
	size_t i;

	(void)state;
	for (i = 0; i < plan->nr_hwpts; i++)
		check_answers(plan, i);
	plan__free(plan);
}

/* What was asked of a plan, as luctl asks it for each HWPT between preserve and jump */
static uint64_t ask_all(const struct plan *plan)
{
	const struct plan_probe *probe;
	uint64_t iova;
	size_t i;

	for (i = 0; i < plan->nr_hwpts; i++) {
		plan__scratch_iova(plan, i, &iova);
		plan__far_iova(plan, i, &iova);
		plan__ioas_is_marked(plan, i);
		plan__mapped_bytes(plan, i);
		plan__first_probe(plan, i);
		plan__unused_token(plan);
	}
	for (probe = plan->probes; probe < plan->probes + plan->nr_probes; probe++)
		assert_non_null(plan__find_area(plan, probe->hwpt, probe->to, probe->length));
	return plan__nr_comparisons(plan);
}

static double log2_of(uint64_t n)
{
	double bits = 1;

	for (; n > 1; n /= 2)
		bits++;
	return bits;
}

/*
 * @n things in all are looked at no more often than a few times n log n. Whoever looks at all for
 * each would need n times n: what the plans below have is hundreds of thousands.
 */
static void expect_growth(const char *text, uint64_t n)
{
	struct plan *plan;
	uint64_t before;

	/* A search that is not counted shows as well: it took more than five minutes */
	alarm(100);
	plan = parse(text);
	before = plan__nr_comparisons(plan);
	assert_true(before < 8 * n * log2_of(n));
	assert_true(ask_all(plan) - before < 8 * n * log2_of(n));
	plan__free(plan);
	alarm(0);
}

/* @per_hwpt areas in each of @nr_hwpts, side by side with holes, and probes in the first */
static void expect_growth_of_areas(int nr_hwpts, int per_hwpt, int nr_probes)
{
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);
	int i;

	fprintf(f, "session s\ndevice d 00:04.0\nmemfd m size=512M token=1\n");
	for (i = 0; i < nr_hwpts; i++)
		fprintf(f, "hwpt h%d device=d token=%d\n"
			   "area h%d iova=0 memfd=m length=4K count=%d stride=2M step=4K\n",
			i, i + 1, i, per_hwpt);
	for (i = 0; i < nr_probes; i++)
		fprintf(f, "probe h0 from=0x%llx to=0x%llx length=8\n", 2 * i * (2ull << 20),
			(2 * i + 1) * (2ull << 20));
	fclose(f);
	expect_growth(text, (uint64_t)nr_hwpts * per_hwpt + nr_probes);
	free(text);
}

static void test_growth(void **state)
{
	size_t size;
	char *text;
	FILE *f;
	int i;

	(void)state;
	expect_growth_of_areas(1, 65536, 0);
	expect_growth_of_areas(8, 65536, 1000);
	expect_growth_of_areas(4, 4096, 2000);
	f = open_memstream(&text, &size);
	fprintf(f, "session s\n");
	for (i = 0; i < 100000; i++)
		fprintf(f, "memfd m%d size=4K token=%d\n", i, i + 0x1000);
	fclose(f);
	expect_growth(text, 100000);
	free(text);
	f = open_memstream(&text, &size);
	fprintf(f, "session s\n");
	for (i = 0; i < 20000; i++)
		fprintf(f, "device d%d %x:%02x:%02x.%d\nhwpt h%d device=d%d token=0x%llx\n", i,
			i / 65536, i / 256 % 256, i / 8 % 32, i % 8, i, i,
			0xffffffffffffffffull - i);
	fclose(f);
	expect_growth(text, 40000);
	free(text);
}

static void test_unused_token(void **state)
{
	struct plan *plan = parse("session s\ndevice d 00:04.0\n"
				  "hwpt a device=d token=0xfffffffffffffffe\n"
				  "hwpt b device=d token=0xffffffffffffffff\n");

	(void)state;
	assert_true(plan__unused_token(plan) == UINT64_MAX - 2);
	plan__free(plan);
}

static void expect_cmdline(const char *template, const char *running, const char *want)
{
	char *got = cmdline__expand(template, running);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void test_cmdline(void **state)
{
	(void)state;
	expect_cmdline("@CMDLINE@ lutrace.stage=2", "console=ttyS0 lutrace.stage=1 quiet\n",
		       "console=ttyS0 quiet lutrace.stage=2");
	expect_cmdline("a=1 b", "c=2", "a=1 b");
	expect_cmdline("@CMDLINE@", "console=tty0 console=ttyS0", "console=tty0 console=ttyS0");
	expect_cmdline("@CMDLINE@ x=\"1 2\"", "dyndbg=\"file a +p\" x=\"3 4\" stage=1",
		       "dyndbg=\"file a +p\" stage=1 x=\"1 2\"");
	expect_cmdline("@CMDLINE@ stage=2", "stages=1 stage", "stages=1 stage=2");
	expect_cmdline("", "a", "");
}

static void test_load(void **state)
{
	char path[] = "/tmp/test_plan.XXXXXX", err[512] = "";
	int fd = mkstemp(path);
	struct plan *plan;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, BASE, strlen(BASE)), strlen(BASE));
	close(fd);
	plan = plan__load(path, err, sizeof(err));
	assert_non_null(plan);
	plan__free(plan);
	/* What stands behind a NUL is not silently left out */
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "\0memfd x size=4K token=9\n", 26), 26);
	close(fd);
	assert_null(plan__load(path, err, sizeof(err)));
	assert_non_null(strstr(err, ":7: the line has the byte 0x00 (NUL)"));
	unlink(path);
	assert_null(plan__load(path, err, sizeof(err)));
	assert_non_null(strstr(err, path));
	assert_non_null(strstr(err, "cannot open"));
	/* A file without an end */
	assert_null(plan__load("/dev/zero", err, sizeof(err)));
	assert_non_null(strstr(err, "File too large"));
}

#define SECOND "session second\ndevice edu 00:06.0\n"
#define KERNEL "kernel image=/share/bzImage\n"

static void expect_together(const char *one, const char *two, bool need_kernel)
{
	const char *const texts[] = { one, two };
	char err[512] = "";

	if (check_together(texts, two ? 2 : 1, need_kernel, err, sizeof(err)))
		fail_msg("refused: %s", err);
}

/* The message must begin with @where and say @words, and what to do behind a ';' */
static void expect_apart(const char *const *texts, size_t n, const char *where, const char *words)
{
	char err[512] = "";

	assert_int_equal(check_together(texts, n, true, err, sizeof(err)), -1);
	if (strncmp(err, where, strlen(where)))
		fail_msg("'%s' does not begin with '%s'", err, where);
	if (!strstr(err, words))
		fail_msg("'%s' lacks '%s'", err, words);
	if (!strchr(err, ';'))
		fail_msg("'%s' says nothing about what to do", err);
}

static void test_together(void **state)
{
	(void)state;
	expect_together(KERNEL BASE, NULL, true);
	expect_together(BASE, NULL, false);
	expect_together(KERNEL BASE, SECOND, true);
	expect_together(BASE, SECOND KERNEL, true);
	expect_together(BASE, SECOND, false);
	/* Tokens are those of a session, names those of a plan */
	expect_together(BASE, SECOND "memfd ram size=4K token=0x100\n"
				     "hwpt main token=1 device=edu\n", false);
}

#define EXPECT_APART(where, words, ...) do {					\
	static const char *const __texts[] = { __VA_ARGS__ };			\
	expect_apart(__texts, sizeof(__texts) / sizeof(__texts[0]), where, words); \
} while (0)

static void test_not_together(void **state)
{
	(void)state;
	EXPECT_APART("other.plan:1: ", "session 'demo' is in the plan some.plan too (line 2)",
		     KERNEL BASE, "session demo\n");
	EXPECT_APART("other.plan:1: ", "name each plan once", BASE, BASE);
	EXPECT_APART("other.plan:3: ", "device 0000:00:04.0 is in the plan some.plan too (line 3)",
		     KERNEL BASE, SECOND "device x 0000:00:04.0\n");
	EXPECT_APART("other.plan:3: ", "some.plan names a kernel too (line 1)", KERNEL BASE,
		     SECOND KERNEL);
	EXPECT_APART("third.plan:1: ", "session 'second' is in the plan other.plan too (line 1)",
		     KERNEL BASE, SECOND, "session second\n");
	EXPECT_APART("third.plan:2: ", "device 0000:00:06.0 is in the plan other.plan too (line 2)",
		     KERNEL BASE, SECOND, "session third\ndevice x 00:06.0\n");
	EXPECT_APART("some.plan: ", "the plan does not name a kernel", BASE);
	EXPECT_APART("some.plan: ", "neither this plan nor another one names a kernel", BASE,
		     SECOND);
}

static void test_short_error_buffer(void **state)
{
	char err[8] = "";

	(void)state;
	assert_null(plan__parse(FILE_NAME, "nonsense\n", err, sizeof(err)));
	assert_string_equal(err, "some.pl");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_plan),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_repeated_areas),
		cmocka_unit_test(test_iommufd_first),
		cmocka_unit_test(test_assert_in_parts),
		cmocka_unit_test(test_shared_ioas),
		cmocka_unit_test(test_marked_ioas),
		cmocka_unit_test(test_token_zero_marks),
		cmocka_unit_test(test_windows_line_ends),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_bad_syntax),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_given_twice),
		cmocka_unit_test(test_session_names),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_bad_areas),
		cmocka_unit_test(test_bad_shared_ioas),
		cmocka_unit_test(test_bad_probes),
		cmocka_unit_test(test_read_only_hole),
		cmocka_unit_test(test_find_area),
		cmocka_unit_test(test_scratch_iova),
		cmocka_unit_test(test_far_iova),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_unused_token),
		cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_not_together),
		cmocka_unit_test(test_short_error_buffer),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
