/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What walks of page tables (`--deep`) say: of one domain, of one domain at two
 * times, and against what the kernel says of it. Pure; deep.h makes the walks.
 */
#ifndef LUTRACE_WALKED_H
#define LUTRACE_WALKED_H

#include <stddef.h>
#include "judge/oracle.h"

/* Of all levels. */
__u64 walked__tables(const struct lutrace_deep *w);

/*
 * Each of these says in @text what is wrong first, and returns whether
 * something is. By itself: entries that cannot be, tables that KHO does not
 * keep, and a record that claims what the walk did not find.
 */
bool walked__wrong(const struct lutrace_deep *w, char *text, size_t size);
/* The same domain at two times. */
bool walked__differs(const struct lutrace_deep *then, const struct lutrace_deep *now,
		     char *text, size_t size);
/* Against what an event of the kernel says of the domain. */
bool walked__denies(const struct lutrace_deep *w, const struct preserved *said, char *text,
		    size_t size);

#endif
