// SPDX-License-Identifier: GPL-2.0-only
/* How a kernel came up, from what KHO shows in debugfs or in the log; and what identifies a host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "live/handover.h"
#include "live/host.h"

#define KHO "/sys/kernel/debug/kho"

static char root[64];

static void run(const char *fmt, const char *what)
{
	char command[256];

	snprintf(command, sizeof(command), fmt, what);
	assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/lutrace-unit-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	run("mkdir -p %s" KHO "/in/sub_fdts", root);
	run("mkdir -p %s" KHO "/out/sub_fdts", root);
	run("mkdir -p %s/dev", root);
	run("mkdir -p %s/etc", root);
	run("mkdir -p %s/sys/class/dmi/id", root);
	run("mkdir -p %s/proc", root);
	run("mkdir -p %s/boot", root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run("rm -rf %s", root);
	return 0;
}

static void put(const char *file, const void *data, size_t size)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, file);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

static void put_text(const char *file, const char *text)
{
	put(file, text, strlen(text));
}

/* Field by field, as the kernel's ABI has it. */
static void put_metadata(const char *side, uint32_t version, const char *release, uint32_t count)
{
	unsigned char blob[73] = { 0 };
	char file[128];

	memcpy(blob, &version, 4);
	memcpy(blob + 4, release, strlen(release));
	memcpy(blob + 69, &count, 4);
	snprintf(file, sizeof(file), KHO "/%s/sub_fdts/kexec-metadata", side);
	put(file, blob, sizeof(blob));
}

static void test_nothing_known(void **state)
{
	struct handover h = handover__read(root);

	(void)state;
	assert_false(h.has_kexec_count);
	assert_string_equal(h.previous_release, "");
}

static void test_cold_boot(void **state)
{
	struct handover h;

	(void)state;
	put_metadata("out", 1, "7.3.4", 1);
	h = handover__read(root);
	assert_true(h.has_kexec_count);
	assert_int_equal(h.kexec_count, 0);
	assert_string_equal(h.previous_release, "");
}

static void test_after_a_jump(void **state)
{
	struct handover h;

	(void)state;
	put_metadata("out", 1, "7.3.5", 3);
	put_metadata("in", 1, "7.3.4-\033x", 2);
	h = handover__read(root);
	assert_int_equal(h.kexec_count, 2);
	assert_string_equal(h.previous_release, "7.3.4-?x");
}

/* A version of tomorrow tells nothing; neither does half of one. */
static void test_other_version(void **state)
{
	(void)state;
	put_metadata("out", 2, "7.3.5", 3);
	put_metadata("in", 1, "7.3.4", 2);
	assert_false(handover__read(root).has_kexec_count);
	put(KHO "/out/sub_fdts/kexec-metadata", "\1\0\0", 3);
	assert_false(handover__read(root).has_kexec_count);
}

static void test_log(void **state)
{
	struct handover h = { .kexec_count = 77 };

	(void)state;
	assert_false(handover__parse_line("6,1,2,-;KHO: something else", &h));
	assert_false(handover__parse_line("14,1,2,-;KHO: exec from: 7.3.4 (count 4)", &h));
	assert_false(handover__parse_line("6,1,2,-;KHO: exec from: 7.3.4 (count", &h));
	assert_false(handover__parse_line("KHO: exec from: 7.3.4 (count 4)", &h));
	assert_int_equal(h.kexec_count, 77);
	assert_true(handover__parse_line("6,1,2,-;KHO: exec from: 7.3.4 (count 4)\n", &h));
	assert_true(h.has_kexec_count);
	assert_int_equal(h.kexec_count, 4);
	assert_string_equal(h.previous_release, "7.3.4");
	put_text("/dev/kmsg", "6,1,2,-;KHO: exec from: 7.2.1 (count 9)");
	h = handover__read(root);
	assert_int_equal(h.kexec_count, 9);
	assert_string_equal(h.previous_release, "7.2.1");
}

static void test_host_id(void **state)
{
	char *machine, *dmi, *other;

	(void)state;
	assert_null(host__id(root));
	put_text("/etc/machine-id", "uninitialized\n");
	assert_null(host__id(root));
	put_text("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	machine = host__id(root);
	assert_non_null(machine);
	assert_int_equal(strncmp(machine, "machine-", 8), 0);
	assert_int_equal(strlen(machine), 8 + 16);
	assert_null(strstr(machine, "0123456789abcdef"));
	put_text("/sys/class/dmi/id/product_uuid", "11111111-2222-3333-4444-555555555555\n");
	dmi = host__id(root);
	assert_int_equal(strncmp(dmi, "dmi-", 4), 0);
	put_text("/sys/class/dmi/id/product_uuid", "11111111-2222-3333-4444-555555555556\n");
	other = host__id(root);
	assert_string_not_equal(dmi, other);
	free(machine);
	free(dmi);
	free(other);
}

/* The configuration is the same text, however it is packed, and the running kernel's comes first. */
static void test_config(void **state)
{
	char *installed, *running, *path = xasprintf("%s/proc/config.gz", root);
	gzFile f;

	(void)state;
	assert_null(host__config(root, "7.3.4"));
	put_text("/boot/config-7.3.4", "CONFIG_A=y\n");
	installed = host__config(root, "7.3.4");
	assert_int_equal(strlen(installed), 16);
	assert_null(host__config(root, "7.3.5"));
	f = gzopen(path, "w");
	gzputs(f, "CONFIG_A=y\n");
	gzclose(f);
	running = host__config(root, "7.3.5");
	assert_string_equal(running, installed);
	free(running);
	f = gzopen(path, "w");
	gzputs(f, "CONFIG_A=m\n");
	gzclose(f);
	running = host__config(root, "7.3.4");
	assert_string_not_equal(running, installed);
	free(running);
	free(installed);
	free(path);
}

static void test_cpu_model(void **state)
{
	char *model;

	(void)state;
	assert_null(host__cpu_model(root));
	put_text("/proc/cpuinfo", "processor\t: 0\nmodel\t\t: 6\nmodel name\t: Some CPU  @ 2 GHz\nflags: x\n");
	model = host__cpu_model(root);
	assert_string_equal(model, "Some CPU  @ 2 GHz");
	free(model);
	put_text("/proc/cpuinfo", "processor\t: 0\nBogoMIPS\t: 50.00\n");
	assert_null(host__cpu_model(root));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cold_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_after_a_jump, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_version, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_host_id, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cpu_model, setup, teardown),
	};

	return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
