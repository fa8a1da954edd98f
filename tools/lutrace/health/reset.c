// SPDX-License-Identifier: GPL-2.0-only
/* Reads reset_method of PCI devices, a file that is not there, or empty, where there is no way. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "health/reset.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"

static bool device__is_pci(const char *folder)
{
	char *config = xasprintf("%s/config", folder);
	bool is = !access(config, F_OK);

	free(config);
	return is;
}

static bool device__can_be_reset(const char *folder)
{
	char *path = xasprintf("%s/reset_method", folder), *text;
	struct fault fault;
	bool can = false;
	size_t i;

	text = read_file(path, NULL, &fault);
	free(path);
	for (i = 0; text && text[i]; i++)
		can |= isgraph((unsigned char)text[i]);
	free(text);
	return can;
}

static bool reset_list__has(const struct reset_list *list, const char *device)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(list->devices[i], device))
			return true;
	return false;
}

static void reset_list__add_one(struct reset_list *list, const char *root, const char *device)
{
	char *folder = xasprintf("%s/sys/bus/pci/devices/%s", root, device);

	if (device__is_pci(folder) && !device__can_be_reset(folder) &&
	    !reset_list__has(list, device)) {
		list->devices = grow(list->devices, list->nr, &list->room, sizeof(*list->devices));
		list->devices[list->nr++] = xstrdup(device);
	}
	free(folder);
}

void reset_list__add(struct reset_list *list, const char *root, const char *devices)
{
	char *copy = xstrdup(devices), *rest = copy, *device;

	while ((device = strsep(&rest, " ")))
		if (*device && !strchr(device, '/'))
			reset_list__add_one(list, root, device);
	free(copy);
}

void reset_list__free(struct reset_list *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		free(list->devices[i]);
	free(list->devices);
	*list = (struct reset_list){ .nr = 0 };
}
