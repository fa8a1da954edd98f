// SPDX-License-Identifier: GPL-2.0-only
/* Figures of live samples: buckets, percentiles of raw samples and of buckets, filters, losses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "latency/latency.h"
#include "lib/mem.h"
#include "live/overhead.h"

static struct lutrace_sample sample(__u32 op, __u64 phys, __u64 generation, __u64 ns, int ret)
{
	return (struct lutrace_sample){
		.lat = { .op = op, .ret = ret, .ser_phys = phys, .generation = generation,
			 .latency_ns = ns }, .pid = 7 };
}

static void add(struct latency *l, __u32 op, __u64 phys, __u64 generation, __u64 ns, int ret)
{
	struct lutrace_sample s = sample(op, phys, generation, ns, ret);

	latency__add(l, &s);
}

/* Every value is in the first bucket whose bound it does not exceed. */
static void test_bounds_are_inclusive(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(hist__bucket(0), 0);
	assert_int_equal(hist__bucket(1024), 0);
	assert_int_equal(hist__bound(1), 1280);
	assert_int_equal(hist__bound(4), 2048);
	assert_int_equal(hist__bound(HIST_OVERFLOW - 1), 1024ull << HIST_OCTAVES);
	for (i = 0; i < HIST_OVERFLOW; i++) {
		assert_int_equal(hist__bucket(hist__bound(i)), i);
		assert_int_equal(hist__bucket(hist__bound(i) + 1), i + 1);
	}
}

static void test_overflow_is_seen(void **state)
{
	struct latency l = { 0 };

	(void)state;
	latency__init(&l);
	add(&l, LUTRACE_OP_PRESERVE, 1, 1, UINT64_MAX, 0);
	assert_int_equal(l.ops[LUTRACE_OP_PRESERVE].hist[HIST_OVERFLOW], 1);
	assert_int_equal(l.ops[LUTRACE_OP_PRESERVE].hist[HIST_OVERFLOW - 1], 0);
	latency__free(&l);
}

static void test_p999_needs_1000(void **state)
{
	struct latency l = { 0 };
	struct stats s;
	int i;

	(void)state;
	latency__init(&l);
	for (i = 1; i < 1000; i++)
		add(&l, LUTRACE_OP_RESTORE, 1, 1, i, 0);
	latency_row__stats(&l.ops[LUTRACE_OP_RESTORE], &s);
	assert_true(s.has_p99);
	assert_false(s.has_p999);
	add(&l, LUTRACE_OP_RESTORE, 1, 1, 1000, 0);
	latency_row__stats(&l.ops[LUTRACE_OP_RESTORE], &s);
	assert_true(s.has_p999);
	assert_int_equal(s.p999, 999);
	latency__free(&l);
}

/* Beyond the bound: the bucket's bound is told, never less than the sample; min and max are exact. */
static void test_too_many_use_buckets(void **state)
{
	struct latency l = { 0 };
	struct latency_row *row = &l.ops[LUTRACE_OP_PRESERVE];
	struct stats s;
	size_t i;

	(void)state;
	latency__init(&l);
	for (i = 0; i < LATENCY_MAX_RAW; i++)
		add(&l, LUTRACE_OP_PRESERVE, 1, 1, 3000, 0);
	assert_false(row->bucketed);
	add(&l, LUTRACE_OP_PRESERVE, 1, 1, 9001, 0);
	assert_true(row->bucketed);
	assert_int_equal(l.nr_raw, 0);
	latency_row__stats(row, &s);
	assert_int_equal(s.n, LATENCY_MAX_RAW + 1);
	assert_int_equal(s.min, 3000);
	assert_int_equal(s.p50, 3072);
	assert_int_equal(s.max, 9001);
	latency__free(&l);
}

static void test_errors_are_no_times(void **state)
{
	struct latency l = { .by = LATENCY_BY_DOMAIN, .max_slowest = 2 };

	(void)state;
	latency__init(&l);
	add(&l, LUTRACE_OP_PRESERVE, 0x1000, 1, 10, 0);
	add(&l, LUTRACE_OP_PRESERVE, 0x1000, 2, 30, -12);
	add(&l, LUTRACE_OP_UNPRESERVE, 0x1000, 1, 20, 0);
	add(&l, LUTRACE_OP_FLB_PRESERVE, 0, 0, 5, 0);
	assert_int_equal(l.ops[LUTRACE_OP_PRESERVE].n, 1);
	assert_int_equal(l.ops[LUTRACE_OP_PRESERVE].errors, 1);
	assert_int_equal(l.nr_domains, 2);
	assert_int_equal(l.domains[0].ops[LUTRACE_OP_UNPRESERVE]->n, 1);
	assert_int_equal(l.nr_slowest, 2);
	assert_int_equal(l.slowest[0].lat.ret, -12);
	assert_int_equal(l.slowest[1].lat.latency_ns, 20);
	latency__free(&l);
}

