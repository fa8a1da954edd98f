// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "health/bundle.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "recording/recording.h"

/* The files */

static struct bundle_file *add(struct bundle *b, const char *name)
{
	struct bundle_file *file;
	char *at;

	b->files = grow(b->files, b->nr, &b->room, sizeof(*b->files));
	file = &b->files[b->nr++];
	*file = (struct bundle_file){ .name = xstrdup(name) };
	for (at = file->name; *at; at++)
		if (!isgraph((unsigned char)*at))
			*at = '_';
	return file;
}

void bundle__add(struct bundle *b, const char *name, char *data, size_t size)
{
	struct bundle_file *file = add(b, name);

	file->data = data;
	file->size = size;
}

void bundle__leave_out(struct bundle *b, const char *name, const char *why)
{
	add(b, name)->why = xstrdup(why);
}

void bundle__free(struct bundle *b)
{
	size_t i;

	for (i = 0; i < b->nr; i++) {
		free(b->files[i].name);
		free(b->files[i].data);
		free(b->files[i].why);
	}
	free(b->files);
	*b = (struct bundle){ 0 };
}

void bundle__list(const struct bundle *b, FILE *f)
{
	const struct bundle_file *file;
	size_t i;

	for (i = 0; i < b->nr; i++) {
		file = &b->files[i];
		if (file->data)
			fprintf(f, "%10zu %s\n", file->size, file->name);
		else
			fprintf(f, "%10s %s: %s\n", "left out", file->name, file->why);
	}
}

/* The archive */

#define BLOCK	512

/* POSIX.1-1988, ustar. Numbers are octal text. */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155];
	char unused[12];
};
_Static_assert(sizeof(struct ustar) == BLOCK, "a header is one block");

/* The largest size that eleven octal digits hold. */
#define MAX_SIZE	077777777777ull

static void make_checksum(struct ustar *head)
{
	const unsigned char *bytes = (const unsigned char *)head;
	unsigned int sum = 0;
	size_t i;

	memset(head->checksum, ' ', sizeof(head->checksum));
	for (i = 0; i < sizeof(*head); i++)
		sum += bytes[i];
	snprintf(head->checksum, sizeof(head->checksum), "%06o", sum & 0777777);
}

static int write_file(const struct bundle_file *file, FILE *f, time_t mtime, struct fault *fault)
{
	static const char zeros[BLOCK];
	struct ustar head = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
	char name[sizeof(head.name) + 1];

	if (file->size > MAX_SIZE)
		return fault__set(fault, "%s is too large for a bundle: %zu bytes", file->name,
				  file->size);
	if (snprintf(name, sizeof(name), BUNDLE_FOLDER "%s", file->name) >= (int)sizeof(name))
		return fault__set(fault, "%s has too long a name for a bundle", file->name);
	memcpy(head.name, name, strlen(name));
	strcpy(head.mode, "0000600");
	strcpy(head.uid, "0000000");
	strcpy(head.gid, "0000000");
	snprintf(head.size, sizeof(head.size), "%011llo", (unsigned long long)file->size);
	snprintf(head.mtime, sizeof(head.mtime), "%011llo",
		 (unsigned long long)mtime & MAX_SIZE);
	make_checksum(&head);
	fwrite(&head, sizeof(head), 1, f);
	fwrite(file->data, 1, file->size, f);
	fwrite(zeros, 1, (BLOCK - file->size % BLOCK) % BLOCK, f);
	return 0;
}

int bundle__write(const struct bundle *b, FILE *f, time_t mtime, struct fault *fault)
{
	static const char end[2 * BLOCK];
	size_t i;

	for (i = 0; i < b->nr; i++)
		if (b->files[i].data && write_file(&b->files[i], f, mtime, fault))
			return -1;
	fwrite(end, sizeof(end), 1, f);
	return 0;
}

/* Masking */

