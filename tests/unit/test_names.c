// SPDX-License-Identifier: GPL-2.0-only
/* What is known of names, and what is selected by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/idmap.h"
#include "lib/mem.h"
#include "model/selection.h"
#include "recording/recording.h"

static struct name full = {
	.ser_phys = 0x1000, .generation = 7, .session = "guest", .iommufd_token = 0x200,
	.has_hwpt = true, .hwpt_token = 0x1, .hwpt_id = 3, .devices = "0000:00:04.0 0001:02:03.4",
};

static int setup(void **state)
{
	*state = names__new();
	return 0;
}

static int teardown(void **state)
{
	names__free(*state);
	return 0;
}

static const struct name_memory sound = {
	.known = true, .maps = true, .pinned = true, .compared = 27, .frozen = 2, .sharers = 2,
};

static void test_text(void **state)
{
	struct name bare = { .ser_phys = 1 }, token = { .has_hwpt = true, .hwpt_token = 9 };

	(void)state;
	assert_string_equal(name__text(&full).s, "session guest, iommufd 0x200, HWPT 0x1, "
			    "0000:00:04.0 0001:02:03.4");
	assert_string_equal(name__short(&full).s, "guest/0x200/0x1");
	assert_string_equal(name__text(&bare).s, "");
	assert_string_equal(name__text(&token).s, "HWPT 0x9");
	assert_string_equal(name__short(&token).s, "?/?/0x9");
	assert_string_equal(name__text(NULL).s, "");
	assert_string_equal(name__short(NULL).s, "?/?/?");
	assert_string_equal(name__devices(&bare), "?");
	bare.devices = "";
	assert_string_equal(name__devices(&bare), "-");
}

/* In pieces, and nothing is forgotten. */
static void test_learn(void **state)
{
	struct name piece = { .ser_phys = 0x1000, .generation = 7, .has_hwpt = true,
			      .hwpt_token = 0x1, .devices = "" };
	struct names *names = *state;
	const struct name *whole;

	assert_null(names__find(names, 0x1000, 7));
	assert_non_null(names__learn(names, &piece));
	assert_null(names__learn(names, &piece));
	whole = names__learn(names, &full);
	assert_string_equal(name__short(whole).s, "guest/0x200/0x1");
	assert_string_equal(whole->devices, full.devices);
	assert_null(names__learn(names, &full));
	/* What was detached before it went is still its device. */
	assert_null(names__learn(names, &piece));
	assert_string_equal(names__find(names, 0x1000, 7)->devices, full.devices);
	assert_null(names__find(names, 0x1000, 8));
	assert_int_equal(names__count(names), 1);
}

/* It goes to terminals. */
static void test_forget(void **state)
{
	struct idmap *gone = idmap__new(), *pids = idmap__new();
	struct names *names = *state;
	struct name name = full;
	__u32 pid;
	size_t i;

	for (i = 0; i < 100; i++) {
		name.generation = i;
		names__learn(names, &name);
		if (i % 3)
			idmap__set(gone, name.ser_phys, i, 0, 1);
	}
	names__learn_process(names, 7, "luctl");
	names__learn_process(names, 8, "vmm");
	idmap__set(pids, 8, 0, 0, 1);
	idmap__set(pids, 9, 0, 0, 1);
	names__forget(names, gone, pids);
	assert_int_equal(names__count(names), 34);
	for (i = 0; i < 100; i++)
		assert_int_equal(!names__find(names, full.ser_phys, i), i % 3 > 0);
	assert_int_equal(names__at(names, 33)->generation, 99);
	assert_string_equal(names__find(names, full.ser_phys, 99)->devices, full.devices);
	assert_string_equal(names__process(names, 7), "");
	assert_string_equal(names__process(names, 8), "vmm");
	assert_string_equal(names__process_at(names, 0, &pid), "vmm");
	assert_int_equal(pid, 8);
	assert_null(names__process_at(names, 1, &pid));
	assert_true(names__learn_process(names, 7, "luctl"));
	idmap__free(gone);
	idmap__free(pids);
}

