/* SPDX-License-Identifier: GPL-2.0-only */
/* Which domains and processes the user wants to see: the options of several subcommands. Pure. */
#ifndef LUTRACE_SELECTION_H
#define LUTRACE_SELECTION_H

#include <argp.h>
#include "lib/bdf.h"
#include "lib/fault.h"
#include "model/names.h"

struct selection {
	const char *session;		/* NULL: all; so are the others */
	char device[BDF_SIZE];		/* as the kernel writes it; "": all */
	const char *comm;		/* name of a process */
	__u32 pid;			/* 0: all */
	bool has_token;
	__u64 token;			/* of the HWPT, or of its iommufd in the session */
};

/* The options --session, --token, --device and --process; its input is a struct selection. */
extern const struct argp selection_argp;

enum selected { SELECTED_NO, SELECTED_YES, SELECTED_UNKNOWN };

/* What one of two options refuses is refused, whatever the other does not know. */
enum selected selected__both(enum selected a, enum selected b);

/* Whether there is anything that is not wanted. NULL selects all. */
bool selection__any(const struct selection *sel);
/* Whether it needs a domain's name to tell. */
bool selection__needs_name(const struct selection *sel);
/* By its name alone. One of which too little is known is unknown. */
enum selected selection__domain(const struct selection *sel, const struct name *name);
/* By who did something. One whose name is needed and not known is unknown. */
enum selected selection__process(const struct selection *sel, __u32 pid, const char *comm);
/* Both, of an event or the like; one of the FLB has no domain and is selected by its process. */
enum selected selection__event(const struct selection *sel, const struct names *names,
			       __u32 op, __u64 ser_phys, __u64 generation, __u32 pid);

/*
 * Whether there is anything that each option selects, and one domain that all of --session, --token
 * and --device do, in @nr sets of @names, of which any may be NULL. @seen: something that the process
 * --process did was seen. -1 with @fault if not: it says what there is. @where: where it was looked for,
 * as "these recordings". For the end, when all names are known.
 */
int selection__check(const struct selection *sel, const struct names *const *names, size_t nr,
		     bool seen, const char *where, struct fault *fault);

#endif
