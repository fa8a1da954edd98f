/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lutrace ready asks the running kernel through bpf/ready.bpf.c: how the next kernel was
 * loaded, and who has /dev/liveupdate and sessions open. Called by cmd/ready.c; health/ready.c
 * judges it.
 */
#ifndef LUTRACE_READY_BPF_H
#define LUTRACE_READY_BPF_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include "bpf/events.h"
#include "lib/fault.h"

struct ready_kernel {
	struct lutrace_kimage image;
	struct lutrace_holder *holders;
	size_t nr_holders;
};

/*
 * Reads all of it. Needs CAP_BPF, CAP_PERFMON and CAP_SYSLOG. Returns -1 with
 * @fault set if something of it cannot be read. Free with ready_kernel__free().
 */
int ready_kernel__read(struct ready_kernel *out, bool verbose, struct fault *fault);
void ready_kernel__free(struct ready_kernel *kernel);

#endif
