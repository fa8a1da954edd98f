/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HWPTs of a live update as they are now: what is preserved, and what is
 * marked and is not. They are found through the files that processes have open:
 * iommufds, and sessions, which keep iommufds that their process closed. No
 * reference to such a file is taken (bpf/walk/files.bpf.h).
 */
#ifndef LUTRACE_LISTER_H
#define LUTRACE_LISTER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/fault.h"
#include "model/names.h"
#include "report/analysis.h"
#include "walk/walk_bpf.h"

struct listed {
	struct preserved p;	/* its seq is 0; all 0 if it is not preserved */
	__u64 token;
	__u32 pid, fd, id;	/* process and file of its iommufd, and its object id */
	bool preserved;
	bool pending;		/* marked for the next live update */
	bool reclaimed;		/* came through the last live update */
	bool fits;		/* the record has the root of the page table */
	struct lutrace_hwpt hwpt;	/* as the kernel has it */
	__u64 files;			/* address of the list of its session's files; 0: none that is open */
};

struct listing {
	struct listed *items;
	size_t nr, room;
};

size_t listing__nr_preserved(const struct listing *list);
void listing__free(struct listing *list);

struct lister;

/*
 * Gets what is known of one HWPT with a token. Where name->ser_phys is 0 it is not known which
 * record it came from, but @root is its root page, which is not 0 then: it was reclaimed.
 */
typedef void (*name_fn)(void *priv, const struct name *name, __u64 root);

/*
 * Loads the programs; @deep: for lister__walk() too. NULL with @fault set where the kernel lacks what they need. @fn may be NULL;
 * else lister__names() and lister__told() call it with @priv.
 */
struct lister *lister__open(bool deep, bool verbose, name_fn fn, void *priv,
			    struct fault *fault);
/* The names of all HWPTs as they are now. Returns -1 with @fault set. */
int lister__names(struct lister *lister, struct fault *fault);
/* Those that the kernel told since then, at each preserve and retrieve of an iommufd. */
void lister__told(struct lister *lister);
enum sessions {
	SESSIONS_NONE,		/* no process has a session of a live update open */
	SESSIONS_OPEN,
	SESSIONS_UNKNOWN,	/* not all processes could be looked at, or none: there is no lister */
};

/* @lister may be NULL. A session that is only on its way through a socket is not seen. */
enum sessions lister__sessions(struct lister *lister);

/*
 * All HWPTs that are preserved, marked for the next live update or reclaimed after the last one.
 * Returns -1 with @fault set.
 */
int lister__list(struct lister *lister, struct listing *out, struct fault *fault);
/*
 * Makes @d the walk of one of the list, which lister__walk() then does, batch by batch. -1 with
 * @fault set if its page table is none that can be walked.
 */
int lister__begin(const struct lister *lister, const struct listed *item,
		  struct lutrace_digest *d, struct fault *fault);
enum walk_state lister__walk(struct lister *lister, struct lutrace_digest *d, struct fault *fault);

/* Kernel memory, for those who know what is there: copies one page; false if it cannot be read. */
bool lister__page_at(struct lister *lister, uint64_t address, void *page);
bool lister__to_virt(const struct lister *lister, uint64_t phys, uint64_t *address);
/* The address of one of the symbols of ksyms_bpf.c; 0: this kernel has none of that name. */
uint64_t lister__symbol(const struct lister *lister, const char *name);
void lister__free(struct lister *lister);

#endif
