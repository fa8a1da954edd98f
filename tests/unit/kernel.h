/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernels that emit events as the real one does, into recordings, for tests to spoil. */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include "recording/recording.h"

#define ROOT(n)		(0x100000ull + (n) * 0x1000ull)
#define SER(n)		(0x500000ull + (n) * 0x40ull)
#define STEP_NS		1000ull
#define SECOND_NS	1000000000ull

/* A kernel under test: emits events as the real one does, into a recording. */
struct kernel {
	struct recording rec;
	__u64 seq, now;
	bool lose_begin, lose_end, lose_latency, lose_event;	/* once */
	__u64 latency_error;
};

/*
 * Its recording begins @ns after that of the first kernel, by a TSC of 2 ticks a ns that ran on since
 * then and by REALTIME; its own MONOTONIC clock starts then. @kexecs: since the cold boot.
 */
void kernel__boot(struct kernel *k, const char *name, __u64 ns, __u64 kexecs);
/* Its recorder is ended, 10 s after the last event. */
void kernel__end(struct kernel *k);

struct lutrace_event *kernel__emit(struct kernel *k, __u32 op, __u32 phase, __u64 ser,
				   __u64 generation);
/* Begin and end; the end is returned for the test to spoil. */
struct lutrace_event *kernel__run(struct kernel *k, __u32 op, __u64 ser, __u64 generation,
				  unsigned int domain, int ret);
struct lutrace_event *kernel__preserve(struct kernel *k, unsigned int domain, __u64 generation);
struct lutrace_event *kernel__unpreserve(struct kernel *k, unsigned int domain, __u64 generation);
struct lutrace_event *kernel__restore(struct kernel *k, unsigned int domain, __u64 generation);
/* Of the FLB, in which are so many @records. */
void kernel__flb(struct kernel *k, __u32 op, __u64 records);

#endif
