/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the marks to the jump: the same for what `luctl run` has mapped and for what `luctl resume`
 * has taken back. All report what fails and return -1.
 */
#ifndef LUCTL_PRESERVE_H
#define LUCTL_PRESERVE_H

#include <stdbool.h>

struct group;
struct update;

int preserve__create_session(struct update *update);
/* Marks each HWPT that has a token */
int preserve__mark(struct update *update);
/* The next kernel's command line after that of the @running one. Caller frees; NULL if it fails. */
char *preserve__next_cmdline(const struct group *group, const char *running);
/*
 * Says what the next kernel would lose, as far as that can be known before the jump. It is an error
 * if @strict. Nothing needs to be there yet.
 */
int preserve__check_next(const struct group *group, bool strict);
/* What is wrong with the image shows before anything is preserved */
int preserve__load_kernel(struct group *group);
/* Preserves all of the plan, after as many aborts as it wants */
int preserve__preserve(struct update *update);
/* Does not return if all goes well */
int preserve__jump(struct group *group);

/* Closes all sessions instead of the jump, after which all must be as before */
int preserve__end_without_jump(struct group *group);

#endif
