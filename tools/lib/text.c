// SPDX-License-Identifier: GPL-2.0-only
/* Text that comes from elsewhere, read and made harmless. Both tools call it. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/utf8.h"

/* Unicode's categories Cc, Cf, Zl and Zp, as far as they are of any script's text at all. */
static bool text__is_harmless(uint32_t code)
{
	static const struct {
		uint32_t from, to;
	} harmful[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(harmful); i++)
		if (code >= harmful[i].from && code <= harmful[i].to)
			return false;
	return true;
}

void make_printable(char *text)
{
	const char *from = text;
	size_t left = strlen(text), len;
	uint32_t code;

	while (left) {
		len = utf8__decode(from, left, &code);
		if (len && text__is_harmless(code)) {
			memmove(text, from, len);
			text += len;
		} else {
			*text++ = '?';
		}
		from += len ? len : 1;
		left -= len ? len : 1;
	}
	*text = '\0';
}

/* /dev/zero would fill all memory. A terminal's user ends it. */
static bool text__has_end(FILE *f)
{
	struct stat st;

	if (fstat(fileno(f), &st))
		return true;
	return !S_ISBLK(st.st_mode) && (!S_ISCHR(st.st_mode) || isatty(fileno(f)));
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
	if (!text__has_end(f)) {
		fclose(f);
		fault__set(fault, "cannot read %s: it is a device, which has no end", path);
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
	FILE *f = fmemopen((char *)mounts, strlen(mounts), "r");
	struct mntent *entry;
	char *path = NULL;

	while (f && !path && (entry = getmntent(f)))
		if (!strcmp(entry->mnt_type, type))
			path = xstrdup(entry->mnt_dir);
	if (f)
		fclose(f);
	return path;
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
