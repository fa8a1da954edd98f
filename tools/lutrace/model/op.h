/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations of the tracepoints, enum lutrace_op of bpf/events.h: for all who read or show events. */
#ifndef LUTRACE_OP_H
#define LUTRACE_OP_H

#include <stdbool.h>

/* "unknown" for one that this version does not know. */
const char *op__name(unsigned int op);
/* Whether it is one of the FLB, which is one and has no identity, and not of a domain. */
bool op__is_flb(unsigned int op);

#endif
