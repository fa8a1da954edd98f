// SPDX-License-Identifier: GPL-2.0-only
/* The clock that goes on through a kexec. Both tools call it. */
#include <time.h>

#include "lib/tsc.h"

#if defined(__x86_64__)
#include <x86intrin.h>

uint64_t tsc__read(void)
{
	uint64_t tsc;

	_mm_lfence();
	tsc = __rdtsc();
	_mm_lfence();
	return tsc;
}
#else
uint64_t tsc__read(void)
{
	return 0;
}
#endif

struct tsc_moment tsc__moment(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (struct tsc_moment){
		.tsc = tsc__read(),
		.ns = t.tv_sec * UINT64_C(1000000000) + t.tv_nsec,
	};
}

double tsc__ms(const struct tsc_moment *past, uint64_t ticks)
{
	struct tsc_moment now = tsc__moment();

	if (now.tsc <= past->tsc)
		return 0;
	return ticks * ((double)(now.ns - past->ns) / (now.tsc - past->tsc)) / 1e6;
}
