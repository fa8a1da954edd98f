// SPDX-License-Identifier: GPL-2.0-only
/* What went wrong, as a sentence that does nothing to a terminal. Any part of all tools calls it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/text.h"

/* One line of at most @size bytes; what does not fit ends in dots. */
static void fault__format(char *text, size_t size, const char *fmt, va_list args)
{
	static const char dots[] = "...";
	int len = vsnprintf(text, size, fmt, args);

	make_printable(text);
	if (len < 0 || (size_t)len >= size)
		strcpy(text + strlen(text) - strlen(dots), dots);
}

int fault__set(struct fault *fault, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fault__format(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	return -1;
}

static const char *program = "lutrace";

void complain__as(const char *name)
{
	program = name;
}

const char *complain__program(void)
{
	return program;
}

void complain(const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	fault__format(text, sizeof(text), fmt, args);
	va_end(args);
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", program, text);
}

/* The true stderr while what is written to it is masked. */
static FILE *unmasked;

static ssize_t fault__write_masked(void *unused, const char *data, size_t size)
{
	char *text = strndup(data, size), *part, end;
	size_t len;

	(void)unused;
	for (part = text; part && *part; part += len + (end != '\0')) {
		len = strcspn(part, "\n\t");
		end = part[len];
		part[len] = '\0';
		make_printable(part);
		fputs(part, unmasked);
		if (end)
			fputc(end, unmasked);
	}
	free(text);
	return size;
}

void fault__mask_stderr(bool on)
{
	cookie_io_functions_t functions = { .write = fault__write_masked };
	FILE *masked;

	if (on && !unmasked) {
		masked = fopencookie(NULL, "w", functions);
		if (!masked)
			return;
		setvbuf(masked, NULL, _IOLBF, BUFSIZ);
		unmasked = stderr;
		stderr = masked;
	} else if (!on && unmasked) {
		fclose(stderr);
		stderr = unmasked;
		unmasked = NULL;
	}
}
