// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line of the next kernel, from what its owner wrote and that of the running one.
 * Called by luctl, before it looks at the next kernel and when it loads it. Pure.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "next/cmdline.h"
#include "next/cmdline_expand.h"

static size_t cmdline_expand__key_length(const char *word, size_t length)
{
	const char *eq = memchr(word, '=', length);

	return eq ? (size_t)(eq - word) : length;
}

/* Does a word of @words have the same key? */
static bool cmdline_expand__has_key(const char *words, const char *word, size_t length)
{
	size_t key = cmdline_expand__key_length(word, length), n;

	for (;;) {
		words += strspn(words, " \t\n");
		n = cmdline__word_at(words).length;
		if (!n)
			return false;
		if (cmdline_expand__key_length(words, n) == key && !memcmp(words, word, key))
			return true;
		words += n;
	}
}

static void cmdline_expand__add_word(char *out, const char *word, size_t length)
{
	size_t used = strlen(out);

	if (used)
		out[used++] = ' ';
	memcpy(out + used, word, length);
	out[used + length] = '\0';
}

static void cmdline_expand__add_running(char *out, const char *running, const char *template)
{
	size_t n;

	for (;;) {
		running += strspn(running, " \t\n");
		n = cmdline__word_at(running).length;
		if (!n)
			return;
		if (!cmdline_expand__has_key(template, running, n))
			cmdline_expand__add_word(out, running, n);
		running += n;
	}
}

char *cmdline__expand(const char *template, const char *running)
{
	static const char mark[] = "@CMDLINE@";
	const char *word = template;
	size_t n, marks = 1;
	char *out;

	while ((word = strstr(word, mark))) {
		marks++;
		word += strlen(mark);
	}
	out = calloc(1, strlen(template) + marks * (strlen(running) + 1) + 1);
	if (!out)
		return NULL;
	for (word = template;; word += n) {
		word += strspn(word, " \t\n");
		n = cmdline__word_at(word).length;
		if (!n)
			return out;
		if (n == strlen(mark) && !memcmp(word, mark, n))
			cmdline_expand__add_running(out, running, template);
		else
			cmdline_expand__add_word(out, word, n);
	}
}
