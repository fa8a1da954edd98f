// SPDX-License-Identifier: GPL-2.0-only
/* Tells the service manager that a session has begun. Called by live.c. See notify.h. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "lib/fault.h"
#include "live/notify.h"

/* A name that begins with @ is none of the file system. */
static int notify__send(const char *name, const char *text)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd, err = 0;

	if (len >= sizeof(to.sun_path))
		return ENAMETOOLONG;
	memcpy(to.sun_path, name, len);
	if (*name == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
		   offsetof(struct sockaddr_un, sun_path) + len) < 0)
		err = errno;
	close(fd);
	return err;
}

void notify__ready(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int err = name && *name ? notify__send(name, "READY=1") : 0;

	if (err)
		complain("cannot tell the service manager through %s: %s", name, strerror(err));
}
