/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The next kernel: what can be known before the jump of what it will make of what it gets. luctl
 * run and lutrace ready call compat__check(); the other functions are its parts, for tests.
 */
#ifndef NEXT_COMPAT_H
#define NEXT_COMPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fault.h"
#include "next/image.h"
#include "next/needs.h"
#include "next/remarks.h"

/* What is or will be loaded */
struct next_kernel {
	const char *image;  /* file */
	const char *initrd; /* file; NULL: none, or not known */
	const char *cmdline;
	bool placed; /* it is loaded with KHO, so that it is known to fit into its memory */
};

/*
 * Which compatible strings and records the image knows, compared with what a kernel of the series
 * writes. @name is the file's, @notes those of the running kernel, NULL if they are not known.
 */
void compat__check_image(const struct image *image, const char *name, const uint8_t *notes,
			 size_t notes_size, const struct needs *needs, struct remarks *remarks);

/*
 * All of it: the command lines, the image and where it would be loaded, with all that has to be
 * read for it: the files, and what /sys says of the running kernel, of its IOMMU (needs.iommu is
 * not read) and of KHO. What cannot be looked at gives a remark. Returns -1 with @fault set if
 * image or initrd cannot be opened, or the image is none.
 */
int compat__check(const struct next_kernel *next, const char *running, struct needs needs,
		  struct remarks *remarks, struct fault *fault);

#endif
