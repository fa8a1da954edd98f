// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "fake_image.h"

#define VERSION_AT	0x300u
#define VERSION		"7.3.4-fake (somebody@somewhere) #1 SMP"
#define ROOM		(1u << 20)
#define BUILD_SIZE	20

void bytes__add(struct bytes *bytes, const void *data, size_t size)
{
	bytes->data = realloc(bytes->data, bytes->size + size + 1);
	assert_non_null(bytes->data);
	if (size)
		memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

void bytes__free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

static struct bytes versions;

void fake_image__set_version(const char *name, uint32_t version)
{
	Elf64_Nhdr header = { .n_descsz = sizeof(version), .n_type = 0x4c55 };
	char padded[32] = "";

	if (!name) {
		bytes__free(&versions);
		return;
	}
	header.n_namesz = strlen(name) + 1;
	strncpy(padded, name, sizeof(padded) - 1);
	bytes__add(&versions, &header, sizeof(header));
	bytes__add(&versions, padded, (header.n_namesz + 3) / 4 * 4);
	bytes__add(&versions, &version, sizeof(version));
}

static void add_notes(struct bytes *elf, uint8_t build)
{
	static const Elf64_Nhdr other = { .n_namesz = 6, .n_descsz = 1, .n_type = 0x101 };
	static const Elf64_Nhdr id = {
		.n_namesz = 4, .n_descsz = BUILD_SIZE, .n_type = NT_GNU_BUILD_ID,
	};
	uint8_t desc[BUILD_SIZE];

	/* Something before it, with sizes that are not aligned */
	bytes__add(elf, &other, sizeof(other));
	bytes__add(elf, "Linux\0\0\0\1\0\0\0", 12);
	memset(desc, build, sizeof(desc));
	bytes__add(elf, &id, sizeof(id));
	bytes__add(elf, "GNU", 4);
	bytes__add(elf, desc, sizeof(desc));
	bytes__add(elf, versions.data, versions.size);
}

void fake_image__elf(struct bytes *elf, const char *const *strings, size_t nr, uint8_t build)
{
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64 },
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	Elf64_Phdr segments[2] = { { .p_type = PT_LOAD }, { .p_type = build ? PT_NOTE : PT_NULL } };
	size_t i;

	segments[1].p_offset = sizeof(header) + sizeof(segments);
	bytes__add(elf, &header, sizeof(header));
	bytes__add(elf, segments, sizeof(segments));
	if (build)
		add_notes(elf, build);
	segments[1].p_filesz = elf->size - segments[1].p_offset;
	memcpy(elf->data + sizeof(header), segments, sizeof(segments));
	for (i = 0; i < nr; i++)
		bytes__add(elf, strings[i], strlen(strings[i]) + 1);
	bytes__add(elf, "the end", 8);
}

void fake_image__wrap(struct bytes *image, const void *payload, size_t size)
{
	uint8_t start[FAKE_PAYLOAD_AT] = { 0 };
	uint16_t protocol = 0x20f, version = VERSION_AT - 0x200;
	uint32_t offset = 0x100, length = size;

	start[0x1f1] = FAKE_SETUP_SECTORS;
	memcpy(start + FAKE_MAGIC, "HdrS", 4);
	memcpy(start + FAKE_PROTOCOL, &protocol, sizeof(protocol));
	memcpy(start + 0x20e, &version, sizeof(version));
	memcpy(start + FAKE_PAYLOAD_OFFSET, &offset, sizeof(offset));
	memcpy(start + FAKE_PAYLOAD_LENGTH, &length, sizeof(length));
	strcpy((char *)start + VERSION_AT, VERSION);
	bytes__add(image, start, sizeof(start));
	bytes__add(image, payload, size);
	/* Code comes behind the payload */
	bytes__add(image, start, 512);
}

static size_t pack_gzip(uint8_t *out, const struct bytes *data)
{
	z_stream stream = {
		.next_in = data->data, .avail_in = data->size, .next_out = out, .avail_out = ROOM,
	};

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

static size_t pack_xz(uint8_t *out, const struct bytes *data)
{
	lzma_options_lzma options;
	lzma_filter filters[] = {
		{ .id = LZMA_FILTER_X86 },
		{ .id = LZMA_FILTER_LZMA2, .options = &options },
		{ .id = LZMA_VLI_UNKNOWN },
	};
	size_t n = 0;

	assert_false(lzma_lzma_preset(&options, 6));
	assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, data->data,
						   data->size, out, &n, ROOM),
			 LZMA_OK);
	return n;
}

static size_t pack_lzma(uint8_t *out, const struct bytes *data)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_options_lzma options;

	assert_false(lzma_lzma_preset(&options, 6));
	assert_int_equal(lzma_alone_encoder(&stream, &options), LZMA_OK);
	stream.next_in = data->data;
	stream.avail_in = data->size;
	stream.next_out = out;
	stream.avail_out = ROOM;
	assert_int_equal(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
	lzma_end(&stream);
	return stream.total_out;
}

static size_t pack_zstd(uint8_t *out, const struct bytes *data)
{
	size_t n = ZSTD_compress(out, ROOM, data->data, data->size, 3);

	assert_false(ZSTD_isError(n));
	return n;
}

void fake_image__pack(struct bytes *packed, enum fake_format format, const struct bytes *data)
{
	static size_t (*const pack[])(uint8_t *out, const struct bytes *data) = {
		[FAKE_GZIP] = pack_gzip,
		[FAKE_XZ] = pack_xz,
		[FAKE_ZSTD] = pack_zstd,
		[FAKE_LZMA] = pack_lzma,
	};
	static uint8_t out[ROOM];
	uint32_t size = data->size;

	bytes__add(packed, out, pack[format](out, data));
	/* As the kernel's build does it; gzip has it at its end already */
	if (format != FAKE_GZIP)
		bytes__add(packed, &size, sizeof(size));
}

void fake_image__make(struct bytes *image, enum fake_format format, const char *const *strings,
		      size_t nr, uint8_t build)
{
	struct bytes elf = { 0 }, packed = { 0 };

	fake_image__elf(&elf, strings, nr, build);
	fake_image__pack(&packed, format, &elf);
	fake_image__wrap(image, packed.data, packed.size);
	bytes__free(&elf);
	bytes__free(&packed);
}

int fake_image__file(const struct bytes *image)
{
	int fd = memfd_create("bzImage", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, image->data, image->size), image->size);
	return fd;
}
