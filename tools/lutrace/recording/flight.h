/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flight recorder: recordings that follow one another in a folder, of which only the last ones
 * are kept. flight_dir.h says what they are called. One recorder at a time uses a folder: it holds
 * DIR/lock (lib/pidlock.h). What it cannot write it counts as lost.
 */
#ifndef LUTRACE_FLIGHT_H
#define LUTRACE_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/fault.h"
#include "recording/writer.h"

/* Room for the header, and for an event or two */
#define FLIGHT_MIN_KIB	64

struct flight_opts {
	const char *dir;		/* exists */
	unsigned long kib;		/* no file is larger; from FLIGHT_MIN_KIB */
	unsigned long files;		/* no more than so many, of all boots; from 2 */
};

/*
 * What the programs have counted since they were armed, as a footer has it. A
 * file ends with what was counted since the one before it ended.
 */
typedef int flight_counts(void *priv, struct lutrace_footer *sum, struct fault *fault);

struct flight;

struct flight_ops {
	flight_counts *counts;
	/*
	 * A file begins: calls flight__repeat() with what each should have of what came before it.
	 * May be NULL. -1 with @fault set if that failed.
	 */
	int (*began)(void *priv, struct flight *f, struct fault *fault);
};

/*
 * Begins a file for each boot of its own, with @host (lines of key=value) as its
 * header. NULL with @fault set if it cannot, or somebody else records there.
 */
struct flight *flight__open(const struct flight_opts *opts, const char *boot_id, const char *host,
			    const struct flight_ops *ops, void *priv, struct fault *fault);
/* Only from began(): writes it, unless more than half of the file would be repetitions. */
int flight__repeat(struct flight *f, const struct lutrace_rec *rec, struct fault *fault);
/*
 * These fail only if counting does. A write that fails is said once on stderr;
 * what could not be written is lost, until flight__tick() has tried again.
 */
int flight__put(struct flight *f, const struct lutrace_rec *rec, struct fault *fault);
int flight__flush(struct flight *f, struct fault *fault);
/* Every second or so: syncs, and tries again where a write had failed. */
int flight__tick(struct flight *f, struct fault *fault);
/* Ends the file, if there is something in it, and begins another; touches the lock then. */
int flight__snapshot(struct flight *f, struct fault *fault);
/*
 * Ends the file for a jump that comes next, and syncs it. If something is put after all, another file is
 * begun with it.
 */
int flight__seal(struct flight *f, struct fault *fault);
bool flight__is_sealed(const struct flight *f);
/* What was written is on the disk; a failure is said, as one of a write. */
void flight__sync(struct flight *f);
/* Ends the last file, after all was counted. -1 with @fault set if it has no end. */
int flight__close(struct flight *f, struct fault *fault);
/* Frees it; a file that was not ended is cut. @f may be NULL. */
void flight__free(struct flight *f);

#endif
