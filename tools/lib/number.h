/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers that a user wrote: on a command line, in a plan, in a file that is read back. There is one
 * notation for both tools: decimal, or hexadecimal after 0x. A leading zero is no octal ("010" is ten),
 * and there is no sign, no space, and nothing behind the number.
 */
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The number at the beginning of @text. Returns where it ends, or NULL, with *@out unchanged, if no
 * number stands there or it does not fit into 64 bits. For what has a unit or a second number behind it.
 */
const char *number__scan(const char *text, uint64_t *out);

/* True if @text is one number, of at most @max, and nothing else. If false *@out is unchanged. */
bool number__parse(const char *text, uint64_t max, uint64_t *out);

#endif
