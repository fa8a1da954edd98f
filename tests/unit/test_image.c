// SPDX-License-Identifier: GPL-2.0-only
/* Looking into a bzImage: in every compression, and what is said of one that is spoiled. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_image.h"
#include "lib/mem.h"
#include "next/image.h"
#include "next/notes.h"

#define BUILD		0x5a

static const char *const strings[] = {
	"luo-v12", "xiommu-core-v1", "iommu-core-v2x", "kho-v4.", "last",
};

static void make(struct bytes *image, enum fake_format format)
{
	fake_image__make(image, format, strings, ARRAY_SIZE(strings), BUILD);
}

static void set_u32(struct bytes *image, size_t at, uint32_t value)
{
	memcpy(image->data + at, &value, sizeof(value));
}

static struct image *read_image(const struct bytes *bytes, char why[128])
{
	int fd = fake_image__file(bytes);
	struct image *image;

	strcpy(why, "");
	image = image__read(fd, why, 128);
	close(fd);
	return image;
}

/* It must be refused, with these words; frees the bytes */
static void expect_refused(struct bytes *bytes, const char *words)
{
	char why[128];

	assert_null(read_image(bytes, why));
	if (!strstr(why, words))
		fail_msg("'%s' lacks '%s'", why, words);
	bytes__free(bytes);
}

static void test_every_compression(void **state)
{
	struct bytes bytes = { 0 };
	enum fake_format format;
	struct image *image;
	char why[128];
	size_t size;

	(void)state;
	for (format = 0; format < FAKE_NR_FORMATS; format++) {
		make(&bytes, format);
		image = read_image(&bytes, why);
		if (!image)
			fail_msg("format %d: %s", format, why);
		assert_true(image__has_string(image, "last"));
		assert_memory_equal(image__data(image), ELFMAG, SELFMAG);
		/* Nothing of the size that comes behind the compressed data */
		size = image__size(image);
		assert_string_equal((const char *)image__data(image) + size - 8, "the end");
		image__free(image);
		bytes__free(&bytes);
	}
}

static void test_strings(void **state)
{
	char found[IMAGE_STRING_SIZE];
	struct bytes bytes = { 0 };
	struct image *image;
	char why[128];

	(void)state;
	make(&bytes, FAKE_GZIP);
	image = read_image(&bytes, why);
	assert_non_null(image);
	/* The linker may put a string where a longer one ends */
	assert_true(image__has_string(image, "iommu-core-v1"));
	assert_false(image__has_string(image, "iommu-core-v2"));
	assert_false(image__has_string(image, "luo-v1"));
	assert_true(image__find_version(image, "luo-v", found));
	assert_string_equal(found, "luo-v12");
	assert_true(image__find_version(image, "iommu-core-v", found));
	assert_string_equal(found, "iommu-core-v1");
	/* What goes on after the digits is part of it */
	assert_true(image__find_version(image, "kho-v", found));
	assert_string_equal(found, "kho-v4.");
	assert_false(image__find_version(image, "luo-v1x", found));
	assert_false(image__find_version(image, "las", found));
	/* Its end is the end of the file */
	assert_true(image__has_string(image, "the end"));
	image__free(image);
	bytes__free(&bytes);
}

static void test_release(void **state)
{
	char release[IMAGE_RELEASE_SIZE];
	struct bytes bytes = { 0 };
	int fd;

	(void)state;
	make(&bytes, FAKE_ZSTD);
	fd = fake_image__file(&bytes);
	image__release(fd, release);
	assert_string_equal(release, "7.3.4-fake");
	close(fd);
	bytes.data[FAKE_MAGIC] = 'x';
	fd = fake_image__file(&bytes);
	image__release(fd, release);
	assert_string_equal(release, "");
	close(fd);
	bytes__free(&bytes);
}

static void test_layout(void **state)
{
	struct image_layout layout;
	struct bytes bytes = { 0 };
	uint64_t preferred = 16u << 20;
	int fd;

	(void)state;
	make(&bytes, FAKE_ZSTD);
	set_u32(&bytes, 0x230, 2u << 20);
	memcpy(bytes.data + 0x258, &preferred, sizeof(preferred));
	set_u32(&bytes, 0x260, (60u << 20) + 1);
	fd = fake_image__file(&bytes);
	assert_true(image__is_bzimage(fd));
	assert_true(image__layout(fd, &layout));
	assert_int_equal(layout.size, (60u << 20) + 4096);
	assert_int_equal(layout.align, 2u << 20);
	assert_int_equal(layout.preferred, 16u << 20);
	close(fd);
	/* One from before that was said */
	bytes.data[FAKE_PROTOCOL] = 0x09;
	fd = fake_image__file(&bytes);
	assert_false(image__layout(fd, &layout));
	close(fd);
	bytes.data[FAKE_MAGIC] = 'x';
	fd = fake_image__file(&bytes);
	assert_false(image__is_bzimage(fd));
	close(fd);
	bytes__free(&bytes);
}

