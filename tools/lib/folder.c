// SPDX-License-Identifier: GPL-2.0-only
/* Makes folders. See folder.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "lib/folder.h"
#include "lib/mem.h"

static int make_one(const char *path, struct fault *fault)
{
	if (mkdir(path, 0777) && errno != EEXIST)
		return fault__set(fault, "cannot make the folder %s: %s", path, strerror(errno));
	return 0;
}

int folder__make_for(const char *path, struct fault *fault)
{
	char *copy = xstrdup(path), *slash;
	int err = 0;

	for (slash = strchr(copy + 1, '/'); *path && slash && !err; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		err = make_one(copy, fault);
		*slash = '/';
	}
	free(copy);
	return err;
}

int folder__make(const char *path, struct fault *fault)
{
	return folder__make_for(path, fault) ? -1 : make_one(path, fault);
}

char *folder__data(const char *name, const char *option, struct fault *fault)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	/* By the XDG specification a relative path counts as none. */
	if (data && *data == '/')
		return xasprintf("%s/%s", data, name);
	if (home && *home)
		return xasprintf("%s/.local/share/%s", home, name);
	fault__set(fault, "neither XDG_DATA_HOME nor HOME is set: say with %s where it is", option);
	return NULL;
}
