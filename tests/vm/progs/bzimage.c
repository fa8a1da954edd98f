// SPDX-License-Identifier: GPL-2.0-only
/*
 * bzimage IN OUT FROM TO: a bzImage whose kernel has the string TO wherever IN's has FROM, which is
 * as long. It does not boot, because what unpacks a kernel at boot expects its own compression; it
 * is for what looks into images.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "next/image.h"

#define HEADER_ROOM	65536
#define SETUP_SECTORS	0x1f1
#define PAYLOAD_OFFSET	0x248
#define PAYLOAD_LENGTH	0x24c
#define GZIP_WINDOW	(15 + 16)

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "bzimage: %s\n", what);
	exit(EXIT_FAILURE);
}

/* Returns the size of all that comes before the payload */
static size_t read_header(int fd, uint8_t header[HEADER_ROOM])
{
	uint32_t offset;
	size_t size;

	if (pread(fd, header, HEADER_ROOM, 0) != HEADER_ROOM)
		die("no header");
	memcpy(&offset, header + PAYLOAD_OFFSET, sizeof(offset));
	size = (header[SETUP_SECTORS] + 1) * 512 + offset;
	if (size > HEADER_ROOM)
		die("the payload comes late");
	return size;
}

/* With the end of the string, so that no longer one is changed; returns how often */
static unsigned int replace(uint8_t *data, size_t size, const char *from, const char *to)
{
	size_t length = strlen(from) + 1;
	uint8_t *at = data, *end = data + size;
	unsigned int n = 0;

	for (; (at = memmem(at, end - at, from, length)); at += length, n++)
		memcpy(at, to, length);
	return n;
}

static uint8_t *pack(uint8_t *data, size_t size, uint32_t *packed_size)
{
	z_stream stream = { .next_in = data, .avail_in = size };
	uint8_t *packed = malloc(size);

	if (!packed || deflateInit2(&stream, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		die("no memory");
	stream.next_out = packed;
	stream.avail_out = size;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		die("the kernel cannot be compressed");
	deflateEnd(&stream);
	*packed_size = stream.total_out;
	return packed;
}

static uint8_t *read_kernel(int fd, size_t *size)
{
	struct image *image;
	uint8_t *copy;
	char why[128];

	image = image__read(fd, why, sizeof(why));
	if (!image)
		die(why);
	copy = malloc(image__size(image));
	if (!copy)
		die("no memory");
	*size = image__size(image);
	memcpy(copy, image__data(image), *size);
	image__free(image);
	return copy;
}

int main(int argc, char **argv)
{
	static uint8_t header[HEADER_ROOM];
	size_t header_size, size;
	uint8_t *kernel, *packed;
	uint32_t packed_size;
	int in, out;

	if (argc != 5 || strlen(argv[3]) != strlen(argv[4]))
		die("usage: bzimage IN OUT FROM TO");
	in = open(argv[1], O_RDONLY | O_CLOEXEC);
	out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (in < 0 || out < 0)
		die("a file cannot be opened");
	header_size = read_header(in, header);
	kernel = read_kernel(in, &size);
	if (!replace(kernel, size, argv[3], argv[4]))
		die("the kernel has no such string");
	packed = pack(kernel, size, &packed_size);
	memcpy(header + PAYLOAD_LENGTH, &packed_size, sizeof(packed_size));
	if (write(out, header, header_size) != (ssize_t)header_size ||
	    write(out, packed, packed_size) != (ssize_t)packed_size)
		die("writing failed");
	return EXIT_SUCCESS;
}
