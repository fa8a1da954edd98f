/* SPDX-License-Identifier: GPL-2.0-only */
/* What luctl says: a line per step on stdout, one sentence for what failed on stderr. */
#ifndef LUCTL_REPORT_H
#define LUCTL_REPORT_H

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
int say__expect(int ret, int want, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
