// SPDX-License-Identifier: GPL-2.0-only
/* All JSON but the report's, held against its schema, and numbers of 64 bits in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "described.h"
#include "health/doctor.h"
#include "health/ready.h"
#include "latency/latency.h"
#include "lib/mem.h"
#include "lib/utf8.h"
#include "report/check_result.h"
#include "report/json.h"

#define HIGH 0xfffffffffffffffeull

/* No session is live here: these stand in for live.c, and are not called. */
int live__progs(const struct live *s, struct live_prog progs[LIVE_NR_PROGS], struct fault *fault)
{
	(void)s;
	(void)progs;
	return fault__set(fault, "not live");
}

int live__freed(const struct live *s, struct live_prog *prog, struct fault *fault)
{
	(void)s;
	(void)prog;
	return fault__set(fault, "not live");
}

__u64 live__memory(const struct live *s)
{
	(void)s;
	return 0;
}

const char *live__stats_missing(const struct live *s)
{
	(void)s;
	return "not live";
}

static void expect_text(json_t *value, const char *text)
{
	char *got = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	assert_string_equal(got, text);
	free(got);
	json_decref(value);
}

static void test_values(void **state)
{
	json_t *large = json__count(HIGH);

	(void)state;
	expect_text(json__count(0), "0");
	expect_text(json__count(INT64_MAX), "9223372036854775807");
	assert_true(json_number_value(large) > 1.8e19);
	json_decref(large);
	expect_text(json__hex(HIGH), "\"0xfffffffffffffffe\"");
	expect_text(json__hex(0), "\"0x0\"");
	expect_text(json__hex_if(false, 1), "null");
	expect_text(json__count_if(false, 1), "null");
	expect_text(json__count_if(true, 1), "1");
	expect_text(json__text(NULL), "\"\"");
	expect_text(json__text("a\xff" "b"), "\"a\xef\xbf\xbd" "b\"");
	expect_text(json__text_of("abc", 2), "\"ab\"");
	assert_int_equal(json__write(NULL, false, stdout), -1);
}

static void expect_mended(const char *text, const char *mended)
{
	char *got = utf8__mend(text, SIZE_MAX);

	assert_string_equal(got, mended);
	free(got);
}

static void test_utf8(void **state)
{
	(void)state;
	expect_mended("", "");
	expect_mended("a\u00e9\u20ac\U0001f600", "a\u00e9\u20ac\U0001f600");
	/*
	 * Cut, a lone continuation, overlong, a surrogate, above U+10FFFF, and no lead byte at all
	 */
	expect_mended("\xe2\x82", "\ufffd\ufffd");
	expect_mended("\x80" "a", "\ufffd" "a");
	expect_mended("\xc0\xaf", "\ufffd\ufffd");
	expect_mended("\xe0\x80\xaf", "\ufffd\ufffd\ufffd");
	expect_mended("\xed\xa0\x80", "\ufffd\ufffd\ufffd");
	expect_mended("\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd");
	expect_mended("\xff\xfe", "\ufffd\ufffd");
	/* What is cut to fit is cut between characters. */
	char *got = utf8__mend("\u20ac", 2);

	assert_string_equal(got, "\ufffd\ufffd");
	free(got);
}

/* Text that a function wrote to a stream */
struct written {
	FILE *f;
	char *text;
	size_t size;
};

static FILE *written__open(struct written *w)
{
	w->f = open_memstream(&w->text, &w->size);
	return w->f;
}

/* Returns it decoded, after it was held against its schema. */
static json_t *written__close(struct written *w, const char *schema)
{
	json_t *root;

	fclose(w->f);
	expect_described(schema, w->text);
	root = json_loads(w->text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	free(w->text);
	return root;
}

static void on_violation(void *priv, const struct violation *v)
{
	struct name name = { .session = "guest\xff", .iommufd_token = HIGH, .has_hwpt = true,
			     .hwpt_token = UINT64_MAX, .hwpt_id = UINT32_MAX, .devices = "a b" };

	json_array_append_new(priv, violation__json(v, json_array_size(priv) ? NULL : &name));
}

static void put(struct oracle *o, __u64 seq, __u32 op, __u32 phase)
{
	oracle__event(o, &(struct lutrace_event){
		.op = op, .phase = phase, .seq = seq, .time_ns = HIGH, .ser_phys = HIGH,
		.generation = HIGH, .top_phys = HIGH, .nr_tables = 1, .nr_bytes = 4096, .format = 1,
	});
}

static void test_check(void **state)
{
	struct overhead overhead = { .progs[0] = { .tracepoint = "t", .runs = HIGH },
				     .memory = HIGH };
	struct check_result result = { .violations = json_array(), .knows_before = true };
	struct oracle *o = oracle__new(on_violation, result.violations);
	struct written w;
	json_t *root, *check;
	size_t i, lines = 0;

	(void)state;
	put(o, 1, LUTRACE_OP_PRESERVE, LUTRACE_BEGIN);
	put(o, 2, LUTRACE_OP_PRESERVE, LUTRACE_END);
	put(o, 3, LUTRACE_OP_PRESERVE, LUTRACE_BEGIN);
	put(o, 4, LUTRACE_OP_PRESERVE, LUTRACE_END);
	put(o, 9, LUTRACE_OP_UNPRESERVE, LUTRACE_END);
	oracle__end(o, HIGH, 3);
	result.oracle = o;
	assert_int_equal(check_result__write_json(&result, written__open(&w)), 0);
	json_decref(written__close(&w, "check"));
	result.knows_before = false;
	result.overhead = &overhead;
	assert_int_equal(check_result__write_json(&result, written__open(&w)), 0);
	root = written__close(&w, "check");
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "violation");
	check = json_array_get(json_object_get(root, "violations"), 0);
	assert_string_equal(json_string_value(json_object_get(check, "record")),
			    "0xfffffffffffffffe");
	assert_string_equal(json_string_value(json_object_get(check, "hwpt_token")),
			    "0xffffffffffffffff");
	/* A gate can say why it is incomplete, and not only that it is. */
	json_array_foreach(json_object_get(root, "checks"), i, check)
		if (!strcmp(json_string_value(json_object_get(check, "verdict")), "incomplete"))
			lines += json_array_size(json_object_get(check, "detail"));
	assert_true(lines);
	json_decref(root);
	json_decref(result.violations);
	oracle__free(o);
}

