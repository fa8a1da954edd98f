/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes a recording: the file that `lutrace record` makes. docs/recording.md describes it. */
#ifndef LUTRACE_WRITER_H
#define LUTRACE_WRITER_H

#include <linux/types.h>
#include <stdbool.h>
#include "lib/fault.h"
#include "recording/format.h"

/* All functions return -1 with @fault set if a write failed. */
struct recorder;
/*
 * Makes the file, or takes one that is empty. NULL with @fault set, and nothing changed, if there is
 * anything in it, above all a recording, or if it is no regular file.
 */
struct recorder *recorder__open(const char *path, struct fault *fault);
/* The same, but whatever was in a regular file is lost. */
struct recorder *recorder__open_over(const char *path, struct fault *fault);
int recorder__host(struct recorder *w, const char *text, struct fault *fault);
int recorder__put(struct recorder *w, const void *record, struct fault *fault);
/* Writes out what was put: after it a crash of the tool loses nothing of it. */
int recorder__flush(struct recorder *w, struct fault *fault);
/* Completes @footer with what the file itself knows, syncs and frees @w. */
int recorder__close(struct recorder *w, struct lutrace_footer *footer, struct fault *fault);

/* What was put, with the header and whatever is not written out yet. */
struct recorder_sum {
	__u64 bytes, nr_events, nr_latencies;
	__u64 nr_uncounted;		/* freed pages, walks, complaints: no footer has the number */
	unsigned long crc;
};
bool recorder__is_uncounted(__u32 type);
struct recorder_sum recorder__sum(const struct recorder *w);
/* Puts the footer, completed, and no more. */
int recorder__end(struct recorder *w, struct lutrace_footer *footer, struct fault *fault);
/*
 * Ends the file as it is now, with @clock and @footer, completed, and writes that out: what follows may be
 * a jump. If something is put after all, clock and footer are taken out of the file before.
 */
int recorder__seal(struct recorder *w, const struct lutrace_clock *clock,
		   struct lutrace_footer *footer, struct fault *fault);
bool recorder__is_sealed(const struct recorder *w);
/* What was written out is on the disk. */
int recorder__sync(struct recorder *w, struct fault *fault);
/*
 * Room for @bytes is set aside if the file system can, until @w is freed; the
 * file is as long as what was written.
 */
void recorder__reserve(struct recorder *w, __u64 bytes);
/*
 * After a write that failed: what was put since the last flush that did not fail
 * is gone, the file ends with a whole record and more can be put. Returns what
 * there was before.
 */
struct recorder_sum recorder__take_back(struct recorder *w);
/* Gives up what was not written out; @w may be NULL. */
void recorder__free(struct recorder *w);

#endif
