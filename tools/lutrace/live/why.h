/* SPDX-License-Identifier: GPL-2.0-only */
/* What slow operations waited for, and who called them: loads and attaches bpf/why.bpf.c. */
#ifndef LUTRACE_WHY_H
#define LUTRACE_WHY_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include "bpf/events.h"
#include "lib/fault.h"

struct why;

struct why_opts {
	bool verbose;
	bool parts;			/* what they waited for */
	bool stacks;
};

/*
 * After live__open(), so that most of its work lies outside of what is measured, and before
 * live__start(). Parts that the kernel cannot tell of are left out. NULL with @fault set.
 */
struct why *why__open(const struct why_opts *opts, struct fault *fault);
/* Whether the kernel tells of a part: what it does not tell is not known, and not 0. */
bool why__knows(const struct why *why, enum lutrace_why_part part);
/* Hands over what came since the last call; of each, rec->rec.size bytes are there. */
typedef void (*why_fn)(void *priv, const struct lutrace_why *rec);
int why__consume(struct why *why, why_fn fn, void *priv, struct fault *fault);
/*
 * The names of the functions in @rec's stack, innermost first, without those of the tracing itself;
 * each is to be freed. Returns how many there are, 0: not known.
 */
size_t why__stack(const struct why *why, const struct lutrace_why *rec,
		  char *frames[LUTRACE_MAX_FRAMES]);
/* Operations that nothing is known of. */
__u64 why__lost(const struct why *why);
void why__free(struct why *why);

#endif
