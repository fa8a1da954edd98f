// SPDX-License-Identifier: GPL-2.0-only
/* What is said of a kernel that refuses something: what to do fits who asks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "walk/kernel.h"

#define NOBODY 65534

static void expect(uid_t uid, int err, const char *words, bool lockdown)
{
	uid_t before = geteuid();
	struct fault fault;

	if (uid != before)
		assert_int_equal(seteuid(uid), 0);
	assert_int_equal(kernel__tracefs_refused(&fault, "look at", err), -1);
	if (uid != before)
		assert_int_equal(seteuid(before), 0);
	if (!strstr(fault.text, words) || !strstr(fault.text, "look at tracefs"))
		fail_msg("'%s' lacks '%s'", fault.text, words);
	assert_int_equal(strstr(fault.text, "lockdown") != NULL, lockdown);
}

/* Who is not root is told to be it, and not to boot another way. */
static void test_tracefs(void **state)
{
	uid_t nobody = geteuid() ?: NOBODY;

	(void)state;
	/* Where it is locked down that is the answer, whoever asks */
	if (kernel__locked_down())
		skip();
	expect(nobody, EACCES, "run as root", false);
	expect(nobody, EPERM, "run as root", false);
	expect(nobody, ENOMEM, "Cannot allocate memory", false);
	if (!geteuid())
		expect(0, EPERM, "although this is root", true);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tracefs),
	};

	return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
