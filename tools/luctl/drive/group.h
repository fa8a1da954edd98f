/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The updates of all plans that one `luctl run` or `luctl resume` has: /dev/liveupdate can be
 * opened only once, so one process drives them all, stage by stage.
 */
#ifndef LUCTL_GROUP_H
#define LUCTL_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "plan/plan.h"

struct group;
struct update;

/*
 * Loads the plans, checks that they go together, and writes the pidfiles of their sessions.
 * Reports and returns NULL when it fails.
 */
struct group *group__load(char *const *files, size_t nr, bool resuming, bool need_kernel);
/* Frees one update after the other, and by that closes their sessions, and removes the pidfiles */
void group__free(struct group *group);

/* Of all plans */
size_t group__nr_memfds(const struct group *group);
size_t group__nr_marked(const struct group *group);

/* The kernel of the plan that names one, in a group that was loaded with @need_kernel */
const struct plan_kernel *group__kernel(const struct group *group);

/* The rest reports what fails and returns -1 */

/* Opens /dev/liveupdate for all updates */
int group__open_luo(struct group *group);

/* Does the step for one update after the other, and says whose each line is if there are more */
int group__each(struct group *group, int (*step)(struct update *update));
/* The same for what only says something: for all of them, whatever happened and is returned */
void group__tell_each(struct group *group, int (*tell)(struct update *update));
int group__run_hooks(struct group *group, enum plan_stage stage);

/* Closes the sessions that are open, and says so */
void group__close_sessions(struct group *group);

#endif
