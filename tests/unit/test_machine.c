// SPDX-License-Identifier: GPL-2.0-only
/* What is read from a /sys made here: whether a kernel is loaded, which devices can be reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "health/reset.h"
#include "next/loaded.h"

static char root[64];

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_machine.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void put(const char *path, const char *text)
{
	char full[256], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void expect_loaded(int loaded, const char *words)
{
	struct fault fault = { "" };

	assert_int_equal(loaded__read(root, &fault), loaded);
	if (!strstr(fault.text, words))
		fail_msg("'%s' lacks '%s'", fault.text, words);
}

static void test_loaded(void **state)
{
	(void)state;
	expect_loaded(-1, "mount sysfs on /sys");
	/* sysfs is mounted, and this kernel cannot kexec */
	put("/sys/kernel/uevent_seqnum", "7\n");
	expect_loaded(0, "");
	put("/sys/kernel/kexec/loaded", "1\n");
	expect_loaded(1, "");
	put("/sys/kernel/kexec_loaded", "0\n");
	expect_loaded(0, "");
	put("/sys/kernel/kexec_loaded", "maybe\n");
	expect_loaded(-1, "'m'");
	put("/sys/kernel/kexec_loaded", "");
	expect_loaded(-1, "/sys/kernel/kexec_loaded: ");
}

static void test_reset(void **state)
{
	struct reset_list list = { .nr = 0 };

	(void)state;
	put("/sys/bus/pci/devices/0000:00:04.0/config", "x");
	put("/sys/bus/pci/devices/0000:00:05.0/config", "x");
	put("/sys/bus/pci/devices/0000:00:05.0/reset_method", "flr bus\n");
	put("/sys/bus/pci/devices/0000:00:06.0/config", "x");
	put("/sys/bus/pci/devices/0000:00:06.0/reset_method", "\n");
	reset_list__add(&list, root, "0000:00:04.0 0000:00:05.0");
	reset_list__add(&list, root, "0000:00:06.0 0000:00:04.0 mock-7  ../x");
	reset_list__add(&list, root, "");
	assert_int_equal(list.nr, 2);
	assert_string_equal(list.devices[0], "0000:00:04.0");
	assert_string_equal(list.devices[1], "0000:00:06.0");
	reset_list__free(&list);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
