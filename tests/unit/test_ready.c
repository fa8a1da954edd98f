// SPDX-License-Identifier: GPL-2.0-only
/* Go or no-go: each reason against it, alone, and that nothing unknown passes for go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "health/ready.h"
#include "lib/mem.h"

#define NR_HWPTS 12

/* All is as it should be, and a test spoils one thing. */
struct fixture {
	struct findings machine, reasons;
	struct listed items[NR_HWPTS];
	struct listing list;
	struct remarks remarks;
	struct lutrace_holder holders[3];
	struct ready_kernel kernel;
	struct ready_facts facts;
	struct blackout blackout;
};

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	size_t i;

	assert_non_null(fx);
	findings__add(&fx->machine, "kho", FOR_UPDATE, FINDING_OK, xstrdup("is on"), NULL);
	findings__add(&fx->machine, "kexec", FOR_UPDATE, FINDING_OK, xstrdup("can load"), NULL);
	findings__add(&fx->machine, "btf", FOR_RECORD, FINDING_MISSING, xstrdup("no types"), NULL);
	for (i = 0; i < NR_HWPTS; i++)
		fx->items[i] = (struct listed){
			.p = { .ser_phys = 0x1000 + i * 80, .generation = i + 1,
			       .top_phys = 0x100000 + i * 4096, .nr_tables = 3,
			       .nr_bytes = 3 * 4096, .format = 1 },
			.token = i, .preserved = true, .pending = true, .fits = true,
		};
	fx->list = (struct listing){ .items = fx->items, .nr = NR_HWPTS };
	fx->facts = (struct ready_facts){
		.machine = &fx->machine, .list = &fx->list, .image = "/boot/next",
		.remarks = &fx->remarks, .loaded = 1, .blocks_known = true, .blocks = 16000,
		.blocks_fault = "", .emulated = true, .kernel = &fx->kernel,
	};
	fx->kernel.image = (struct lutrace_kimage){ .loaded = 1, .file_mode = 1, .kho = 1 };
	fx->kernel.holders = fx->holders;
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	findings__free(&fx->machine);
	findings__free(&fx->reasons);
	free(fx);
	return 0;
}

static void remark(struct fixture *fx, enum remark_severity severity)
{
	remarks__add(&fx->remarks, severity, "it lacks something");
}

/* The verdict, and the one reason that is not in favour. */
static void expect_verdict(struct fixture *fx, enum ready_verdict verdict, const char *name,
			   const char *words)
{
	const struct finding *item, *found = NULL;
	size_t i;

	ready__judge(&fx->facts, &fx->reasons, &fx->blackout);
	for (i = 0; i < fx->reasons.nr; i++) {
		item = &fx->reasons.items[i];
		if (item->needs & FOR_UPDATE && item->state != FINDING_OK) {
			assert_null(found);
			found = item;
		}
	}
	assert_int_equal(ready__verdict(&fx->reasons), verdict);
	if (!name) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found->name, name);
	assert_non_null(strstr(found->text, words));
}

static const char *text_of(const struct fixture *fx, const char *name)
{
	const struct finding *item = findings__by_name(&fx->reasons, name);

	assert_non_null(item);
	return item->text;
}

static void test_go(void **state)
{
	struct fixture *fx = *state;

	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_non_null(strstr(text_of(fx, "preserved"),
			       "12 domains are preserved: 36 page tables, 147456 bytes"));
	assert_int_equal(ready_verdict__status(READY_GO), 0);
	assert_int_equal(ready_verdict__status(READY_NO_GO), 2);
	assert_int_equal(ready_verdict__status(READY_UNKNOWN), 3);
}

static void test_machine(void **state)
{
	struct fixture *fx = *state;

	fx->machine.items[0].state = FINDING_MISSING;
	expect_verdict(fx, READY_NO_GO, "kho", "is on");
}

/* Only before a kernel is loaded does it matter whether one can be. */
static void test_kexec_disabled(void **state)
{
	struct fixture *fx = *state;

	fx->machine.items[1].state = FINDING_MISSING;
	expect_verdict(fx, READY_GO, NULL, NULL);
}

static void test_not_loaded(void **state)
{
	struct fixture *fx = *state;

	fx->facts.loaded = 0;
	expect_verdict(fx, READY_NO_GO, "loaded", "no next kernel");
}

static void test_loaded_unknown(void **state)
{
	struct fixture *fx = *state;

	fx->facts.loaded = -1;
	fx->facts.loaded_fault = "there is no /sys/kernel";
	expect_verdict(fx, READY_UNKNOWN, "loaded", "not known (there is no /sys/kernel)");
}

/* kexec_load(2): KHO does not know of what it loads. */
static void test_kexec_load(void **state)
{
	struct fixture *fx = *state;

	fx->kernel.image = (struct lutrace_kimage){ .loaded = 1 };
	expect_verdict(fx, READY_NO_GO, "handover", "loaded by kexec_load(2)");
	assert_non_null(strstr(findings__by_name(&fx->reasons, "handover")->advice, "kexec -s"));
}

