// SPDX-License-Identifier: GPL-2.0-only
/* Lines of plans: words, keys, and values of keys. Called by the keywords and by plan__parse(). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/number.h"
#include "plan/parser.h"

/* Bytes of the file */

static int parser__fail_byte(struct parser *p, const char *byte, const char *what, const char *todo)
{
	return parser__fail(p, "the line has the byte %s in it, %s; %s", byte, what, todo);
}

/* Marks at the beginning of files that editors of other systems write */
static int parser__check_encoding(struct parser *p, const char *text, size_t size)
{
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		return parser__fail(p,
				    "the file begins with the byte order mark EF BB BF, which no "
				    "plan has; save it as UTF-8 without a byte order mark");
	if (size >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2)))
		return parser__fail(p,
				    "the file begins with the byte order mark %02X %02X of UTF-16; "
				    "save it as UTF-8 without a byte order mark",
				    (unsigned char)text[0], (unsigned char)text[1]);
	return 0;
}

static int parser__check_byte(struct parser *p, const char *at, const char *end)
{
	unsigned char c = *at;
	char hex[8];

	snprintf(hex, sizeof(hex), "0x%02X", c);
	if (!c)
		return parser__fail_byte(p, "0x00 (NUL)", "behind which nothing would be read",
					 "remove it, or save the file as UTF-8 if it is UTF-16");
	if (c == '\r' && at + 1 < end && at[1] != '\n')
		return parser__fail_byte(p, "0x0D (carriage return)", "which ends no line",
					 "end each line with a newline, or with both");
	if (c == 0x7f || (c < ' ' && !strchr("\t\n\r", c)))
		return parser__fail_byte(p, hex, "a control character", "remove it");
	if (c == 0xc2 && at + 1 < end && (unsigned char)at[1] >= 0x80 &&
	    (unsigned char)at[1] < 0xa0)
		return parser__fail_byte(p, "0xC2", "which begins a control character",
					 "remove both");
	return 0;
}

int parser__check_bytes(struct parser *p, const char *text, size_t size)
{
	const char *at;

	p->line = 1;
	if (parser__check_encoding(p, text, size))
		return -1;
	for (at = text; at < text + size; at++) {
		if (parser__check_byte(p, at, text + size))
			return -1;
		p->line += *at == '\n';
	}
	p->line = 0;
	return 0;
}

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
		parser__fail(p, "'%s' lacks '%s='; write: %s", p->keyword->name, key,
			     p->keyword->usage);
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
			return parser__fail(
				p, "'%s' stands where a 'key=value' is expected; write: %s",
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

/* Digits and perhaps a suffix, however large the number is */
static bool parser__is_number(const char *value)
{
	bool hex = value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
	size_t n;

	value += hex ? 2 : 0;
	n = strspn(value, hex ? "0123456789abcdefABCDEF" : "0123456789");
	return n && parser__suffix_shift(value + n) >= 0;
}

int parser__number(struct parser *p, const char *key, const char *value, uint64_t *out)
{
	const char *end = number__scan(value, out);
	int shift = end ? parser__suffix_shift(end) : -1;
	const char *equals = key ? "=" : "";

	key = key ? key : "";
	if (!parser__is_number(value))
		return parser__fail(p, "'%s%s%s' is no number; write e.g. 0x1000, 64K or 8M", key,
				    equals, value);
	if (shift < 0 || *out > UINT64_MAX >> shift)
		return parser__fail(p, "'%s%s%s' does not fit into 64 bits; use a smaller number",
				    key, equals, value);
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
		return parser__fail(p, "'%s=%s' is neither yes nor no; write one of them", key,
				    value);
	return 0;
}

int parser__check_name(struct parser *p, const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			break;
	if (!*name || *c)
		return parser__fail(p, "'%s' is no name; use letters, digits, '-', '_' and '.'",
				    name);
	return 0;
}
