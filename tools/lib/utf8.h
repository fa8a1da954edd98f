/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for formats that take nothing but UTF-8. Pure; anyone may call it. */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stddef.h>

/*
 * A copy of the first @max bytes of @text, or less if a NUL comes before, in which each byte that is
 * no part of a character in UTF-8 is U+FFFD. An overlong form, a surrogate and what is above
 * U+10FFFF are no characters. Free it with free().
 */
char *utf8__mend(const char *text, size_t max);

#endif
