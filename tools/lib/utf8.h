/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for formats that take nothing but UTF-8. Pure; anyone may call it. */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * How many of the @left bytes at @text are one character, and which in *@code; 0: the first of them
 * begins none, or it is cut. An overlong form, a surrogate and what is above U+10FFFF are none.
 */
size_t utf8__decode(const char *text, size_t left, uint32_t *code);

/*
 * A copy of the first @max bytes of @text, or less if a NUL comes before, in which each byte that is
 * no part of a character in UTF-8 is U+FFFD. Free it with free().
 */
char *utf8__mend(const char *text, size_t max);

#endif
