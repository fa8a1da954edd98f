// SPDX-License-Identifier: GPL-2.0-only
/* Names for the events of a live session, from a list of HWPTs that is made up here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fault.h"
#include "live/live.h"
#include "objects/lister.h"
#include "objects/namer.h"

#define DOMAINS	4
#define SECOND	1000000000ull

/* What the "kernel" lists: the generations of its domains; 0: it has none there. */
static __u64 listed[DOMAINS];
static int lists;
static name_fn tell;
static void *tell_priv;
static __u64 now;
/* What came out: how often each domain was told, and processes */
static int told[DOMAINS], processes;
static struct fault fault;

static __u64 record(int domain)
{
	return 0x1000 + domain * 0x50;
}

struct lister *lister__open(bool deep, bool verbose, name_fn fn, void *priv, struct fault *why)
{
	(void)deep;
	(void)verbose;
	(void)why;
	tell = fn;
	tell_priv = priv;
	return malloc(1);
}

int lister__names(struct lister *lister, struct fault *why)
{
	struct name name = { .session = "s", .devices = "d" };
	int i;

	(void)lister;
	(void)why;
	lists++;
	for (i = 0; i < DOMAINS; i++) {
		name.ser_phys = record(i);
		name.generation = listed[i];
		if (listed[i])
			tell(tell_priv, &name, 0);
	}
	return 0;
}

void lister__told(struct lister *lister)
{
	(void)lister;
}

void lister__free(struct lister *lister)
{
	free(lister);
}

__u64 live__now(void)
{
	return now;
}

static int on_name(void *priv, const struct name *name, struct fault *why)
{
	(void)priv;
	(void)why;
	told[(name->ser_phys - record(0)) / 0x50]++;
	return 0;
}

static int on_process(void *priv, __u32 pid, const char *comm, struct fault *why)
{
	(void)priv;
	(void)why;
	assert_int_equal(pid, getpid());
	assert_string_equal(comm, "test_namer");
	processes++;
	return 0;
}

static const struct namer_ops ops = { .name = on_name, .process = on_process };

static int setup(void **state)
{
	memset(listed, 0, sizeof(listed));
	memset(told, 0, sizeof(told));
	processes = lists = 0;
	now = SECOND;
	*state = namer__open(false, &ops, NULL);
	return 0;
}

static int teardown(void **state)
{
	namer__free(*state);
	return 0;
}

static void end(struct namer *n, __u32 op, int domain, __u64 generation, __s32 ret)
{
	struct lutrace_event ev = {
		.rec = { LUTRACE_REC_EVENT, sizeof(ev) }, .op = op, .phase = LUTRACE_END,
		.ser_phys = record(domain), .generation = generation, .ret = ret,
		.pid = getpid(), .tid = getpid(), .time_ns = now,
	};

	assert_int_equal(namer__event(n, &ev, &fault), 0);
}

static void poll_later(struct namer *n)
{
	now += SECOND;
	assert_int_equal(namer__poll(n, now, &fault), 0);
}

static bool knows(struct namer *n, int domain, __u64 generation)
{
	return names__find(namer__names(n), record(domain), generation);
}

/* The kernel may tell the name in that time, and events that come meanwhile must be read. */
static void test_no_list_at_once(void **state)
{
	struct namer *n = *state;

	listed[1] = 7;
	listed[2] = 8;
	end(n, LUTRACE_OP_PRESERVE, 1, 7, 0);
	now += SECOND / 20;
	end(n, LUTRACE_OP_PRESERVE, 2, 8, 0);
	assert_int_equal(namer__poll(n, now, &fault), 0);
	assert_int_equal(lists, 0);
	/* What comes after the first one does not put it off */
	now += SECOND / 20;
	assert_int_equal(namer__poll(n, now, &fault), 0);
	assert_int_equal(lists, 1);
	assert_true(knows(n, 1, 7) && knows(n, 2, 8));
}