static void test_loaded_without_kho(void **state)
{
	struct fixture *fx = *state;

	fx->kernel.image.kho = 0;
	expect_verdict(fx, READY_NO_GO, "handover", "without KHO's data");
}

static void test_handover_unknown(void **state)
{
	struct fixture *fx = *state;

	fx->facts.kernel = NULL;
	fx->facts.kernel_fault = "no addresses";
	expect_verdict(fx, READY_UNKNOWN, "handover", "not known: no addresses");
	assert_non_null(strstr(text_of(fx, "holders"), "no addresses"));
}

/* What is not loaded needs no second reason. */
static void test_not_loaded_is_one_reason(void **state)
{
	struct fixture *fx = *state;

	fx->facts.loaded = 0;
	fx->kernel.image = (struct lutrace_kimage){ 0 };
	expect_verdict(fx, READY_NO_GO, "loaded", "no next kernel");
	assert_null(findings__by_name(&fx->reasons, "handover"));
}

static void hold(struct fixture *fx, unsigned int pid, const char *comm, const char *session)
{
	struct lutrace_holder *holder = &fx->holders[fx->kernel.nr_holders++];

	*holder = (struct lutrace_holder){ .pid = pid, .device = !session };
	strcpy(holder->comm, comm);
	strcpy(holder->session, session ?: "");
}

static void test_device_is_held(void **state)
{
	struct fixture *fx = *state;
	size_t i, nr = 0;

	hold(fx, 1, "systemd", NULL);
	hold(fx, 1, "systemd", "systemd");
	hold(fx, 1, "systemd", "systemd");
	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_non_null(strstr(text_of(fx, "device"), "open in process 1 (systemd)"));
	assert_non_null(strstr(findings__by_name(&fx->reasons, "device")->advice,
			       "do not end process 1"));
	assert_non_null(strstr(text_of(fx, "session"), "session systemd is open in process 1"));
	/* It has it twice, which is one line */
	for (i = 0; i < fx->reasons.nr; i++)
		nr += !strcmp(fx->reasons.items[i].name, "session");
	assert_int_equal(nr, 1);
}

static void test_device_is_held_by_another(void **state)
{
	struct fixture *fx = *state;

	hold(fx, 77, "vmm", NULL);
	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_non_null(strstr(text_of(fx, "device"), "process 77 (vmm)"));
	assert_null(strstr(findings__by_name(&fx->reasons, "device")->advice, "process 1"));
}

static void test_session_of_before(void **state)
{
	struct fixture *fx = *state;

	hold(fx, 77, "vmm", "guest");
	fx->holders[0].retrieved = 1;
	expect_verdict(fx, READY_UNKNOWN, "session",
		       "session guest of the kernel before is with process 77 (vmm) and not finished");
}

static void test_no_reset(void **state)
{
	char *devices[] = { "0000:00:04.0" };
	struct fixture *fx = *state;

	fx->facts.no_reset = devices;
	fx->facts.nr_no_reset = 1;
	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_non_null(strstr(text_of(fx, "reset"), "0000:00:04.0 cannot be reset"));
}

static void test_nothing_preserved(void **state)
{
	struct fixture *fx = *state;

	fx->list.nr = 0;
	expect_verdict(fx, READY_NO_GO, "preserved", "no domain is preserved");
}

static void test_list_unknown(void **state)
{
	struct fixture *fx = *state;

	fx->facts.list = NULL;
	fx->facts.list_fault = "no types to read";
	expect_verdict(fx, READY_UNKNOWN, "preserved", "no types to read");
}

static void test_marked_only(void **state)
{
	struct fixture *fx = *state;
	size_t i;

	for (i = 1; i < NR_HWPTS; i++) {
		fx->items[i].preserved = false;
		fx->items[i].p = (struct preserved){ 0 };
	}
	expect_verdict(fx, READY_NO_GO, "marked", "11 HWPTs are marked and not preserved");
	assert_non_null(strstr(text_of(fx, "marked"), "0x8 and 3 more"));
	assert_non_null(strstr(text_of(fx, "preserved"), "1 domain is preserved: 3 page tables"));
}

static void test_record_does_not_fit(void **state)
{
	struct fixture *fx = *state;

	fx->items[4].fits = false;
	expect_verdict(fx, READY_NO_GO, "records", "token 0x4");
}

static void test_next_kernel_warning(void **state)
{
	struct fixture *fx = *state;

	remark(fx, REMARK_LOST);
	expect_verdict(fx, READY_NO_GO, "next-kernel", "it lacks something");
}

static void test_next_kernel_note(void **state)
{
	struct fixture *fx = *state;

	remark(fx, REMARK_UNCHECKED);
	expect_verdict(fx, READY_UNKNOWN, "next-kernel", "it lacks something");
}

