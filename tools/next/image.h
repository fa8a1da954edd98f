/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in the image of a kernel: a bzImage, whose payload is an ELF file, compressed. Called by
 * compat.c, which knows what to look for.
 */
#ifndef NEXT_IMAGE_H
#define NEXT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_RELEASE_SIZE 128
#define IMAGE_STRING_SIZE 64 /* the kernel's compatible strings have 48 */

struct image;

/* Is it a bzImage, by its header? A folder, a device or an empty file is none. */
bool image__is_bzimage(int fd);

/* What memory the kernel needs when it is loaded, from the header of a bzImage */
struct image_layout {
	uint64_t size; /* with what it takes to decompress itself; whole pages */
	uint64_t align;
	uint64_t preferred; /* it is loaded there or above */
};

/* False if it is no bzImage, or one that does not say it. */
bool image__layout(int fd, struct image_layout *out);

/* Puts the kernel's release into @release, "" if it is not known; needs no decompression */
void image__release(int fd, char release[IMAGE_RELEASE_SIZE]);

/*
 * Decompresses it. Returns NULL after writing into @why what is in the way: words that go on after
 * the name of the file, "is no bzImage".
 */
struct image *image__read(int fd, char *why, size_t why_size);
void image__free(struct image *image);

/* The ELF file, and what the kernel's build may have put behind it */
const uint8_t *image__data(const struct image *image);
size_t image__size(const struct image *image);

/* Is this text somewhere in it, with its end? Something else may come right before it. */
bool image__has_string(const struct image *image, const char *text);
/*
 * Finds the first string that begins with @prefix and goes on with a digit and then what compatible
 * strings are made of: letters, digits, '+', '-', '.' and '_'. Something else may come right before
 * it. Puts it into @found; false if there is none.
 */
bool image__find_version(const struct image *image, const char *prefix,
			 char found[IMAGE_STRING_SIZE]);

/* Its notes, for notes__find(); NULL if it has none */
const uint8_t *image__notes(const struct image *image, size_t *size);

#endif
