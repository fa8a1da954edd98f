// SPDX-License-Identifier: GPL-2.0-only
/* What --stats tells: what was not captured is no number, as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fault.h"
#include "live/overhead.h"

/* A session of which one program ran, one did not, and the rest is not attached. */
int live__progs(const struct live *live, struct live_prog progs[LIVE_NR_PROGS],
		struct fault *fault)
{
	(void)live;
	(void)fault;
	memset(progs, 0, LIVE_NR_PROGS * sizeof(*progs));
	progs[0] = (struct live_prog){ .tracepoint = "first", .runs = 4, .run_ns = 1000 };
	progs[1] = (struct live_prog){ .tracepoint = "second" };
	return 0;
}

int live__freed(const struct live *live, struct live_prog *prog, struct fault *fault)
{
	(void)live;
	(void)fault;
	*prog = (struct live_prog){ .tracepoint = "freed", .runs = 1, .run_ns = 77 };
	return 0;
}

static const char *missing;

const char *live__stats_missing(const struct live *live)
{
	(void)live;
	return missing;
}

static __u64 memory;

__u64 live__memory(const struct live *live)
{
	(void)live;
	return memory;
}

static char *printed(const char *why, __u64 bytes)
{
	struct overhead o;
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	missing = why;
	memory = bytes;
	assert_int_equal(overhead__read(&o, NULL, NULL), 0);
	overhead__print(&o, f);
	fclose(f);
	return text;
}

static void test_text(void **state)
{
	char *text = printed(NULL, 4097);

	(void)state;
	assert_non_null(strstr(text, "first                                     4     250\n"));
	/* It was measured, and did not run: there is no time per run */
	assert_non_null(strstr(text, "second                                    0\n"));
	assert_non_null(strstr(text, "freed                                     1      77\n"));
	assert_non_null(strstr(text, "hold 5 KiB"));
	free(text);
}

static void test_not_captured(void **state)
{
	char *text = printed("Operation not permitted", 0);

	(void)state;
	assert_non_null(strstr(text, "run time: not captured (Operation not permitted)\n"));
	assert_non_null(strstr(text, "programs: not captured\n"));
	assert_null(strstr(text, "0"));
	free(text);
}

static void test_json(void **state)
{
	struct overhead o;
	json_t *root;
	char *text;

	(void)state;
	missing = NULL;
	memory = 4097;
	overhead__read(&o, NULL, NULL);
	root = overhead__json(&o);
	text = json_dumps(root, JSON_COMPACT);
	assert_string_equal(text, "{\"memory_bytes\":4097,\"programs\":["
		"{\"tracepoint\":\"first\",\"runs\":4,\"run_ns\":1000},"
		"{\"tracepoint\":\"second\",\"runs\":0,\"run_ns\":0},"
		"{\"tracepoint\":\"freed\",\"runs\":1,\"run_ns\":77}]}");
	free(text);
	json_decref(root);

	o.stats_missing = "not asked for";
	o.memory = 0;
	root = overhead__json(&o);
	assert_true(json_is_null(json_object_get(root, "memory_bytes")));
	assert_true(json_is_null(json_object_get(json_array_get(json_object_get(root, "programs"),
								 0), "runs")));
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_not_captured),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests_name("overhead", tests, NULL, NULL);
}
