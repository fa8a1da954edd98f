// SPDX-License-Identifier: GPL-2.0-only
/* Recordings of all versions, as record writes them, cut anywhere, and damaged in every way. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "corpus.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "recording/recording.h"
#include "recording/writer.h"

#define HOST "tool=lutrace 0\nrelease=7.3.4\nversion=#1\nmachine=x86_64\nboot_id=b00t\n" \
	     "cmdline=kho=on a=b\nhypervisor=TCGTCGTCGTCG\nemulated=1\nbuild_id=f00d\n" \
	     "ring_kib=64\nin_flight=100\nduration_ms=1500\nflight_file=7\nflight_first=5\n" \
	     "rotated_files=1\nrotated_events=900\n"

static char path[] = "/tmp/lutrace-unit-XXXXXX";
static char *whole;
static size_t whole_size, first_event, footer_at;
static size_t sums[3];		/* where each write but the last ends */

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
		.ser_phys = 0x1000, .generation = 5, .pid = 7, .tid = 8,
	};
}

static struct lutrace_latency a_latency(void)
{
	return (struct lutrace_latency){
		.rec = { LUTRACE_REC_LATENCY, sizeof(struct lutrace_latency) },
		.op = LUTRACE_OP_RESTORE, .begin_seq = 2, .end_seq = 3, .latency_ns = 10,
	};
}

/* Two events and a latency between two clocks, written by the real writer, in four writes. */
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
	assert_int_equal(recorder__flush(w, &fault), 0);
	sums[0] = recorder__sum(w).bytes;
	assert_int_equal(recorder__put(w, &one, &fault), 0);
	assert_int_equal(recorder__flush(w, &fault), 0);
	sums[1] = recorder__sum(w).bytes;
	assert_int_equal(recorder__put(w, &latency, &fault), 0);
	assert_int_equal(recorder__put(w, &two, &fault), 0);
	assert_int_equal(recorder__flush(w, &fault), 0);
	sums[2] = recorder__sum(w).bytes;
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
	first_event = sums[0];
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
	assert_string_equal(r.build_id, "f00d");
	assert_int_equal(r.minor, LUTRACE_FILE_MINOR);
	assert_int_equal(r.ring_kib, 64);
	assert_int_equal(r.in_flight, 100);
	assert_int_equal(r.duration_ms, 1500);
	assert_int_equal(r.flight_file, 7);
	assert_int_equal(r.flight_first, 5);
	assert_int_equal(r.rotated_files, 1);
	assert_int_equal(r.rotated_events, 900);
	assert_int_equal(r.nr_records, 7);
	assert_int_equal(r.skipped, 0);
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

/* Of the first so many bytes. */
static size_t events_in(size_t size)
{
	return (size >= sums[1]) + (size >= sums[2]);
}

/* Cut after every byte: never a crash, never complete, events of what was written as a whole. */
static void test_cut_anywhere(void **state)
{
	struct recording r;
	struct fault fault;
	size_t size;
	char *part;

	(void)state;
	for (size = 0; size < whole_size; size++) {
		part = malloc(size ? size : 1);	/* so that reading on is seen */
		memcpy(part, whole, size);
		fault.text[0] = '\0';
		if (recording__parse(&r, "cut.rec", part, size, &fault)) {
			assert_true(size < first_event);
			assert_non_null(strstr(fault.text, "cut.rec"));
			assert_non_null(strstr(fault.text, size ? "was cut" : "is empty"));
		} else {
			assert_true(size >= first_event);
			assert_false(r.complete);
			assert_int_equal(r.nr_events, events_in(size));
			recording__free(&r);
		}
		free(part);
	}
}

/* What is not refused was cut, and is what was recorded. */
static void expect_right_or_refused(const char *data, size_t size, size_t bit)
{
	struct fault fault = { "" };
	struct recording r;
	size_t i;

	if (recording__parse(&r, "flipped.rec", data, size, &fault)) {
		assert_non_null(strstr(fault.text, "flipped.rec"));
		return;
	}
	if (r.complete || r.nr_events > events_in(size))
		fail_msg("bit %zu of %zu bytes: %zu events", bit, size, r.nr_events);
	for (i = 0; i < r.nr_events; i++) {
		struct lutrace_event ev = an_event(2 + i);

		assert_memory_equal(&r.events[i], &ev, sizeof(ev));
	}
	assert_int_equal(r.start.tsc, 1000);
	assert_string_equal(r.boot_id, "b00t");
	recording__free(&r);
}

