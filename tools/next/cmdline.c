// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words of a command line as lib/cmdline.c and init/main.c of the kernel split them, and the
 * switches that its parsers of kho=, liveupdate=, intel_iommu= and amd_iommu= make of them.
 */
#include <ctype.h>
#include <stddef.h>
#include <stdbool.h>
#include <string.h>

#include "lib/mem.h"
#include "next/cmdline.h"

static char span__lower_at(struct span span, size_t i)
{
	return i < span.length ? (char)tolower((unsigned char)span.text[i]) : '\0';
}

/* The kernel looks at the first letter, and knows more words than on and off */
static enum cmdline_switch span__bool(struct span value)
{
	switch (span__lower_at(value, 0)) {
	case '1':
	case 'y':
	case 't':
	case 'e':
		return CMDLINE_ON;
	case '0':
	case 'n':
	case 'f':
	case 'd':
		return CMDLINE_OFF;
	case 'o':
		break;
	default:
		return CMDLINE_UNSET;
	}
	switch (span__lower_at(value, 1)) {
	case 'n':
		return CMDLINE_ON;
	case 'f':
		return CMDLINE_OFF;
	default:
		return CMDLINE_UNSET;
	}
}

static void cmdline__set_bool(enum cmdline_switch *out, struct span value)
{
	enum cmdline_switch read = span__bool(value);

	/* The kernel leaves a switch as it is if it does not understand the word */
	if (read != CMDLINE_UNSET)
		*out = read;
}

bool span__begins(struct span span, const char *prefix)
{
	size_t n = strlen(prefix);

	return span.length >= n && !memcmp(span.text, prefix, n);
}

bool span__equal(struct span a, struct span b)
{
	return a.length == b.length && (!a.length || !memcmp(a.text, b.text, a.length));
}

static void cmdline__set_vtd(struct cmdline *out, struct span option)
{
	if (span__begins(option, "on"))
		out->vtd = CMDLINE_ON;
	else if (span__begins(option, "off"))
		out->vtd = CMDLINE_OFF;
	else if (span__begins(option, "sm_on"))
		out->vtd_scalable = CMDLINE_ON;
	else if (span__begins(option, "sm_off"))
		out->vtd_scalable = CMDLINE_OFF;
}

static void cmdline__set_amd(struct cmdline *out, struct span option)
{
	if (span__begins(option, "pgtbl_v1"))
		out->amd_v2 = CMDLINE_OFF;
	else if (span__begins(option, "pgtbl_v2"))
		out->amd_v2 = CMDLINE_ON;
}

static void cmdline__set_kho(struct cmdline *out, struct span value)
{
	cmdline__set_bool(&out->kho, value);
}

static void cmdline__set_liveupdate(struct cmdline *out, struct span value)
{
	cmdline__set_bool(&out->liveupdate, value);
}

static const struct switch_key {
	const char *name;
	void (*set)(struct cmdline *out, struct span value);
	bool list; /* the value is options with commas between them */
} switch_keys[] = {
	{ "kho", cmdline__set_kho, false },
	{ "liveupdate", cmdline__set_liveupdate, false },
	{ "intel_iommu", cmdline__set_vtd, true },
	{ "amd_iommu", cmdline__set_amd, true },
};

bool cmdline_word__is(const struct cmdline_word *word, const char *name)
{
	size_t i;

	if (word->name.length != strlen(name))
		return false;
	for (i = 0; i < word->name.length; i++)
		if ((word->name.text[i] == '-' ? '_' : word->name.text[i]) != name[i])
			return false;
	return true;
}

bool cmdline__next_option(struct span *list, struct span *option)
{
	const char *comma;

	if (!list->length)
		return false;
	option->text = list->text;
	comma = memchr(list->text, ',', list->length);
	option->length = comma ? (size_t)(comma - list->text) : list->length;
	list->text += option->length + (comma ? 1 : 0);
	list->length -= option->length + (comma ? 1 : 0);
	return true;
}

static void switch_key__set(const struct switch_key *key, struct cmdline *out, struct span value)
{
	struct span option;

	if (!key->list)
		key->set(out, value);
	while (key->list && cmdline__next_option(&value, &option))
		key->set(out, option);
}

struct span cmdline__word_at(const char *text)
{
	struct span word = { text, 0 };
	bool quoted = false;

	while (text[word.length] && (quoted || !isspace((unsigned char)text[word.length]))) {
		if (text[word.length] == '"')
			quoted = !quoted;
		word.length++;
	}
	return word;
}

static struct span span__unquoted(struct span span)
{
	if (span.length && span.text[0] == '"') {
		span.text++;
		span.length--;
	}
	if (span.length && span.text[span.length - 1] == '"')
		span.length--;
	return span;
}

bool cmdline__next_word(const char **text, struct cmdline_word *word)
{
	struct span all;
	const char *equals;

	while (isspace((unsigned char)**text))
		(*text)++;
	all = cmdline__word_at(*text);
	if (!all.length || (all.length == 2 && !memcmp(all.text, "--", 2)))
		return false;
	*text += all.length;
	*word = (struct cmdline_word){ .name = span__unquoted(all) };
	equals = memchr(word->name.text, '=', word->name.length);
	if (!equals)
		return true;
	word->has_value = true;
	word->value.text = equals + 1;
	word->value.length = word->name.text + word->name.length - word->value.text;
	word->value = span__unquoted(word->value);
	word->name.length = equals - word->name.text;
	return true;
}

void cmdline__read(const char *text, struct cmdline *out)
{
	struct cmdline_word word;
	size_t i;

	*out = (struct cmdline){ 0 };
	while (cmdline__next_word(&text, &word))
		for (i = 0; word.has_value && i < ARRAY_SIZE(switch_keys); i++)
			if (cmdline_word__is(&word, switch_keys[i].name))
				switch_key__set(&switch_keys[i], out, word.value);
}