static void test_no_bzimage(void **state)
{
	struct bytes bytes = { 0 };

	(void)state;
	bytes__add(&bytes, "short", 5);
	expect_refused(&bytes, "is no bzImage");
	expect_refused(&bytes, "is no bzImage");
	make(&bytes, FAKE_GZIP);
	bytes.data[FAKE_MAGIC] = 'x';
	expect_refused(&bytes, "is no bzImage");
	make(&bytes, FAKE_GZIP);
	bytes.data[FAKE_PROTOCOL] = 7;
	expect_refused(&bytes, "does not say where its payload is");
}

static void test_wrong_lengths(void **state)
{
	static const char *const early[FAKE_NR_FORMATS] = {
		"gzip data ends early", "xz data ends early", "zstd data ends early",
		"lzma data ends early",
	};
	struct bytes bytes = { 0 };
	enum fake_format format;

	(void)state;
	for (format = 0; format < FAKE_NR_FORMATS; format++) {
		make(&bytes, format);
		set_u32(&bytes, FAKE_PAYLOAD_LENGTH, 40);
		expect_refused(&bytes, early[format]);
	}
	make(&bytes, FAKE_XZ);
	set_u32(&bytes, FAKE_PAYLOAD_LENGTH, 0);
	expect_refused(&bytes, "does not say where its payload is");
	make(&bytes, FAKE_XZ);
	set_u32(&bytes, FAKE_PAYLOAD_LENGTH, 0xffffffff);
	expect_refused(&bytes, "does not say where its payload is");
	make(&bytes, FAKE_XZ);
	set_u32(&bytes, FAKE_PAYLOAD_LENGTH, bytes.size);
	expect_refused(&bytes, "ends before its payload does");
	make(&bytes, FAKE_XZ);
	set_u32(&bytes, FAKE_PAYLOAD_OFFSET, 0xffffffff);
	expect_refused(&bytes, "ends before its payload does");
	make(&bytes, FAKE_XZ);
	set_u32(&bytes, FAKE_PAYLOAD_OFFSET, 0x101);
	expect_refused(&bytes, "payload of an unknown kind");
	make(&bytes, FAKE_XZ);
	bytes.size = FAKE_PAYLOAD_AT + 40;
	expect_refused(&bytes, "ends before its payload does");
}

static void test_damage(void **state)
{
	struct bytes bytes = { 0 };

	(void)state;
	make(&bytes, FAKE_GZIP);
	memset(bytes.data + FAKE_PAYLOAD_AT + 20, 0xff, 20);
	expect_refused(&bytes, "gzip data is damaged");
	make(&bytes, FAKE_XZ);
	memset(bytes.data + FAKE_PAYLOAD_AT + 20, 0xff, 20);
	expect_refused(&bytes, "xz data is damaged");
	make(&bytes, FAKE_ZSTD);
	memset(bytes.data + FAKE_PAYLOAD_AT + 8, 0xff, 20);
	expect_refused(&bytes, "zstd data is damaged");
	make(&bytes, FAKE_LZMA);
	memset(bytes.data + FAKE_PAYLOAD_AT + 13, 0xff, 20);
	expect_refused(&bytes, "lzma data is damaged");
}

/* Each bit of the header and of the start of the payload, on its own: refused or read, no more */
static void test_every_bit(void **state)
{
	struct bytes bytes = { 0 };
	unsigned int bit, last;
	struct image *image;
	char why[128];

	(void)state;
	make(&bytes, FAKE_ZSTD);
	for (bit = 0x1f1 * 8; bit < (FAKE_PAYLOAD_AT + 32) * 8; bit++) {
		/* Nothing is read between the header and the payload */
		if (bit == 0x250 * 8)
			bit = FAKE_PAYLOAD_AT * 8;
		last = bit;
		bytes.data[bit / 8] ^= 1u << bit % 8;
		image = read_image(&bytes, why);
		assert_true(image || *why);
		image__free(image);
		bytes.data[bit / 8] ^= 1u << bit % 8;
	}
	assert_int_equal(last, (FAKE_PAYLOAD_AT + 32) * 8 - 1);
	bytes__free(&bytes);
}

