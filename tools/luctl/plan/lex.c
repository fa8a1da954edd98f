// SPDX-License-Identifier: GPL-2.0-only
/* Lines of plans: words, keys, and values of keys. Called by the keywords and by plan__parse(). */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plan/parser.h"

/* Words and keys of a line */

const char *parser__find_key(struct parser *p, const char *key)
{
	size_t i;

	for (i = p->nr_names; i < p->nr_words; i++)
		if (!strcmp(p->words[i].key, key))
			return p->words[i].value;
	return NULL;
}

const char *parser__get_key(struct parser *p, const char *key)
{
	const char *value = parser__find_key(p, key);

	if (!value)
		parser__fail(p, "'%s' lacks '%s='; write: %s", p->keyword->name, key, p->keyword->usage);
	return value;
}

static int parser__check_key(struct parser *p, size_t word)
{
	const char *key = p->words[word].key;
	size_t i;

	for (i = p->nr_names; i < word; i++)
		if (!strcmp(p->words[i].key, key))
			return parser__fail(p, "'%s=' is given twice; remove one", key);
	for (i = 0; i < MAX_KEYS && p->keyword->keys[i]; i++)
		if (!strcmp(p->keyword->keys[i], key))
			return 0;
	return parser__fail(p, "'%s' knows no key '%s'; write: %s", p->keyword->name, key,
		    p->keyword->usage);
}

int parser__check_words(struct parser *p)
{
	size_t i;

	for (p->nr_names = 0; p->nr_names < p->nr_words; p->nr_names++)
		if (p->words[p->nr_names].key)
			break;
	for (i = p->nr_names; i < p->nr_words; i++)
		if (!p->words[i].key)
			return parser__fail(p, "'%s' stands where a 'key=value' is expected; write: %s",
				    p->words[i].value, p->keyword->usage);
	if (p->nr_names != p->keyword->nr_names)
		return parser__fail(p, "'%s' takes %zu word%s before its keys, not %zu; write: %s",
			    p->keyword->name, p->keyword->nr_names,
			    p->keyword->nr_names == 1 ? "" : "s", p->nr_names,
			    p->keyword->usage);
	for (i = p->nr_names; i < p->nr_words; i++)
		if (parser__check_key(p, i))
			return -1;
	return 0;
}

/*
 * Takes one word from *@text, removes its quotes in place and cuts it off. The '=' that splits
 * it is the first one outside quotes.
 */
static int parser__take_word(struct parser *p, char **text, struct word *word)
{
	char *in = *text, *out = *text;
	bool quoted = false, more;

	word->key = NULL;
	word->value = out;
	for (; *in && (quoted || !isspace((unsigned char)*in)); in++) {
		if (*in == '"') {
			quoted = !quoted;
		} else if (*in == '\\' && quoted && (in[1] == '"' || in[1] == '\\')) {
			*out++ = *++in;
		} else if (*in == '=' && !quoted && !word->key) {
			*out++ = '\0';
			word->key = word->value;
			word->value = out;
		} else {
			*out++ = *in;
		}
	}
	if (quoted)
		return parser__fail(p, "a quote is not closed; end it with '\"' on the same line");
	more = *in;
	*out = '\0';
	*text = more ? in + 1 : in;
	return 0;
}

int parser__split_words(struct parser *p, char *text)
{
	p->nr_words = 0;
	for (;;) {
		while (isspace((unsigned char)*text))
			text++;
		if (!*text || *text == '#')
			return 0;
		if (p->nr_words == MAX_WORDS)
			return parser__fail(p, "more than %d words; write: %s", MAX_WORDS,
				    p->keyword->usage);
		if (parser__take_word(p, &text, &p->words[p->nr_words]))
			return -1;
		p->nr_words++;
	}
}

/* Values */

static int parser__suffix_shift(const char *end)
{
	static const char suffixes[] = "KMGT";
	const char *s;

	if (!*end)
		return 0;
	s = strchr(suffixes, toupper((unsigned char)*end));
	if (!s || end[1])
		return -1;
	return 10 * (int)(s - suffixes + 1);
}

int parser__number(struct parser *p, const char *key, const char *value, uint64_t *out)
{
	char *end;
	int shift;

	errno = 0;
	*out = strtoull(value, &end, 0);
	shift = parser__suffix_shift(end);
	if (!isdigit((unsigned char)*value) || end == value || shift < 0)
		return parser__fail(p, "'%s=%s' is no number; write e.g. 0x1000, 64K or 8M", key, value);
	if (errno || *out > UINT64_MAX >> shift)
		return parser__fail(p, "'%s=%s' does not fit into 64 bits; use a smaller number", key,
			    value);
	*out <<= shift;
	return 0;
}

int parser__get_number(struct parser *p, const char *key, uint64_t *out)
{
	const char *value = parser__get_key(p, key);

	return value ? parser__number(p, key, value, out) : -1;
}

int parser__get_number_or(struct parser *p, const char *key, uint64_t *out, uint64_t missing)
{
	const char *value = parser__find_key(p, key);

	*out = missing;
	return value ? parser__number(p, key, value, out) : 0;
}

int parser__get_yes_no(struct parser *p, const char *key, bool *out)
{
	const char *value = parser__find_key(p, key);

	*out = value && !strcmp(value, "yes");
	if (value && !*out && strcmp(value, "no"))
		return parser__fail(p, "'%s=%s' is neither yes nor no; write one of them", key, value);
	return 0;
}

int parser__check_name(struct parser *p, const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			break;
	if (!*name || *c)
		return parser__fail(p, "'%s' is no name; use letters, digits, '-', '_' and '.'", name);
	return 0;
}
