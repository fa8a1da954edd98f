// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/mem.h"
#include "objects/sessions.h"

/* What the kernel calls the files of sessions; their name follows. */
#define SESSION_LINK	"anon_inode:[luo_session]"
/* Only there are all processes seen. */
#define FIRST_PID_NS	"pid:[4026531836]"

static bool link_begins(const char *dir, const char *name, const char *begin)
{
	char *path = xasprintf("%s/%s", dir, name), target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target));

	free(path);
	return n >= (ssize_t)strlen(begin) && !strncmp(target, begin, strlen(begin));
}

typedef enum sessions (*look_fn)(const char *dir, const char *name);

/* An entry that is gone by now had nothing. What says OPEN ends it. */
static enum sessions each(const char *dir, bool numbers, look_fn look)
{
	enum sessions result = SESSIONS_NONE, one;
	const struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return errno == ENOENT || errno == ESRCH ? SESSIONS_NONE : SESSIONS_UNKNOWN;
	while (result != SESSIONS_OPEN && (entry = readdir(d))) {
		if (*entry->d_name == '.' || (numbers && strspn(entry->d_name, "0123456789") !=
					      strlen(entry->d_name)))
			continue;
		one = look(dir, entry->d_name);
		if (one != SESSIONS_NONE)
			result = one;
	}
	closedir(d);
	return result;
}

/* Root without CAP_SYS_PTRACE sees that there are files, and not which. */
static enum sessions look_at_file(const char *dir, const char *name)
{
	errno = 0;
	if (link_begins(dir, name, SESSION_LINK))
		return SESSIONS_OPEN;
	return errno == EACCES || errno == EPERM ? SESSIONS_UNKNOWN : SESSIONS_NONE;
}

static enum sessions look_below(const char *dir, const char *name, const char *below, look_fn look)
{
	char *path = xasprintf("%s/%s/%s", dir, name, below);
	enum sessions result = each(path, true, look);

	free(path);
	return result;
}

static enum sessions look_at_thread(const char *dir, const char *name)
{
	return look_below(dir, name, "fd", look_at_file);
}

static enum sessions look_at_process(const char *dir, const char *name)
{
	return look_below(dir, name, "task", look_at_thread);
}

static bool exists(const char *proc, const char *name)
{
	char *path = xasprintf("%s/%s", proc, name);
	bool there = !faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW);

	free(path);
	return there;
}

/* A kernel without namespaces shows all processes to everybody. */
static bool shows_all(const char *proc)
{
	return exists(proc, "self") && (!exists(proc, "self/ns/pid") ||
					link_begins(proc, "self/ns/pid", FIRST_PID_NS));
}

enum sessions sessions__open(const char *proc)
{
	enum sessions result = each(proc, true, look_at_process);

	return result == SESSIONS_NONE && !shows_all(proc) ? SESSIONS_UNKNOWN : result;
}