static void test_printable(void **state)
{
	struct name name = full;
	struct names *names = *state;

	memset(name.session, 'x', sizeof(name.session));
	name.session[3] = '\033';
	name.session[5] = '\n';
	names__learn(names, &name);
	assert_int_equal(strlen(names__find(names, 0x1000, 7)->session), 63);
	assert_memory_equal(names__find(names, 0x1000, 7)->session, "xxx?x?x", 7);
	assert_true(names__learn_process(names, 5, "a\tb"));
	assert_false(names__learn_process(names, 5, "a\tb"));
	assert_false(names__learn_process(names, 5, ""));
	assert_string_equal(names__process(names, 5), "a?b");
	assert_true(names__learn_process(names, 5, "exec"));
	assert_string_equal(names__process(names, 5), "exec");
}

static void test_record(void **state)
{
	struct lutrace_rec *rec = name__record(&full);
	struct names *names = *state;
	const struct name *read;

	assert_int_equal(rec->type, LUTRACE_REC_NAME);
	assert_int_equal(rec->size % 8, 0);
	assert_int_equal(names__learn_record(names, rec), 0);
	read = names__find(names, 0x1000, 7);
	assert_string_equal(name__text(read).s, name__text(&full).s);
	assert_int_equal(read->hwpt_id, 3);
	free(rec);
}

/* The next kernel has the same domain, with ids of its own. */
static void test_inherit(void **state)
{
	struct name now = { .ser_phys = 0x1000, .generation = 7, .hwpt_id = 12, .devices = "" };
	struct names *names = *state, *before = names__new();

	names__learn(before, &full);
	names__learn(names, &now);
	names__inherit(names, before, 0x1000, 7);
	names__inherit(names, before, 0x1000, 8);
	assert_string_equal(name__short(names__find(names, 0x1000, 7)).s, "guest/0x200/0x1");
	assert_int_equal(names__find(names, 0x1000, 7)->hwpt_id, 12);
	assert_string_equal(names__find(names, 0x1000, 7)->devices, full.devices);
	assert_int_equal(names__count(names), 1);
	names__free(before);
}

static void claim(struct name *name, enum name_at at, const char *session, __u64 iommufd_token,
		  __u64 hwpt_token)
{
	struct claim *c = &name->claims[at];

	*c = (struct claim){ .known = true, .iommufd_token = iommufd_token,
			     .hwpt_token = hwpt_token };
	strcpy(c->session, session);
}

/* Through a recording, where a session's name may have spaces. */
static void test_claims(void **state)
{
	struct name name = { .ser_phys = 0x1000, .generation = 7 };
	struct names *names = *state;
	const struct name *read;
	struct lutrace_rec *rec;
	int at;

	claim(&name, NAME_PRESERVED, "a guest", 0x200, 0x1);
	claim(&name, NAME_RETRIEVED, "a guest", 0x201, 0x2);
	claim(&name, NAME_RECLAIMED, "", 0, 0x3);
	name.claims[NAME_PRESERVED].memory = sound;
	name.claims[NAME_PRESERVED].memory.kind = LUTRACE_HWPT_KNOWN | LUTRACE_HWPT_DIRTY;
	name.claims[NAME_RECLAIMED].memory = (struct name_memory){ .known = true, .pinned = true,
								   .frozen = ~0ull };
	rec = name__record(&name);
	assert_int_equal(names__learn_record(names, rec), 0);
	assert_null(names__learn(names, &name));
	read = names__find(names, 0x1000, 7);
	for (at = 0; at < NR_NAME_AT; at++)
		assert_memory_equal(&read->claims[at], &name.claims[at], sizeof(struct claim));
	assert_false(read->has_hwpt);
	claim(&name, NAME_RECLAIMED, "", 0, 0x4);
	assert_non_null(names__learn(names, &name));
	name.claims[NAME_PRESERVED].memory.compared++;
	assert_non_null(names__learn(names, &name));
	name.claims[NAME_PRESERVED].memory.known = false;
	assert_null(names__learn(names, &name));
	assert_int_equal(names__find(names, 0x1000, 7)->claims[NAME_PRESERVED].memory.compared, 28);
	free(rec);
}

