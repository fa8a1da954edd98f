/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads HWPTs and memory of the running kernel through bpf/walk.bpf.c. */
#ifndef LUTRACE_WALK_KERNEL_H
#define LUTRACE_WALK_KERNEL_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/events.h"
#include "lib/fault.h"
#include "walk/kernel.h"
#include "walk/ksyms.h"
#include "walk/pt.h"

/* One HWPT and the first open file that it was found through. */
struct found_hwpt {
	struct lutrace_hwpt hwpt;	/* not reclaimed yet if its own hwpt is 0 */
	__u32 pid, fd;
	char session[LUTRACE_SESSION_SIZE];	/* that keeps its iommufd; "": none that is open */
	__u64 iommufd_token;		/* in that session */
	__u64 files;			/* address of the list of the session's files; 0 without one */
};

struct found_hwpts {
	struct found_hwpt *items;
	size_t nr, room;
	struct lutrace_device *devices;	/* attached to one of them, which has the same hwpt */
	size_t nr_devices, devices_room;
};

struct kreader;

/*
 * What the kernel tells by itself when a file of a session was preserved or retrieved that is an
 * iommufd: it, then its HWPTs and the devices attached to them. @rec is gone when the call returns.
 */
typedef void (*told_fn)(void *priv, const struct lutrace_rec *rec);

struct kreader_opts {
	bool any_kernel;		/* one without the series too: it has no marks */
	bool deep;			/* kreader__digest() will be used */
	bool verbose;
	told_fn on_told;		/* NULL: tell nothing */
	void *priv;
};

/* Checks that the kernel has what a walk needs and loads the programs. */
struct kreader *kreader__new(const struct ksyms *ksyms, const struct kreader_opts *opts,
			     struct fault *fault);
void kreader__free(struct kreader *kr);

/* Calls opts->on_told for what was told since the last time. */
void kreader__told(struct kreader *kr);

/*
 * All HWPTs of all iommufds that a process of our PID namespace has open, or that a session keeps
 * which one has open, each once. No file is held: who closes one closes it. What goes away while it
 * is read is read again. Returns -1 with @fault set. Free with found_hwpts__free().
 */
int kreader__hwpts(struct kreader *kr, struct found_hwpts *out, struct fault *fault);
/* How many open files of sessions these processes have; likewise. */
int kreader__sessions(struct kreader *kr, size_t *nr, struct fault *fault);
void found_hwpts__free(struct found_hwpts *found);

/*
 * The format of its page table by its map_range(), whose name begins with it.
 * @symbol: that name, or NULL if it is no function of the kernel.
 */
enum pt_format hwpt__format(const struct lutrace_hwpt *hwpt, const struct ksyms *ksyms,
			    const char **symbol);

enum walk_state {
	WALK_FAILED = -1,	/* @fault is set */
	WALK_MORE,		/* call again */
	WALK_DONE,
	WALK_CHANGED,		/* the domain is not what @d says any more */
	WALK_TOO_LARGE,
	WALK_UNREADABLE,	/* the table that was to be read cannot be */
};

/*
 * Begins the walk that @d describes, or goes on with it, for a batch of
 * tables. Only one walk can be under way. @d has what it found so far.
 */
enum walk_state kreader__digest(struct kreader *kr, struct lutrace_digest *d,
				struct fault *fault);

/* Copies @nr pages (<= LUTRACE_PAGE_BATCH) from kernel addresses. */
int kreader__pages(struct kreader *kr, const uint64_t *addresses, unsigned int nr, void *pages,
		   struct fault *fault);

#endif
