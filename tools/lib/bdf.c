// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of PCI devices: see bdf.h. Used by what takes one from a user or a file. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/bdf.h"

/*
 * Reads up to @max hexadecimal digits at *@text, of which there must be one, and the character
 * @end behind them, and goes on behind that; no sign, no blank and no 0x, which strtoul() takes.
 */
static bool bdf__take(const char **text, size_t max, char end, unsigned long *out)
{
	const char *at = *text;
	size_t n = 0;

	while (isxdigit((unsigned char)at[n]))
		n++;
	if (!n || n > max || at[n] != end)
		return false;
	*out = strtoul(at, NULL, 16);
	*text = at + n + (end != '\0');
	return true;
}

bool bdf__parse(const char *text, char bdf[BDF_SIZE])
{
	unsigned long segment = 0, bus, slot, function;
	const char *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':') && !bdf__take(&text, 8, ':', &segment))
		return false;
	if (!bdf__take(&text, 2, ':', &bus) || !bdf__take(&text, 2, '.', &slot) ||
	    !bdf__take(&text, 1, '\0', &function) || slot > 0x1f || function > 7)
		return false;
	snprintf(bdf, BDF_SIZE, "%04lx:%02lx:%02lx.%lu", segment, bus & 0xff, slot, function & 7);
	return true;
}
