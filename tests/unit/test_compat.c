// SPDX-License-Identifier: GPL-2.0-only
/* What is said of the next kernel before the jump, and what is not said. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_image.h"
#include "next/image.h"
#include "next/compat.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define GOOD		"kho=on liveupdate=on intel_iommu=on"
#define NAME		"/boot/next"

static const struct compat_needs vtd = { .memfds = true, .hwpts = true, .iommu = COMPAT_VTD };
static const struct compat_needs amd = { .memfds = true, .hwpts = true, .iommu = COMPAT_AMD };
static const struct compat_needs memory = { .memfds = true };

/* One remark with these words, and no other; NULL: none at all */
static void expect_remark(const struct compat_remarks *remarks, bool warning, const char *words)
{
	const struct compat_remark *first = &remarks->list[0];

	if (!words && remarks->nr)
		fail_msg("'%s' is said", first->text);
	if (!words)
		return;
	assert_int_equal(remarks->nr, 1);
	assert_int_equal(remarks->nr_warnings, warning);
	assert_int_equal(first->warning, warning);
	if (!strstr(first->text, words))
		fail_msg("'%s' lacks '%s'", first->text, words);
	if (!strstr(first->text, "; "))
		fail_msg("'%s' says nothing about what to do", first->text);
	/* Nothing was cut off */
	assert_true(strlen(first->text) < COMPAT_TEXT_SIZE - 1);
}

static void expect_cmdline(const char *next, const char *running,
			   const struct compat_needs *needs, const char *words)
{
	struct compat_remarks remarks = { 0 };

	compat__check_cmdline(next, running, needs, &remarks);
	expect_remark(&remarks, true, words);
}

static void test_good_cmdlines(void **state)
{
	(void)state;
	expect_cmdline(GOOD, GOOD, &vtd, NULL);
	expect_cmdline(GOOD, "", &vtd, NULL);
	/* The running kernel's default is on, so the next one's is */
	expect_cmdline("liveupdate=on", "liveupdate=on", &vtd, NULL);
	/* Domains of user space translate all the same */
	expect_cmdline(GOOD " iommu=pt", GOOD, &vtd, NULL);
	expect_cmdline(GOOD " iommu.passthrough=1", GOOD, &vtd, NULL);
	/* Another machine's words */
	expect_cmdline(GOOD " amd_iommu=off,pgtbl_v2", GOOD, &vtd, NULL);
	expect_cmdline("kho=on liveupdate=on intel_iommu=off,sm_off", GOOD, &amd, NULL);
	/* Memory needs no IOMMU */
	expect_cmdline("kho=on liveupdate=on iommu=off intel_iommu=off", GOOD, &memory, NULL);
}

static void test_handover(void **state)
{
	(void)state;
	expect_cmdline(GOOD " kho=off", GOOD, &memory, "switches kho off");
	expect_cmdline("liveupdate=on", "kho=on", &memory, "lacks kho=on");
	expect_cmdline(GOOD " liveupdate=0", GOOD, &memory, "switches liveupdate off");
	expect_cmdline("kho=on", GOOD, &memory, "lacks liveupdate=on");
	expect_cmdline("kho=on -- liveupdate=on", GOOD, &memory, "lacks liveupdate=on");
}

static void test_iommu_off(void **state)
{
	(void)state;
	expect_cmdline(GOOD " intel_iommu=off", GOOD, &vtd, "has intel_iommu=off");
	expect_cmdline("kho=on liveupdate=on", GOOD, &vtd, "lacks intel_iommu=on");
	expect_cmdline(GOOD " iommu=off", GOOD, &vtd, "has iommu=off");
	expect_cmdline(GOOD " iommu=off", GOOD, &amd, "has iommu=off");
	expect_cmdline(GOOD " amd_iommu=off", GOOD, &amd, "has amd_iommu=off");
}

static void test_iommu_format(void **state)
{
	(void)state;
	expect_cmdline(GOOD ",sm_on", GOOD, &vtd, "differ in sm_on");
	expect_cmdline(GOOD, GOOD ",sm_off", &vtd, "differ in sm_on");
	expect_cmdline(GOOD ",sm_on", GOOD ",sm_on", &vtd, NULL);
	expect_cmdline(GOOD " amd_iommu=pgtbl_v2", GOOD, &amd, "differ in pgtbl_v2");
}

static void test_all_at_once(void **state)
{
	struct compat_remarks remarks = { 0 };

	(void)state;
	compat__check_cmdline("intel_iommu=off,sm_on kho=0", GOOD, &vtd, &remarks);
	assert_int_equal(remarks.nr, 4);
	assert_int_equal(remarks.nr_warnings, 4);
}

#define KHO	"kho-v4"
#define LUO	"luo-v5"
#define MEMFD	"memfd-v2"
#define CORE	"iommu-core-v1"
#define IOMMUFD	"iommufd"

/* Of the records of the core and of iommufd; 0: not said */
struct versions {
	uint32_t core, iommufd;
};

static struct versions running_versions, next_versions;

static void set_versions(struct versions versions)
{
	fake_image__set_version(NULL, 0);
	if (versions.core)
		fake_image__set_version(CORE, versions.core);
	if (versions.iommufd)
		fake_image__set_version(IOMMUFD, versions.iommufd);
}

