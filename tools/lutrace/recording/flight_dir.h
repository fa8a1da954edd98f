/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The folder of a flight recorder, for who reads it: files named NUMBER-BOOTID.rec, of which the numbers
 * go on through all boots, and DIR/lock, in which whoever records there stands.
 */
#ifndef LUTRACE_FLIGHT_DIR_H
#define LUTRACE_FLIGHT_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/fault.h"

struct flight_file {
	unsigned long number;
	char *path, *boot_id;
};

struct flight_files {
	struct flight_file *items;	/* by number, and so by age */
	size_t nr, room;
};

int flight_files__read(struct flight_files *list, const char *dir, struct fault *fault);
/* Leaves those of the newest boot that is not @boot_id. */
void flight_files__keep_before(struct flight_files *list, const char *boot_id);
/* One more at the end, which is named but not made; and none any more at @at. */
void flight_files__add(struct flight_files *list, const char *dir, unsigned long number,
		       const char *boot_id);
void flight_files__drop(struct flight_files *list, size_t at);
void flight_files__free(struct flight_files *list);

/* The path of the lock, as pidlock.h takes it; to free. */
char *flight_dir__lock(const char *dir);

/*
 * Has the recorder of this folder take a snapshot, and waits for it. 1: done, the
 * newest file is the one that it writes now; 0: nobody records there; -1 with
 * @fault set: it does not answer.
 */
int flight__ask_for_snapshot(const char *dir, struct fault *fault);

bool flight_dir__is(const char *path);

#endif
