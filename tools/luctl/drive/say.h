/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What luctl says: a line per step on stdout, one sentence for what failed on stderr.
 *
 * That nobody takes it is no reason to give up a live update. Once a line cannot be written (the
 * reader of a pipe is gone, a terminal hung up, a disk is full, the descriptor is closed), or is
 * not taken within ten seconds, it and all later ones for that descriptor are appended to SAY_LOG,
 * each with the process in front, and the kernel log says so once. If that cannot be written
 * either, lines go to the kernel log.
 */
#ifndef LUCTL_SAY_H
#define LUCTL_SAY_H

#define SAY_LOG "/run/luctl/luctl.log"

/*
 * To be called first: a descriptor of the three that is closed is opened on /dev/null, so that no
 * file that is opened later gets what is said. What would go to it goes to the log.
 */
void say__init(void);

/* Begins all that is said with "SUBJECT: ", which is not copied; NULL: no more */
void say__set_subject(const char *subject);

/* "luctl: ... ok" */
void say__step(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "luctl: ..." for what is worth knowing and no step */
void say__note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "luctl: warning: ..." on stderr */
void say__warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "luctl: error: ..."; always returns -1, so that callers can return it */
int say__error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same with the text and name of @err, a negative errno, behind the sentence */
int say__errno(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Compares the result of a call (negative errno, or >= 0 for success) with what it must be:
 * 0 or a negative errno. Returns 0 if it is that, else reports @fmt, which names the call and
 * its object, and returns -1.
 */
int say__expect(int ret, int want, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Where a child is to write what it would write to @fd, STDOUT_FILENO or STDERR_FILENO: @fd itself,
 * or the log if nobody takes it, or -1 if there is none.
 */
int say__output_for_child(int fd);

#endif
