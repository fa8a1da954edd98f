// SPDX-License-Identifier: GPL-2.0-only
/* Numbers as a user writes them. Touches nothing but its arguments; both tools call it. */
#include <stddef.h>
#include "lib/number.h"

/* The value of one digit, or @base if @c is none. */
static unsigned int number__digit(char c, unsigned int base)
{
	unsigned int value = base;

	if (c >= '0' && c <= '9')
		value = c - '0';
	else if (c >= 'a' && c <= 'f')
		value = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		value = c - 'A' + 10;
	return value < base ? value : base;
}

const char *number__scan(const char *text, uint64_t *out)
{
	unsigned int base = 10, digit;
	uint64_t value = 0;
	const char *at;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	for (at = text; (digit = number__digit(*at, base)) < base; at++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return NULL;
	if (at == text)
		return NULL;
	*out = value;
	return at;
}

bool number__parse(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value;
	const char *end = number__scan(text, &value);

	if (!end || *end || value > max)
		return false;
	*out = value;
	return true;
}
