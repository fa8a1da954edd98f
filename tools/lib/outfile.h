/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Output files: all that a command writes under a name that the user gave, but recordings, which
 * grow while they are written. Any command may call this; it knows nothing of what is written.
 *
 * Open an output before the work whose result it takes, so that a place that cannot be written to is
 * refused before anything is measured or judged; then write to its stream and commit.
 */
#ifndef LIB_OUTFILE_H
#define LIB_OUTFILE_H

#include <stdbool.h>
#include <stdio.h>
#include "lib/fault.h"

/*
 * One output. What it is depends on the name:
 *
 * - NULL and "-" are standard output. /dev/stdout, /dev/stderr, /dev/fd/N, /proc/self/fd/N and links
 *   to them are the descriptor itself, written to from where it stands.
 * - A FIFO or a character device is opened and written to as it goes.
 * - Any other name is a file that appears under its name only when it is complete. Until then it has
 *   no name at all, so nothing is left behind by a program that is killed, and what had the name
 *   before stays. It gets the mode of the file that it replaces, and its owner as far as this
 *   process may give files away. Of a symbolic link the file behind it is replaced, never the link.
 *
 * Refused are: a recording or a database of SQLite, as luperf's history is, which cannot be made again, also if it
 * gets the name later; a file that
 * this process may not write; a folder; a block device; a place where no file can be made; and a
 * file that another open output of this process will replace.
 */
struct outfile;

/* Returns NULL with @fault set if it is refused. */
struct outfile *outfile__open(const char *path, struct fault *fault);
/* The same for what not everybody may see: a file is its owner's alone, whatever it replaces. */
struct outfile *outfile__open_private(const char *path, struct fault *fault);
FILE *outfile__stream(struct outfile *out);

/*
 * Both free @out. commit returns -1 with @fault set if not all of it was written, also if that was
 * seen earlier; then, as after discard, a file that had the name is as it was. Should a temporary file
 * be left beside it, the sentence names it.
 */
int outfile__commit(struct outfile *out, struct fault *fault);
void outfile__discard(struct outfile *out);

/*
 * True if @path is a regular file, reached directly or through links, that begins as a recording does
 * (LUTRACE_FILE_MAGIC in recording.h). What cannot be opened or read is none.
 */
bool outfile__is_recording(const char *path);

/* Discards @out, of which what was to be written could not be made: "cannot write NAME: WHY". -1 */
int outfile__fail(struct outfile *out, const char *why, struct fault *fault);

/*
 * Removes the file that an output of this name has made, as record does with its pid file: a regular file
 * that is no recording, behind links that stay. What a descriptor or a device took cannot be taken back.
 */
void outfile__remove(const char *path);

/*
 * Whether an output of this name can be committed with the rights that this process has now: for those
 * who give rights up between open and commit. A device or FIFO must be writable, else the folder.
 */
bool outfile__may_commit(const char *path);

/*
 * To be called by main() before anything else. If standard output is closed, no file that is opened
 * later takes its place. A file that reaches the limit of its size (ulimit -f) is a write that fails,
 * not the end of the program. When the program ends with status 0, and not all that it printed on standard
 * output got there, it says so and ends with status 1. A status that is not 0 stays: what it says is
 * worse.
 */
void outfile__init(void);

#endif
