// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose a thread is, from /proc, and whether all threads are to be seen there. Called by
 * source_tracefs.c and objects/lister.c. See tasks.h.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/tasks.h"

/* The first PID namespace has always had this name, as its inode is fixed. */
#define FIRST_NAMESPACE "pid:[4026531836]"

struct entry {
	struct task task;
	unsigned long looked;		/* when, in calls of tasks__refresh() */
};

struct tasks {
	char *proc;
	bool visible;			/* the numbers of this proc are those of the kernel */
	unsigned long now;
	struct idmap *at;		/* tid: index in entries */
	struct entry *entries;
	size_t nr, room;
};

/* A kernel without namespaces has no such file. */
static bool tasks__in_first_namespace(const char *proc)
{
	char *path = xasprintf("%s/self/ns/pid", proc), name[64] = "";
	ssize_t len = readlink(path, name, sizeof(name) - 1);

	free(path);
	return len < 0 || !strcmp(name, FIRST_NAMESPACE);
}

bool tasks__are_all(const char *proc)
{
	char *path = xasprintf("%s/self", proc);
	bool mounted = !faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW);

	free(path);
	return mounted && tasks__in_first_namespace(proc);
}

struct tasks *tasks__new(const char *proc)
{
	struct tasks *tasks = xcalloc(1, sizeof(*tasks));

	tasks->proc = xstrdup(proc);
	tasks->visible = tasks__in_first_namespace(proc);
	tasks->at = idmap__new();
	return tasks;
}

void tasks__free(struct tasks *tasks)
{
	if (!tasks)
		return;
	idmap__free(tasks->at);
	free(tasks->entries);
	free(tasks->proc);
	free(tasks);
}

/* Leaves @task as it was if the task is gone. */
static void tasks__look_up(const struct tasks *tasks, __u32 tid, struct task *task)
{
	char *path = xasprintf("%s/%u/status", tasks->proc, tid), *text, *found;
	struct fault fault;

	text = read_file(path, NULL, &fault);
	free(path);
	found = text ? strstr(text, "\nTgid:") : NULL;
	if (found && !strncmp(text, "Name:\t", 6)) {
		task->pid = strtoul(found + strlen("\nTgid:"), NULL, 10);
		snprintf(task->comm, sizeof(task->comm), "%.*s", (int)strcspn(text + 6, "\n"),
			 text + 6);
	}
	free(text);
}

const struct task *tasks__get(struct tasks *tasks, __u32 tid)
{
	uint64_t *at = idmap__find(tasks->at, tid, 0, 0);
	struct entry *entry;

	if (!at) {
		tasks->entries = grow(tasks->entries, tasks->nr, &tasks->room,
				      sizeof(*tasks->entries));
		tasks->entries[tasks->nr] = (struct entry){ .looked = tasks->now - 1 };
		idmap__set(tasks->at, tid, 0, 0, tasks->nr++);
		entry = &tasks->entries[tasks->nr - 1];
	} else {
		entry = &tasks->entries[*at];
	}
	if (tasks->visible && entry->looked != tasks->now)
		tasks__look_up(tasks, tid, &entry->task);
	entry->looked = tasks->now;
	return &entry->task;
}

void tasks__refresh(struct tasks *tasks)
{
	tasks->now++;
}
