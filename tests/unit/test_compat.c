// SPDX-License-Identifier: GPL-2.0-only
/* What is said of the next kernel before the jump, and what is not said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_image.h"
#include "lib/mem.h"
#include "next/image.h"
#include "next/compat.h"

#define GOOD "kho=on liveupdate=on intel_iommu=on"
#define NAME "/boot/next"

static const struct needs vtd = { .memfds = true, .hwpts = true, .iommu = IOMMU_VTD };
static const struct needs memory = { .memfds = true };

/* One remark with these words, and no other; NULL: none at all */
static void expect_remark(const struct remarks *remarks, enum remark_severity severity,
			  const char *words)
{
	const struct remark *first = &remarks->list[0];

	if (!words && remarks->nr)
		fail_msg("'%s' is said", first->text);
	if (!words)
		return;
	assert_int_equal(remarks->nr, 1);
	assert_int_equal(first->severity, severity);
	if (!strstr(first->text, words))
		fail_msg("'%s' lacks '%s'", first->text, words);
	if (!strstr(first->text, "; "))
		fail_msg("'%s' says nothing about what to do", first->text);
	/* Nothing was cut off */
	assert_true(strlen(first->text) < REMARK_TEXT_SIZE - 1);
}

#define KHO "kho-v4"
#define LUO "luo-v5"
#define MEMFD "memfd-v2"
#define CORE "iommu-core-v1"
#define IOMMUFD "iommufd"

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
			const struct needs *needs, struct remarks *remarks)
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

static void expect_image(const char *const *strings, size_t nr, const struct needs *needs,
			 enum remark_severity severity, const char *words)
{
	struct remarks remarks = { .nr = 0 };

	check_image(strings, nr, 1, needs, &remarks);
	expect_remark(&remarks, severity, words);
}

#define EXPECT_IMAGE(needs, severity, words, ...)                                                  \
	expect_image((const char *const[]){ __VA_ARGS__ },                                         \
		     ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })), needs, severity, words)

static void test_images(void **state)
{
	(void)state;
	EXPECT_IMAGE(&vtd, REMARK_UNCHECKED, NULL, KHO, LUO, MEMFD, CORE, IOMMUFD);
	EXPECT_IMAGE(&vtd, REMARK_LOST, "does not know iommu-core-v1: the HWPTs will be lost", KHO,
		     LUO, MEMFD, IOMMUFD);
	EXPECT_IMAGE(&vtd, REMARK_LOST, "does not know iommu-core-v1 but iommu-core-v2: the HWPTs",
		     KHO, LUO, MEMFD, IOMMUFD, "iommu-core-v2");
	/* A feature behind the version is another record */
	EXPECT_IMAGE(&vtd, REMARK_LOST,
		     "does not know iommu-core-v1 but iommu-core-v1+pasid: the HWPTs", KHO, LUO,
		     MEMFD, IOMMUFD, "iommu-core-v1+pasid");
	EXPECT_IMAGE(&vtd, REMARK_LOST, "does not know memfd-v2 but memfd-v2.1: the memfds", KHO,
		     LUO, CORE, IOMMUFD, "memfd-v2.1");
	EXPECT_IMAGE(&vtd, REMARK_UNCHECKED, NULL, KHO, LUO, MEMFD, CORE, IOMMUFD, "memfd-v2+x");
	EXPECT_IMAGE(&vtd, REMARK_LOST, "does not know memfd-v2 but memfd-v3: the memfds will be",
		     KHO, LUO, CORE, IOMMUFD, "memfd-v3");
	EXPECT_IMAGE(&vtd, REMARK_UNCHECKED, "iommufd is not built into " NAME, KHO, LUO, MEMFD,
		     CORE);
	/* No live update at all is one remark, and not one for each of its parts */
	EXPECT_IMAGE(&vtd, REMARK_LOST, "does not know luo-v5: it has no live update", KHO,
		     "luo-vx");
	EXPECT_IMAGE(&vtd, REMARK_LOST, "does not know luo-v5 but luo-v6: it will panic", KHO,
		     "luo-v6", MEMFD, CORE, IOMMUFD);
	EXPECT_IMAGE(&vtd, REMARK_LOST, "does not know kho-v4 but kho-v5: it gets", "kho-v5", LUO,
		     MEMFD, CORE, IOMMUFD);
	EXPECT_IMAGE(&vtd, REMARK_LOST, "does not know kho-v4", "nothing");
	/* What is not preserved need not be known */
	EXPECT_IMAGE(&memory, REMARK_UNCHECKED, NULL, KHO, LUO, MEMFD);
	EXPECT_IMAGE(&(struct needs){ 0 }, REMARK_UNCHECKED, NULL, KHO, LUO);
}

static void test_builds(void **state)
{
	static const char *const strings[] = { KHO, LUO, MEMFD, CORE, IOMMUFD };
	struct remarks remarks = { .nr = 0 };

	(void)state;
	check_image(strings, 5, 2, &vtd, &remarks);
	expect_remark(&remarks, REMARK_UNCHECKED, NAME " is another build");
	/* One without a build id may be any */
	remarks = (struct remarks){ .nr = 0 };
	check_image(strings, 5, 0, &vtd, &remarks);
	expect_remark(&remarks, REMARK_UNCHECKED, NAME " is another build");
	remarks = (struct remarks){ .nr = 0 };
	check_image(strings, 3, 2, &memory, &remarks);
	expect_remark(&remarks, REMARK_UNCHECKED, NULL);
	/* After a warning it is known already that they differ */
	remarks = (struct remarks){ .nr = 0 };
	check_image(strings, 3, 2, &vtd, &remarks);
	expect_remark(&remarks, REMARK_LOST, "does not know iommu-core-v1");
}

