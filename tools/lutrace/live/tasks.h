/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose a thread is, for who knows nothing of it but its number. */
#ifndef LUTRACE_TASKS_H
#define LUTRACE_TASKS_H

#include <linux/types.h>
#include <stdbool.h>
#include "bpf/events.h"

struct task {
	__u32 pid;			/* its process; 0: not known */
	char comm[LUTRACE_COMM_SIZE];	/* NUL at the end; "": not known */
};

/*
 * Whether the tasks that this process can see are all that there are: it is in the first PID
 * namespace. False as well if nothing is mounted at @proc, where that is found.
 */
bool tasks__are_all(const char *proc);

struct tasks;

/* @proc: where proc is mounted; "/proc" */
struct tasks *tasks__new(const char *proc);
void tasks__free(struct tasks *tasks);
/*
 * What is known of it. One that ended is remembered if it was asked for before. The answer is
 * good until the next call.
 */
const struct task *tasks__get(struct tasks *tasks, __u32 tid);
/* From now on it is looked up anew: a number can become another task's. */
void tasks__refresh(struct tasks *tasks);

#endif