/* The kernel's jump may end a file after any write: a bit that changed in it is told all the same. */
static void test_flipped_bit_of_a_cut(void **state)
{
	size_t size, bit, i;
	char *copy;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(sums); i++) {
		size = sums[i / 2] + i % 2 * 40;
		copy = malloc(size);
		memcpy(copy, whole, size);
		for (bit = 0; bit < 8 * size; bit++) {
			copy[bit / 8] ^= 1 << bit % 8;
			expect_right_or_refused(copy, size, bit);
			copy[bit / 8] ^= 1 << bit % 8;
		}
		free(copy);
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
	assert_int_equal(recording__parse(&r, "nothing", "", 0, &fault), RECORDING_EMPTY);
	assert_string_equal(fault.text, "nothing is empty: it holds no recording");
	assert_int_equal(recording__read(&r, "/nowhere.rec", &fault), -1);
	assert_non_null(strstr(fault.text, "/nowhere.rec"));
}

static void test_wrong_version(void **state)
{
	(void)state;
	expect_refused(8, LUTRACE_FILE_MAJOR + 1, ", this lutrace reads 1.x");
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
			  "its checksum at byte");
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

/* The header of a version in which what is written has no checksum, with @room after it; to free. */
static char *header_of_1_8(size_t *size, size_t room)
{
	const __u32 minor = 8;
	char *copy;

	*size = first_event - sizeof(struct lutrace_sum);
	copy = malloc(*size + room);
	memcpy(copy, whole, *size);
	memcpy(copy + offsetof(struct lutrace_file, minor), &minor, sizeof(minor));
	return copy;
}

/* A second header could make two kernels of one recording. */
static void test_second_header(void **state)
{
	size_t size, host = first_event - sizeof(struct lutrace_sum) - sizeof(struct lutrace_clock) -
		sizeof(struct lutrace_file);
	char *copy = header_of_1_8(&size, host);
	struct fault fault = { "" };
	struct recording r;

	(void)state;
	memcpy(copy + size, whole + sizeof(struct lutrace_file), host);
	assert_int_equal(recording__parse(&r, "two.rec", copy, size + host, &fault), -1);
	assert_non_null(strstr(fault.text, "no second header"));
	free(copy);
}

/* What it prints must not reach a terminal as a command. */
static void test_control_characters(void **state)
{
	struct fault fault = { "" };
	struct recording r;
	size_t size;
	char *copy = header_of_1_8(&size, 0), *at;

	(void)state;
	at = memmem(copy, size, "7.3.4", 5);
	at[1] = '\33';
	at[3] = 0x7f;
	assert_int_equal(recording__parse(&r, "esc.rec", copy, size, &fault), 0);
	assert_string_equal(r.release, "7?3?4");
	recording__free(&r);
	free(copy);
}

static void parse_made(struct recording *r, const struct corpus_options *o, struct corpus *c)
{
	struct fault fault = { "" };

	corpus__make(c, o);
	if (recording__parse(r, "made.rec", c->data, c->size, &fault))
		fail_msg("%s", fault.text);
}

/* What is the same in all versions; the first event is the FLB's. */
static void expect_made(const struct recording *r, const struct corpus *c, size_t skipped)
{
	assert_true(r->complete);
	assert_int_equal(r->nr_events, c->events - skipped);
	assert_int_equal(r->nr_latencies, c->latencies);
	assert_string_equal(r->release, "7.3.4");
	assert_string_equal(r->cmdline, "kho=on liveupdate=on a=\"b,c\"");
	assert_int_equal(r->events[0].op, LUTRACE_OP_FLB_PRESERVE);
	assert_int_equal(r->events[3].top_phys, 0x200000000);
	assert_int_equal(r->events[3].tid, 322);
	assert_int_equal(r->latencies[1].latency_ns, 700);
	assert_int_equal(r->footer.signal, 2);
}

