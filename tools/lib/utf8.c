// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/utf8.h"

#define REPLACEMENT	"\xef\xbf\xbd"

/* How many of the @left bytes at @s are one character; 0: the first of them is none. */
static size_t utf8__length(const unsigned char *s, size_t left)
{
	/* By the number of bytes, the least that needs so many */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;
	uint32_t c;
	size_t i;

	if (len < 2)
		return len;
	if (len > left)
		return 0;
	c = *s & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : len;
}

char *utf8__mend(const char *text, size_t max)
{
	size_t left = strnlen(text, max), len, i = 0;
	char *mended = xcalloc(3 * left + 1, 1);

	while (left) {
		len = utf8__length((const unsigned char *)text, left);
		if (len)
			memcpy(mended + i, text, len);
		else
			memcpy(mended + i, REPLACEMENT, 3);
		i += len ? len : 3;
		text += len ? len : 1;
		left -= len ? len : 1;
	}
	return mended;
}
