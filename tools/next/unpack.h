/* SPDX-License-Identifier: GPL-2.0-only */
/* Decompression of what a kernel's payload can be compressed with, told by its first bytes. */
#ifndef NEXT_UNPACK_H
#define NEXT_UNPACK_H

#include <stddef.h>
#include <stdint.h>

struct unpacked {
	uint8_t *data;		/* the caller frees it, also after an error */
	size_t size;
};

/*
 * Bytes behind the compressed data are left alone: a kernel's build puts the size there. Returns -1
 * after writing into @why what is in the way: words that go on after the name of the file.
 */
int unpack(const uint8_t *in, size_t size, struct unpacked *out, char *why, size_t why_size);

#endif
