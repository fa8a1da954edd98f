// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "described.h"
#include "lib/mem.h"

void expect_described(const char *name, const char *json)
{
	char path[] = "/tmp/lutrace-unit-XXXXXX", *command;
	int fd = mkstemp(path), status;
	FILE *f = fdopen(fd, "w");

	assert_non_null(f);
	assert_true(fputs(json, f) >= 0);
	assert_int_equal(fclose(f), 0);
	command = xasprintf(TOP "/tests/unit/schema.py " TOP "/docs/%s.schema.json %s >&2", name,
			    path);
	status = system(command);
	free(command);
	unlink(path);
	if (status)
		fail_msg("not as docs/%s.schema.json says: %s", name, json);
}
