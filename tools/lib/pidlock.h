/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that says which process holds something, and that is locked for as long as it does.
 *
 * The file has one line, "PID START BOOT": the start time of the process (field 22 of
 * /proc/PID/stat) and the id of the boot, which no later process of that number has. What a process
 * left behind that was killed, or that another boot left, therefore names nobody: it is neither a
 * reason to refuse nor to send a signal.
 */
#ifndef LIB_PIDLOCK_H
#define LIB_PIDLOCK_H

#include <sys/types.h>
#include "lib/fault.h"

struct pidlock;

/*
 * Takes the file, which is made if it is not there, for this process. Returns NULL with a fault if
 * that fails, or if somebody has it; then *@holder is that process, or -1 if it is not known, and
 * it is 0 for every other failure. The folder must be there.
 */
struct pidlock *pidlock__take(const char *path, pid_t *holder, struct fault *fault);

/*
 * Both give it up, and free @lock, which may be NULL: remove deletes the file, release leaves it
 * there, empty. Neither does anything to the file in a child of the process that took it.
 */
void pidlock__remove(struct pidlock *lock);
void pidlock__release(struct pidlock *lock);

/* The lock's file descriptor, whose modification time is the user's */
int pidlock__fd(const struct pidlock *lock);

/* The running process that holds the file at @path, or the open file @fd; 0: none */
pid_t pidlock__holder(const char *path);
pid_t pidlock__holder_of(int fd);

/*
 * Sends @signal to the process that holds the open file @fd, and to no other, also if it ends in
 * this moment and its number is given to another. Returns that process, 0 if there is none, or a
 * negative errno.
 */
pid_t pidlock__signal(int fd, int signal);

#endif
