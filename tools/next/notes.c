// SPDX-License-Identifier: GPL-2.0-only
/* ELF notes: a header, a name and a description, each padded. What is cut off ends the search. */
#include <ctype.h>
#include <elf.h>
#include <stdbool.h>
#include <string.h>

#include "next/notes.h"

/* Both parts of a note take up a multiple of this */
#define NOTE_ALIGN 4u

struct note {
	const uint8_t *name, *desc;
	Elf64_Nhdr header;
};

static size_t notes__aligned(size_t n)
{
	return (n + NOTE_ALIGN - 1) / NOTE_ALIGN * NOTE_ALIGN;
}

/* Takes the note at @notes apart and moves on to the next; false if there is none, or half a one */
static bool notes__next(const uint8_t **notes, size_t *size, struct note *note)
{
	size_t length;

	if (*size < sizeof(note->header))
		return false;
	memcpy(&note->header, *notes, sizeof(note->header));
	note->name = *notes + sizeof(note->header);
	note->desc = note->name + notes__aligned(note->header.n_namesz);
	length = sizeof(note->header) + notes__aligned(note->header.n_namesz) +
		 notes__aligned(note->header.n_descsz);
	if (length > *size)
		return false;
	*notes += length;
	*size -= length;
	return true;
}

const uint8_t *notes__find(const uint8_t *notes, size_t size, const char *name, uint32_t type,
			   size_t *length)
{
	size_t name_size = strlen(name) + 1;
	struct note note;

	while (notes__next(&notes, &size, &note)) {
		if (note.header.n_type != type || note.header.n_namesz != name_size ||
		    memcmp(note.name, name, name_size))
			continue;
		*length = note.header.n_descsz;
		return note.desc;
	}
	return NULL;
}

/* It is somebody else's file: only a name that can be printed is one */
static bool note__has_name(const struct note *note)
{
	size_t i, size = note->header.n_namesz;

	for (i = 0; i + 1 < size; i++)
		if (!isgraph(note->name[i]))
			return false;
	return size && size <= NOTES_NAME_SIZE && !note->name[size - 1];
}

static bool note__is_of(const struct note *note, const char *family)
{
	size_t n = strlen(family);

	return note__has_name(note) && note->header.n_namesz > n &&
	       !memcmp(note->name, family, n) &&
	       (!note->name[n] || note->name[n] == '-' || note->name[n] == '+');
}

const uint8_t *notes__find_family(const uint8_t *notes, size_t size, const char *family,
				  uint32_t type, char name[NOTES_NAME_SIZE], size_t *length)
{
	struct note note;

	while (notes__next(&notes, &size, &note)) {
		if (note.header.n_type != type || !note__is_of(&note, family))
			continue;
		memcpy(name, note.name, note.header.n_namesz);
		*length = note.header.n_descsz;
		return note.desc;
	}
	return NULL;
}