static void name(struct names *names, __u64 phys, const char *session, const char *devices)
{
	struct name name = { .ser_phys = phys, .generation = 1, .devices = (char *)devices };

	strcpy(name.session, session);
	names__learn(names, &name);
}

static void test_groups(void **state)
{
	struct latency l = { .by = LATENCY_BY_DEVICE, .names = names__new() };
	struct latency_group *groups;
	size_t nr;

	(void)state;
	latency__init(&l);
	name(l.names, 0x1000, "guest", "0000:00:04.0 0000:00:05.0");
	name(l.names, 0x2000, "guest", "");
	add(&l, LUTRACE_OP_PRESERVE, 0x1000, 1, 10, 0);
	add(&l, LUTRACE_OP_PRESERVE, 0x2000, 1, 30, 0);
	add(&l, LUTRACE_OP_PRESERVE, 0x3000, 1, 20, -12);
	groups = latency__groups(&l, &nr);
	assert_int_equal(nr, 4);
	assert_string_equal(groups[0].key, "-");
	assert_string_equal(groups[1].key, "0000:00:04.0");
	assert_string_equal(groups[2].key, "0000:00:05.0");
	assert_string_equal(groups[3].key, "?");
	assert_int_equal(groups[2].ops[LUTRACE_OP_PRESERVE].max, 10);
	assert_int_equal(groups[3].errors, 1);
	free(groups);
	l.by = LATENCY_BY_SESSION;
	groups = latency__groups(&l, &nr);
	assert_int_equal(nr, 2);
	assert_string_equal(groups[1].key, "guest");
	assert_int_equal(groups[1].ops[LUTRACE_OP_PRESERVE].n, 2);
	assert_int_equal(groups[1].ops[LUTRACE_OP_PRESERVE].max, 30);
	free(groups);
	names__free(l.names);
	latency__free(&l);
}

/* An operation waits until its domain has a name. */
static void test_waits_for_names(void **state)
{
	struct latency l = { .sel.session = "guest", .names = names__new() };

	(void)state;
	latency__init(&l);
	name(l.names, 0x1000, "guest", "");
	add(&l, LUTRACE_OP_PRESERVE, 0x1000, 1, 10, 0);
	add(&l, LUTRACE_OP_PRESERVE, 0x2000, 1, 10, 0);
	add(&l, LUTRACE_OP_PRESERVE, 0x3000, 1, 10, 0);
	add(&l, LUTRACE_OP_PRESERVE, 0x4000, 1, 10, 0);
	add(&l, LUTRACE_OP_FLB_PRESERVE, 0, 0, 10, 0);
	assert_int_equal(l.ops[LUTRACE_OP_PRESERVE].n, 1);
	name(l.names, 0x2000, "guest", "");
	name(l.names, 0x3000, "other", "");
	latency__settle(&l, false);
	assert_int_equal(l.ops[LUTRACE_OP_PRESERVE].n, 2);
	assert_int_equal(l.left_out, 1);
	assert_int_equal(l.nameless, 0);
	latency__settle(&l, true);
	assert_int_equal(l.ops[LUTRACE_OP_PRESERVE].n, 2);
	assert_int_equal(l.ops[LUTRACE_OP_FLB_PRESERVE].n, 1);
	assert_int_equal(l.left_out, 2);
	assert_int_equal(l.nameless, 1);
	names__free(l.names);
	latency__free(&l);
}

static void test_why(void **state)
{
	struct latency l = { .max_slowest = 2, .why = true };
	struct lutrace_why why = { .rec.type = LUTRACE_REC_WHY, .end_seq = 7 };
	struct lutrace_sample s = { .lat = { .op = LUTRACE_OP_PRESERVE, .latency_ns = 5 } };

	(void)state;
	latency__init(&l);
	s.lat.end_seq = 7;
	latency__add(&l, &s);
	assert_true(latency__add_why(&l, &why));
	why.end_seq = 8;
	assert_false(latency__add_why(&l, &why));
	/* A slower one comes before it, and nothing is known of that. */
	s.lat.end_seq = 9;
	s.lat.latency_ns = 6;
	latency__add(&l, &s);
	assert_int_equal(l.whys[0].rec.type, 0);
	assert_int_equal(l.whys[1].end_seq, 7);
	latency__free(&l);
}

/* Of --stats, which is not given. */
void overhead__print(const struct overhead *o, FILE *f)
{
	(void)o;
	(void)f;
	fail();
}

static size_t two_frames(const void *priv, const struct lutrace_why *why,
			 char *frames[LUTRACE_MAX_FRAMES])
{
	assert_ptr_equal(priv, why);
	frames[0] = xstrdup("inner+0x1/0x2");
	frames[1] = xstrdup("outer+0x3/0x4");
	return 2;
}

static char *printed(struct latency *l, const struct latency_context *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	latency__print(l, c, f);
	fclose(f);
	return text;
}

