// SPDX-License-Identifier: GPL-2.0-only
/* Reads a bzImage by the x86 boot protocol (Documentation/arch/x86/boot.rst of the kernel). */
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
#define BZ_SETUP_SECTORS 0x1f1	/* u8 */
#define BZ_MAGIC 0x202		/* "HdrS" */
#define BZ_PROTOCOL 0x206	/* u16 */
#define BZ_VERSION 0x20e	/* u16, from BZ_VERSION_BASE */
#define BZ_ALIGNMENT 0x230	/* u32 */
#define BZ_PAYLOAD_OFFSET 0x248 /* u32, from the end of the setup sectors */
#define BZ_PAYLOAD_LENGTH 0x24c /* u32 */
#define BZ_PREFERRED 0x258	/* u64 */
#define BZ_INIT_SIZE 0x260	/* u32 */
#define BZ_HEADER_SIZE 0x264

#define BZ_VERSION_BASE 0x200
#define BZ_SECTOR 512u
#define BZ_SETUP_SECTORS_IF_0 4u
#define BZ_PROTOCOL_PAYLOAD 0x208   /* the first that has a payload */
#define BZ_PROTOCOL_INIT_SIZE 0x20a /* the first that says how much memory it needs */
#define PAGE_SIZE 4096u

/* No kernel is as large, compressed; it bounds what a damaged length can ask for */
#define MAX_PAYLOAD (256u << 20)

struct header {
	uint8_t bytes[BZ_HEADER_SIZE];
};

struct image {
	struct unpacked kernel;
};

static uint16_t header__u16(const struct header *header, unsigned int offset)
{
	uint16_t value;

	memcpy(&value, header->bytes + offset, sizeof(value));
	return value;
}

static uint32_t header__u32(const struct header *header, unsigned int offset)
{
	uint32_t value;

	memcpy(&value, header->bytes + offset, sizeof(value));
	return value;
}

static bool header__read(int fd, struct header *header)
{
	return pread(fd, header->bytes, sizeof(header->bytes), 0) == sizeof(header->bytes) &&
	       !memcmp(header->bytes + BZ_MAGIC, "HdrS", 4);
}

bool image__is_bzimage(int fd)
{
	struct header header;

	return header__read(fd, &header);
}

bool image__layout(int fd, struct image_layout *out)
{
	struct header header;
	uint64_t preferred;

	if (!header__read(fd, &header) || header__u16(&header, BZ_PROTOCOL) < BZ_PROTOCOL_INIT_SIZE)
		return false;
	memcpy(&preferred, header.bytes + BZ_PREFERRED, sizeof(preferred));
	out->size = (header__u32(&header, BZ_INIT_SIZE) + (uint64_t)PAGE_SIZE - 1) / PAGE_SIZE *
		    PAGE_SIZE;
	out->align = header__u32(&header, BZ_ALIGNMENT);
	out->preferred = preferred;
	return out->size;
}

void image__release(int fd, char release[IMAGE_RELEASE_SIZE])
{
	struct header header;
	uint16_t pointer;
	ssize_t n = 0;

	if (header__read(fd, &header)) {
		pointer = header__u16(&header, BZ_VERSION);
		if (pointer)
			n = pread(fd, release, IMAGE_RELEASE_SIZE - 1, BZ_VERSION_BASE + pointer);
	}
	release[n < 0 ? 0 : n] = '\0';
	/* The first word of the version */
	release[strcspn(release, " ")] = '\0';
}

static bool pread_all(int fd, uint8_t *buffer, size_t size, off_t offset)
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
static uint8_t *image__read_payload(int fd, size_t *size, char *why, size_t why_size)
{
	struct header header;
	uint8_t *payload;
	off_t offset;

	if (!header__read(fd, &header)) {
		snprintf(why, why_size, "is no bzImage");
		return NULL;
	}
	*size = header__u32(&header, BZ_PAYLOAD_LENGTH);
	if (header__u16(&header, BZ_PROTOCOL) < BZ_PROTOCOL_PAYLOAD || !*size ||
	    *size > MAX_PAYLOAD) {
		snprintf(why, why_size, "does not say where its payload is");
		return NULL;
	}
	offset = header.bytes[BZ_SETUP_SECTORS] ?: BZ_SETUP_SECTORS_IF_0;
	offset = (offset + 1) * BZ_SECTOR + header__u32(&header, BZ_PAYLOAD_OFFSET);
	payload = malloc(*size);
	if (!payload) {
		snprintf(why, why_size, "needs more memory than there is");
	} else if (!pread_all(fd, payload, *size, offset)) {
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

	payload = image__read_payload(fd, &size, why, why_size);
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

/* What a compatible string is made of */
static bool is_in_string(uint8_t c)
{
	return isalnum(c) || c == '+' || c == '-' || c == '.' || c == '_';
}

bool image__find_version(const struct image *image, const char *prefix,
			 char found[IMAGE_STRING_SIZE])
{
	const uint8_t *end = image->kernel.data + image->kernel.size;
	const uint8_t *at = image->kernel.data;
	size_t n = strlen(prefix), length;

	for (; (at = memmem(at, end - at, prefix, n)); at += n) {
		if (at + n == end || !isdigit(at[n]))
			continue;
		for (length = n; at + length < end && is_in_string(at[length]); length++)
			;
		if (at + length == end || at[length] || length >= IMAGE_STRING_SIZE)
			continue;
		memcpy(found, at, length + 1);
		return true;
	}
	return false;
}

/* The program header @i; false if it is not in the file */
static bool image__program_header(const struct image *image, unsigned int i, Elf64_Phdr *out)
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

	for (i = 0; image__program_header(image, i, &segment); i++) {
		if (segment.p_type != PT_NOTE || segment.p_offset > image->kernel.size ||
		    segment.p_filesz > image->kernel.size - segment.p_offset)
			continue;
		*size = segment.p_filesz;
		return image->kernel.data + segment.p_offset;
	}
	return NULL;
}
