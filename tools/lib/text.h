/* SPDX-License-Identifier: GPL-2.0-only */
/* Text from elsewhere: files, /proc, names that processes choose. */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stddef.h>
#include "lib/fault.h"

/* What comes from elsewhere must have no say on a terminal: its control characters become '?'. */
void make_printable(char *text);

/* Reads a whole file; the data is followed by a NUL byte. Free with free(). */
char *read_file(const char *path, size_t *size, struct fault *fault);

/* Where a file system of @type is mounted, in the text of /proc/mounts; NULL: nowhere. Free it. */
char *mount_point(const char *mounts, const char *type);

/* The name of a process, printable; "" if it is gone. */
#define PROCESS_NAME_SIZE 16
void process_name(unsigned int pid, char name[PROCESS_NAME_SIZE]);

#endif
