/* SPDX-License-Identifier: GPL-2.0-only */
/* A bzImage of nothing but what luctl looks at: the boot protocol's fields and a small ELF file. */
#ifndef UNIT_FAKE_IMAGE_H
#define UNIT_FAKE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

enum fake_format {
	FAKE_GZIP,
	FAKE_XZ,		/* with the filter for x86 code, as the kernel's build has it */
	FAKE_ZSTD,
	FAKE_LZMA,
	FAKE_NR_FORMATS,
};

/* Where the fields are that a test may want to spoil */
#define FAKE_MAGIC		0x202
#define FAKE_PROTOCOL		0x206
#define FAKE_PAYLOAD_OFFSET	0x248
#define FAKE_PAYLOAD_LENGTH	0x24c
#define FAKE_SETUP_SECTORS	3u
#define FAKE_PAYLOAD_AT		((FAKE_SETUP_SECTORS + 1) * 512 + 0x100)

struct bytes {
	uint8_t *data;
	size_t size;
};

void bytes__add(struct bytes *bytes, const void *data, size_t size);
void bytes__free(struct bytes *bytes);

/* An ELF file with these strings and one note of the build, which is @build repeated; 0 for none */
void fake_image__elf(struct bytes *elf, const char *const *strings, size_t nr, uint8_t build);
/* One more note of the next ELF files: the version of a record; without a name, no more notes */
void fake_image__set_version(const char *name, uint32_t version);
/* A bzImage with this payload, compressed already */
void fake_image__wrap(struct bytes *image, const void *payload, size_t size);
void fake_image__pack(struct bytes *packed, enum fake_format format, const struct bytes *data);
/* All of it: the bzImage of release 7.3.4-fake with such an ELF file */
void fake_image__make(struct bytes *image, enum fake_format format, const char *const *strings,
		      size_t nr, uint8_t build);

/* A file with these bytes, which the caller closes */
int fake_image__file(const struct bytes *image);

#endif
