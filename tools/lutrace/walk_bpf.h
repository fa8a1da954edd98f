/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads HWPTs and memory of the running kernel through bpf/walk.bpf.c. */
#ifndef LUTRACE_WALK_KERNEL_H
#define LUTRACE_WALK_KERNEL_H

#include <linux/types.h>
#include "../../bpf/events.h"
#include "kernel.h"

/* One HWPT and the first open file that it was found through. */
struct found_hwpt {
	struct lutrace_hwpt hwpt;
	__u32 pid, fd;
};

struct found_hwpts {
	struct found_hwpt *items;
	size_t nr, room;
};

struct kreader;

/*
 * Checks that the kernel has what a walk needs and loads the programs. A
 * kernel without the series has no marks; it is refused unless @any_kernel.
 */
struct kreader *kreader__new(const struct ksyms *ksyms, bool any_kernel, bool verbose,
			     struct fault *fault);
void kreader__free(struct kreader *kr);

/* All HWPTs of all open iommufds, each once. Free with free(out->items). */
int kreader__hwpts(struct kreader *kr, struct found_hwpts *out, struct fault *fault);

/* Copies @nr pages (<= LUTRACE_PAGE_BATCH) from kernel addresses. */
int kreader__pages(struct kreader *kr, const uint64_t *addresses, unsigned int nr, void *pages,
		   struct fault *fault);

#endif
