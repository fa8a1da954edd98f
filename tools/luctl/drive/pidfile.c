// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drive/pidfile.h"
#include "drive/say.h"

static void path_of(const char *session, char *path, size_t size)
{
	snprintf(path, size, PIDFILE_DIR "/%s.pid", session);
}

pid_t pidfile__holder(const char *session)
{
	char path[128];
	int pid = 0;
	FILE *f;

	path_of(session, path, sizeof(path));
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%d", &pid) != 1 || pid <= 0 || (kill(pid, 0) && errno == ESRCH))
		pid = 0;
	fclose(f);
	return pid;
}

int pidfile__create(const char *session)
{
	pid_t holder = pidfile__holder(session);
	char path[128];
	FILE *f;

	if (holder)
		return say__error("process %d holds session '%s'; "
				     "end it with 'luctl abort --session %s'",
				     (int)holder, session, session);
	mkdir("/run", 0755);
	mkdir(PIDFILE_DIR, 0755);
	path_of(session, path, sizeof(path));
	f = fopen(path, "we");
	if (!f)
		return say__errno(-errno, "writing %s failed", path);
	fprintf(f, "%d\n", (int)getpid());
	if (fclose(f))
		return say__errno(-errno, "writing %s failed", path);
	return 0;
}

void pidfile__remove(const char *session)
{
	char path[128];

	path_of(session, path, sizeof(path));
	unlink(path);
}
