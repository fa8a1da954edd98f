// SPDX-License-Identifier: GPL-2.0-only
// sources: tools/lutrace/recording.c tools/lutrace/util.c
// libs: -lz
/* Recordings as record writes them, cut anywhere, and damaged in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tools/lutrace/recording.h"

#define HOST "tool=lutrace 0\nrelease=7.3.4\nversion=#1\nmachine=x86_64\nboot_id=b00t\n" \
	     "cmdline=kho=on a=b\nhypervisor=TCGTCGTCGTCG\nemulated=1\n"

static char path[] = "/tmp/lutrace-unit-XXXXXX";
static char *whole;
static size_t whole_size, first_event, footer_at;

static struct lutrace_clock a_clock(__u64 tsc)
{
	return (struct lutrace_clock){
		.rec = { LUTRACE_REC_CLOCK, sizeof(struct lutrace_clock) },
		.tsc = tsc, .monotonic_ns = tsc / 2, .realtime_ns = tsc * 3,
	};
}

static struct lutrace_event an_event(__u64 seq)
{
	return (struct lutrace_event){
		.rec = { LUTRACE_REC_EVENT, sizeof(struct lutrace_event) },
		.op = LUTRACE_OP_RESTORE, .phase = seq & 1, .seq = seq, .time_ns = seq * 10,
		.ser_phys = 0x1000, .generation = 5,
	};
}

static struct lutrace_latency a_latency(void)
{
	return (struct lutrace_latency){
		.rec = { LUTRACE_REC_LATENCY, sizeof(struct lutrace_latency) },
		.op = LUTRACE_OP_RESTORE, .begin_seq = 2, .end_seq = 3, .latency_ns = 10,
	};
}

/* Two events and a latency between two clocks, written by the real writer. */
static void write_recording(void)
{
	struct fault fault = { "" };
	struct recorder *w = recorder__open(path, &fault);
	struct lutrace_clock start = a_clock(1000), end = a_clock(9000);
	struct lutrace_event one = an_event(2), two = an_event(3);
	struct lutrace_latency latency = a_latency();
	struct lutrace_footer footer = { .signal = 15, .counts.events = 2 };

	assert_non_null(w);
	assert_int_equal(recorder__host(w, HOST, &fault), 0);
	assert_int_equal(recorder__put(w, &start, &fault), 0);
	assert_int_equal(recorder__put(w, &one, &fault), 0);
	assert_int_equal(recorder__flush(w, &fault), 0);
	assert_int_equal(recorder__put(w, &latency, &fault), 0);
	assert_int_equal(recorder__put(w, &two, &fault), 0);
	assert_int_equal(recorder__put(w, &end, &fault), 0);
	assert_int_equal(recorder__close(w, &footer, &fault), 0);
}

static int setup(void **state)
{
	struct fault fault;
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	write_recording();
	whole = read_file(path, &whole_size, &fault);
	unlink(path);
	footer_at = whole_size - sizeof(struct lutrace_footer);
	first_event = footer_at - sizeof(struct lutrace_clock) -
		2 * sizeof(struct lutrace_event) - sizeof(struct lutrace_latency);
	return whole ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(whole);
	return 0;
}

static void test_whole(void **state)
{
	struct fault fault = { "" };
	struct recording r;

	(void)state;
	assert_int_equal(recording__parse(&r, "x.rec", whole, whole_size, &fault), 0);
	assert_true(r.complete);
	assert_int_equal(r.cut_bytes, 0);
	assert_string_equal(r.release, "7.3.4");
	assert_string_equal(r.boot_id, "b00t");
	assert_string_equal(r.cmdline, "kho=on a=b");
	assert_true(r.emulated);
	assert_int_equal(r.start.tsc, 1000);
	assert_int_equal(r.end.tsc, 9000);
	assert_int_equal(r.nr_events, 2);
	assert_int_equal(r.events[1].seq, 3);
	assert_int_equal(r.events[1].generation, 5);
	assert_int_equal(r.nr_latencies, 1);
	assert_int_equal(r.latencies[0].latency_ns, 10);
	assert_int_equal(r.footer.signal, 15);
	assert_int_equal(r.footer.counts.events, 2);
	recording__free(&r);
}

/* Cut after every byte: never a crash, never complete, events up to the cut. */
static void test_cut_anywhere(void **state)
{
	size_t size, event = sizeof(struct lutrace_event);
	struct recording r;
	struct fault fault;
	char *part;

	(void)state;
	for (size = 0; size < whole_size; size++) {
		part = malloc(size ? size : 1);	/* so that reading on is seen */
		memcpy(part, whole, size);
		fault.text[0] = '\0';
		if (recording__parse(&r, "cut.rec", part, size, &fault)) {
			assert_true(size < first_event);
			assert_non_null(strstr(fault.text, "cut.rec"));
		} else {
			assert_true(size >= first_event);
			assert_false(r.complete);
			assert_int_equal(r.nr_events,
					 (size >= first_event + event) +
					 (size >= footer_at - sizeof(struct lutrace_clock)));
			recording__free(&r);
		}
		free(part);
	}
}

static void expect_refused_at(size_t at, const void *bytes, size_t nr, const char *words)
{
	char *copy = malloc(whole_size);
	struct fault fault = { "" };
	struct recording r;

	memcpy(copy, whole, whole_size);
	memcpy(copy + at, bytes, nr);
	assert_int_equal(recording__parse(&r, "bad.rec", copy, whole_size, &fault), -1);
	if (!strstr(fault.text, words) || !strstr(fault.text, "bad.rec"))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
	free(copy);
}

