/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the running kernel came up, as KHO tells it: in debugfs (CONFIG_KEXEC_HANDOVER_DEBUGFS), else
 * in the kernel's log. What neither tells is not known.
 */
#ifndef LUTRACE_HANDOVER_H
#define LUTRACE_HANDOVER_H

#include <linux/types.h>
#include <stdbool.h>

#define HANDOVER_RELEASE_SIZE	65	/* of utsname, with its NUL */

struct handover {
	char previous_release[HANDOVER_RELEASE_SIZE];	/* "": not known, or there was none */
	bool has_kexec_count;
	__u32 kexec_count;		/* kexecs with KHO since the last cold boot; 0: this is one */
};

/* The files are those below @root, "" for those of this machine. */
struct handover handover__read(const char *root);

/* For tests: what one line of the kernel's log tells; false: it is another one. */
bool handover__parse_line(const char *line, struct handover *handover);

#endif
