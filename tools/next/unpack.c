// SPDX-License-Identifier: GPL-2.0-only
/* Decompresses a kernel's payload. Called by image.c. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "next/unpack.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define FIRST_ROOM	(1u << 20)
/* No kernel is as large; it bounds what damaged data can ask for */
#define MAX_ROOM	(1u << 30)
/* For the decoder of xz, which needs a little more than the dictionary of its data */
#define XZ_MEMORY	(256u << 20)
/* zlib: a window of any size, and a gzip header */
#define GZIP_WINDOW	(15 + 16)

enum result {
	UNPACKED,
	ENDS_EARLY,
	DAMAGED,
	TOO_LARGE,
	NO_MEMORY,
};

static const char *const results[] = {
	[ENDS_EARLY] = "ends early",
	[DAMAGED] = "is damaged",
	[TOO_LARGE] = "is larger than any kernel",
	[NO_MEMORY] = "needs more memory than there is",
};

/* Output: @size bytes of @data are written, of @room */
struct sink {
	uint8_t *data;
	size_t size, room;
};

/* Makes room for more if there is none */
static enum result make_room(struct sink *sink)
{
	size_t room = sink->room ? 2 * sink->room : FIRST_ROOM;
	uint8_t *data;

	if (sink->size < sink->room)
		return UNPACKED;
	if (room > MAX_ROOM)
		return TOO_LARGE;
	data = realloc(sink->data, room);
	if (!data)
		return NO_MEMORY;
	sink->data = data;
	sink->room = room;
	return UNPACKED;
}

static enum result gzip_result(int ret)
{
	switch (ret) {
	case Z_OK:
	case Z_STREAM_END:
		return UNPACKED;
	case Z_BUF_ERROR:
		return ENDS_EARLY;
	case Z_MEM_ERROR:
		return NO_MEMORY;
	default:
		return DAMAGED;
	}
}

static enum result unpack_gzip(const uint8_t *in, size_t size, struct sink *sink)
{
	z_stream stream = { .next_in = (uint8_t *)in, .avail_in = size };
	enum result result;
	int ret = Z_OK;

	if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
		return NO_MEMORY;
	do {
		result = make_room(sink);
		if (result)
			break;
		stream.next_out = sink->data + sink->size;
		stream.avail_out = sink->room - sink->size;
		ret = inflate(&stream, Z_NO_FLUSH);
		sink->size = sink->room - stream.avail_out;
		result = gzip_result(ret);
	} while (!result && ret != Z_STREAM_END);
	inflateEnd(&stream);
	return result;
}

static enum result xz_result(lzma_ret ret)
{
	switch (ret) {
	case LZMA_OK:
	case LZMA_STREAM_END:
		return UNPACKED;
	case LZMA_BUF_ERROR:
		return ENDS_EARLY;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return NO_MEMORY;
	default:
		return DAMAGED;
	}
}

static enum result run_lzma(lzma_stream *stream, const uint8_t *in, size_t size, struct sink *sink)
{
	enum result result;
	lzma_ret ret;

	stream->next_in = in;
	stream->avail_in = size;
	do {
		result = make_room(sink);
		if (result)
			return result;
		stream->next_out = sink->data + sink->size;
		stream->avail_out = sink->room - sink->size;
		ret = lzma_code(stream, LZMA_FINISH);
		sink->size = sink->room - stream->avail_out;
		result = xz_result(ret);
	} while (!result && ret != LZMA_STREAM_END);
	return result;
}

static enum result unpack_xz(const uint8_t *in, size_t size, struct sink *sink)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	enum result result;

	if (lzma_stream_decoder(&stream, XZ_MEMORY, 0) != LZMA_OK)
		return NO_MEMORY;
	result = run_lzma(&stream, in, size, sink);
	lzma_end(&stream);
	return result;
}

static enum result unpack_lzma(const uint8_t *in, size_t size, struct sink *sink)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	enum result result;

	if (lzma_alone_decoder(&stream, XZ_MEMORY) != LZMA_OK)
		return NO_MEMORY;
	result = run_lzma(&stream, in, size, sink);
	lzma_end(&stream);
	return result;
}

static enum result run_zstd(ZSTD_DStream *stream, const uint8_t *in, size_t size, struct sink *sink)
{
	ZSTD_inBuffer input = { in, size, 0 };
	ZSTD_outBuffer output = { 0 };
	enum result result;
	size_t ret;

	for (;;) {
		result = make_room(sink);
		if (result)
			return result;
		output = (ZSTD_outBuffer){ sink->data, sink->room, sink->size };
		ret = ZSTD_decompressStream(stream, &output, &input);
		sink->size = output.pos;
		if (ZSTD_isError(ret))
			return DAMAGED;
		if (!ret)
			return UNPACKED;
		if (input.pos == input.size && output.pos < output.size)
			return ENDS_EARLY;
	}
}

static enum result unpack_zstd(const uint8_t *in, size_t size, struct sink *sink)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	enum result result;

	if (!stream)
		return NO_MEMORY;
	result = run_zstd(stream, in, size, sink);
	ZSTD_freeDStream(stream);
	return result;
}

/* All that an x86 kernel can be compressed with */
static const struct format {
	const char *name;
	uint8_t magic[6];
	size_t magic_size;
	enum result (*unpack)(const uint8_t *in, size_t size, struct sink *sink);
} formats[] = {
	{ "gzip", { 0x1f, 0x8b }, 2, unpack_gzip },
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_xz },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
	{ "lzma", { 0x5d, 0, 0 }, 3, unpack_lzma },
	{ "bzip2", { 'B', 'Z', 'h' }, 3, NULL },
	{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4, NULL },
	{ "lzo", { 0x89, 'L', 'Z', 'O' }, 4, NULL },
};

static const struct format *find_format(const uint8_t *in, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (size >= formats[i].magic_size &&
		    !memcmp(in, formats[i].magic, formats[i].magic_size))
			return &formats[i];
	return NULL;
}

int unpack(const uint8_t *in, size_t size, struct unpacked *out, char *why, size_t why_size)
{
	const struct format *format = find_format(in, size);
	struct sink sink = { 0 };
	enum result result;

	if (!format) {
		snprintf(why, why_size, "has a payload of an unknown kind");
		return -1;
	}
	if (!format->unpack) {
		snprintf(why, why_size, "has a payload compressed with %s, which cannot be read here",
			 format->name);
		return -1;
	}
	result = format->unpack(in, size, &sink);
	*out = (struct unpacked){ sink.data, sink.size };
	if (!result)
		return 0;
	snprintf(why, why_size, "has a payload whose %s data %s", format->name, results[result]);
	return -1;
}
