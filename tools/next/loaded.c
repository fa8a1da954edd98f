// SPDX-License-Identifier: GPL-2.0-only
/* Reads /sys/kernel/kexec_loaded, and kexec/loaded, its newer name. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "next/loaded.h"

/* The first character of a file; -1 with errno if there is none */
static int loaded__first_char(const char *root, const char *path)
{
	char *full = xasprintf("%s%s", root, path), c;
	int fd = open(full, O_RDONLY | O_CLOEXEC), err = errno;
	ssize_t n = fd < 0 ? -1 : read(fd, &c, 1);

	if (fd >= 0) {
		err = n < 0 ? errno : EIO;
		close(fd);
	}
	free(full);
	errno = err;
	return n == 1 ? c : -1;
}

static int loaded__absent(const char *root, struct fault *fault)
{
	char *full = xasprintf("%s/sys/kernel", root);
	int there = !access(full, F_OK);

	free(full);
	/* Without kexec a kernel has neither file */
	if (there)
		return 0;
	return fault__set(fault, "there is no /sys/kernel; mount sysfs on /sys");
}

int loaded__read(const char *root, struct fault *fault)
{
	static const char *const paths[] = { "/sys/kernel/kexec_loaded",
					     "/sys/kernel/kexec/loaded" };
	size_t i;
	int c;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		c = loaded__first_char(root, paths[i]);
		if (c == '0' || c == '1')
			return c - '0';
		if (c >= 0)
			return fault__set(fault, "%s says '%c', and not 0 or 1; report this",
					  paths[i], c);
		if (errno != ENOENT)
			return fault__set(fault, "%s: %s; run as root", paths[i], strerror(errno));
	}
	return loaded__absent(root, fault);
}