static void expect_versions(struct versions running, struct versions next,
			    enum remark_severity severity, const char *words)
{
	static const char *const strings[] = { KHO, LUO, MEMFD, CORE, IOMMUFD };
	struct remarks remarks = { .nr = 0 };

	running_versions = running;
	next_versions = next;
	check_image(strings, 5, 2, &vtd, &remarks);
	expect_remark(&remarks, severity, words);
	running_versions = next_versions = (struct versions){ 0 };
}

static void test_versions(void **state)
{
	const struct versions now = { 1, 2 }, none = { 0, 0 };

	(void)state;
	expect_versions(now, now, REMARK_UNCHECKED, NULL);
	expect_versions(now, (struct versions){ 1, 3 }, REMARK_LOST,
			NAME
			" has version 3 of the records of iommufd and the running kernel 2: the "
			"HWPTs will be lost");
	expect_versions(now, (struct versions){ 2, 2 }, REMARK_LOST,
			"version 2 of the records of iommu-core");
	expect_versions(now, none, REMARK_UNCHECKED, "another build");
	expect_versions(none, now, REMARK_UNCHECKED, "another build");
	/* iommufd as a module */
	expect_versions(now, (struct versions){ 1, 0 }, REMARK_UNCHECKED, "another build");
}

/* The notes say which records there are, also where strings do not */
static void expect_notes(const char *running, const char *next, enum remark_severity severity,
			 const char *words)
{
	static const char *const strings[] = { KHO, LUO, MEMFD, CORE, IOMMUFD };
	struct bytes bytes = { 0 }, other = { 0 };
	struct remarks remarks = { .nr = 0 };
	struct image *images[2];
	const uint8_t *notes;
	char why[128];
	size_t size;
	int fd;

	fake_image__set_version(CORE, 1);
	fake_image__set_version(running, 2);
	fake_image__make(&bytes, FAKE_ZSTD, strings, 5, 1);
	fake_image__set_version(NULL, 0);
	fake_image__set_version(CORE, 1);
	fake_image__set_version(next, 2);
	fake_image__make(&other, FAKE_ZSTD, strings, 5, 2);
	fake_image__set_version(NULL, 0);
	fd = fake_image__file(&bytes);
	images[0] = image__read(fd, why, sizeof(why));
	close(fd);
	fd = fake_image__file(&other);
	images[1] = image__read(fd, why, sizeof(why));
	close(fd);
	notes = image__notes(images[0], &size);
	compat__check_image(images[1], NAME, notes, size, &vtd, &remarks);
	expect_remark(&remarks, severity, words);
	image__free(images[0]);
	image__free(images[1]);
	bytes__free(&bytes);
	bytes__free(&other);
}

static void test_features(void **state)
{
	(void)state;
	expect_notes(IOMMUFD, IOMMUFD, REMARK_LOST, NULL);
	expect_notes(IOMMUFD, "iommufd-v2", REMARK_LOST,
		     "does not know iommufd but iommufd-v2: the HWPTs will be lost");
	expect_notes(IOMMUFD, "iommufd+dirty", REMARK_LOST,
		     "does not know iommufd but iommufd+dirty");
	/* The running kernel has what this program does not know of */
	expect_notes("iommufd+dirty", IOMMUFD, REMARK_LOST,
		     "does not know iommufd+dirty but iommufd:");
	expect_notes("iommufd+dirty", "iommufd+dirty", REMARK_LOST, NULL);
	/* Another thing that begins so is none of it */
	expect_notes(IOMMUFD, "iommufd_test", REMARK_UNCHECKED, "cannot be compared");
	expect_notes(IOMMUFD, "iommufd-\33[2J", REMARK_UNCHECKED, "cannot be compared");
}

static void expect_fault(const char *image, const char *initrd, const char *words)
{
	struct next_kernel next = { .image = image, .initrd = initrd, .cmdline = GOOD };
	struct remarks remarks = { .nr = 0 };
	struct fault fault;

	assert_int_equal(compat__check(&next, GOOD, memory, &remarks, &fault), -1);
	if (!strstr(fault.text, words) || !strstr(fault.text, initrd ?: image))
		fail_msg("'%s' lacks '%s'", fault.text, words);
}

static void test_files(void **state)
{
	struct remarks remarks = { .nr = 0 };
	struct bytes bytes = { 0 };
	struct next_kernel next = { .cmdline = GOOD, .placed = true };
	struct fault fault;
	char path[64];
	int fd;

	(void)state;
	fake_image__wrap(&bytes, "BZh9", 4);
	fd = fake_image__file(&bytes);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	next.image = path;
	assert_int_equal(compat__check(&next, GOOD, memory, &remarks, &fault), 0);
	expect_remark(&remarks, REMARK_UNCHECKED,
		      "compressed with bzip2, which cannot be read here, so "
		      "what it knows cannot be seen; it is Linux 7.3.4-fake");
	expect_fault(path, "/does/not/exist",
		     "cannot open the initrd /does/not/exist: No such file");
	expect_fault(path, "/", "is no file that can be an initrd");
	close(fd);
	bytes__free(&bytes);
	/* What is no kernel at all is said at once */
	expect_fault("/does/not/exist", NULL,
		     "cannot open the next kernel /does/not/exist: No such");
	expect_fault("/", NULL, "/ is no bzImage");
	expect_fault("/dev/null", NULL, "/dev/null is no bzImage");
	expect_fault("/proc/self/exe", NULL, "is no bzImage");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images),	 cmocka_unit_test(test_builds),
		cmocka_unit_test(test_versions), cmocka_unit_test(test_features),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests_name("compat", tests, NULL, NULL);
}
