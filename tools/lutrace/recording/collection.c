// SPDX-License-Identifier: GPL-2.0-only
/* The recordings that a user names. Called by the commands that read recordings. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
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

static bool flight_files__has(const struct flight_files *files, const char *path)
{
	size_t i;

	for (i = 0; i < files->nr; i++)
		if (!strcmp(files->items[i].path, path))
			return true;
	return false;
}

/*
 * Whether a file in a folder has to be read: by its name, whatever it holds; by how it begins; or since
 * it cannot be read, so that nobody knows. What is plainly something else is left out, and so is what a
 * flight recorder has beside its files.
 */
static bool collection__wants(const char *path, bool flight)
{
	size_t len = strlen(path), tail = strlen(".rec");
	struct stat st;

	if (stat(path, &st))
		st.st_mode = S_IFREG;	/* a link to nothing */
	if (!S_ISREG(st.st_mode))
		return false;
	if (len > tail && !strcmp(path + len - tail, ".rec"))
		return true;
	return outfile__is_recording(path) || (!flight && access(path, R_OK));
}

/* Recordings with other names than a flight recorder's. */
static int collection__add_others(struct collection *c, const char *dir,
				  const struct flight_files *files, struct fault *fault)
{
	struct dirent **entries;
	int i, err = 0, nr = scandir(dir, &entries, NULL, collection__by_name);
	size_t found = 0;
	char *path;

	if (nr < 0)
		return fault__set(fault, "cannot read the folder %s: %s", dir, strerror(errno));
	for (i = 0; i < nr; i++) {
		path = xasprintf("%s/%s", dir, entries[i]->d_name);
		if (!err && !flight_files__has(files, path) &&
		    collection__wants(path, files->nr)) {
			found++;
			err = collection__add_file(c, path, fault);
		}
		free(path);
		free(entries[i]);
	}
	free(entries);
	if (!err && !found && !files->nr)
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
	for (i = 0, err = 0; i < files.nr && !err; i++)
		err = collection__add_file(c, files.items[i].path, fault);
	if (!err)
		err = collection__add_others(c, dir, &files, fault);
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

/* Of one boot, and of one number: whether both tell of the same. Each recorder read the clock itself. */
static bool collection__event_agrees(const struct lutrace_event *x, const struct lutrace_event *y,
				     bool computed)
{
	if (x->op != y->op || x->phase != y->phase || x->ser_phys != y->ser_phys ||
	    x->generation != y->generation || x->ret != y->ret)
		return false;
	/* A trace buffer has less of a begin */
	return computed || (x->top_phys == y->top_phys && x->nr_tables == y->nr_tables &&
			    x->nr_bytes == y->nr_bytes && x->format == y->format &&
			    x->top_level == y->top_level);
}

/* To free. */
static const struct lutrace_event **collection__in_order(const struct recording *r)
{
	const struct lutrace_event **events = xcalloc(r->nr_events + 1, sizeof(*events));
	size_t i;

	for (i = 0; i < r->nr_events; i++)
		events[i] = &r->events[i];
	qsort(events, r->nr_events, sizeof(*events), recording__event_by_number);
	return events;
}

/* The number of the first event that two recordings of one boot tell differently; 0: none. */
static __u64 collection__contradiction(const struct recording *x, const struct recording *y)
{
	const struct lutrace_event **a = collection__in_order(x), **b = collection__in_order(y);
	bool computed = x->computed || y->computed;
	__u64 found = 0;
	size_t i = 0, k = 0;

	while (!found && i < x->nr_events && k < y->nr_events) {
		if (a[i]->seq < b[k]->seq)
			i++;
		else if (a[i]->seq > b[k]->seq)
			k++;
		else if (collection__event_agrees(a[i], b[k], computed))
			i++, k++;
		else
			found = a[i]->seq;
	}
	free(a);
	free(b);
	return found;
}

/* The kernel gives each number once, and no clock reads the same twice: the file has a piece twice. */
static int collection__has_no_doubles(const struct recording *r, struct fault *fault)
{
	const struct lutrace_event **events;
	size_t i;
	int err = 0;

	for (i = 1; i < r->nr_events && r->events[i - 1].seq < r->events[i].seq; i++)
		;
	if (i >= r->nr_events)
		return 0;
	events = collection__in_order(r);
	for (i = 1; i < r->nr_events && !err; i++)
		if (!memcmp(events[i - 1], events[i], sizeof(*events[i])))
			err = fault__set(fault, "%s is damaged: event %llu stands in it twice",
					 r->path, events[i]->seq);
	free(events);
	return err;
}

int collection__agree(const struct collection *c, struct fault *fault)
{
	size_t i, k;
	__u64 seq;

	for (i = 0; i < c->nr; i++)
		if (collection__has_no_doubles(&c->items[i], fault))
			return -1;
	for (i = 0; i < c->nr; i++)
		for (k = 0; k < i; k++) {
			if (strcmp(c->items[i].boot_id, c->items[k].boot_id))
				continue;
			seq = collection__contradiction(&c->items[k], &c->items[i]);
			if (seq)
				return fault__set(fault, "%s and %s are of one kernel, and event %llu "
						  "is not the same in both: one of them is damaged; "
						  "give the other one alone", c->items[k].path,
						  c->items[i].path, seq);
		}
	return 0;
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
