// SPDX-License-Identifier: GPL-2.0-only
/* Messages of the kernel's log: one for each read, and whose they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/kmsg.h"

static void test_message_by_message(void **state)
{
	struct kmsg *kmsg;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	kmsg = kmsg__new(pair[1]);
	assert_null(kmsg__next(kmsg));
	assert_int_equal(write(pair[0], "6,1,2,-;one\n DEVICE=x\n", 22), 22);
	assert_int_equal(write(pair[0], "6,2,3,-;two\n", 12), 12);
	assert_string_equal(kmsg__next(kmsg), "6,1,2,-;one\n DEVICE=x\n");
	assert_string_equal(kmsg__next(kmsg), "6,2,3,-;two\n");
	assert_null(kmsg__next(kmsg));
	kmsg__free(kmsg);
	close(pair[0]);
}

static void test_parse(void **state)
{
	struct kmsg_message m;

	(void)state;
	assert_true(kmsg__parse("3,77,501,-,caller=T1;a; b\n SUBSYSTEM=pci\n", &m));
	assert_true(m.is_kernels);
	assert_int_equal(m.level, KMSG_ERROR);
	assert_int_equal(m.number, 77);
	assert_int_equal(m.length, 4);
	assert_memory_equal(m.text, "a; b", 4);
	/* Written into /dev/kmsg: facility 1, level 3 */
	assert_true(kmsg__parse("11,78,501,-;a", &m));
	assert_false(m.is_kernels);
	assert_int_equal(m.level, 3);
	assert_int_equal(m.length, 1);
	assert_false(kmsg__parse("3,77,501,- and no text", &m));
	assert_false(kmsg__parse("no;1", &m));
	assert_false(kmsg__parse("3;1", &m));
	assert_false(kmsg__parse("", &m));
}

static void test_no_log(void **state)
{
	struct fault fault = { "" };

	(void)state;
	assert_null(kmsg__open("/nowhere/kmsg", &fault));
	assert_string_equal(fault.text, "cannot read /nowhere/kmsg: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_by_message), cmocka_unit_test(test_parse),
		cmocka_unit_test(test_no_log),
	};

	return cmocka_run_group_tests_name("kmsg", tests, NULL, NULL);
}
