// SPDX-License-Identifier: GPL-2.0-only
/* Sessions of the Live Update Orchestrator: see session.h. Called by all commands that have one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/liveupdate.h>

#include "lib/mem.h"
#include "lib/text.h"

#include "drive/say.h"
#include "kernel/session.h"

/* How long a session may stay after it was closed: who looks at it holds it for far less */
#define END_WAIT_MS 10000
#define END_POLL_NS 1000000L

struct luo {
	int fd;
};

struct session {
	int fd;
	bool incoming; /* the previous kernel's */
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
};

/* Who has /dev/liveupdate open */

static bool luo__is_open_in(const char *pid)
{
	char path[64], link[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	/* Nothing is opened: the kernel holds each file no longer than the readlink takes */
	while (!found && (entry = readdir(dir))) {
		n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		found = !strcmp(link, LUO_DEVICE);
	}
	closedir(dir);
	return found;
}

/* The process that has the device open; 0: it is not to be seen */
static pid_t luo__find_holder(void)
{
	struct dirent *entry;
	pid_t holder = 0;
	DIR *proc = opendir("/proc");

	if (!proc)
		return 0;
	while (!holder && (entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    luo__is_open_in(entry->d_name))
			holder = atoi(entry->d_name);
	closedir(proc);
	return holder;
}

static void luo__report_busy(void)
{
	pid_t holder = luo__find_holder();
	char name[PROCESS_NAME_SIZE];

	if (!holder) {
		say__errno(-EBUSY,
			   "open " LUO_DEVICE " failed (another process has it open, which is "
			   "not to be seen in /proc; stop that first)");
		return;
	}
	process_name(holder, name);
	if (holder == 1)
		say__errno(-EBUSY,
			   "open " LUO_DEVICE " failed (PID 1, %s, has it open: the service "
			   "manager drives live updates of this host itself; have it do that, or "
			   "switch it off there and boot again)",
			   name);
	else
		say__errno(-EBUSY,
			   "open " LUO_DEVICE " failed (process %d, %s, has it open; stop that "
			   "first)",
			   (int)holder, name);
}

static const char *luo__open_hint(int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
		return "this kernel has no live update, and if a previous one preserved something "
		       "it is lost; boot with CONFIG_LIVEUPDATE and kho=on liveupdate=on";
	case EIO:
		return "the previous kernel handed over what this one does not know, its log says "
		       "what; nothing of it can be taken back, reboot or kexec to have the memory";
	case EMFILE:
	case ENFILE:
		return "too many files are open";
	default:
		return "run luctl as root";
	}
}

struct luo *luo__open(void)
{
	struct luo *luo = calloc(1, sizeof(*luo));
	int err;

	if (!luo) {
		say__errno(-ENOMEM, "open " LUO_DEVICE " failed");
		return NULL;
	}
	luo->fd = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	if (luo->fd < 0) {
		err = errno;
		if (err == EBUSY)
			luo__report_busy();
		else
			say__errno(-err, "open " LUO_DEVICE " failed (%s)", luo__open_hint(err));
		free(luo);
		return NULL;
	}
	return luo;
}

void luo__close(struct luo *luo)
{
	if (!luo)
		return;
	close(luo->fd);
	free(luo);
}

/* Sessions */

/* Both return a file descriptor or a negative errno, -ENAMETOOLONG for what the kernel would cut */

static int luo__create(struct luo *luo, const char *name)
{
	struct liveupdate_ioctl_create_session cmd = { .size = sizeof(cmd) };

	if (strlen(name) >= sizeof(cmd.name))
		return -ENAMETOOLONG;
	memcpy(cmd.name, name, strlen(name));
	return ioctl(luo->fd, LIVEUPDATE_IOCTL_CREATE_SESSION, &cmd) ? -errno : cmd.fd;
}

static int luo__retrieve(struct luo *luo, const char *name)
{
	struct liveupdate_ioctl_retrieve_session cmd = { .size = sizeof(cmd) };

	if (strlen(name) >= sizeof(cmd.name))
		return -ENAMETOOLONG;
	memcpy(cmd.name, name, strlen(name));
	return ioctl(luo->fd, LIVEUPDATE_IOCTL_RETRIEVE_SESSION, &cmd) ? -errno : cmd.fd;
}

/* Calls it again for as long as it returns @busy, END_WAIT_MS at most, and returns what it did last
 */
static int luo__await(struct luo *luo, int (*call)(struct luo *luo, const char *name),
		      const char *name, int busy)
{
	static const struct timespec pause = { .tv_nsec = END_POLL_NS };
	struct timespec begin, now;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (;;) {
		ret = call(luo, name);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (ret != busy || (now.tv_sec - begin.tv_sec) * 1000 > END_WAIT_MS)
			return ret;
		nanosleep(&pause, NULL);
	}
}

static struct session *session__new(int fd, const char *name, bool incoming)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session) {
		close(fd);
		say__errno(-ENOMEM, "no memory for the session");
		return NULL;
	}
	session->fd = fd;
	session->incoming = incoming;
	snprintf(session->name, sizeof(session->name), "%s", name);
	return session;
}

