// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "next/image.h"
#include "next/unpack.h"

/* The x86 boot protocol: where the fields of a bzImage are, from its start */
#define BZ_SETUP_SECTORS	0x1f1	/* u8 */
#define BZ_MAGIC		0x202	/* "HdrS" */
#define BZ_PROTOCOL		0x206	/* u16 */
#define BZ_VERSION		0x20e	/* u16, from BZ_VERSION_BASE */
#define BZ_PAYLOAD_OFFSET	0x248	/* u32, from the end of the setup sectors */
#define BZ_PAYLOAD_LENGTH	0x24c	/* u32 */
#define BZ_HEADER_SIZE		0x250

#define BZ_VERSION_BASE		0x200
#define BZ_SECTOR		512u
#define BZ_SETUP_SECTORS_IF_0	4u
#define BZ_PROTOCOL_PAYLOAD	0x208	/* the first that has a payload */

/* No kernel is as large, compressed; it bounds what a damaged length can ask for */
#define MAX_PAYLOAD		(256u << 20)

struct header {
	uint8_t bytes[BZ_HEADER_SIZE];
};

struct image {
	struct unpacked kernel;
};

static uint16_t header_u16(const struct header *header, unsigned int offset)
{
	uint16_t value;

	memcpy(&value, header->bytes + offset, sizeof(value));
	return value;
}

static uint32_t header_u32(const struct header *header, unsigned int offset)
{
	uint32_t value;

	memcpy(&value, header->bytes + offset, sizeof(value));
	return value;
}

static bool read_header(int fd, struct header *header)
{
	return pread(fd, header->bytes, sizeof(header->bytes), 0) == sizeof(header->bytes) &&
	       !memcmp(header->bytes + BZ_MAGIC, "HdrS", 4);
}

void image__release(int fd, char release[IMAGE_RELEASE_SIZE])
{
	struct header header;
	uint16_t pointer;
	ssize_t n = 0;

	if (read_header(fd, &header)) {
		pointer = header_u16(&header, BZ_VERSION);
		if (pointer)
			n = pread(fd, release, IMAGE_RELEASE_SIZE - 1, BZ_VERSION_BASE + pointer);
	}
	release[n < 0 ? 0 : n] = '\0';
	/* The first word of the version */
	release[strcspn(release, " ")] = '\0';
}

static bool read_all(int fd, uint8_t *buffer, size_t size, off_t offset)
{
	ssize_t n;

	while (size) {
		n = pread(fd, buffer, size, offset);
		if (n <= 0)
			return false;
		buffer += n;
		size -= n;
		offset += n;
	}
	return true;
}

/* The payload as it is in the file; caller frees */
static uint8_t *read_payload(int fd, size_t *size, char *why, size_t why_size)
{
	struct header header;
	uint8_t *payload;
	off_t offset;

	if (!read_header(fd, &header)) {
		snprintf(why, why_size, "is no bzImage");
		return NULL;
	}
	*size = header_u32(&header, BZ_PAYLOAD_LENGTH);
	if (header_u16(&header, BZ_PROTOCOL) < BZ_PROTOCOL_PAYLOAD || !*size ||
	    *size > MAX_PAYLOAD) {
		snprintf(why, why_size, "does not say where its payload is");
		return NULL;
	}
	offset = header.bytes[BZ_SETUP_SECTORS] ?: BZ_SETUP_SECTORS_IF_0;
	offset = (offset + 1) * BZ_SECTOR + header_u32(&header, BZ_PAYLOAD_OFFSET);
	payload = malloc(*size);
	if (!payload) {
		snprintf(why, why_size, "needs more memory than there is");
	} else if (!read_all(fd, payload, *size, offset)) {
		snprintf(why, why_size, "ends before its payload does");
		free(payload);
		payload = NULL;
	}
	return payload;
}

struct image *image__read(int fd, char *why, size_t why_size)
{
	struct image *image;
	uint8_t *payload;
	size_t size;
	int err;

	payload = read_payload(fd, &size, why, why_size);
	if (!payload)
		return NULL;
	image = calloc(1, sizeof(*image));
	if (!image) {
		free(payload);
		snprintf(why, why_size, "needs more memory than there is");
		return NULL;
	}
	err = unpack(payload, size, &image->kernel, why, why_size);
	free(payload);
	if (!err && (image->kernel.size < sizeof(Elf64_Ehdr) ||
		     memcmp(image->kernel.data, ELFMAG, SELFMAG))) {
		snprintf(why, why_size, "has a payload that is no ELF file");
		err = -1;
	}
	if (!err)
		return image;
	image__free(image);
	return NULL;
}

void image__free(struct image *image)
{
	if (!image)
		return;
	free(image->kernel.data);
	free(image);
}

const uint8_t *image__data(const struct image *image)
{
	return image->kernel.data;
}

size_t image__size(const struct image *image)
{
	return image->kernel.size;
}

bool image__has_string(const struct image *image, const char *text)
{
	return memmem(image->kernel.data, image->kernel.size, text, strlen(text) + 1);
}

bool image__has_version(const struct image *image, const char *prefix)
{
	const uint8_t *end = image->kernel.data + image->kernel.size;
	const uint8_t *at = image->kernel.data, *digit;
	size_t n = strlen(prefix);

	for (; (at = memmem(at, end - at, prefix, n)); at += n) {
		for (digit = at + n; digit < end && isdigit(*digit); digit++)
			;
		if (digit > at + n && digit < end && !*digit)
			return true;
	}
	return false;
}

/* The program header @i; false if it is not in the file */
static bool program_header(const struct image *image, unsigned int i, Elf64_Phdr *out)
{
	Elf64_Ehdr elf;
	uint64_t offset;

	memcpy(&elf, image->kernel.data, sizeof(elf));
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || i >= elf.e_phnum ||
	    elf.e_phentsize != sizeof(*out))
		return false;
	offset = elf.e_phoff + (uint64_t)i * sizeof(*out);
	if (offset > image->kernel.size || image->kernel.size - offset < sizeof(*out))
		return false;
	memcpy(out, image->kernel.data + offset, sizeof(*out));
	return true;
}

const uint8_t *image__notes(const struct image *image, size_t *size)
{
	Elf64_Phdr segment;
	unsigned int i;

	for (i = 0; program_header(image, i, &segment); i++) {
		if (segment.p_type != PT_NOTE || segment.p_offset > image->kernel.size ||
		    segment.p_filesz > image->kernel.size - segment.p_offset)
			continue;
		*size = segment.p_filesz;
		return image->kernel.data + segment.p_offset;
	}
	return NULL;
}
