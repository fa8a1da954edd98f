/* SPDX-License-Identifier: GPL-2.0-only */
/* The notes of an ELF file: those in a kernel's image, and in /sys/kernel/notes. Pure; called by
 * compat.c. */
#ifndef NEXT_NOTES_H
#define NEXT_NOTES_H

#include <stddef.h>
#include <stdint.h>

/* What the first note of this @name and @type says, NULL if there is none */
const uint8_t *notes__find(const uint8_t *notes, size_t size, const char *name, uint32_t type,
			   size_t *length);

#define NOTES_NAME_SIZE 64

/*
 * The same for the first note of @type whose name is @family, or begins with it and goes on with
 * '-' or
 * '+': of a family "iommufd" these are "iommufd", "iommufd-v2" and "iommufd+x". Its name is put
 * into @name.
 */
const uint8_t *notes__find_family(const uint8_t *notes, size_t size, const char *family,
				  uint32_t type, char name[NOTES_NAME_SIZE], size_t *length);

#endif