static void add_sample(struct latency *l, __u32 op, __u64 phys, int ret)
{
	struct lutrace_sample s = {
		.lat = { .op = op, .ret = ret, .ser_phys = phys, .generation = HIGH,
			 .latency_ns = phys, .end_seq = 1 },
		.nr_tables = HIGH, .nr_bytes = HIGH, .cpu = UINT32_MAX, .pid = UINT32_MAX,
		.tid = UINT32_MAX, .comm = "a\xff",
	};

	latency__add(l, &s);
}

static size_t made_stack(const void *priv, const struct lutrace_why *why,
			 char *frames[LUTRACE_MAX_FRAMES])
{
	(void)priv;
	(void)why;
	frames[0] = xstrdup("function+0x1/0x2");
	return 1;
}

static json_t *latency_json(enum latency_by by, struct latency_context *c)
{
	struct latency l = { .by = by, .max_slowest = 2, .why = c->stack, .why_knows = { true } };
	struct names *names = names__new();
	struct written w;
	json_t *root;

	names__learn(names, &(struct name){ .ser_phys = HIGH, .generation = HIGH,
					    .session = "guest", .iommufd_token = HIGH,
					    .has_hwpt = true, .hwpt_token = HIGH });
	l.names = names;
	latency__init(&l);
	add_sample(&l, LUTRACE_OP_PRESERVE, HIGH, 0);
	add_sample(&l, LUTRACE_OP_PRESERVE, 5, 0);
	add_sample(&l, LUTRACE_OP_RESTORE, 6, -22);
	if (l.why)
		latency__add_why(&l, &(struct lutrace_why){
			.rec.type = LUTRACE_REC_WHY, .end_seq = 1, .ns = { HIGH } });
	assert_int_equal(latency__json(&l, c, written__open(&w)), 0);
	root = written__close(&w, "latency");
	latency__free(&l);
	names__free(names);
	return root;
}

static void test_latency(void **state)
{
	struct latency_context c = { .seconds = 0, .last = true, .command = "a\xff",
				     .command_status = -1, .memory = HIGH };
	enum latency_by by;
	json_t *root, *domain;
	int i;

	(void)state;
	for (i = 0; i < LIVE_NR_PROGS; i++)
		c.progs[i] = (struct live_prog){ .tracepoint = "t", .counts.in_flight = -3,
						 .runs = HIGH, .counts.events = HIGH };
	for (by = 0; by < LATENCY_NR_BYS; by++)
		json_decref(latency_json(by, &c));
	c.stack = made_stack;
	c.stats = true;
	c.command_status = 9;
	c.interval = 1;
	root = latency_json(LATENCY_BY_DOMAIN, &c);
	domain = json_array_get(json_object_get(root, "domains"), 0);
	assert_string_equal(json_string_value(json_object_get(domain, "record")),
			    "0xfffffffffffffffe");
	assert_string_equal(json_string_value(json_object_get(domain, "hwpt_token")),
			    "0xfffffffffffffffe");
	assert_int_equal(json_integer_value(json_object_get(root, "not_ended")), 0);
	json_decref(root);
}

static void test_doctor(void **state)
{
	struct findings list = { 0 };
	struct written w;

	(void)state;
	findings__add(&list, "btf", FOR_RECORD | FOR_WALK, FINDING_MISSING, xstrdup("none\xff"),
		      xstrdup("build it"));
	findings__add(&list, "kho", 0, FINDING_UNKNOWN, xstrdup("not known"), NULL);
	assert_int_equal(doctor__json(&list, written__open(&w)), 0);
	json_decref(written__close(&w, "doctor"));
	findings__free(&list);
}

static void test_ready(void **state)
{
	struct listed item = { .p = { .ser_phys = HIGH, .generation = HIGH, .top_phys = HIGH,
				      .nr_tables = HIGH, .nr_bytes = HIGH },
			       .token = HIGH, .preserved = true };
	struct listing listing = { .items = &item, .nr = 1 };
	struct ready_facts facts = { .list = &listing, .blocks_known = true, .blocks = HIGH };
	struct blackout blackout = { .known = true, .least = 1, .most = 2 };
	struct findings reasons = { 0 };
	struct written w;
	json_t *root, *hwpt;

	(void)state;
	findings__add(&reasons, "one", FOR_UPDATE, FINDING_MISSING, xstrdup("\xff"), NULL);
	assert_int_equal(ready__json(&facts, &reasons, &blackout, written__open(&w)), 0);
	root = written__close(&w, "ready");
	hwpt = json_array_get(json_object_get(root, "hwpts"), 0);
	assert_string_equal(json_string_value(json_object_get(hwpt, "token")),
			    "0xfffffffffffffffe");
	json_decref(root);
	facts = (struct ready_facts){ .list = NULL };
	blackout.known = false;
	assert_int_equal(ready__json(&facts, &reasons, &blackout, written__open(&w)), 0);
	json_decref(written__close(&w, "ready"));
	findings__free(&reasons);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_check), cmocka_unit_test(test_latency),
		cmocka_unit_test(test_doctor), cmocka_unit_test(test_ready),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
