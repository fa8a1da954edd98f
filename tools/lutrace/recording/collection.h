/* SPDX-License-Identifier: GPL-2.0-only */
/* The recordings that a user names: files, and folders of them. */
#ifndef LUTRACE_COLLECTION_H
#define LUTRACE_COLLECTION_H

#include "recording/recording.h"

struct collection {
	struct recording *items;
	size_t nr, room;
	/* Sentences about files that hold nothing, as a crash leaves them: they name the file. */
	char **empty;
	size_t nr_empty, empty_room;
};

/*
 * Reads a file, or of a folder all that a flight recorder left there and all other recordings: what
 * is called *.rec, begins as one, or cannot be read. A file that holds nothing is no error, and is in
 * @empty. -1 with @fault: it cannot be read, is no recording, or the folder has none.
 */
int collection__add(struct collection *c, const char *path, struct fault *fault);
void collection__free(struct collection *c);

/* -1 with @fault if two are certainly of different hosts: it names both files. */
int collection__one_host(const struct collection *c, struct fault *fault);
/* -1 with @fault if two of one boot tell an event differently, or one has it twice: it is damaged. */
int collection__agree(const struct collection *c, struct fault *fault);

#endif
