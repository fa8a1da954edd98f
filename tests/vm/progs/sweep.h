/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the program sweep share: see sweep.c. */
#ifndef PROGS_SWEEP_H
#define PROGS_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

struct iommufd;
struct luo;
struct memfd;
struct session;

/*
 * A call whose allocations fail one after the other. What is called with @arg says what is wrong
 * as tap's reason. The call returns a negative errno, or >= 0.
 */
struct sweep_step {
	const char *name;
	/* Puts everything in place for one more call */
	bool (*prepare)(void *arg);
	int (*call)(void *arg);
	/* All must be so after a call that failed, and after one that did not */
	bool (*failed)(void *arg);
	bool (*passed)(void *arg);
	unsigned int min;	/* fewer failures, and something was missed */
	bool never_fails;	/* allocations may, but the call does not */
	int other_errnos[2];	/* that may be given in place of -ENOMEM, 0 if none */
};

/*
 * Makes three points in a group of its own. KHO never frees the nodes of its tree: a call that gets
 * further than the last one leaves some, and all later allocations move by as many; and kmemleak and
 * the slab allocator have some of their own in some calls and in others not. Where that happens each
 * place is tried twice.
 */
void sweep__run(const char *title, const struct sweep_step *step, void *arg, bool twice);

/* Did the last call pass in spite of an allocation that failed? */
bool sweep__made_up(void);

/*
 * What the next kernel gets: a session of memfds alone, two of iommufds with one memfd and one
 * HWPT each, one of a rig, and sessions to be finished. A failed retrieve of a file is final,
 * so there are as many files as there can be allocations.
 */
#define SWEEP_MEMFDS		"memfds"
#define SWEEP_IOMMUFDS		"iommufds"
#define SWEEP_NESTED		"nested"
#define SWEEP_FINISH		"finish-%u"

#define SWEEP_NR_FILES		128u
#define SWEEP_NR_FINISH		16u
#define SWEEP_NR_RECLAIM	64u	/* HWPTs of the rig, with tokens from RIG_TOKEN */

/* Tokens of the Nth file in a session, which are the seeds of memfds as well */
#define SWEEP_TOKEN_MEMFD(n)	(0x1000u + (n))
#define SWEEP_TOKEN_IOMMUFD(n)	(0x2000u + (n))
#define SWEEP_TOKEN_HWPT	1u
#define SWEEP_MEMFD_SIZE	(16u << 10)
#define SWEEP_IOVA		0x10000000ULL

void sweep__out(struct luo *luo);
void sweep__in(struct luo *luo);
/* Preserves all that and jumps; returns only if it fails, with tap's reason */
void sweep__hand_over(struct luo *luo, const char *image, const char *initrd);

#endif