static void test_next_kernel_risk(void **state)
{
	struct fixture *fx = *state;

	remark(fx, REMARK_RISK);
	expect_verdict(fx, READY_UNKNOWN, "next-kernel", "it lacks something");
}

/* What is only worth knowing is said, and does not count */
static void test_next_kernel_only_worth_knowing(void **state)
{
	struct fixture *fx = *state;

	remark(fx, REMARK_NOTE);
	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_string_equal(text_of(fx, "next-kernel"), "it lacks something");
}

static void test_next_kernel_not_given(void **state)
{
	struct fixture *fx = *state;

	fx->facts.image = NULL;
	fx->facts.remarks = NULL;
	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_non_null(strstr(text_of(fx, "next-kernel"), "not looked at"));
}

static void test_too_few_blocks(void **state)
{
	struct fixture *fx = *state;

	fx->facts.blocks = 35;
	expect_verdict(fx, READY_NO_GO, "kho-blocks", "35 blocks of memory, fewer than the 36");
}

static void test_blackout(void **state)
{
	struct fixture *fx = *state;

	/* The measurements, scaled, are 0.035 to 0.1024 s there. */
	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_true(fx->blackout.known);
	assert_true(fx->blackout.least > 0.034 && fx->blackout.least < 0.036);
	assert_true(fx->blackout.most > 0.102 && fx->blackout.most < 0.103);
	assert_non_null(strstr(text_of(fx, "blackout"), "an extrapolation, not a measurement"));
	assert_null(strstr(text_of(fx, "blackout"), "beyond"));
}

static void test_blackout_beyond(void **state)
{
	struct fixture *fx = *state;

	fx->facts.blocks = 1000000;
	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_true(fx->blackout.least <= 2 * 1.84 && fx->blackout.most >= 2 * 1.84);
	assert_non_null(strstr(text_of(fx, "blackout"), "beyond"));
}

static void test_blackout_unknown(void **state)
{
	struct fixture *fx = *state;

	fx->facts.emulated = false;
	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_false(fx->blackout.known);
	assert_int_equal(strncmp(text_of(fx, "blackout"), "unknown", 7), 0);
}

static void test_blocks_unknown(void **state)
{
	struct fixture *fx = *state;

	fx->facts.blocks_known = false;
	fx->facts.blocks_fault = "debugfs is not mounted";
	expect_verdict(fx, READY_GO, NULL, NULL);
	assert_false(fx->blackout.known);
	assert_non_null(strstr(text_of(fx, "blackout"), "debugfs is not mounted"));
}

static void test_json(void **state)
{
	struct fixture *fx = *state;
	char *text = NULL;
	size_t size;
	json_t *root, *hwpt;
	FILE *f = open_memstream(&text, &size);

	fx->items[2].preserved = false;
	ready__judge(&fx->facts, &fx->reasons, &fx->blackout);
	assert_int_equal(ready__json(&fx->facts, &fx->reasons, &fx->blackout, f), 0);
	fclose(f);
	root = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), READY_SCHEMA);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "no-go");
	assert_int_equal(json_integer_value(json_object_get(root, "status")), 2);
	assert_int_equal(json_integer_value(json_object_get(root, "preserved")), NR_HWPTS - 1);
	assert_int_equal(json_array_size(json_object_get(root, "hwpts")), NR_HWPTS);
	hwpt = json_array_get(json_object_get(root, "hwpts"), 1);
	assert_string_equal(json_string_value(json_object_get(hwpt, "record")), "0x1050");
	assert_string_equal(json_string_value(json_object_get(hwpt, "root")), "0x101000");
	json_decref(root);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

/* What stands in an image or on a command line has no say on the terminal. */
static void test_findings_are_masked(void **state)
{
	struct findings list = { 0 };

	(void)state;
	findings__add(&list, "image", FOR_UPDATE, FINDING_MISSING, xstrdup("a\033[2J"),
		      xstrdup("b\xc2\x9b" "2J"));
	assert_string_equal(list.items[0].text, "a?[2J");
	assert_string_equal(list.items[0].advice, "b?2J");
	findings__free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings_are_masked),
		T(go), T(machine), T(kexec_disabled), T(not_loaded), T(loaded_unknown),
		T(nothing_preserved), T(list_unknown), T(marked_only), T(record_does_not_fit),
		T(next_kernel_warning), T(kexec_load), T(loaded_without_kho), T(handover_unknown),
		T(not_loaded_is_one_reason), T(device_is_held), T(device_is_held_by_another),
		T(session_of_before), T(no_reset), T(next_kernel_note), T(next_kernel_risk),
		T(next_kernel_only_worth_knowing), T(next_kernel_not_given),
		T(too_few_blocks), T(blackout), T(blackout_beyond), T(blackout_unknown),
		T(blocks_unknown), T(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