static void check_image(const char *const *strings, size_t nr, uint8_t build,
			const struct compat_needs *needs, struct compat_remarks *remarks)
{
	struct bytes bytes = { 0 }, running = { 0 };
	struct image *image, *running_image;
	const uint8_t *notes;
	char why[128];
	size_t size;
	int fd;

	set_versions(next_versions);
	fake_image__make(&bytes, FAKE_ZSTD, strings, nr, build);
	fd = fake_image__file(&bytes);
	image = image__read(fd, why, sizeof(why));
	close(fd);
	set_versions(running_versions);
	fake_image__make(&running, FAKE_ZSTD, NULL, 0, 1);
	fd = fake_image__file(&running);
	running_image = image__read(fd, why, sizeof(why));
	close(fd);
	assert_true(image && running_image);
	notes = image__notes(running_image, &size);
	compat__check_image(image, NAME, notes, size, needs, remarks);
	image__free(image);
	image__free(running_image);
	bytes__free(&bytes);
	bytes__free(&running);
	fake_image__set_version(NULL, 0);
}

static void expect_image(const char *const *strings, size_t nr, const struct compat_needs *needs,
			 bool warning, const char *words)
{
	struct compat_remarks remarks = { 0 };

	check_image(strings, nr, 1, needs, &remarks);
	expect_remark(&remarks, warning, words);
}

#define EXPECT_IMAGE(needs, warning, words, ...)				\
	expect_image((const char *const[]){ __VA_ARGS__ },			\
		     ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })), needs, warning, words)

static void test_images(void **state)
{
	(void)state;
	EXPECT_IMAGE(&vtd, false, NULL, KHO, LUO, MEMFD, CORE, IOMMUFD);
	EXPECT_IMAGE(&vtd, true, "does not know iommu-core-v1: the HWPTs will be lost",
		     KHO, LUO, MEMFD, IOMMUFD);
	EXPECT_IMAGE(&vtd, true, "does not know iommu-core-v1", KHO, LUO, MEMFD, IOMMUFD,
		     "iommu-core-v2");
	EXPECT_IMAGE(&vtd, true, "does not know memfd-v2: the memfds will be lost",
		     KHO, LUO, CORE, IOMMUFD, "memfd-v3");
	EXPECT_IMAGE(&vtd, false, "iommufd is not built into " NAME, KHO, LUO, MEMFD, CORE);
	/* No live update at all is one remark, and not one for each of its parts */
	EXPECT_IMAGE(&vtd, true, "does not know luo-v5: it has no live update", KHO, "luo-vx");
	EXPECT_IMAGE(&vtd, true, "another version of it, and will panic", KHO, "luo-v6", MEMFD,
		     CORE, IOMMUFD);
	EXPECT_IMAGE(&vtd, true, "does not know kho-v4", "kho-v5", LUO, MEMFD, CORE, IOMMUFD);
	EXPECT_IMAGE(&vtd, true, "does not know kho-v4", "nothing");
	/* What is not preserved need not be known */
	EXPECT_IMAGE(&memory, false, NULL, KHO, LUO, MEMFD);
	EXPECT_IMAGE(&(struct compat_needs){ 0 }, false, NULL, KHO, LUO);
}

static void test_builds(void **state)
{
	static const char *const strings[] = { KHO, LUO, MEMFD, CORE, IOMMUFD };
	struct compat_remarks remarks = { 0 };

	(void)state;
	check_image(strings, 5, 2, &vtd, &remarks);
	expect_remark(&remarks, false, NAME " is another build");
	/* One without a build id may be any */
	remarks = (struct compat_remarks){ 0 };
	check_image(strings, 5, 0, &vtd, &remarks);
	expect_remark(&remarks, false, NAME " is another build");
	remarks = (struct compat_remarks){ 0 };
	check_image(strings, 3, 2, &memory, &remarks);
	expect_remark(&remarks, false, NULL);
	/* After a warning it is known already that they differ */
	remarks = (struct compat_remarks){ 0 };
	check_image(strings, 3, 2, &vtd, &remarks);
	expect_remark(&remarks, true, "does not know iommu-core-v1");
}

static void expect_versions(struct versions running, struct versions next, bool warning,
			    const char *words)
{
	static const char *const strings[] = { KHO, LUO, MEMFD, CORE, IOMMUFD };
	struct compat_remarks remarks = { 0 };

	running_versions = running;
	next_versions = next;
	check_image(strings, 5, 2, &vtd, &remarks);
	expect_remark(&remarks, warning, words);
	running_versions = next_versions = (struct versions){ 0 };
}

static void test_versions(void **state)
{
	const struct versions now = { 1, 2 }, none = { 0, 0 };

	(void)state;
	expect_versions(now, now, false, NULL);
	expect_versions(now, (struct versions){ 1, 3 }, true,
			NAME " has version 3 of the records of iommufd and the running kernel 2: the "
			"HWPTs will be lost");
	expect_versions(now, (struct versions){ 2, 2 }, true, "version 2 of the records of iommu-core");
	expect_versions(now, none, false, "another build");
	expect_versions(none, now, false, "another build");
	/* iommufd as a module */
	expect_versions(now, (struct versions){ 1, 0 }, false, "another build");
}

static void test_files(void **state)
{
	struct compat_remarks remarks = { 0 };
	struct bytes bytes = { 0 };
	char path[64];
	int fd;

	(void)state;
	assert_int_equal(compat__check("/does/not/exist", GOOD, GOOD, memory, &remarks),
			 -ENOENT);
	fake_image__wrap(&bytes, "BZh9", 4);
	fd = fake_image__file(&bytes);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(compat__check(path, GOOD, GOOD, memory, &remarks), 0);
	expect_remark(&remarks, false, "compressed with bzip2, which cannot be read here, so "
				       "what it knows cannot be seen; it is Linux 7.3.4-fake");
	close(fd);
	bytes__free(&bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_cmdlines),
		cmocka_unit_test(test_handover),
		cmocka_unit_test(test_iommu_off),
		cmocka_unit_test(test_iommu_format),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_builds),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests_name("compat", tests, NULL, NULL);
}
