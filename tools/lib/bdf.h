/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of PCI devices, as users and files write them: SEGMENT:BUS:SLOT.FUNCTION. */
#ifndef LIB_BDF_H
#define LIB_BDF_H

#include <stdbool.h>

/* "0000:00:04.0" with its NUL, and room for a segment of eight digits */
#define BDF_SIZE 17

/*
 * Writes @text as the kernel writes the address, in lower case with all leading zeros. Text may
 * leave out the segment, which is then 0, and zeros at the front of each number: "4:0.1" is
 * 0000:04:00.1. Returns false, and leaves @bdf alone, if text is anything else: each number is
 * hexadecimal digits only, one to eight of the segment, one or two of bus and slot (up to 1f), and
 * one of the function (up to 7).
 */
bool bdf__parse(const char *text, char bdf[BDF_SIZE]);

#endif
