/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KHO's scratch areas, into which kexec_file_load() places all of the next kernel where the running
 * one has KHO: what is in them is not preserved, and everywhere else something may be. Whether
 * kernel and initrd fit can so be told before anything is preserved. Called by compat.c.
 */
#ifndef NEXT_SCRATCH_H
#define NEXT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fault.h"
#include "next/image.h"
#include "next/remarks.h"

/* One for low memory, one for all, one for each NUMA node */
#define SCRATCH_MAX_AREAS 64

struct scratch {
	struct {
		uint64_t start, size; /* physical, bytes */
	} areas[SCRATCH_MAX_AREAS];
	size_t nr;
};

/* Where the running kernel tells them: KHO's debugfs, readable by root */
#define SCRATCH_DIR "/sys/kernel/debug/kho/out"

/* Reads them from the files of @dir; -1 with @fault set if they cannot be read. */
int scratch__read(const char *dir, struct scratch *scratch, struct fault *fault);

/*
 * Places kernel and initrd as kexec_file_load() does. Adds a remark if they do not fit, or if that
 * hangs on the small pieces that go with them, whose sizes are not known. @initrd_size is 0 if
 * there is none.
 */
void scratch__check(const struct scratch *scratch, const char *name,
		    const struct image_layout *layout, uint64_t initrd_size,
		    struct remarks *remarks);

#endif
