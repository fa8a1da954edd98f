// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/mem.h"
#include "lib/text.h"

void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

char *read_file(const char *path, size_t *size, struct fault *fault)
{
	size_t room = 1 << 16, len = 0, got;
	FILE *f = fopen(path, "re");
	char *data;

	if (!f) {
		fault__set(fault, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	data = xcalloc(room, 1);
	while ((got = fread(data + len, 1, room - len - 1, f)) > 0) {
		len += got;
		if (len + 1 == room) {
			room *= 2;
			data = xrealloc(data, room, 1);
		}
	}
	if (ferror(f)) {
		fault__set(fault, "cannot read %s: %s", path, strerror(errno));
		fclose(f);
		free(data);
		return NULL;
	}
	fclose(f);
	data[len] = '\0';
	if (size)
		*size = len;
	return data;
}

char *mount_point(const char *mounts, const char *type)
{
	char path[512], found[64];
	const char *line = mounts;

	while (line && *line) {
		if (sscanf(line, "%*s %511s %63s", path, found) == 2 && !strcmp(found, type))
			return xstrdup(path);
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return NULL;
}

void process_name(unsigned int pid, char name[PROCESS_NAME_SIZE])
{
	char path[64], *c;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, name, PROCESS_NAME_SIZE - 1);
		close(fd);
	}
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	/* A process chooses its name, and could send sequences to the terminal. */
	for (c = name; *c; c++)
		if (!isgraph((unsigned char)*c) && *c != ' ')
			*c = '?';
}