/* Files of lutrace 0.1 as it was first published. */
static void test_version_1_0(void **state)
{
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &(struct corpus_options){ .major = 1, .domains = 3, .aborts = 1 }, &c);
	expect_made(&r, &c, 0);
	assert_int_equal(r.minor, 0);
	assert_null(r.build_id);
	assert_int_equal(r.ring_kib, 0);
	recording__free(&r);
	free(c.data);
}

static void test_version_1_1(void **state)
{
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &(struct corpus_options){ .major = 1, .minor = 1, .domains = 3 }, &c);
	expect_made(&r, &c, 0);
	assert_int_equal(r.ring_kib, 4096);
	assert_int_equal(r.duration_ms, 2500);
	assert_string_equal(r.build_id, "00112233445566778899aabbccddeeff00112233");
	recording__free(&r);
	free(c.data);
}

/* The last record of what it cost holds; and what is known of the machine. */
static void test_cost(void **state)
{
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &(struct corpus_options){ .major = 1, .minor = 11, .domains = 3 }, &c);
	assert_true(r.complete);
	assert_int_equal(r.skipped, 0);
	assert_int_equal(r.cpus, 2);
	assert_string_equal(r.config, "fedcba9876543210");
	assert_string_equal(r.cpu_model, "QEMU Virtual CPU version 2.5+");
	assert_int_equal(r.cost.cpu_ns, 2000000);
	assert_int_equal(r.cost.rss_bytes, 5242880);
	assert_int_equal(r.cost.bpf_bytes, 65536);
	assert_int_equal(r.cost.bpf_runs, c.events);
	assert_int_equal(r.cost.bpf_run_ns, 700 * c.events);
	assert_int_equal(r.cost.has_runs, 1);
	free(c.data);
	recording__free(&r);
	parse_made(&r, &(struct corpus_options){ .major = 1, .minor = 10, .domains = 3 }, &c);
	assert_int_equal(r.cost.whole, 0);
	assert_null(r.config);
	free(c.data);
	recording__free(&r);
}

static void test_freed(void **state)
{
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &(struct corpus_options){ .major = 1, .minor = 2, .domains = 3,
						 .freed = true }, &c);
	assert_true(r.complete);
	assert_true(r.watches_freed);
	assert_int_equal(r.nr_freed, 1);
	assert_int_equal(r.freed[0].phys, 0x200000000ull);
	assert_int_equal(r.freed[0].size, 4096);
	assert_int_equal(r.freed[0].cpu, 1);
	assert_int_equal(r.freed[0].pid, 321);
	assert_int_equal(r.freed[0].tid, 322);
	assert_int_equal(r.nr_events, c.events);
	assert_int_equal(r.skipped, 0);
	free(c.data);
	recording__free(&r);
}

static void test_deep(void **state)
{
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &(struct corpus_options){ .major = 1, .minor = 4, .domains = 3,
						 .deep = true }, &c);
	assert_true(r.complete);
	assert_true(r.is_deep);
	assert_int_equal(r.nr_deep, 3);
	assert_int_equal(r.deep[2].token, 0x72);
	assert_int_equal(r.deep[2].ser_phys, 0x100000080ull);
	assert_int_equal(r.deep[2].generation, 1);
	assert_int_equal(r.deep[2].said_bytes, 3 * 4096);
	assert_int_equal(r.deep[2].said_top_level, 2);
	assert_int_equal(r.deep[2].top_phys, 0x200002000ull);
	assert_int_equal(r.deep[2].format, 3);
	assert_int_equal(r.deep[2].levels[2].tables, 3);
	assert_int_equal(r.deep[2].levels[2].digest, 0x200002005ull);
	assert_int_equal(r.deep[2].flags, DEEP_KHO);
	assert_int_equal(r.deep[2].took_ns, 1234);
	assert_int_equal(r.nr_events, c.events);
	assert_int_equal(r.skipped, 0);
	free(c.data);
	recording__free(&r);
}

