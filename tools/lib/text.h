/* SPDX-License-Identifier: GPL-2.0-only */
/* Text from elsewhere: files, /proc, names that processes choose. */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stddef.h>
#include "lib/fault.h"

/*
 * Makes @text, which comes from elsewhere, harmless on a terminal and in a JSON or Perfetto file, in
 * place; it never gets longer. Each of these becomes one '?': a control character, C0, DEL or C1 (the
 * latter as U+0080 to U+009F), a character that cannot be seen and changes what is seen around it (those
 * that order text from right to left, zero-width ones, line separators, tags), and a byte that is no
 * valid UTF-8. All other text, ASCII or not, stays as it is.
 *
 * What is printed from a recording, a path or a command line goes through it: fault__set(),
 * complain() and luctl's drive/say.c do so themselves.
 */
void make_printable(char *text);

/*
 * Reads a whole file; the data is followed by a NUL byte, and may have others. Free with free(). NULL with
 * @fault set if it cannot be read, or is a device that is no terminal: /dev/zero has no end.
 */
char *read_file(const char *path, size_t *size, struct fault *fault);

/* Where a file system of @type is mounted, in the text of /proc/mounts; NULL: nowhere. Free it. */
char *mount_point(const char *mounts, const char *type);

/* The name of a process, printable; "" if it is gone. */
#define PROCESS_NAME_SIZE 16
void process_name(unsigned int pid, char name[PROCESS_NAME_SIZE]);

#endif