struct session *luo__create_session(struct luo *luo, const char *name)
{
	int fd = luo__await(luo, luo__create, name, -EEXIST);

	if (fd >= 0)
		return session__new(fd, name, false);
	say__errno(fd, "ioctl LIVEUPDATE_IOCTL_CREATE_SESSION for session '%s' failed%s", name,
		   fd == -EEXIST
			   ? " (another process holds a session of that name; end it, or take "
			     "another name)"
			   : "");
	return NULL;
}

static const char *luo__retrieve_hint(int err)
{
	switch (err) {
	case -ENOENT:
		return " (the previous kernel handed over no session of that name)";
	case -EINVAL:
		return " (somebody else has retrieved it already, which can be done once; what it "
		       "holds is with that process)";
	default:
		return "";
	}
}

/* Whether it is the session that PID 1 makes for itself, if it is systemd. */
static bool session__is_managers(const char *name)
{
	char manager[PROCESS_NAME_SIZE];

	if (strcmp(name, "systemd"))
		return false;
	process_name(1, manager);
	return !strcmp(manager, "systemd");
}

struct session *luo__retrieve_session(struct luo *luo, const char *name)
{
	int fd;

	if (session__is_managers(name)) {
		say__error("session 'systemd' is that of the service manager (PID 1), which takes "
			   "back what it holds by itself; leave it alone");
		return NULL;
	}
	fd = luo__retrieve(luo, name);
	if (fd >= 0)
		return session__new(fd, name, true);
	say__errno(fd, "ioctl LIVEUPDATE_IOCTL_RETRIEVE_SESSION for session '%s' failed%s", name,
		   luo__retrieve_hint(fd));
	return NULL;
}

int session__preserve_fd(struct session *session, int fd, uint64_t token)
{
	struct liveupdate_session_preserve_fd cmd = {
		.size = sizeof(cmd),
		.fd = fd,
		.token = token,
	};

	return ioctl(session->fd, LIVEUPDATE_SESSION_PRESERVE_FD, &cmd) ? -errno : 0;
}

int session__retrieve_fd(struct session *session, uint64_t token)
{
	struct liveupdate_session_retrieve_fd cmd = { .size = sizeof(cmd), .token = token };

	return ioctl(session->fd, LIVEUPDATE_SESSION_RETRIEVE_FD, &cmd) ? -errno : cmd.fd;
}

int session__finish(struct session *session)
{
	struct liveupdate_session_finish cmd = { .size = sizeof(cmd) };

	return ioctl(session->fd, LIVEUPDATE_SESSION_FINISH, &cmd) ? -errno : 0;
}

void session__close(struct session *session)
{
	if (!session)
		return;
	close(session->fd);
	free(session);
}

int session__end(struct luo *luo, struct session *session)
{
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
	bool incoming;
	int ret;

	if (!session)
		return 0;
	incoming = session->incoming;
	memcpy(name, session->name, sizeof(name));
	session__close(session);
	if (incoming) {
		ret = luo__await(luo, luo__retrieve, name, -EINVAL);
	} else {
		ret = luo__await(luo, luo__create, name, -EEXIST);
		/* An empty session; if it stays as well, whoever creates the next one waits for it
		 */
		if (ret >= 0)
			close(ret);
	}
	if (ret != (incoming ? -EINVAL : -EEXIST))
		return 0;
	return say__error("session '%s' is closed and has not ended after %d s: another process "
			  "holds its file; see which, with 'ls -l /proc/*/fd'",
			  name, END_WAIT_MS / 1000);
}