static void test_other_payloads(void **state)
{
	static const char bzip2[] = "BZh91AY&SY", lz4[] = "\x02\x21\x4c\x18 and more";
	struct bytes bytes = { 0 }, text = { 0 }, packed = { 0 };

	(void)state;
	fake_image__wrap(&bytes, bzip2, sizeof(bzip2));
	expect_refused(&bytes, "compressed with bzip2, which cannot be read here");
	fake_image__wrap(&bytes, lz4, sizeof(lz4));
	expect_refused(&bytes, "compressed with lz4, which cannot be read here");
	fake_image__wrap(&bytes, "nothing", 8);
	expect_refused(&bytes, "payload of an unknown kind");
	bytes__add(&text, "no kernel at all, and much longer than the header of an ELF file", 65);
	fake_image__pack(&packed, FAKE_GZIP, &text);
	fake_image__wrap(&bytes, packed.data, packed.size);
	expect_refused(&bytes, "payload that is no ELF file");
	bytes__free(&text);
	bytes__free(&packed);
}

/* The payload of the image, uncompressed, spoiled at @at */
static struct image *read_elf(size_t at, const void *data, size_t size)
{
	struct bytes elf = { 0 }, packed = { 0 }, bytes = { 0 };
	struct image *image;
	char why[128];

	fake_image__elf(&elf, strings, ARRAY_SIZE(strings), BUILD);
	memcpy(elf.data + at, data, size);
	fake_image__pack(&packed, FAKE_GZIP, &elf);
	fake_image__wrap(&bytes, packed.data, packed.size);
	image = read_image(&bytes, why);
	assert_non_null(image);
	bytes__free(&elf);
	bytes__free(&packed);
	bytes__free(&bytes);
	return image;
}

static void expect_no_notes(size_t at, uint64_t value, size_t size)
{
	struct image *image = read_elf(at, &value, size);
	size_t length;

	assert_null(image__notes(image, &length));
	image__free(image);
}

static void test_notes(void **state)
{
	const size_t segment = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
	struct image *image = read_elf(0, ELFMAG, SELFMAG);
	const uint8_t *notes, *id;
	uint8_t *half;
	size_t size, length, n;

	(void)state;
	notes = image__notes(image, &size);
	assert_non_null(notes);
	id = notes__find(notes, size, "GNU", NT_GNU_BUILD_ID, &length);
	assert_non_null(id);
	assert_int_equal(length, 20);
	assert_int_equal(id[0], BUILD);
	assert_int_equal(id[19], BUILD);
	assert_null(notes__find(notes, size, "GNU", 0x101, &length));
	assert_null(notes__find(notes, size, "Linux", NT_GNU_BUILD_ID, &length));
	assert_non_null(notes__find(notes, size, "Linux", 0x101, &length));
	assert_int_equal(length, 1);
	/* Cut off anywhere, in memory of just that size */
	for (n = 0; n < size; n++) {
		half = malloc(n + 1);
		memcpy(half + 1, notes, n);
		assert_null(notes__find(half + 1, n, "GNU", NT_GNU_BUILD_ID, &length));
		free(half);
	}
	image__free(image);

	expect_no_notes(offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 8, 8);
	expect_no_notes(offsetof(Elf64_Ehdr, e_phoff), 1 << 20, 8);
	expect_no_notes(offsetof(Elf64_Ehdr, e_phentsize), 1, 2);
	expect_no_notes(offsetof(Elf64_Ehdr, e_phnum), 1, 2);
	expect_no_notes(EI_CLASS, ELFCLASS32, 1);
	expect_no_notes(segment + offsetof(Elf64_Phdr, p_offset), UINT64_MAX - 8, 8);
	expect_no_notes(segment + offsetof(Elf64_Phdr, p_filesz), UINT64_MAX, 8);
}

static void test_notes_with_wrong_lengths(void **state)
{
	Elf64_Nhdr header = { .n_namesz = 4, .n_descsz = UINT32_MAX, .n_type = 3 };
	uint8_t notes[64] = { 0 };
	size_t length;

	(void)state;
	memcpy(notes + sizeof(header), "GNU", 4);
	memcpy(notes, &header, sizeof(header));
	assert_null(notes__find(notes, sizeof(notes), "GNU", 3, &length));
	header = (Elf64_Nhdr){ .n_namesz = UINT32_MAX - 1, .n_descsz = 4, .n_type = 3 };
	memcpy(notes, &header, sizeof(header));
	assert_null(notes__find(notes, sizeof(notes), "GNU", 3, &length));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_compression),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_no_bzimage),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_other_payloads),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_notes_with_wrong_lengths),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