/* Cut or spoilt it is not known, and what else is there is. */
static void test_half_of_memory(void **state)
{
	static const char text[] = "preserved_as=0x1\npreserved_memory=1 1 27 60\nhwpt_id=3\n";
	union {
		struct lutrace_name head;
		char bytes[sizeof(struct lutrace_name) + sizeof(text)];
	} rec = { .head = { .rec = { LUTRACE_REC_NAME, sizeof(rec.head) + strlen(text) },
			    .ser_phys = 1 } };
	struct names *names = *state;
	const struct name *name;

	memcpy(rec.bytes + sizeof(rec.head), text, sizeof(text));
	assert_int_equal(names__learn_record(names, &rec.head.rec), 0);
	name = names__find(names, 1, 0);
	assert_true(name->claims[NAME_PRESERVED].known);
	assert_false(name->claims[NAME_PRESERVED].memory.known);
	assert_int_equal(name->hwpt_id, 3);
}

static void expect_wrong(const struct name *name, const char *words)
{
	char text[256] = "";
	bool known;

	assert_int_equal(name__memory_wrong(name, &known, text, sizeof(text)), !!words);
	assert_true(known);
	assert_string_equal(text, words ? words : "");
}

static void test_memory(void **state)
{
	struct name name = full;
	struct name_memory *m = &name.claims[NAME_PRESERVED].memory;
	char text[256];
	bool known;

	(void)state;
	assert_false(name__memory_wrong(&name, &known, text, sizeof(text)));
	assert_false(known);
	*m = sound;
	expect_wrong(&name, NULL);
	m->compared = 0;
	expect_wrong(&name, "maps something, and no entry was compared with the memory of its "
		     "session when it was preserved");
	m->maps = m->pinned = false;
	expect_wrong(&name, NULL);
	m->frozen = 1;
	expect_wrong(&name, "maps what may be changed: 2 HWPTs of its IOAS were preserved, and the "
		     "kernel counts 1 that freeze it");
	*m = sound;
	m = &name.claims[NAME_RECLAIMED].memory;
	*m = sound;
	m->pinned = false;
	expect_wrong(&name, "maps pages that were not pinned when it was reclaimed");
	*m = sound;
	m = &name.claims[NAME_RETRIEVED].memory;
	*m = (struct name_memory){ .known = true, .maps = true, .pinned = true };
	expect_wrong(&name, NULL);
	m->pinned = false;
	expect_wrong(&name, "is in a session whose memory was not all kept where it is when the iommufd was "
		     "retrieved: it may have moved since");
}

/* They are what one kernel told. */
static void test_claims_are_not_inherited(void **state)
{
	struct names *before = names__new(), *names = *state;
	struct name name = full;

	claim(&name, NAME_PRESERVED, "guest", 0x200, 0x1);
	names__learn(before, &name);
	names__inherit(names, before, 0x1000, 7);
	assert_string_equal(name__short(names__find(names, 0x1000, 7)).s, "guest/0x200/0x1");
	assert_false(names__find(names, 0x1000, 7)->claims[NAME_PRESERVED].known);
	names__free(before);
}

