/* SPDX-License-Identifier: GPL-2.0-only */
/* What is in the image of a kernel: a bzImage, whose payload is an ELF file, compressed. */
#ifndef NEXT_IMAGE_H
#define NEXT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_RELEASE_SIZE	128

struct image;

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
/* Is there a string that begins so, and goes on with digits only? */
bool image__has_version(const struct image *image, const char *prefix);

/* Its notes, for notes__find(); NULL if it has none */
const uint8_t *image__notes(const struct image *image, size_t *size);

#endif
