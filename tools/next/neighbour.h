/* SPDX-License-Identifier: GPL-2.0-only */
/* The next kernel: what can be known before the jump of what it will make of what it gets. */
#ifndef NEXT_NEIGHBOUR_H
#define NEXT_NEIGHBOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NEIGHBOUR_MAX_REMARKS	16
#define NEIGHBOUR_TEXT_SIZE	512

struct image;

enum neighbour_iommu {
	NEIGHBOUR_NO_IOMMU,
	NEIGHBOUR_VTD,
	NEIGHBOUR_AMD,
};

/* What the next kernel must be able to take back, and with what */
struct neighbour_needs {
	bool memfds;
	bool hwpts;
	enum neighbour_iommu iommu;
};

/* A warning is about something that will be lost; else it could not be told whether it is right */
struct neighbour_remark {
	bool warning;
	char text[NEIGHBOUR_TEXT_SIZE];
};

struct neighbour_remarks {
	struct neighbour_remark list[NEIGHBOUR_MAX_REMARKS];
	size_t nr;
	size_t nr_warnings;
};

/* The command lines of the next kernel and of the running one */
void neighbour__check_cmdline(const char *next, const char *running,
			      const struct neighbour_needs *needs,
			      struct neighbour_remarks *remarks);

/* @name is the file's, @notes those of the running kernel, NULL if they are not known */
void neighbour__check_image(const struct image *image, const char *name, const uint8_t *notes,
			    size_t notes_size, const struct neighbour_needs *needs,
			    struct neighbour_remarks *remarks);

/*
 * Both, with all that has to be read for it: the image @file, and what /sys says of the running
 * kernel and its IOMMU. An image that cannot be looked into gives a remark. Returns 0,
 * or the negative errno of opening @file.
 */
int neighbour__check(const char *file, const char *next, const char *running,
		     struct neighbour_needs needs, struct neighbour_remarks *remarks);

#endif
