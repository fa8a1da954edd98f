/* SPDX-License-Identifier: GPL-2.0-only */
/* A time as the commands print it. Pure. */
#ifndef LUPERF_WHEN_H
#define LUPERF_WHEN_H

#include <stdint.h>

struct when {
	char s[32];
};

/* "2026-12-01 13:17:02", of seconds since 1970 in UTC; "?" if no calendar has it. */
struct when when__of(int64_t seconds);

#endif
