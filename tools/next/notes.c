// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <stdbool.h>
#include <string.h>

#include "next/notes.h"

/* Both parts of a note take up a multiple of this */
#define NOTE_ALIGN	4u

struct note {
	const uint8_t *name, *desc;
	Elf64_Nhdr header;
};

static size_t aligned(size_t n)
{
	return (n + NOTE_ALIGN - 1) / NOTE_ALIGN * NOTE_ALIGN;
}

/* Takes the note at @notes apart and moves on to the next; false if there is none, or half a one */
static bool next_note(const uint8_t **notes, size_t *size, struct note *note)
{
	size_t length;

	if (*size < sizeof(note->header))
		return false;
	memcpy(&note->header, *notes, sizeof(note->header));
	note->name = *notes + sizeof(note->header);
	note->desc = note->name + aligned(note->header.n_namesz);
	length = sizeof(note->header) + aligned(note->header.n_namesz) +
		 aligned(note->header.n_descsz);
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

	while (next_note(&notes, &size, &note)) {
		if (note.header.n_type != type || note.header.n_namesz != name_size ||
		    memcmp(note.name, name, name_size))
			continue;
		*length = note.header.n_descsz;
		return note.desc;
	}
	return NULL;
}