/* Of the slowest whose record has come; of another one it is not known. */
static void test_stack(void **state)
{
	struct latency l = { .max_slowest = 2 };
	struct lutrace_why why = { .rec.type = LUTRACE_REC_WHY, .end_seq = 7 };
	struct lutrace_sample s = { .lat = { .op = LUTRACE_OP_PRESERVE, .latency_ns = 5 } };
	struct latency_context c = { .seconds = 1, .stack = two_frames, .last = true };
	char *text, *inner, *unknown;

	(void)state;
	latency__init(&l);
	s.lat.end_seq = 7;
	latency__add(&l, &s);
	assert_true(latency__add_why(&l, &why));
	s.lat.end_seq = 8;
	s.lat.latency_ns = 4;
	latency__add(&l, &s);
	c.stack_priv = &l.whys[0];
	text = printed(&l, &c);
	inner = strstr(text, " inner+0x1/0x2\n");
	unknown = strstr(text, "stack: not known");
	assert_non_null(inner);
	assert_non_null(strstr(inner, " outer+0x3/0x4\n"));
	assert_true(unknown > inner);
	assert_null(strstr(text, "waiting for locks"));
	free(text);
	latency__free(&l);
}

static void test_filters(void **state)
{
	struct latency_context c = { .progs = { [LUTRACE_PROG(LUTRACE_OP_PRESERVE,
							      LUTRACE_BEGIN)].filtered = 7,
						[LUTRACE_PROG(LUTRACE_OP_PRESERVE,
							      LUTRACE_END)].filtered = 7 } };
	struct latency l = { .min_ns = 100 };

	(void)state;
	latency__init(&l);
	add(&l, LUTRACE_OP_PRESERVE, 0x1000, 2, 100, 0);
	add(&l, LUTRACE_OP_PRESERVE, 0x1000, 2, 99, 0);
	assert_int_equal(l.ops[LUTRACE_OP_PRESERVE].n, 1);
	/* An operation is left out at its end, and once; begins are not counted again */
	assert_int_equal(latency__left_out(&l, &c), 8);
	latency__free(&l);
}

/* Each kind of loss makes it incomplete; an end without a begin does not. */
static void test_losses(void **state)
{
	struct latency_context c = { .last = true };
	struct live_prog *end = &c.progs[LUTRACE_PROG(LUTRACE_OP_RESTORE, LUTRACE_END)];
	struct latency l = { 0 };

	(void)state;
	latency__init(&l);
	end->counts.events = end->counts.unmatched_ends = 1;
	assert_false(latency__incomplete(&l, &c));
	end->counts.events = 2;
	assert_int_equal(latency__unaccounted(&l, &c), 1);
	assert_true(latency__incomplete(&l, &c));
	end->counts.lost_latencies = 1;
	assert_int_equal(latency__unaccounted(&l, &c), 0);
	assert_true(latency__incomplete(&l, &c));
	*end = (struct live_prog){ .missed_runs = 1 };
	assert_true(latency__incomplete(&l, &c));
	*end = (struct live_prog){ .counts.lost_begins = 1 };
	assert_true(latency__incomplete(&l, &c));
	*end = (struct live_prog){ .tracepoint = NULL };
	assert_false(latency__incomplete(&l, &c));
	c.progs[LIVE_PROG_UNKNOWN].counts.lost_latencies = 1;
	assert_true(latency__incomplete(&l, &c));
	c.progs[LIVE_PROG_UNKNOWN].counts.lost_latencies = 0;
	c.lost_whys = 1;
	assert_true(latency__incomplete(&l, &c));
	latency__free(&l);
}

/* The status with which the options end the program; 0 if they are taken. */
static int parse_status(char *name, char *value)
{
	char *argv[] = { "lutrace latency", name, value, NULL };
	struct live_opts opts = LIVE_OPTS_DEFAULT;
	int status;
	pid_t pid = fork();

	if (!pid) {
		close(STDERR_FILENO);
		argp_err_exit_status = 1;
		_exit(argp_parse(&live_argp, 3, argv, 0, NULL, &opts));
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void test_options(void **state)
{
	(void)state;
	assert_int_equal(parse_status("--duration", "0.5"), 0);
	assert_int_equal(parse_status("--duration", "0"), 1);
	assert_int_equal(parse_status("--duration", "1s"), 1);
	assert_int_equal(parse_status("--ring-size", "8"), 0);
	assert_int_equal(parse_status("--ring-size", "12"), 1);
	assert_int_equal(parse_status("--in-flight", "-1"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_are_inclusive),
		cmocka_unit_test(test_overflow_is_seen),
		cmocka_unit_test(test_p999_needs_1000),
		cmocka_unit_test(test_too_many_use_buckets),
		cmocka_unit_test(test_errors_are_no_times),
		cmocka_unit_test(test_groups), cmocka_unit_test(test_waits_for_names),
		cmocka_unit_test(test_why), cmocka_unit_test(test_stack),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
