// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/liveupdate.h>

#include "drive/say.h"
#include "kernel/session.h"

struct luo {
	int fd;
};

struct session {
	int fd;
};

static const char *open_hint(int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
		return "this kernel has no live update, and what a previous one preserved is lost; "
		       "boot with CONFIG_LIVEUPDATE and kho=on liveupdate=on for another";
	case EBUSY:
		return "another process has it open, stop that first";
	case EIO:
		return "the previous kernel handed over what this one does not know, its log says "
		       "what; nothing of it can be taken back, reboot or kexec to have the memory";
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
		say__errno(-err, "open " LUO_DEVICE " failed (%s)", open_hint(err));
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

static struct session *wrap_fd(int fd)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session) {
		close(fd);
		say__errno(-ENOMEM, "no memory for the session");
		return NULL;
	}
	session->fd = fd;
	return session;
}

struct session *luo__create_session(struct luo *luo, const char *name)
{
	struct liveupdate_ioctl_create_session cmd = { .size = sizeof(cmd) };
	int err;

	strncpy((char *)cmd.name, name, sizeof(cmd.name) - 1);
	if (ioctl(luo->fd, LIVEUPDATE_IOCTL_CREATE_SESSION, &cmd)) {
		err = errno;
		say__errno(-err, "ioctl LIVEUPDATE_IOCTL_CREATE_SESSION for session '%s' "
				    "failed",
			      name);
		errno = err;
		return NULL;
	}
	return wrap_fd(cmd.fd);
}

struct session *luo__retrieve_session(struct luo *luo, const char *name)
{
	struct liveupdate_ioctl_retrieve_session cmd = { .size = sizeof(cmd) };
	int err;

	strncpy((char *)cmd.name, name, sizeof(cmd.name) - 1);
	if (ioctl(luo->fd, LIVEUPDATE_IOCTL_RETRIEVE_SESSION, &cmd)) {
		err = errno;
		say__errno(-err, "ioctl LIVEUPDATE_IOCTL_RETRIEVE_SESSION for session '%s' "
				    "failed%s",
			      name, err == ENOENT ?
			      " (the previous kernel handed over no session of that name)" : "");
		errno = err;
		return NULL;
	}
	return wrap_fd(cmd.fd);
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