static void test_contradicts(void **state)
{
	struct name then = full, now = full;
	char text[256] = "";
	bool compared;

	(void)state;
	claim(&now, NAME_RETRIEVED, "guest", 0x200, 0x2);
	assert_false(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	assert_false(compared);
	claim(&then, NAME_PRESERVED, "guest", 0x200, 0x1);
	assert_true(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	assert_string_equal(text, "was preserved as session guest, iommufd 0x200, HWPT 0x1, and was "
			    "handed over as session guest, iommufd 0x200, HWPT 0x2");
	claim(&now, NAME_RETRIEVED, "other", 0x200, 0x1);
	assert_true(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	claim(&now, NAME_RETRIEVED, "guest", 0x201, 0x1);
	assert_true(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	claim(&now, NAME_RETRIEVED, "guest", 0x200, 0x1);
	assert_false(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	assert_true(compared);
	claim(&now, NAME_RECLAIMED, "", 0, 0x1);
	assert_false(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	claim(&now, NAME_RECLAIMED, "", 0, 0x2);
	assert_true(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	assert_string_equal(text, "was preserved as session guest, iommufd 0x200, HWPT 0x1, and was "
			    "given to who asked for HWPT 0x2");
}

/* What it was allocated for is what it comes back as, if both kernels say so. */
static void test_contradicts_kind(void **state)
{
	struct name then = full, now = full;
	char text[256] = "";
	bool compared;

	(void)state;
	claim(&then, NAME_PRESERVED, "guest", 0x200, 0x1);
	claim(&now, NAME_RECLAIMED, "", 0, 0x1);
	then.claims[NAME_PRESERVED].memory.kind = LUTRACE_HWPT_KNOWN | LUTRACE_HWPT_ENFORCE_CC;
	assert_false(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	now.claims[NAME_RECLAIMED].memory.kind = LUTRACE_HWPT_KNOWN | LUTRACE_HWPT_ENFORCE_CC;
	assert_false(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	now.claims[NAME_RECLAIMED].memory.kind = LUTRACE_HWPT_KNOWN | LUTRACE_HWPT_NEST_PARENT;
	assert_true(name__contradicts(&then, &now, &compared, text, sizeof(text)));
	assert_string_equal(text, "was preserved as a HWPT with cache coherency enforced, and comes back as "
			    "one without cache coherency enforced, a nesting parent");
}

static void test_select(void **state)
{
	struct name part = { .ser_phys = 1, .has_hwpt = true, .hwpt_token = 0x200 };
	static const struct {
		struct selection sel;
		enum selected full, part;
	} t[] = {
		{ { .session = NULL }, SELECTED_YES, SELECTED_YES },
		{ { .session = "guest" }, SELECTED_YES, SELECTED_UNKNOWN },
		{ { .session = "gues" }, SELECTED_NO, SELECTED_UNKNOWN },
		{ { .has_token = true, .token = 0x200 }, SELECTED_YES, SELECTED_YES },
		{ { .has_token = true, .token = 0x1 }, SELECTED_YES, SELECTED_UNKNOWN },
		{ { .has_token = true, .token = 0x2 }, SELECTED_NO, SELECTED_UNKNOWN },
		{ { .device = "0000:00:04.0" }, SELECTED_YES, SELECTED_UNKNOWN },
		{ { .device = "0000:02:03.4" }, SELECTED_NO, SELECTED_UNKNOWN },
		{ { .device = "0001:02:03.4" }, SELECTED_YES, SELECTED_UNKNOWN },
		{ { .device = "0000:00:04.1" }, SELECTED_NO, SELECTED_UNKNOWN },
		{ { .session = "guest", .has_token = true, .token = 9 }, SELECTED_NO,
		  SELECTED_UNKNOWN },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(selection__domain(&t[i].sel, &full), t[i].full);
		assert_int_equal(selection__domain(&t[i].sel, &part), t[i].part);
		assert_int_equal(selection__domain(&t[i].sel, NULL),
				 i ? SELECTED_UNKNOWN : SELECTED_YES);
	}
	assert_int_equal(selection__domain(NULL, NULL), SELECTED_YES);
}

static void test_select_process(void **state)
{
	struct selection sel = { .pid = 5 }, comm = { .comm = "vmm" };
	struct names *names = *state;

	assert_true(selection__any(&sel));
	assert_false(selection__needs_name(&sel));
	assert_int_equal(selection__process(&sel, 5, ""), SELECTED_YES);
	assert_int_equal(selection__process(&sel, 6, ""), SELECTED_NO);
	assert_int_equal(selection__process(&comm, 5, ""), SELECTED_UNKNOWN);
	names__learn_process(names, 5, "vmm");
	names__learn_process(names, 6, "vmm2");
	assert_int_equal(selection__event(&comm, names, LUTRACE_OP_RESTORE, 1, 1, 5), SELECTED_YES);
	assert_int_equal(selection__event(&comm, names, LUTRACE_OP_RESTORE, 1, 1, 6), SELECTED_NO);
	assert_int_equal(selection__event(&comm, names, LUTRACE_OP_RESTORE, 1, 1, 7),
			 SELECTED_UNKNOWN);
	/* The FLB is all sessions' */
	sel = (struct selection){ .session = "guest" };
	assert_int_equal(selection__event(&sel, names, LUTRACE_OP_FLB_FINISH, 0, 0, 5),
			 SELECTED_YES);
	assert_int_equal(selection__event(&sel, names, LUTRACE_OP_RESTORE, 1, 1, 5),
			 SELECTED_UNKNOWN);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(text), T(learn), T(forget), T(printable), T(record), T(inherit), T(select),
		T(select_process), T(claims), T(half_of_memory), T(memory),
		T(claims_are_not_inherited), T(contradicts), T(contradicts_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
