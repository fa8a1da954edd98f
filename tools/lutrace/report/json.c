// SPDX-License-Identifier: GPL-2.0-only
/* Values of JSON, and writing it: what all writers of JSON in lutrace have in common. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include "lib/utf8.h"
#include "report/json.h"

json_t *json__count(__u64 value)
{
	return value <= INT64_MAX ? json_integer(value) : json_real(value);
}

json_t *json__hex(__u64 value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%llx", value);
	return json_string(text);
}

json_t *json__count_if(bool known, __u64 value)
{
	return known ? json__count(value) : json_null();
}

json_t *json__hex_if(bool known, __u64 value)
{
	return known ? json__hex(value) : json_null();
}

json_t *json__text(const char *text)
{
	return json__text_of(text, SIZE_MAX);
}

json_t *json__text_of(const char *text, size_t max)
{
	char *mended = utf8__mend(text ? text : "", max);
	json_t *value = json_string(mended);

	free(mended);
	return value;
}

int json__write(json_t *root, bool compact, FILE *f)
{
	int err;

	errno = 0;
	if (!root)
		return -1;
	err = json_dumpf(root, f, compact ? JSON_COMPACT : JSON_INDENT(2));
	json_decref(root);
	return err || fputc('\n', f) == EOF ? -1 : 0;
}
