/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recorders on this host, and who is about to end its kernel: luctl asks before the jump whether all is
 * written that they saw, and `lutrace record` answers. A recorder holds a file in RECORDERS_DIR for as long
 * as it runs, SIGUSR2 is the question, and a new modification time of the file the answer.
 */
#ifndef LIB_RECORDERS_H
#define LIB_RECORDERS_H

#include <stdbool.h>
#include <sys/types.h>

#define RECORDERS_DIR "/run/lutrace"

/* The recorder's side. NULL: the file can not be made, and nobody will ask. */
struct recorders_entry;
struct recorders_entry *recorders_entry__open(void);
/* Whether somebody has asked since the last call */
bool recorders_entry__was_asked(void);
/* All that came before the question is on the disk */
void recorders_entry__answer(struct recorders_entry *entry);
/* @entry may be NULL */
void recorders_entry__close(struct recorders_entry *entry);

/*
 * Asks all recorders and waits until each has answered or ended, but no longer than @ms. Calls @late for
 * each that has not. Returns how many were asked.
 */
unsigned int recorders__ask(unsigned int ms, void (*late)(pid_t pid));

#endif
