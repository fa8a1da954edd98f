// SPDX-License-Identifier: GPL-2.0-only
/* What is said of each parameter of the next kernel, how grave it is, and when nothing is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "lib/text.h"
#include "next/parameters.h"

#define GOOD "kho=on liveupdate=on intel_iommu=on"

static const struct needs vtd = { .memfds = true, .hwpts = true, .iommu = IOMMU_VTD };
static const struct needs amd = { .memfds = true, .hwpts = true, .iommu = IOMMU_AMD };
static const struct needs memory = { .memfds = true };

static const struct remark *expect_one(const struct remarks *remarks)
{
	const struct remark *first = &remarks->list[0];

	if (remarks->nr != 1)
		fail_msg("%zu remarks, the first is '%s'", remarks->nr,
			 remarks->nr ? first->text : "");
	if (!strstr(first->text, "; "))
		fail_msg("'%s' says nothing about what to do", first->text);
	/* Nothing was cut off */
	assert_true(strlen(first->text) < REMARK_TEXT_SIZE - 1);
	return first;
}

static void expect(const char *next, const char *running, const struct needs *needs,
		   enum remark_severity severity, const char *words)
{
	struct remarks remarks = { .nr = 0 };
	const struct remark *remark;

	parameters__check(next, running, needs, &remarks);
	remark = expect_one(&remarks);
	if (remark->severity != severity || !strstr(remark->text, words))
		fail_msg("'%s' lacks '%s', or has severity %d", remark->text, words,
			 remark->severity);
}

static void expect_none(const char *next, const char *running, const struct needs *needs)
{
	struct remarks remarks = { .nr = 0 };

	parameters__check(next, running, needs, &remarks);
	if (remarks.nr)
		fail_msg("'%s' is said", remarks.list[0].text);
}

static void test_good(void **state)
{
	(void)state;
	expect_none(GOOD, GOOD, &vtd);
	expect_none(GOOD, "", &vtd);
	/* The running kernel's default is on, so the next one's is */
	expect_none("liveupdate=on", "liveupdate=on", &vtd);
	/* Another machine's words */
	expect_none(GOOD " amd_iommu=off,pgtbl_v2", GOOD, &vtd);
	expect_none("kho=on liveupdate=on intel_iommu=off,sm_off,sp_off", GOOD, &amd);
	/* Memory needs no IOMMU and no device */
	expect_none("kho=on liveupdate=on iommu=off intel_iommu=off pci=assign-busses", GOOD,
		    &memory);
	/* Not these parameters */
	expect_none(GOOD " xmem=1G memory=1 pci=noats root=/dev/mem=1", GOOD, &vtd);
	expect_none(GOOD " -- mem=1G nosmp", GOOD, &vtd);
}

/* Each with a word that only the next kernel has, then in both of them. */
static void test_words(void **state)
{
	static const struct {
		const char *word;
		const struct needs *needs;
		enum remark_severity severity;
		const char *words;
	} rows[] = {
		{ "iommu=off", &vtd, REMARK_LOST, "no HWPT can be reclaimed; take it out" },
		{ "iommu=force,off", &vtd, REMARK_LOST, "has iommu=off, which" },
		{ "iommu=off", &amd, REMARK_LOST, "has iommu=off, which the running one has not" },
		{ "amd_iommu=force_enable,off", &amd, REMARK_LOST, "has amd_iommu=off" },
		{ "amd_iommu=nohugepages", &amd, REMARK_LOST, "larger pages" },
		{ "amd_iommu=v2_pgsizes_only", &amd, REMARK_LOST, "larger pages" },
		{ "intel_iommu=on,sp_off", &vtd, REMARK_LOST, "has intel_iommu=sp_off" },
		{ "pci=assign-busses", &vtd, REMARK_LOST, "buses are numbered anew" },
		{ "pci=noats,assign-busses", &amd, REMARK_LOST, "has pci=assign-busses" },
		{ "pci=realloc", &vtd, REMARK_RISK, "has pci=realloc, which" },
		{ "pci=realloc=on", &vtd, REMARK_RISK, "has pci=realloc=on, which" },
		{ "pci=config_acs=10x@pci:0:0", &vtd, REMARK_RISK, "one IOMMU group" },
		{ "pci=disable_acs_redir=0000:00:1f.0;0000:00:1c.0", &vtd, REMARK_RISK,
		  "has pci=disable_acs_redir=0000:00:1f.0;0000:00:1c.0," },
		{ "config_acs=10x", &vtd, REMARK_NOTE, "an option of pci=" },
		{ "disable_acs_redir=0", &vtd, REMARK_NOTE, "an option of pci=" },
		{ "mem=1G", &memory, REMARK_LOST, "has mem=1G, which the running one has not" },
		{ "memmap=exactmap", &memory, REMARK_RISK, "that it takes away is lost" },
		{ "hugepages=512", &memory, REMARK_NOTE, "HugePages_Total" },
		{ "hugepagesz=1G", &memory, REMARK_NOTE, "HugePages_Total" },
		{ "nr_cpus=2", &memory, REMARK_NOTE, "fewer CPUs" },
		{ "maxcpus=2", &memory, REMARK_NOTE, "fewer CPUs" },
		{ "nosmp", &memory, REMARK_NOTE, "has nosmp, which" },
		{ "tsc=unstable", &memory, REMARK_NOTE, "clock source is the TSC" },
		{ "notsc", &memory, REMARK_NOTE, "clock source is the TSC" },
		{ "clocksource=hpet", &memory, REMARK_NOTE, "clock source is the TSC" },
		{ "kho_scratch=1G,1G,0", &memory, REMARK_NOTE,
		  "the scratch areas of the one before" },
		{ "kho-scratch=200%", &memory, REMARK_NOTE, "boot cold" },
		{ "iommu=pt", &vtd, REMARK_NOTE, "come back all the same" },
		{ "iommu.passthrough=1", &vtd, REMARK_NOTE, "come back all the same" },
		{ "iommu.strict=0", &vtd, REMARK_NOTE, "come back all the same" },
	};
	char next[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(next, sizeof(next), GOOD " %s", rows[i].word);
		expect(next, GOOD, rows[i].needs, rows[i].severity, rows[i].words);
		expect_none(next, next, rows[i].needs);
	}
}

