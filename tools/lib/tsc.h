/* SPDX-License-Identifier: GPL-2.0-only */
/* The one clock that goes on through a kexec. */
#ifndef LIB_TSC_H
#define LIB_TSC_H

#include <stdint.h>

/* 0 where the machine has none */
uint64_t tsc__read(void);

/* Two moments far enough apart tell how fast it is */
struct tsc_moment {
	uint64_t tsc;
	uint64_t ns; /* CLOCK_MONOTONIC_RAW */
};

struct tsc_moment tsc__moment(void);
/* Milliseconds that @ticks are, from a moment in the past until now; 0 if that is not known */
double tsc__ms(const struct tsc_moment *past, uint64_t ticks);

#endif