/* Told once, and while all have a name nothing is listed. */
static void test_name(void **state)
{
	struct namer *n = *state;

	listed[1] = 7;
	poll_later(n);
	assert_int_equal(lists, 0);
	end(n, LUTRACE_OP_PRESERVE, 1, 7, 0);
	end(n, LUTRACE_OP_PRESERVE, 1, 7, 0);
	poll_later(n);
	poll_later(n);
	assert_int_equal(lists, 1);
	assert_int_equal(told[1], 1);
	assert_int_equal(processes, 1);
}

/* What is not found is not looked for forever. */
static void test_nameless(void **state)
{
	struct namer *n = *state;
	int i;

	end(n, LUTRACE_OP_PRESERVE, 1, 7, 0);
	for (i = 0; i < 10; i++)
		poll_later(n);
	assert_int_equal(lists, 3);
	assert_false(knows(n, 1, 7));
}

static void test_repeat(void **state)
{
	struct namer *n = *state;
	__u64 i;

	for (i = 0; i < DOMAINS; i++) {
		listed[i] = 10 + i;
		end(n, LUTRACE_OP_PRESERVE, i, 10 + i, 0);
	}
	poll_later(n);
	end(n, LUTRACE_OP_UNPRESERVE, 0, 10, 0);
	end(n, LUTRACE_OP_UNPRESERVE, 1, 11, -5);
	end(n, LUTRACE_OP_RESTORE, 2, 12, 0);
	assert_int_equal(namer__repeat(n, &ops, NULL, &fault), 0);
	assert_int_equal(told[0], 1);
	assert_int_equal(told[1], 2);
	assert_int_equal(told[2], 1);
	assert_int_equal(told[3], 2);
	assert_int_equal(processes, 2);
	/* What came to an end may still get its name, until the second time. */
	assert_true(knows(n, 0, 10));
	listed[0] = 20;
	end(n, LUTRACE_OP_PRESERVE, 0, 20, 0);
	poll_later(n);
	assert_int_equal(namer__repeat(n, &ops, NULL, &fault), 0);
	assert_false(knows(n, 0, 10));
	assert_true(knows(n, 0, 20));
	assert_true(knows(n, 1, 11));
	assert_false(knows(n, 2, 12));
	assert_int_equal(told[0], 3);
	assert_int_equal(told[2], 1);
}

/* A process without an event is not repeated, and is learnt again with its next one. */
static void test_repeat_process(void **state)
{
	struct namer *n = *state;

	end(n, LUTRACE_OP_PRESERVE, 1, 7, 0);
	assert_int_equal(processes, 1);
	assert_int_equal(namer__repeat(n, &ops, NULL, &fault), 0);
	assert_int_equal(processes, 2);
	assert_int_equal(namer__repeat(n, &ops, NULL, &fault), 0);
	assert_int_equal(processes, 2);
	end(n, LUTRACE_OP_UNPRESERVE, 1, 7, 0);
	assert_int_equal(processes, 3);
}

static void told_of_root(__u64 root, bool claimed)
{
	struct name name = { .has_hwpt = true, .hwpt_token = 5 };

	name.claims[NAME_RECLAIMED] = (struct claim){ .known = claimed, .hwpt_token = 5 };
	tell(tell_priv, &name, root);
}

/* What was reclaimed may be told before the event of its restore is read. */
static void test_told_early(void **state)
{
	struct lutrace_event ev = { .op = LUTRACE_OP_RESTORE, .phase = LUTRACE_END,
				    .ser_phys = record(1), .generation = 7, .top_phys = 0x9000,
				    .pid = getpid(), .tid = getpid() };
	struct namer *n = *state;

	told_of_root(0x9000, true);
	told_of_root(0xa000, true);
	told_of_root(0x9000, false);
	assert_int_equal(told[1], 0);
	assert_int_equal(namer__event(n, &ev, &fault), 0);
	poll_later(n);
	assert_int_equal(told[1], 1);
	assert_true(names__find(namer__names(n), record(1), 7)->claims[NAME_RECLAIMED].known);
	/* Not kept for ever: that root may be another's by then. */
	ev.ser_phys = record(2);
	ev.top_phys = 0xa000;
	assert_int_equal(namer__event(n, &ev, &fault), 0);
	poll_later(n);
	assert_int_equal(told[2], 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_list_at_once), T(name), T(nameless), T(repeat), T(repeat_process), T(told_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
