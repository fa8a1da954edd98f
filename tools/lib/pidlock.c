// SPDX-License-Identifier: GPL-2.0-only
/* Files that say which process holds something: see pidlock.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/pidlock.h"

#define IDENTITY_SIZE 128
#define STAT_SIZE 1024
#define START_FIELD 22
/* A process that has the lock and has not written yet who it is does so within this time */
#define WRITE_WAIT_US 20000
#define WRITE_TRIES 25

struct pidlock {
	int fd;
	pid_t owner; /* who took it: a child has a copy of this */
	char *path;
};

static bool pidlock__read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* The line for a process; false if it is not running: gone, or ended and not waited for yet */
static bool pidlock__identity(pid_t pid, char out[IDENTITY_SIZE])
{
	char path[64], stat[STAT_SIZE], boot[64], *at;
	int field;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (!pidlock__read(path, stat, sizeof(stat)) ||
	    !pidlock__read("/proc/sys/kernel/random/boot_id", boot, sizeof(boot)))
		return false;
	/* The name, field 2, is in parentheses and may have any of them in it */
	at = strrchr(stat, ')');
	if (!at || !strncmp(at, ") Z", 3) || !strncmp(at, ") X", 3))
		return false;
	for (field = 2; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	boot[strcspn(boot, "\n")] = '\0';
	snprintf(out, IDENTITY_SIZE, "%d %llu %s\n", (int)pid, strtoull(at, NULL, 10), boot);
	return true;
}

pid_t pidlock__holder_of(int fd)
{
	char text[IDENTITY_SIZE] = "", now[IDENTITY_SIZE];
	long pid;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	pid = strtol(text, NULL, 10);
	if (pid <= 0 || pid != (pid_t)pid || !pidlock__identity(pid, now) || strcmp(now, text))
		return 0;
	return pid;
}

pid_t pidlock__holder(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	pid_t pid = 0;

	if (fd >= 0) {
		pid = pidlock__holder_of(fd);
		close(fd);
	}
	return pid;
}

pid_t pidlock__signal(int fd, int signal)
{
	pid_t pid = pidlock__holder_of(fd);
	int process, err = 0;

	if (!pid)
		return 0;
	/* From here on the process keeps its number, or the call fails */
	process = syscall(SYS_pidfd_open, pid, 0);
	if (process < 0)
		return errno == ESRCH ? 0 : -errno;
	if (pidlock__holder_of(fd) != pid)
		pid = 0;
	else if (syscall(SYS_pidfd_send_signal, process, signal, NULL, 0))
		err = -errno;
	close(process);
	if (err == -ESRCH)
		return 0;
	return err ? err : pid;
}

/* Taking it */

/* Is @fd still the file at @path, which the last holder may have removed meanwhile? */
static bool pidlock__is_at(int fd, const char *path)
{
	struct stat ours, there;

	return !fstat(fd, &ours) && !stat(path, &there) && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

/* Opens and locks the file at @path. Returns the descriptor, or a negative errno. */
static int pidlock__open(const char *path)
{
	int fd, err;

	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0)
			return -errno;
		/* A kernel without CONFIG_FILE_LOCKING: that the holder runs has to be enough */
		if (flock(fd, LOCK_EX | LOCK_NB) && errno != ENOSYS) {
			err = -errno;
			close(fd);
			return err;
		}
		if (pidlock__is_at(fd, path))
			return fd;
		close(fd);
	}
}

static int pidlock__write(int fd)
{
	char text[IDENTITY_SIZE];
	ssize_t len;

	if (!pidlock__identity(getpid(), text))
		return -ENOENT;
	len = strlen(text);
	errno = EIO;
	return pwrite(fd, text, len, 0) != len || ftruncate(fd, len) ? -errno : 0;
}

static pid_t pidlock__wait_for_holder(const char *path)
{
	pid_t pid = 0;
	int i;

	for (i = 0; i < WRITE_TRIES && !pid; i++) {
		pid = pidlock__holder(path);
		if (!pid)
			usleep(WRITE_WAIT_US);
	}
	return pid ? pid : -1;
}

static void pidlock__fail(const char *path, int err, pid_t holder, struct fault *fault)
{
	if (holder > 0)
		fault__set(fault, "process %d holds %s", (int)holder, path);
	else if (holder < 0)
		fault__set(fault, "another process holds the lock of %s", path);
	else if (err == -ENOENT)
		fault__set(fault, "cannot write %s: the folder is missing, or /proc is not mounted",
			   path);
	else
		fault__set(fault, "cannot write %s: %s", path, strerror(-err));
}

struct pidlock *pidlock__take(const char *path, pid_t *holder, struct fault *fault)
{
	struct pidlock *lock = calloc(1, sizeof(*lock));
	int fd = -ENOMEM, err = 0;

	*holder = 0;
	if (lock)
		lock->path = strdup(path);
	if (lock && lock->path)
		fd = pidlock__open(path);
	if (fd == -EWOULDBLOCK)
		*holder = pidlock__wait_for_holder(path);
	else if (fd >= 0)
		*holder = pidlock__holder_of(fd);
	if (fd < 0 || *holder)
		err = fd < 0 ? fd : -EBUSY;
	else
		err = pidlock__write(fd);
	if (!err) {
		lock->fd = fd;
		lock->owner = getpid();
		return lock;
	}
	pidlock__fail(path, err, *holder, fault);
	if (fd >= 0)
		close(fd);
	if (lock)
		free(lock->path);
	free(lock);
	return NULL;
}

static void pidlock__free(struct pidlock *lock)
{
	close(lock->fd);
	free(lock->path);
	free(lock);
}

void pidlock__remove(struct pidlock *lock)
{
	if (!lock)
		return;
	/* Before the lock goes: afterwards the file could be another's already */
	if (lock->owner == getpid() && pidlock__is_at(lock->fd, lock->path))
		unlink(lock->path);
	pidlock__free(lock);
}

void pidlock__release(struct pidlock *lock)
{
	if (!lock)
		return;
	/* What is left if that fails names nobody once this process has ended */
	if (lock->owner == getpid() && ftruncate(lock->fd, 0))
		complain("cannot empty %s: %s", lock->path, strerror(errno));
	pidlock__free(lock);
}

int pidlock__fd(const struct pidlock *lock)
{
	return lock->fd;
}
