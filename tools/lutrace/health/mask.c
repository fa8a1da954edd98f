// SPDX-License-Identifier: GPL-2.0-only
/* What looks secret is masked: in command lines, in recordings, in the kernel's log. For cmd/bundle.c. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "health/mask.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "recording/recording.h"

static bool mask__has_word(const char *text, size_t len, const char *const *words)
{
	size_t i;

	for (; *words; words++)
		for (i = 0; i + strlen(*words) <= len; i++)
			if (!strncasecmp(text + i, *words, strlen(*words)))
				return true;
	return false;
}

static bool mask__is_secret(const char *key, size_t len)
{
	static const char *const words[] = {
		"pass", "pwd", "secret", "token", "cred", "auth", "key", "psk", "private", "login",
		NULL,
	};

	return mask__has_word(key, len, words);
}

static void mask__hide(char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != '"')
			*from = '*';
}

/* scheme://user:password@host */
static void mask__hide_user(char *from, char *to)
{
	char *at = from, *last;

	while ((at = memmem(at, to - at, "://", 3))) {
		at += 3;
		for (last = at; last < to && !strchr("/?# \"", *last); last++)
			;
		last = memrchr(at, '@', last - at);
		if (last)
			mask__hide(at, last);
	}
}

/* A space ends a word where no quote is open, as the kernel reads it. */
static char *mask__end_of_word(char *at)
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
		end = mask__end_of_word(at);
		value = memchr(at, '=', end - at);
		if (value && mask__is_secret(at, value - at))
			mask__hide(value + 1, end);
		mask__hide_user(at, end);
		at = *end ? end + 1 : end;
	}
}

/* Lines of key=value: that of the command line keeps its length. */
static void mask__host(char *text, size_t size)
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

/* Puts the checksum of all before it into a record that has one. */
static void mask__set_sum(char *record, const struct lutrace_rec *rec, __u32 crc)
{
	size_t at = rec->type == LUTRACE_REC_SUM ? offsetof(struct lutrace_sum, crc32) :
		offsetof(struct lutrace_footer, crc32);

	if (rec->size >= at + sizeof(crc))
		memcpy(record + at, &crc, sizeof(crc));
}

/* A recording that is damaged is refused: it must not get checksums that are right. */
int mask__recording(const char *path, char *data, size_t size, struct fault *fault)
{
	unsigned long crc = 0;
	size_t summed = 0;
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
			mask__host(data + at + sizeof(rec), rec.size - sizeof(rec));
		if (rec.type != LUTRACE_REC_FOOTER && rec.type != LUTRACE_REC_SUM)
			continue;
		crc = crc32_z(crc, (const void *)(data + summed), at - summed);
		summed = at;
		mask__set_sum(data + at, &rec, crc);
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
		if (!mask__has_word(text, len, wanted) || mask__has_word(text, len, unwanted))
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