static void test_names(void **state)
{
	const struct name *name;
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &(struct corpus_options){ .major = 1, .minor = 5, .domains = 3, .aborts = 1,
						 .names = true }, &c);
	assert_true(r.complete);
	assert_int_equal(r.skipped, 0);
	assert_int_equal(names__count(r.names), 6);
	name = names__find(r.names, 0x100000040, 2);
	assert_string_equal(name__text(name).s,
			    "session guest, iommufd 0x200, HWPT 0x2, 0000:00:04.0 0000:00:05.1");
	assert_int_equal(name->hwpt_id, 11);
	assert_false(name->claims[NAME_PRESERVED].known);
	assert_string_equal(names__find(r.names, 0x100000080, 1)->devices, "");
	assert_null(names__find(r.names, 0x100000040, 3));
	assert_string_equal(names__process(r.names, 321), "vmm");
	assert_string_equal(names__process(r.names, 322), "");
	free(c.data);
	recording__free(&r);
}

static void test_claims(void **state)
{
	const struct claim *claim;
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &(struct corpus_options){ .major = 1, .minor = 7, .domains = 3,
						 .names = true }, &c);
	assert_true(r.complete);
	claim = &names__find(r.names, 0x100000040, 1)->claims[NAME_PRESERVED];
	assert_true(claim->known);
	assert_int_equal(claim->hwpt_token, 2);
	assert_int_equal(claim->iommufd_token, 0x200);
	assert_string_equal(claim->session, "guest");
	assert_true(claim->memory.known && claim->memory.maps && claim->memory.pinned);
	assert_int_equal(claim->memory.compared, 27);
	assert_int_equal(claim->memory.frozen, 3);
	assert_int_equal(claim->memory.sharers, 2);
	free(c.data);
	recording__free(&r);
}

static void test_complaints(void **state)
{
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &(struct corpus_options){ .major = 1, .minor = 7, .domains = 3,
						 .complaints = true }, &c);
	assert_true(r.complete && r.has_klog);
	assert_int_equal(r.nr_complaints, 2);
	assert_int_equal(r.complaints[0].lost, 3);
	assert_string_equal(r.complaints[0].text, "");
	assert_string_equal(r.complaints[1].text, "iommu: liveupdate: a?record refused");
	free(c.data);
	recording__free(&r);
}

/* How each kernel came up, on which host, and what tells that it jumped. */
static void test_boots(void **state)
{
	struct corpus_options o = { .major = 1, .minor = 8, .domains = 3, .aborts = 1,
				    .frozen = true };
	struct recording old, new, before;
	struct corpus a, b, c;

	(void)state;
	parse_made(&old, &o, &a);
	assert_true(old.has_kexec_count && !old.kexec_count && !old.previous_release);
	assert_true(old.complete && recording__frozen(&old));
	assert_int_equal(old.nr_freezes, 1);
	assert_int_equal(old.freezes[0].ret, 0);
	assert_int_equal(old.freezes[0].tid, 322);
	o = (struct corpus_options){ .kernel = CORPUS_NEW, .major = 1, .minor = 8, .domains = 3,
				     .aborts = 1 };
	parse_made(&new, &o, &b);
	assert_true(new.has_kexec_count && new.kexec_count == 1);
	assert_string_equal(new.previous_release, "7.3.4");
	assert_false(recording__frozen(&new));
	/* What the last preserve used is what the next kernel was handed over */
	assert_int_equal(new.events[1].op, LUTRACE_OP_FLB_RETRIEVE);
	assert_int_equal(new.events[1].generation, 2);
	assert_int_equal(new.events[0].generation, 0);
	assert_int_equal(recording__hosts(&old, &new), HOSTS_SAME_ID);
	new.host_id[strlen(new.host_id) - 1]++;
	assert_int_equal(recording__hosts(&old, &new), HOSTS_DIFFER);
	memcpy(new.host_id, "usb", 3);
	assert_int_equal(recording__hosts(&old, &new), HOSTS_UNKNOWN);
	o.minor = 7;
	parse_made(&before, &o, &c);
	assert_false(before.has_kexec_count || before.previous_release || before.host_id);
	assert_int_equal(before.events[1].generation, 0);
	assert_int_equal(recording__hosts(&old, &before), HOSTS_UNKNOWN);
	/* An event that came after the freeze: the kernel went on */
	old.freezes[0].time_ns = old.events[old.nr_events - 1].time_ns - 1;
	assert_false(recording__frozen(&old));
	recording__free(&old);
	recording__free(&new);
	recording__free(&before);
	free(a.data);
	free(b.data);
	free(c.data);
}

