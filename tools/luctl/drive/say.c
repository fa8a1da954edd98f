// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "drive/say.h"

static const char *subject;

void say__set_subject(const char *new_subject)
{
	subject = new_subject;
}

static void say(FILE *out, const char *prefix, const char *fmt, va_list args, const char *suffix)
{
	char text[1024];

	/* One write per line: hooks and the kernel write to the same console */
	vsnprintf(text, sizeof(text), fmt, args);
	fflush(stdout);
	fprintf(out, "luctl: %s%s%s%s%s\n", prefix, subject ? subject : "", subject ? ": " : "",
		text, suffix);
	fflush(out);
}

void say__step(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(stdout, "", fmt, args, " ok");
	va_end(args);
}

void say__note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(stdout, "", fmt, args, "");
	va_end(args);
}

void say__warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(stderr, "warning: ", fmt, args, "");
	va_end(args);
}

int say__error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(stderr, "error: ", fmt, args, "");
	va_end(args);
	return -1;
}

static const char *errno_name(int err)
{
	const char *name = strerrorname_np(-err);

	return name ? name : "unknown errno";
}

int say__errno(int err, const char *fmt, ...)
{
	char suffix[128];
	va_list args;

	snprintf(suffix, sizeof(suffix), ": %s (%s)", strerror(-err), errno_name(err));
	va_start(args, fmt);
	say(stderr, "error: ", fmt, args, suffix);
	va_end(args);
	return -1;
}

int say__expect(int ret, int want, const char *fmt, ...)
{
	char suffix[192];
	va_list args;

	if (ret == want || (ret > 0 && !want))
		return 0;
	if (!want)
		snprintf(suffix, sizeof(suffix), " failed: %s (%s)", strerror(-ret),
			 errno_name(ret));
	else if (ret >= 0)
		snprintf(suffix, sizeof(suffix),
			 " succeeded, but the kernel must refuse it with %s", errno_name(want));
	else
		snprintf(suffix, sizeof(suffix), " failed with %s (%s), but must fail with %s",
			 errno_name(ret), strerror(-ret), errno_name(want));
	va_start(args, fmt);
	say(stderr, "error: ", fmt, args, suffix);
	va_end(args);
	return -1;
}
