// SPDX-License-Identifier: GPL-2.0-only
/*
 * The folder of a flight recorder: which files there are, and who records there. Called by the flight
 * recorder itself, and by who reads such a folder.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/pidlock.h"
#include "recording/flight_dir.h"

#define SUFFIX		".rec"
#define ANSWER_MS	5000

bool flight_dir__is(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* NUMBER-BOOTID.rec; false if the name is another one. */
static bool flight_file__parse(const char *name, struct flight_file *file)
{
	size_t len = strlen(name), tail = strlen(SUFFIX);
	char *end;

	if (*name < '0' || *name > '9' || len < tail || strcmp(name + len - tail, SUFFIX))
		return false;
	errno = 0;
	file->number = strtoul(name, &end, 10);
	if (errno || *end != '-' || end + 1 == name + len - tail)
		return false;
	file->boot_id = xasprintf("%.*s", (int)(name + len - tail - end - 1), end + 1);
	return true;
}

static int flight_files__by_number(const void *a, const void *b)
{
	const struct flight_file *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

int flight_files__read(struct flight_files *list, const char *dir, struct fault *fault)
{
	struct flight_file file;
	struct dirent *entry;
	DIR *d = opendir(dir);

	*list = (struct flight_files){ 0 };
	if (!d)
		return fault__set(fault, "cannot read the folder %s: %s", dir, strerror(errno));
	while ((entry = readdir(d))) {
		if (!flight_file__parse(entry->d_name, &file))
			continue;
		file.path = xasprintf("%s/%s", dir, entry->d_name);
		list->items = grow(list->items, list->nr, &list->room, sizeof(*list->items));
		list->items[list->nr++] = file;
	}
	closedir(d);
	if (list->nr)
		qsort(list->items, list->nr, sizeof(*list->items),
		      flight_files__by_number);
	return 0;
}

static void flight_file__free(struct flight_file *file)
{
	free(file->path);
	free(file->boot_id);
}

void flight_files__free(struct flight_files *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		flight_file__free(&list->items[i]);
	free(list->items);
	*list = (struct flight_files){ 0 };
}

void flight_files__keep_before(struct flight_files *list, const char *boot_id)
{
	const char *before = NULL;
	char *copy;
	size_t i, out = 0;

	for (i = 0; i < list->nr; i++)
		if (strcmp(list->items[i].boot_id, boot_id))
			before = list->items[i].boot_id;
	copy = before ? xstrdup(before) : NULL;
	for (i = 0; i < list->nr; i++) {
		if (copy && !strcmp(list->items[i].boot_id, copy))
			list->items[out++] = list->items[i];
		else
			flight_file__free(&list->items[i]);
	}
	list->nr = out;
	free(copy);
}

void flight_files__add(struct flight_files *list, const char *dir, unsigned long number,
		       const char *boot_id)
{
	list->items = grow(list->items, list->nr, &list->room, sizeof(*list->items));
	list->items[list->nr++] = (struct flight_file){
		.number = number, .boot_id = xstrdup(boot_id),
		.path = xasprintf("%s/%08lu-%s" SUFFIX, dir, number, boot_id),
	};
}

void flight_files__drop(struct flight_files *list, size_t at)
{
	flight_file__free(&list->items[at]);
	memmove(list->items + at, list->items + at + 1,
		(--list->nr - at) * sizeof(*list->items));
}

char *flight_dir__lock(const char *dir)
{
	return xasprintf("%s/lock", dir);
}

/* Asking another */

static bool flight_dir__answered(int fd, const struct timespec *before)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mtim.tv_sec != before->tv_sec ||
				   st.st_mtim.tv_nsec != before->tv_nsec);
}

static int flight_dir__ask(int fd, const char *dir, struct fault *fault)
{
	struct stat st;
	pid_t pid;
	int ms;

	if (fstat(fd, &st))
		return fault__set(fault, "cannot look at the lock of %s: %s", dir, strerror(errno));
	pid = pidlock__signal(fd, SIGUSR1);
	if (pid < 0)
		return fault__set(fault, "cannot send SIGUSR1 to process %d, which records in %s: "
				  "%s", pidlock__holder_of(fd), dir, strerror(-pid));
	if (!pid)
		return 0;
	for (ms = 0; ms < ANSWER_MS && !flight_dir__answered(fd, &st.st_mtim); ms += 10)
		usleep(10000);
	if (ms < ANSWER_MS)
		return 1;
	return fault__set(fault, "process %d, which records in %s, took no snapshot within %d s",
			  pid, dir, ANSWER_MS / 1000);
}

int flight__ask_for_snapshot(const char *dir, struct fault *fault)
{
	char *path = flight_dir__lock(dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	free(path);
	if (fd < 0)
		return 0;
	err = flight_dir__ask(fd, dir, fault);
	close(fd);
	return err;
}
