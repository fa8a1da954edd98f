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

/*
 * How many bytes the character at @text has and, in *@code, which it is; 0 if no valid UTF-8 stands
 * there: a byte that begins none, one that is cut, an overlong form, a surrogate, beyond U+10FFFF.
 */
static size_t text__decode(const unsigned char *text, uint32_t *code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;

	if (*text < 0x80) {
		*code = *text;
		return 1;
	}
	len = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
	if (*text < 0xc0 || *text > 0xf4)
		return 0;
	*code = *text & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3f);
	}
	if (*code < smallest[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

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
	const unsigned char *from = (const unsigned char *)text;
	uint32_t code;
	size_t len;

	while (*from) {
		len = text__decode(from, &code);
		if (len && text__is_harmless(code)) {
			memmove(text, from, len);
			text += len;
		} else {
			*text++ = '?';
		}
		from += len ? len : 1;
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
