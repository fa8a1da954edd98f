/* SPDX-License-Identifier: GPL-2.0-only */
/* The next kernel: what can be known before the jump of what it will make of what it gets. */
#ifndef NEXT_COMPAT_H
#define NEXT_COMPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPAT_MAX_REMARKS	16
#define COMPAT_TEXT_SIZE	512

struct image;

enum compat_iommu {
	COMPAT_NO_IOMMU,
	COMPAT_VTD,
	COMPAT_AMD,
};

/* What the next kernel must be able to take back, and with what */
struct compat_needs {
	bool memfds;
	bool hwpts;
	enum compat_iommu iommu;
};

/* A warning is about something that will be lost; else it could not be told whether it is right */
struct compat_remark {
	bool warning;
	char text[COMPAT_TEXT_SIZE];
};

struct compat_remarks {
	struct compat_remark list[COMPAT_MAX_REMARKS];
	size_t nr;
	size_t nr_warnings;
};

/* The command lines of the next kernel and of the running one */
void compat__check_cmdline(const char *next, const char *running,
			      const struct compat_needs *needs,
			      struct compat_remarks *remarks);

/* @name is the file's, @notes those of the running kernel, NULL if they are not known */
void compat__check_image(const struct image *image, const char *name, const uint8_t *notes,
			    size_t notes_size, const struct compat_needs *needs,
			    struct compat_remarks *remarks);

/*
 * Both, with all that has to be read for it: the image @file, and what /sys says of the running
 * kernel and its IOMMU. An image that cannot be looked into gives a remark. Returns 0,
 * or the negative errno of opening @file.
 */
int compat__check(const char *file, const char *next, const char *running,
		     struct compat_needs needs, struct compat_remarks *remarks);

#endif
