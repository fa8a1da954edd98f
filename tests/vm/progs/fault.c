// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "tap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DEBUGFS		"/sys/kernel/debug/"

static int nth_fd = -1;

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return tap__true(ok, "%s cannot be set to %s", path, text);
}

bool fault__init(void)
{
	static const struct {
		const char *path, *value;
	} attributes[] = {
		{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
		{ DEBUGFS "failslab/verbose", "0" },
		{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N" },
		/* Page tables and KHO's own nodes are single pages */
		{ DEBUGFS "fail_page_alloc/min-order", "0" },
		{ DEBUGFS "fail_page_alloc/verbose", "0" },
		/* A place of iommufd's own that is no allocation: no stack begins at this address */
		{ DEBUGFS "fail_iommufd/require-start", "1" },
		{ DEBUGFS "fail_iommufd/stacktrace-depth", "0" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attributes); i++)
		if (!write_file(attributes[i].path, attributes[i].value))
			return false;
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return tap__true(nth_fd >= 0, "there is no /proc/thread-self/fail-nth") &&
	       tap__true(!mlockall(MCL_CURRENT | MCL_FUTURE), "memory cannot be locked");
}

static void set_nth(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(nth_fd, text, n, 0) != n) {
		perror("/proc/thread-self/fail-nth");
		exit(EXIT_FAILURE);
	}
}

void fault__arm(unsigned int nth)
{
	set_nth(nth);
}

bool fault__disarm(void)
{
	char text[16] = "";
	ssize_t n = pread(nth_fd, text, sizeof(text) - 1, 0);

	set_nth(0);
	if (n <= 0) {
		perror("/proc/thread-self/fail-nth");
		exit(EXIT_FAILURE);
	}
	return !strtoul(text, NULL, 10);
}