/* A file of 1.9 that the kernel's jump ended after each of its writes, and in the middle of one. */
static void test_sums(void **state)
{
	const struct corpus_options o = { .major = 1, .minor = 9, .domains = 3, .aborts = 1 };
	struct fault fault = { "" };
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &o, &c);
	expect_made(&r, &c, 0);
	assert_int_equal(r.skipped, 0);
	recording__free(&r);
	/* The FLB's begin, end, latency and their checksum, and an event without one */
	assert_int_equal(recording__parse(&r, "cut.rec", c.data, c.header + 96 + 96 + 56 + 16 + 96,
					  &fault), 0);
	assert_int_equal(r.nr_events, 2);
	assert_int_equal(r.cut_bytes, 96);
	recording__free(&r);
	c.data[c.header + 96 + 96 + 56 + 8] ^= 1;
	assert_int_equal(recording__parse(&r, "bad.rec", c.data, c.header + 96 + 96 + 56 + 16,
					  &fault), -1);
	assert_non_null(strstr(fault.text, "bad.rec is damaged: its checksum at byte"));
	free(c.data);
}

/* A crash of the machine may leave zeros from anywhere in a name on. */
static void test_half_a_name(void **state)
{
	struct name name = { .ser_phys = 0x40, .generation = 1, .session = "guest-of-somebody" };
	struct lutrace_rec *rec = name__record(&name);
	struct names *names = names__new();

	(void)state;
	memset((char *)rec + rec->size - 12, 0, 12);
	assert_int_equal(names__learn_record(names, rec), 0);
	assert_int_equal(names__count(names), 0);
	rec->size = 16;
	assert_int_equal(names__learn_record(names, rec), -1);
	free(rec);
	names__free(names);
}

/* Longer records, unknown ones and unknown operations of a version to come. */
static void test_newer_minor(void **state)
{
	const struct corpus_options newer = {
		.major = 1, .minor = LUTRACE_FILE_MINOR + 1, .domains = 3, .longer = 24,
		.unknown = true,
	};
	struct recording r;
	struct corpus c;

	(void)state;
	parse_made(&r, &newer, &c);
	expect_made(&r, &c, 1);
	assert_int_equal(r.skipped, 2);
	assert_true(recording__is_newer(&r));
	recording__free(&r);
	free(c.data);
}

/* In a version that is known, a longer record and an unknown operation are damage. */
static void test_longer_is_damage_if_known(void **state)
{
	struct corpus_options o = { .major = 1, .minor = 1, .domains = 1, .longer = 8 };
	struct fault fault;
	struct recording r;
	struct corpus c;

	(void)state;
	corpus__make(&c, &o);
	assert_int_equal(recording__parse(&r, "long.rec", c.data, c.size, &fault), -1);
	assert_non_null(strstr(fault.text, "has a size of 48"));
	free(c.data);
	o = (struct corpus_options){ .major = 1, .minor = 1, .domains = 1, .unknown = true };
	corpus__make(&c, &o);
	assert_int_equal(recording__parse(&r, "op.rec", c.data, c.size, &fault), -1);
	assert_non_null(strstr(fault.text, "is of operation 40"));
	free(c.data);
}

static void test_newer_major(void **state)
{
	struct corpus_options o = { .major = 2, .minor = 3, .domains = 1 };
	struct fault fault;
	struct recording r;
	struct corpus c;

	(void)state;
	corpus__make(&c, &o);
	assert_int_equal(recording__parse(&r, "next.rec", c.data, c.size, &fault), -1);
	assert_string_equal(fault.text, "next.rec has format version 2.3, this lutrace reads 1.x: "
			    "use the lutrace that recorded it");
	free(c.data);
}

/* A cut recording tells up to where it is whole: records, and time since its start. */
static void test_whole_up_to(void **state)
{
	struct fault fault = { "" };
	struct recording r;
	struct corpus c;

	(void)state;
	corpus__make(&c, &(struct corpus_options){ .major = 1, .minor = 1, .domains = 9 });
	/* The FLB's begin, end and latency, and half an event. */
	assert_int_equal(recording__parse(&r, "cut.rec", c.data, c.header + 96 + 96 + 56 + 50,
					  &fault), 0);
	assert_false(r.complete);
	assert_int_equal(r.nr_records, 5);
	assert_int_equal(r.cut_bytes, 50);
	assert_float_equal(recording__whole_s(&r), 1400e-9, 1e-12);
	recording__free(&r);
	free(c.data);
}

