// SPDX-License-Identifier: GPL-2.0-only
/* See recorders.h. Called by `lutrace record`, and by luctl before it jumps. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/pidlock.h"
#include "lib/recorders.h"

#define RECORDERS_PREFIX	"record-"
#define RECORDERS_MAX		64
/* Between two looks at those that have not answered */
#define RECORDERS_POLL_NS	500000L

/* The recorder */

struct recorders_entry {
	struct pidlock *lock;
};

static volatile sig_atomic_t recorders__asked;

static void recorders__on_question(int signal)
{
	(void)signal;
	recorders__asked = 1;
}

struct recorders_entry *recorders_entry__open(void)
{
	struct sigaction action = { .sa_handler = recorders__on_question };
	struct recorders_entry *entry = calloc(1, sizeof(*entry));
	struct fault fault;
	char path[64];
	pid_t holder;

	/* The handler first: the question may come as soon as the file is there */
	if (!entry || sigaction(SIGUSR2, &action, NULL)) {
		free(entry);
		return NULL;
	}
	mkdir(RECORDERS_DIR, 0755);
	snprintf(path, sizeof(path), RECORDERS_DIR "/" RECORDERS_PREFIX "%d", (int)getpid());
	entry->lock = pidlock__take(path, &holder, &fault);
	if (entry->lock)
		return entry;
	free(entry);
	return NULL;
}

bool recorders_entry__was_asked(void)
{
	bool asked = recorders__asked;

	recorders__asked = 0;
	return asked;
}

void recorders_entry__answer(struct recorders_entry *entry)
{
	if (entry && futimens(pidlock__fd(entry->lock), NULL))
		errno = 0;
}

void recorders_entry__close(struct recorders_entry *entry)
{
	if (!entry)
		return;
	pidlock__remove(entry->lock);
	free(entry);
}

/* Who asks */

struct recorders__other {
	int fd;
	pid_t pid;			/* 0: it has answered, or there is none */
	struct timespec asked;		/* the file's time before the question */
};

static struct timespec recorders__time_of(int fd)
{
	struct stat st = { .st_size = 0 };

	fstat(fd, &st);
	return st.st_mtim;
}

/* The effective user of a process; -1: it is gone */
static long long recorders__user_of(pid_t pid)
{
	char path[64], line[128];
	long long user = -1;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	status = fopen(path, "re");
	while (status && user < 0 && fgets(line, sizeof(line), status))
		if (sscanf(line, "Uid: %*u %lld", &user) != 1)
			user = -1;
	if (status)
		fclose(status);
	return user;
}

/* Whoever may write to the folder must not have other people's processes signalled. */
static bool recorders__is_its_own(int fd)
{
	pid_t pid = pidlock__holder_of(fd);
	struct stat st;

	return pid > 0 && !fstat(fd, &st) && recorders__user_of(pid) == (long long)st.st_uid;
}

static bool recorders__ask_one(struct recorders__other *other, int dir, const char *name)
{
	if (strncmp(name, RECORDERS_PREFIX, strlen(RECORDERS_PREFIX)))
		return false;
	other->fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (other->fd < 0)
		return false;
	other->asked = recorders__time_of(other->fd);
	other->pid = recorders__is_its_own(other->fd) ? pidlock__signal(other->fd, SIGUSR2) : 0;
	if (other->pid > 0)
		return true;
	close(other->fd);
	return false;
}

static unsigned int recorders__ask_all(struct recorders__other *others)
{
	DIR *dir = opendir(RECORDERS_DIR);
	struct dirent *entry;
	unsigned int nr = 0;

	while (dir && nr < RECORDERS_MAX && (entry = readdir(dir)))
		nr += recorders__ask_one(&others[nr], dirfd(dir), entry->d_name);
	if (dir)
		closedir(dir);
	return nr;
}

/* Whether it has nothing to say any more */
static bool recorders__has_answered(struct recorders__other *other)
{
	struct timespec now = recorders__time_of(other->fd);

	if (now.tv_sec == other->asked.tv_sec && now.tv_nsec == other->asked.tv_nsec &&
	    pidlock__holder_of(other->fd) == other->pid)
		return false;
	other->pid = 0;
	return true;
}

static long long recorders__now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

unsigned int recorders__ask(unsigned int ms, void (*late)(pid_t pid))
{
	static const struct timespec pause = { .tv_nsec = RECORDERS_POLL_NS };
	struct recorders__other others[RECORDERS_MAX];
	long long until = recorders__now_ns() + ms * 1000000ll;
	unsigned int nr = recorders__ask_all(others), left = nr, i;

	while (left && recorders__now_ns() < until) {
		for (i = 0; i < nr; i++)
			left -= others[i].pid && recorders__has_answered(&others[i]);
		if (left)
			nanosleep(&pause, NULL);
	}
	for (i = 0; i < nr; i++) {
		if (others[i].pid)
			late(others[i].pid);
		close(others[i].fd);
	}
	return nr;
}
