// SPDX-License-Identifier: GPL-2.0-only
/* Who holds a session: see pidfile.h. Called by the group of run and resume, by abort and status.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/pidlock.h"

#include "drive/pidfile.h"
#include "drive/say.h"

static void pidfile__path(const char *session, char *path, size_t size)
{
	snprintf(path, size, PIDFILE_DIR "/%s" PIDFILE_SUFFIX, session);
}

int pidfile__make_folder(void)
{
	mkdir("/run", 0755);
	return mkdir(PIDFILE_DIR, 0755) && errno != EEXIST ? -errno : 0;
}

struct pidlock *pidfile__take(const char *session)
{
	struct pidlock *lock;
	struct fault fault;
	char path[128];
	pid_t holder;

	pidfile__make_folder();
	pidfile__path(session, path, sizeof(path));
	lock = pidlock__take(path, &holder, &fault);
	if (lock)
		return lock;
	if (holder > 0)
		say__error("process %d holds session '%s'; end it with 'luctl abort --session %s'",
			   (int)holder, session, session);
	else if (!holder && geteuid())
		say__error("%s; run luctl as root", fault.text);
	else
		say__error("%s", fault.text);
	return NULL;
}

pid_t pidfile__holder(const char *session)
{
	char path[128];

	pidfile__path(session, path, sizeof(path));
	return pidlock__holder(path);
}

pid_t pidfile__stop_holder(const char *session)
{
	char path[128];
	pid_t pid;
	int fd;

	pidfile__path(session, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	pid = pidlock__signal(fd, SIGTERM);
	close(fd);
	return pid;
}