/* After a crash of the machine a file may end in zeros instead of what was written. */
static void test_zeros_are_a_cut(void **state)
{
	size_t from, size = whole_size + 5000;
	char *copy = calloc(1, size);
	struct fault fault = { "" };
	struct recording r;

	(void)state;
	for (from = first_event; from < footer_at; from += 8) {
		memcpy(copy, whole, from);
		memset(copy + from, 0, size - from);
		if (recording__parse(&r, "zeros.rec", copy, size, &fault))
			fail_msg("zeros from %zu: %s", from, fault.text);
		assert_false(r.complete);
		assert_true(r.cut_bytes >= 5000);
		assert_int_equal(r.nr_events, events_in(from));
		recording__free(&r);
	}
	free(copy);
}

static void test_write_errors_are_told(void **state)
{
	struct rlimit limit = { 0, RLIM_INFINITY };
	struct lutrace_footer footer = { 0 };
	struct fault fault = { "" };
	struct recorder *w;

	(void)state;
	assert_null(recorder__open("/nowhere/at/all.rec", &fault));
	assert_non_null(strstr(fault.text, "/nowhere/at/all.rec"));
	signal(SIGXFSZ, SIG_IGN);
	w = recorder__open(path, &fault);
	assert_non_null(w);
	limit.rlim_cur = 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(recorder__flush(w, &fault), -1);
	assert_non_null(strstr(fault.text, "cannot write /tmp/lutrace-unit-"));
	assert_int_equal(recorder__close(w, &footer, &fault), -1);
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	unlink(path);
}