static void test_handover(void **state)
{
	(void)state;
	expect(GOOD " kho=off", GOOD, &memory, REMARK_LOST, "has kho=off: ");
	expect(GOOD " kho=0", GOOD, &memory, REMARK_LOST, "has kho=0: ");
	expect("liveupdate=on", "kho=on", &memory, REMARK_LOST,
	       "lacks kho=on, which the running one has");
	expect(GOOD " liveupdate=0", GOOD, &memory, REMARK_LOST, "; write liveupdate=on");
	expect("kho=on", GOOD, &memory, REMARK_LOST, "lacks liveupdate=on, which");
	expect("kho=on", "kho=on", &memory, REMARK_LOST, "lacks liveupdate=on: ");
	expect("kho=on -- liveupdate=on", GOOD, &memory, REMARK_LOST, "lacks liveupdate=on");
}

static void test_iommu(void **state)
{
	(void)state;
	expect(GOOD " intel_iommu=off", GOOD, &vtd, REMARK_LOST, "has intel_iommu=off");
	expect("kho=on liveupdate=on", GOOD, &vtd, REMARK_LOST, "lacks intel_iommu=on");
	expect(GOOD ",sm_on", GOOD, &vtd, REMARK_LOST, "differ in sm_on of intel_iommu=");
	expect(GOOD, GOOD ",sm_off", &vtd, REMARK_LOST, "differ in sm_on");
	expect_none(GOOD ",sm_on", GOOD ",sm_on", &vtd);
	expect(GOOD " amd_iommu=pgtbl_v2", GOOD, &amd, REMARK_LOST, "differ in pgtbl_v2");
}

/* What only the running kernel has, and what both have otherwise */
static void test_both_ways(void **state)
{
	(void)state;
	expect(GOOD, GOOD " pci=assign-busses", &vtd, REMARK_LOST,
	       "lacks pci=assign-busses, which the running one has: ");
	expect(GOOD, GOOD " pci=config_acs=x", &vtd, REMARK_RISK, "; add it");
	expect(GOOD " pci=config_acs=a", GOOD " pci=config_acs=b", &vtd, REMARK_RISK,
	       "has pci=config_acs=a and the running one pci=config_acs=b: ");
	expect(GOOD " pci=config_acs=a", GOOD " pci=config_acs=b", &vtd, REMARK_RISK,
	       "; make them the same");
	/* More than here is no loss */
	expect_none(GOOD, GOOD " nr_cpus=2 mem=4G hugepages=1", &vtd);
	expect_none(GOOD " nr_cpus=0x8 mem=8G", GOOD " nr_cpus=4 mem=4096M", &vtd);
	expect(GOOD " mem=4g", GOOD " mem=8G", &vtd, REMARK_LOST,
	       "has mem=4g and the running one mem=8G");
	expect_none(GOOD " mem=4096M", GOOD " mem=4G", &vtd);
	/* No number limits nothing; a later one wins */
	expect_none(GOOD " mem=nopentium", GOOD, &vtd);
	expect_none(GOOD " nr_cpus=1 nr_cpus=4", GOOD " nr_cpus=4", &vtd);
	/* The order of options and of other words is no difference */
	expect_none("pci=noats,realloc " GOOD, GOOD " pci=realloc,noaer", &vtd);
}

static void test_long_words(void **state)
{
	static char next[4096];

	(void)state;
	strcpy(next, GOOD " pci=config_acs=");
	memset(next + strlen(next), 'x', 3000);
	expect(next, GOOD, &vtd, REMARK_RISK, "xxx..., which the running one has not: ");
}

static void test_all_at_once(void **state)
{
	struct remarks remarks = { .nr = 0 };

	(void)state;
	parameters__check("intel_iommu=off,sm_on kho=0 iommu=pt,off", GOOD, &vtd, &remarks);
	assert_int_equal(remarks.nr, 6);
	assert_int_equal(remarks__nr_warnings(&remarks), 5);
	assert_true(parameters__count() + 8 < REMARKS_MAX);
}

/* luctl(8) names every one of them. */
static void test_manual(void **state)
{
	struct fault fault;
	char *manual = read_file(TOP "/docs/luctl.8", NULL, &fault), *from, *to;
	const char *name, *option;
	size_t i;

	(void)state;
	assert_non_null(manual);
	for (from = to = manual; *from; from++)
		if (*from != '\\')
			*to++ = *from;
	*to = '\0';
	for (i = 0; i < parameters__count(); i++) {
		name = parameters__name(i, &option);
		if (!strstr(manual, name) || (option && !strstr(manual, option)))
			fail_msg("%s %s is not in luctl.8", name, option ?: "");
	}
	free(manual);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	    cmocka_unit_test(test_words),
		cmocka_unit_test(test_handover),    cmocka_unit_test(test_iommu),
		cmocka_unit_test(test_both_ways),   cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_all_at_once), cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
