/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of the JSON that lutrace writes, so that all of it says a kind of thing in one way. Pure;
 * any writer of JSON may call it.
 */
#ifndef LUTRACE_JSON_H
#define LUTRACE_JSON_H

#include <jansson.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A count, a number or a time, which is never negative. From 2^63 on, which only a damaged
 * recording has, it is rounded to a double.
 */
json_t *json__count(__u64 value);
/* An address or a token, of which all 64 bits count: "0x1f". */
json_t *json__hex(__u64 value);
/* The same, or null if it is not known. */
json_t *json__count_if(bool known, __u64 value);
json_t *json__hex_if(bool known, __u64 value);
/* Text of any bytes, at most @max of it; what is no UTF-8 becomes U+FFFD. NULL is "". */
json_t *json__text(const char *text);
json_t *json__text_of(const char *text, size_t max);

/*
 * Writes @root, which may be NULL if it could not be made, with a newline, in one line if @compact.
 * Frees it. Returns -1 if that failed; errno is 0 if it could not be made.
 */
int json__write(json_t *root, bool compact, FILE *f);

#endif
