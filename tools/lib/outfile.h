/* SPDX-License-Identifier: GPL-2.0-only */
/* Output files: all that a command writes under a name that the user gave, but recordings. */
#ifndef LIB_OUTFILE_H
#define LIB_OUTFILE_H

#include <stdbool.h>
#include <stdio.h>
#include "lib/fault.h"

/*
 * A file that appears under its name only when it is complete. With a NULL
 * path it is standard output. What is no regular file (a device, a pipe) is
 * written to as it goes.
 */
struct outfile;
struct outfile *outfile__open(const char *path, struct fault *fault);
FILE *outfile__stream(struct outfile *out);
/* Both free @out; discard leaves nothing behind. */
int outfile__commit(struct outfile *out, struct fault *fault);
void outfile__discard(struct outfile *out);

/*
 * True if @path is a regular file, reached directly or through links, that begins as a recording does
 * (LUTRACE_FILE_MAGIC in recording.h). What cannot be opened or read is none.
 */
bool outfile__is_recording(const char *path);

#endif
