/* SPDX-License-Identifier: GPL-2.0-only */
/* What slow operations waited for: loads and attaches bpf/why.bpf.c. */
#ifndef LUTRACE_WHY_H
#define LUTRACE_WHY_H

#include <linux/types.h>
#include <stdbool.h>
#include "../../bpf/events.h"
#include "util.h"

struct why;

/*
 * After live__open(), so that most of its work lies outside of what is measured, and before
 * live__start(). Parts that the kernel cannot tell of are left out. NULL with @fault set.
 */
struct why *why__open(bool verbose, struct fault *fault);
/* Whether the kernel tells of a part: what it does not tell is not known, and not 0. */
bool why__knows(const struct why *why, enum lutrace_why_part part);
/* Hands over what came since the last call. */
typedef void (*why_fn)(void *priv, const struct lutrace_why *rec);
int why__consume(struct why *why, why_fn fn, void *priv, struct fault *fault);
/* Operations that nothing is known of. */
__u64 why__lost(const struct why *why);
void why__free(struct why *why);

#endif
