/* SPDX-License-Identifier: GPL-2.0-only */
/* The notes of an ELF file: those in a kernel's image, and in /sys/kernel/notes. */
#ifndef NEXT_NOTES_H
#define NEXT_NOTES_H

#include <stddef.h>
#include <stdint.h>

/* What the first note of this @name and @type says, NULL if there is none */
const uint8_t *notes__find(const uint8_t *notes, size_t size, const char *name, uint32_t type,
			   size_t *length);

#endif
