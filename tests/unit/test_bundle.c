// SPDX-License-Identifier: GPL-2.0-only
/* The archive is read by tar, and what looks secret does not get into it. */
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

#include "health/bundle.h"
#include "health/mask.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "recording/recording.h"
#include "recording/writer.h"

static char folder[] = "/tmp/test_bundle.XXXXXX";

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char *command = xasprintf("rm -rf %s", folder);
	int status = system(command);

	(void)state;
	free(command);
	return status;
}

/* What @command prints, with %s for the folder. */
static char *output_of(const char *fmt)
{
	char *command = xasprintf(fmt, folder), *text = xcalloc(65536, 1);
	FILE *f = popen(command, "r");

	assert_non_null(f);
	text[fread(text, 1, 65535, f)] = '\0';
	assert_int_equal(pclose(f), 0);
	free(command);
	return text;
}

static void expect_output(const char *fmt, const char *want)
{
	char *text = output_of(fmt);

	assert_string_equal(text, want);
	free(text);
}

static void test_tar(void **state)
{
	struct bundle b = { 0 };
	struct fault fault;
	char *path = path_of("x.tar"), *data = xcalloc(1, 1000);
	FILE *f = fopen(path, "w");

	(void)state;
	memset(data, 'x', 1000);
	bundle__add(&b, "one.txt", xstrdup("one\n"), 4);
	bundle__add(&b, "empty", xstrdup(""), 0);
	bundle__leave_out(&b, "gone", "no such file");
	bundle__add(&b, "kho/block of\n512", xcalloc(1, 512), 512);
	bundle__add(&b, "kho/thousand", data, 1000);
	assert_int_equal(bundle__write(&b, f, 1700000000, &fault), 0);
	fclose(f);
	bundle__free(&b);
	expect_output("tar -tf %s/x.tar 2>&1", "lutrace-bundle/one.txt\nlutrace-bundle/empty\n"
		      "lutrace-bundle/kho/block_of_512\nlutrace-bundle/kho/thousand\n");
	expect_output("cd %s && tar -xf x.tar 2>&1 && cd lutrace-bundle && cat one.txt && "
		      "stat -c '%%s %%Y %%a' empty kho/*",
		      "one\n0 1700000000 600\n512 1700000000 600\n1000 1700000000 600\n");
	expect_output("tr -d x <%s/lutrace-bundle/kho/thousand", "");
	free(path);
}

static void test_name_too_long(void **state)
{
	struct bundle b = { 0 };
	struct fault fault;
	char name[200], *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	bundle__add(&b, name, xstrdup("x"), 1);
	assert_int_equal(bundle__write(&b, f, 0, &fault), -1);
	assert_non_null(strstr(fault.text, "too long a name"));
	fclose(f);
	free(text);
	bundle__free(&b);
}

static void test_list(void **state)
{
	struct bundle b = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	bundle__add(&b, "one.txt", xstrdup("one\n"), 4);
	bundle__leave_out(&b, "gone", "no such file");
	bundle__list(&b, f);
	fclose(f);
	assert_string_equal(text, "         4 one.txt\n  left out gone: no such file\n");
	free(text);
	bundle__free(&b);
}

static void test_cmdline(void **state)
{
	static const struct {
		const char *in, *out;
	} lines[] = {
		{ "kho=on quiet crashkernel=256M", "kho=on quiet crashkernel=256M" },
		{ "a.password=abc kho=on", "a.password=*** kho=on" },
		{ "API_TOKEN=xy", "API_TOKEN=**" },
		{ "x.Secret=\"a b\" kho=on", "x.Secret=\"***\" kho=on" },
		{ "\"x.secret=a b\" kho=on", "\"x.secret=***\" kho=on" },
		{ "rd.luks.key=/k=1\n", "rd.luks.key=****\n" },
		{ "systemd.set_credential=a:b", "systemd.set_credential=***" },
		{ "wifi-psk=12 auth=3 pwd=4 login=5 x.private=6",
		  "wifi-psk=** auth=* pwd=* login=* x.private=*" },
		{ "root=http://me:pw@host/p@q", "root=http://*****@host/p@q" },
		{ "root=nfs://host/p@q", "root=nfs://host/p@q" },
		{ "secret", "secret" },
		{ "secret=", "secret=" },
		{ "", "" },
	};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		text = xstrdup(lines[i].in);
		mask__cmdline(text);
		assert_string_equal(text, lines[i].out);
		free(text);
	}
}

/* It stays a recording that is whole, in several writes: its checksums follow. */
static void test_recording(void **state)
{
	struct lutrace_footer footer = { 0 };
	struct lutrace_clock clock = { .rec = { LUTRACE_REC_CLOCK, sizeof(clock) } };
	struct recording r = { 0 };
	struct fault fault;
	char *path = path_of("x.rec"), *data;
	struct recorder *w = recorder__open(path, &fault);
	size_t size, cut;

	(void)state;
	assert_non_null(w);
	recorder__host(w, "release=7.3\nboot_id=b\ncmdline=kho=on a.password=hidden x=y\nemulated=1\n",
		       &fault);
	recorder__put(w, &clock, &fault);
	assert_int_equal(recorder__flush(w, &fault), 0);
	cut = recorder__sum(w).bytes;
	recorder__put(w, &clock, &fault);
	assert_int_equal(recorder__close(w, &footer, &fault), 0);
	data = read_file(path, &size, &fault);
	assert_non_null(data);
	assert_non_null(memmem(data, size, "hidden", 6));
	assert_int_equal(mask__recording(path, data, size, &fault), 0);
	assert_null(memmem(data, size, "hidden", 6));
	assert_int_equal(recording__parse(&r, path, data, size, &fault), 0);
	assert_true(r.complete);
	assert_true(r.emulated);
	assert_string_equal(r.cmdline, "kho=on a.password=****** x=y");
	recording__free(&r);
	/* And one that the kernel's jump ended */
	assert_int_equal(recording__parse(&r, path, data, cut, &fault), 0);
	assert_false(r.complete);
	recording__free(&r);
	data[cut - 20] ^= 1;
	assert_int_equal(mask__recording(path, data, cut, &fault), -1);
	data[cut - 20] ^= 1;
	assert_int_equal(mask__recording(path, data + 8, size - 8, &fault), -1);
	free(data);
	free(path);
}

static void test_log(void **state)
{
	char *text = mask__log("<6>[    0.0] Linux version 7.3\n"
			       "<6>[    0.0] Kernel command line: kho=on secret=1\n"
			       "<6>[    0.1] DMAR: host address width 39\n"
			       "<6>[    0.2] iommu: token=12 used\n"
			       "<6>[    0.3] usb 1-1: new device\n"
			       "<6>[    0.4] KHO: on");

	(void)state;
	assert_string_equal(text, "<6>[    0.1] DMAR: host address width 39\n"
			    "<6>[    0.2] iommu: token=** used\n<6>[    0.4] KHO: on\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tar), cmocka_unit_test(test_name_too_long),
		cmocka_unit_test(test_list), cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_recording), cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