static void expect_refused(size_t at, __u32 value, const char *words)
{
	expect_refused_at(at, &value, sizeof(value), words);
}

static void test_bad_magic(void **state)
{
	struct fault fault = { "" };
	struct recording r;

	(void)state;
	expect_refused_at(0, "luTrace", 7, "no recording of lutrace record");
	assert_int_equal(recording__parse(&r, "text", "hello\n", 6, &fault), -1);
	assert_non_null(strstr(fault.text, "no recording"));
	assert_int_equal(recording__read(&r, "/nowhere.rec", &fault), -1);
	assert_non_null(strstr(fault.text, "/nowhere.rec"));
}

static void test_wrong_version(void **state)
{
	(void)state;
	expect_refused(8, LUTRACE_FILE_MAJOR + 1, "has format version 2.0");
	expect_refused(16, 0, "header has a size of 0");
	expect_refused(16, 0xfffffff0, "header has a size of");
}

static void test_wild_lengths(void **state)
{
	const size_t size = first_event + offsetof(struct lutrace_rec, size);

	(void)state;
	expect_refused(size, 0, "has a size of 0");
	expect_refused(size, 7, "has a size of 7");
	expect_refused(size, 12, "has a size of 12");
	expect_refused(size, 0xffffffff, "has a size of 4294967295");
	expect_refused(size, sizeof(struct lutrace_event) - 8, "has a size of");
}

static void test_impossible_records(void **state)
{
	(void)state;
	expect_refused(first_event + offsetof(struct lutrace_event, op), LUTRACE_NR_OPS,
		       "is of operation 7");
	expect_refused(first_event + offsetof(struct lutrace_event, phase), 2, "phase 2");
	expect_refused(sizeof(struct lutrace_file), LUTRACE_REC_EVENT,
		       "stands where its header should be");
}

/* A single bit in the data is told by the checksum. */
static void test_checksum(void **state)
{
	__u8 byte = whole[first_event + offsetof(struct lutrace_event, time_ns)] ^ 4;

	(void)state;
	expect_refused_at(first_event + offsetof(struct lutrace_event, time_ns), &byte, 1,
			  "checksum is wrong");
	expect_refused(footer_at + offsetof(struct lutrace_footer, nr_events), 9,
		       "footer counts other records");
}

static void test_data_after_the_end(void **state)
{
	char *copy = calloc(1, whole_size + 8);
	struct fault fault = { "" };
	struct recording r;

	(void)state;
	memcpy(copy, whole, whole_size);
	assert_int_equal(recording__parse(&r, "bad.rec", copy, whole_size + 8, &fault), -1);
	assert_non_null(strstr(fault.text, "8 bytes follow its end"));
	free(copy);
}

static void test_odd_size_of_an_unknown_record(void **state)
{
	struct { struct lutrace_rec rec; __u32 data; } unknown = { { 77, 12 }, 0 };
	char *copy = calloc(1, first_event + 64);
	struct fault fault = { "" };
	struct recording r;

	(void)state;
	memcpy(copy, whole, first_event);
	memcpy(copy + first_event, &unknown, 12);
	assert_int_equal(recording__parse(&r, "odd.rec", copy, first_event + 12, &fault), -1);
	assert_non_null(strstr(fault.text, "has a size of 12"));
	free(copy);
}

/* What a newer minor version adds is skipped, and the rest is read. */
static void test_unknown_records_are_skipped(void **state)
{
	struct lutrace_event ev = an_event(9);
	struct lutrace_rec unknown = { 77, sizeof(unknown) };
	size_t size = first_event + sizeof(unknown) + sizeof(ev);
	char *copy = malloc(size);
	struct fault fault = { "" };
	struct recording r;

	(void)state;
	memcpy(copy, whole, first_event);
	memcpy(copy + first_event, &unknown, sizeof(unknown));
	memcpy(copy + first_event + sizeof(unknown), &ev, sizeof(ev));
	assert_int_equal(recording__parse(&r, "new.rec", copy, size, &fault), 0);
	assert_int_equal(r.skipped, 1);
	assert_int_equal(r.nr_events, 1);
	assert_int_equal(r.events[0].seq, 9);
	recording__free(&r);
	free(copy);
}

static void test_write_errors_are_told(void **state)
{
	struct lutrace_footer footer = { 0 };
	struct fault fault = { "" };
	struct recorder *w;

	(void)state;
	assert_null(recorder__open("/nowhere/at/all.rec", &fault));
	assert_non_null(strstr(fault.text, "/nowhere/at/all.rec"));
	w = recorder__open("/dev/full", &fault);
	assert_non_null(w);
	assert_int_equal(recorder__flush(w, &fault), -1);
	assert_non_null(strstr(fault.text, "cannot write /dev/full"));
	assert_int_equal(recorder__close(w, &footer, &fault), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_bad_magic),
		cmocka_unit_test(test_wrong_version),
		cmocka_unit_test(test_wild_lengths),
		cmocka_unit_test(test_impossible_records),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_data_after_the_end),
		cmocka_unit_test(test_odd_size_of_an_unknown_record),
		cmocka_unit_test(test_unknown_records_are_skipped),
		cmocka_unit_test(test_write_errors_are_told),
	};

	return cmocka_run_group_tests_name("recording", tests, setup, teardown);
}