static bool has_word(const char *text, size_t len, const char *const *words)
{
	size_t i;

	for (; *words; words++)
		for (i = 0; i + strlen(*words) <= len; i++)
			if (!strncasecmp(text + i, *words, strlen(*words)))
				return true;
	return false;
}

static bool is_secret(const char *key, size_t len)
{
	static const char *const words[] = {
		"pass", "pwd", "secret", "token", "cred", "auth", "key", "psk", "private", "login",
		NULL,
	};

	return has_word(key, len, words);
}

static void hide(char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != '"')
			*from = '*';
}

/* scheme://user:password@host */
static void hide_user(char *from, char *to)
{
	char *at = from, *last;

	while ((at = memmem(at, to - at, "://", 3))) {
		at += 3;
		for (last = at; last < to && !strchr("/?# \"", *last); last++)
			;
		last = memrchr(at, '@', last - at);
		if (last)
			hide(at, last);
	}
}

/* A space ends a word where no quote is open, as the kernel reads it. */
static char *end_of_word(char *at)
{
	bool quoted = false;

	for (; *at && (quoted || !isspace((unsigned char)*at)); at++)
		quoted ^= *at == '"';
	return at;
}

void mask__cmdline(char *text)
{
	char *at = text, *end, *value;

	while (*at) {
		end = end_of_word(at);
		value = memchr(at, '=', end - at);
		if (value && is_secret(at, value - at))
			hide(value + 1, end);
		hide_user(at, end);
		at = *end ? end + 1 : end;
	}
}

/* Lines of key=value: that of the command line keeps its length. */
static void mask_host(char *text, size_t size)
{
	char *end = text + size, *line_end, *line, *copy;

	for (line = text; line < end; line = line_end + 1) {
		line_end = memchr(line, '\n', end - line);
		if (!line_end)
			line_end = line + strnlen(line, end - line);
		if (line_end - line < 8 || memcmp(line, "cmdline=", 8))
			continue;
		copy = strndup(line + 8, line_end - line - 8);
		if (!copy)
			abort();
		mask__cmdline(copy);
		memcpy(line + 8, copy, strlen(copy));
		free(copy);
	}
}

int mask__recording(const char *path, char *data, size_t size, struct fault *fault)
{
	struct lutrace_footer footer;
	struct lutrace_file head;
	struct recording parsed = { 0 };
	struct lutrace_rec rec;
	size_t at;
	int err;

	err = recording__parse(&parsed, path, data, size, fault);
	recording__free(&parsed);
	if (err)
		return -1;
	memcpy(&head, data, sizeof(head));
	for (at = head.size; at + sizeof(rec) <= size; at += rec.size) {
		memcpy(&rec, data + at, sizeof(rec));
		if (rec.size < sizeof(rec) || rec.size > size - at)
			break;
		if (rec.type == LUTRACE_REC_HOST)
			mask_host(data + at + sizeof(rec), rec.size - sizeof(rec));
		if (rec.type != LUTRACE_REC_FOOTER || rec.size < sizeof(footer))
			continue;
		memcpy(&footer, data + at, sizeof(footer));
		footer.crc32 = crc32_z(0, (const void *)data, at);
		memcpy(data + at, &footer, sizeof(footer));
	}
	return 0;
}

/*
 * The command line stands in the log too, on several lines if it is long,
 * where a quoted value need not end: no such line is taken.
 */
char *mask__log(const char *text)
{
	static const char *const wanted[] = {
		"iommu", "kho", "liveupdate", "live update", "luo", "kexec", "DMAR", "AMD-Vi", NULL,
	};
	static const char *const unwanted[] = { "command line", NULL };
	char *out = xcalloc(strlen(text) + 2, 1), *to = out;
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (!has_word(text, len, wanted) || has_word(text, len, unwanted))
			continue;
		memcpy(to, text, len);
		to[len] = '\0';
		mask__cmdline(to);
		to += len;
		*to++ = '\n';
	}
	*to = '\0';
	return out;
}
