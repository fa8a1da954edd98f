// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stddef.h>
#include <stdbool.h>
#include <string.h>

#include "next/cmdline.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A part of the text */
struct span {
	const char *text;
	size_t length;
};

static char lower_at(struct span span, size_t i)
{
	return i < span.length ? (char)tolower((unsigned char)span.text[i]) : '\0';
}

/* The kernel looks at the first letter, and knows more words than on and off */
static enum cmdline_switch parse_bool(struct span value)
{
	switch (lower_at(value, 0)) {
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
	switch (lower_at(value, 1)) {
	case 'n':
		return CMDLINE_ON;
	case 'f':
		return CMDLINE_OFF;
	default:
		return CMDLINE_UNSET;
	}
}

static void set_bool(enum cmdline_switch *out, struct span value)
{
	enum cmdline_switch read = parse_bool(value);

	/* The kernel leaves a switch as it is if it does not understand the word */
	if (read != CMDLINE_UNSET)
		*out = read;
}

static bool begins(struct span option, const char *word)
{
	size_t n = strlen(word);

	return option.length >= n && !memcmp(option.text, word, n);
}

static void set_vtd(struct cmdline *out, struct span option)
{
	if (begins(option, "on"))
		out->vtd = CMDLINE_ON;
	else if (begins(option, "off"))
		out->vtd = CMDLINE_OFF;
	else if (begins(option, "sm_on"))
		out->vtd_scalable = CMDLINE_ON;
	else if (begins(option, "sm_off"))
		out->vtd_scalable = CMDLINE_OFF;
}

static void set_amd(struct cmdline *out, struct span option)
{
	if (begins(option, "off"))
		out->amd_off = true;
	else if (begins(option, "pgtbl_v1"))
		out->amd_v2 = CMDLINE_OFF;
	else if (begins(option, "pgtbl_v2"))
		out->amd_v2 = CMDLINE_ON;
}

static void set_iommu(struct cmdline *out, struct span option)
{
	if (begins(option, "off"))
		out->iommu_off = true;
}

static void set_kho(struct cmdline *out, struct span value)
{
	set_bool(&out->kho, value);
}

static void set_liveupdate(struct cmdline *out, struct span value)
{
	set_bool(&out->liveupdate, value);
}

static const struct key {
	const char *name;
	void (*set)(struct cmdline *out, struct span value);
	bool list;		/* the value is options with commas between them */
} keys[] = {
	{ "kho", set_kho, false },
	{ "liveupdate", set_liveupdate, false },
	{ "intel_iommu", set_vtd, true },
	{ "amd_iommu", set_amd, true },
	{ "iommu", set_iommu, true },
};

/* To the kernel '-' and '_' in a name are the same */
static bool is_name(struct span name, const char *known)
{
	size_t i;

	if (name.length != strlen(known))
		return false;
	for (i = 0; i < name.length; i++)
		if ((name.text[i] == '-' ? '_' : name.text[i]) != known[i])
			return false;
	return true;
}

static void set_list(const struct key *key, struct cmdline *out, struct span value)
{
	struct span option = { value.text, 0 };
	const char *end = value.text + value.length;

	for (; option.text < end; option.text += option.length + 1) {
		const char *comma = memchr(option.text, ',', end - option.text);

		option.length = (comma ? comma : end) - option.text;
		key->set(out, option);
	}
}

static void set_word(struct cmdline *out, struct span name, struct span value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!is_name(name, keys[i].name))
			continue;
		if (keys[i].list)
			set_list(&keys[i], out, value);
		else
			keys[i].set(out, value);
	}
}

/* The word at @text, with all of its quotes */
static struct span next_word(const char *text)
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

static struct span strip_quotes(struct span span)
{
	if (span.length && span.text[0] == '"') {
		span.text++;
		span.length--;
	}
	if (span.length && span.text[span.length - 1] == '"')
		span.length--;
	return span;
}

void cmdline__read(const char *text, struct cmdline *out)
{
	struct span word, name, value;
	const char *equals;

	*out = (struct cmdline){ 0 };
	for (;; text = word.text + word.length) {
		while (isspace((unsigned char)*text))
			text++;
		word = next_word(text);
		/* What comes after it is for init */
		if (!word.length || (word.length == 2 && !memcmp(word.text, "--", 2)))
			return;
		name = strip_quotes(word);
		equals = memchr(name.text, '=', name.length);
		if (!equals)
			continue;
		value.text = equals + 1;
		value.length = name.text + name.length - value.text;
		name.length = equals - name.text;
		set_word(out, name, strip_quotes(value));
	}
}