static void write_text(const char *to, const char *text)
{
	FILE *f = fopen(to, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void expect_not_opened(const char *name, const char *words)
{
	struct fault fault = { "" };

	assert_null(recorder__open(name, &fault));
	if (!strstr(fault.text, words) || !strstr(fault.text, name))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
}

/* Evidence of a live update cannot be made again: nothing that is there is written over. */
static void test_nothing_is_overwritten(void **state)
{
	char *link = xasprintf("%s.link", path), *text;
	struct fault fault = { "" };
	struct recorder *w;
	size_t size;

	(void)state;
	write_recording();
	assert_int_equal(symlink(path, link), 0);
	expect_not_opened(path, "is a recording already");
	expect_not_opened(link, "is a recording already");
	text = read_file(path, &size, &fault);
	assert_int_equal(size, whole_size);
	assert_memory_equal(text, whole, size);
	free(text);
	/* One that was cut at once, and what is none at all */
	assert_int_equal(truncate(path, 20), 0);
	expect_not_opened(path, "is a recording already");
	write_text(path, "notes\n");
	expect_not_opened(path, "is not empty");
	text = read_file(path, &size, &fault);
	assert_string_equal(text, "notes\n");
	free(text);
	/* --force; the link stays one */
	w = recorder__open_over(link, &fault);
	assert_non_null(w);
	recorder__free(w);
	assert_int_equal(readlink(link, (char[8]){ "" }, 8), 8);
	/* What is empty is nobody's */
	w = recorder__open(path, &fault);
	assert_non_null(w);
	recorder__free(w);
	unlink(path);
	unlink(link);
	/* Neither a device nor a FIFO, which must not hold it up, with or without a reader */
	expect_not_opened("/dev/null", "is no regular file");
	assert_null(recorder__open_over("/dev/full", &fault));
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_not_opened(path, "no regular file");
	unlink(path);
	expect_not_opened("/tmp", "cannot write");
	free(link);
}

/* One that the kernel's jump may end at any time from the freeze on; and one that goes on after all. */
static void test_sealed(void **state)
{
	struct lutrace_clock start = a_clock(1000), jump = a_clock(5000), end = a_clock(9000);
	struct lutrace_footer first = { .counts.events = 1 }, last = { .signal = 15 };
	struct lutrace_event one = an_event(2), two = an_event(3);
	struct recorder *w = recorder__open(path, &(struct fault){ "" });
	struct fault fault = { "" };
	struct recording r;

	(void)state;
	assert_int_equal(recorder__host(w, HOST, &fault), 0);
	assert_int_equal(recorder__put(w, &start, &fault), 0);
	assert_int_equal(recorder__put(w, &one, &fault), 0);
	assert_false(recorder__is_sealed(w));
	assert_int_equal(recorder__seal(w, &jump, &first, &fault), 0);
	assert_true(recorder__is_sealed(w));
	assert_int_equal(recorder__seal(w, &end, &last, &fault), 0);
	assert_int_equal(recording__read(&r, path, &fault), 0);
	assert_true(r.complete);
	assert_int_equal(r.nr_events, 1);
	assert_int_equal(r.end.tsc, 5000);
	recording__free(&r);
	assert_int_equal(recorder__put(w, &two, &fault), 0);
	assert_false(recorder__is_sealed(w));
	assert_int_equal(recorder__flush(w, &fault), 0);
	assert_int_equal(recording__read(&r, path, &fault), 0);
	assert_false(r.complete);
	assert_int_equal(r.nr_events, 2);
	assert_int_equal(r.cut_bytes, 0);
	recording__free(&r);
	assert_int_equal(recorder__put(w, &end, &fault), 0);
	assert_int_equal(recorder__close(w, &last, &fault), 0);
	assert_int_equal(recording__read(&r, path, &fault), 0);
	assert_true(r.complete);
	assert_int_equal(r.end.tsc, 9000);
	assert_int_equal(r.footer.signal, 15);
	recording__free(&r);
	unlink(path);
}

/* A disk that gets full in the middle of a record, and has room again. */
static void test_taken_back(void **state)
{
	struct rlimit limit = { 0, RLIM_INFINITY };
	struct lutrace_clock start = a_clock(1000), end = a_clock(9000);
	struct lutrace_event one = an_event(2), two = an_event(3);
	struct lutrace_footer footer = { .signal = 15 };
	struct recorder_sum had, has;
	struct fault fault = { "" };
	struct recorder *w = recorder__open(path, &fault);
	struct recording r;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(recorder__host(w, HOST, &fault), 0);
	assert_int_equal(recorder__put(w, &start, &fault), 0);
	assert_int_equal(recorder__put(w, &one, &fault), 0);
	assert_int_equal(recorder__flush(w, &fault), 0);
	has = recorder__sum(w);
	limit.rlim_cur = has.bytes + 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(recorder__put(w, &two, &fault), 0);
	assert_int_equal(recorder__flush(w, &fault), -1);
	had = recorder__take_back(w);
	assert_int_equal(had.nr_events, 2);
	assert_int_equal(recorder__sum(w).nr_events, 1);
	assert_int_equal(recorder__sum(w).bytes, has.bytes);
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	two.seq = 4;
	assert_int_equal(recorder__put(w, &two, &fault), 0);
	assert_int_equal(recorder__put(w, &end, &fault), 0);
	assert_int_equal(recorder__close(w, &footer, &fault), 0);
	assert_int_equal(recording__read(&r, path, &fault), 0);
	assert_true(r.complete);
	assert_int_equal(r.nr_events, 2);
	assert_int_equal(r.events[1].seq, 4);
	recording__free(&r);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_flipped_bit_of_a_cut),
		cmocka_unit_test(test_bad_magic),
		cmocka_unit_test(test_wrong_version),
		cmocka_unit_test(test_wild_lengths),
		cmocka_unit_test(test_impossible_records),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_data_after_the_end),
		cmocka_unit_test(test_odd_size_of_an_unknown_record),
		cmocka_unit_test(test_second_header),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_version_1_0),
		cmocka_unit_test(test_version_1_1),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_freed),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_names), cmocka_unit_test(test_claims),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_boots),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_half_a_name),
		cmocka_unit_test(test_newer_minor),
		cmocka_unit_test(test_longer_is_damage_if_known),
		cmocka_unit_test(test_newer_major),
		cmocka_unit_test(test_whole_up_to),
		cmocka_unit_test(test_zeros_are_a_cut),
		cmocka_unit_test(test_write_errors_are_told),
		cmocka_unit_test(test_nothing_is_overwritten),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_taken_back),
	};

	return cmocka_run_group_tests_name("recording", tests, setup, teardown);
}
