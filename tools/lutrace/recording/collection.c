// SPDX-License-Identifier: GPL-2.0-only
/* The recordings that a user names. Called by the commands that read recordings. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/outfile.h"
#include "recording/collection.h"
#include "recording/flight_dir.h"

static int collection__add_file(struct collection *c, const char *path, struct fault *fault)
{
	int err;

	c->items = grow(c->items, c->nr, &c->room, sizeof(*c->items));
	err = recording__read(&c->items[c->nr], path, fault);
	c->nr += !err;
	if (err != RECORDING_EMPTY)
		return err;
	c->empty = grow(c->empty, c->nr_empty, &c->empty_room, sizeof(*c->empty));
	c->empty[c->nr_empty++] = xstrdup(fault->text);
	return 0;
}

static int collection__by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Recordings with other names than a flight recorder's. */
static int collection__add_others(struct collection *c, const char *dir, struct fault *fault)
{
	struct dirent **entries;
	int i, err = 0, nr = scandir(dir, &entries, NULL, collection__by_name);
	size_t found = 0;
	char *path;

	if (nr < 0)
		return fault__set(fault, "cannot read the folder %s: %s", dir, strerror(errno));
	for (i = 0; i < nr; i++) {
		path = xasprintf("%s/%s", dir, entries[i]->d_name);
		if (!err && outfile__is_recording(path)) {
			found++;
			err = collection__add_file(c, path, fault);
		}
		free(path);
		free(entries[i]);
	}
	free(entries);
	if (!err && !found)
		err = fault__set(fault, "the folder %s has no recording", dir);
	return err;
}

static int collection__add_folder(struct collection *c, const char *dir, struct fault *fault)
{
	struct flight_files files;
	size_t i;
	int err;

	if (flight_files__read(&files, dir, fault))
		return -1;
	err = files.nr ? 0 : collection__add_others(c, dir, fault);
	for (i = 0; i < files.nr && !err; i++)
		err = collection__add_file(c, files.items[i].path, fault);
	flight_files__free(&files);
	return err;
}

int collection__add(struct collection *c, const char *path, struct fault *fault)
{
	return flight_dir__is(path) ? collection__add_folder(c, path, fault) :
		collection__add_file(c, path, fault);
}

void collection__free(struct collection *c)
{
	size_t i;

	for (i = 0; i < c->nr; i++)
		recording__free(&c->items[i]);
	for (i = 0; i < c->nr_empty; i++)
		free(c->empty[i]);
	free(c->items);
	free(c->empty);
	*c = (struct collection){ 0 };
}

int collection__one_host(const struct collection *c, struct fault *fault)
{
	size_t i, k;

	for (i = 0; i < c->nr; i++)
		for (k = 0; k < i; k++)
			if (recording__hosts(&c->items[i], &c->items[k]) == HOSTS_DIFFER)
				return fault__set(fault, "%s and %s are of different hosts: give "
						  "the recordings of one", c->items[k].path,
						  c->items[i].path);
	return 0;
}
