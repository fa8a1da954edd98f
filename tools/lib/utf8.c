// SPDX-License-Identifier: GPL-2.0-only
/* Characters of UTF-8. Both tools call it. */
#include <stdint.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/utf8.h"

#define REPLACEMENT	"\xef\xbf\xbd"

size_t utf8__decode(const char *text, size_t left, uint32_t *code)
{
	/* By the number of bytes, the least that needs so many */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t len = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;
	size_t i;

	if (!len || len > left)
		return 0;
	*code = len == 1 ? *s : *s & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	return *code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff) ? 0 : len;
}

char *utf8__mend(const char *text, size_t max)
{
	size_t left = strnlen(text, max), len, i = 0;
	char *mended = xcalloc(3 * left + 1, 1);
	uint32_t code;

	while (left) {
		len = utf8__decode(text, left, &code);
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
