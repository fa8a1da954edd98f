// SPDX-License-Identifier: GPL-2.0-only
/* What trace buffers have becomes what BPF programs send: decoded, in order, paired, counted. */
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

#include "lib/fault.h"
#include "lib/mem.h"
#include "live/merger.h"
#include "live/rawevents.h"
#include "live/tasks.h"

#define P(op, phase)	LUTRACE_PROG(LUTRACE_OP_##op, LUTRACE_##phase)
#define PAGE		4096
#define FIRST_ID	500

/* The fields of each kind of tracepoint as the kernel lays them out. */
static const struct {
	const char *name;
	int size;
} domain_end[] = {
	{ "seq", 8 }, { "ser", 8 }, { "generation", 8 }, { "top", 8 }, { "tables", 8 },
	{ "bytes", 8 }, { "format", 4 }, { "level", 4 }, { "ret", 4 },
}, flb_end[] = { { "seq", 8 }, { "ser", 8 }, { "domains", 8 }, { "ret", 4 } },
   freed[] = { { "phys", 8 }, { "size", 8 } };

/* The text of a format file; without the field named @without, if it is not NULL. */
static char *format_of(int prog, const char *name, const char *without)
{
	bool is_freed = prog == LUTRACE_PROG_FREED, flb = prog >= P(FLB_PRESERVE, BEGIN);
	size_t i, nr = is_freed ? 2 : flb ? 4 : 9, offset = 8;
	char *text, *longer;
	const char *field;
	int size;

	/* A begin has what comes before the description, and of the FLB all but ret */
	if (!is_freed && prog % 2 == LUTRACE_BEGIN)
		nr = 3;
	text = xasprintf("name: %s\nID: %d\nformat:\n"
			 "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
			 "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
			 "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;"
			 "\tsigned:0;\n"
			 "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n", name,
			 FIRST_ID + prog);
	for (i = 0; i < nr; i++, offset += size) {
		field = is_freed ? freed[i].name : flb ? flb_end[i].name : domain_end[i].name;
		size = is_freed ? freed[i].size : flb ? flb_end[i].size : domain_end[i].size;
		longer = xasprintf("%s\tfield:%s %s;\toffset:%zu;\tsize:%d;\tsigned:%d;\n", text,
				   size == 8 ? "u64" : strcmp(field, "ret") ? "u32" : "int",
				   without && !strcmp(field, without) ? "other" : field, offset,
				   size, !strcmp(field, "ret"));
		free(text);
		text = longer;
	}
	longer = xasprintf("%s\nprint fmt: \"\"\n", text);
	free(text);
	return longer;
}

static int learn(struct rawevents *raw, int prog, const char *name, const char *without)
{
	struct fault fault = { "" };
	char *format = format_of(prog, name, without);
	int err = rawevents__learn(raw, prog, format, &fault);

	free(format);
	assert_int_equal(!*fault.text, !err);
	return err;
}

/* A page of a ring buffer. */
static struct {
	uint64_t time_ns, commit;
	uint8_t data[PAGE - 16];
} __attribute__((packed, aligned(8))) page;

static void add_raw(unsigned int id, uint32_t delta, int32_t pid, const void *fields, size_t size)
{
	uint8_t *at = page.data + page.commit;
	uint32_t head = (size + 8) / 4 | delta << 5;
	struct { uint16_t id; uint8_t flags, count; int32_t pid; } common = { id, 0, 0, pid };

	memcpy(at, &head, 4);
	memcpy(at + 4, &common, 8);
	memcpy(at + 12, fields, size);
	page.commit += 12 + size;
}

struct got {
	union raw_record records[32];
	size_t nr;
};

static void on_raw(void *priv, union raw_record *record)
{
	struct got *got = priv;

	got->records[got->nr++] = *record;
}

/* Every tracepoint of the series, one event each. */
static void test_decode(void **state)
{
	const struct { uint64_t n[6]; uint32_t format, level; int32_t ret; } fields = {
		{ 7, 0x5000, 3, 0x8000, 12, 49152 }, 2, 4, -16,
	};
	const struct { uint64_t n[3]; int32_t ret; } flb = { { 8, 0x6000, 5 }, -12 };
	const uint64_t page_freed[2] = { 0x9000, 4096 };
	struct rawevents *raw = rawevents__new();
	struct got got = { .nr = 0 };
	struct lutrace_event *ev;
	struct fault fault;
	int prog;

	(void)state;
	memset(&page, 0, sizeof(page));
	page.time_ns = 1000000;
	for (prog = 0; prog <= LUTRACE_PROG_FREED; prog++) {
		assert_int_equal(learn(raw, prog, live_tracepoints[prog], NULL), 0);
		if (prog == LUTRACE_PROG_FREED)
			add_raw(FIRST_ID + prog, 10, 40 + prog, page_freed, 16);
		else if (prog >= P(FLB_PRESERVE, BEGIN))
			add_raw(FIRST_ID + prog, 10, 40 + prog, &flb, prog % 2 ? 28 : 24);
		else
			add_raw(FIRST_ID + prog, 10, 40 + prog, &fields, prog % 2 ? 60 : 24);
	}
	assert_int_equal(rawevents__page(raw, 3, &page, on_raw, &got, &fault), 0);
	assert_int_equal(got.nr, LUTRACE_NR_PROGS + 1);
	for (prog = 0; prog < LUTRACE_NR_PROGS; prog++) {
		ev = &got.records[prog].event;
		assert_int_equal(ev->rec.type, LUTRACE_REC_EVENT);
		assert_int_equal(ev->rec.size, sizeof(*ev));
		assert_int_equal(LUTRACE_PROG(ev->op, ev->phase), prog);
		assert_int_equal(ev->time_ns, 1000000 + 10 * (prog + 1));
		assert_int_equal(ev->cpu, 3);
		assert_int_equal(ev->tid, 40 + prog);
		assert_int_equal(ev->pid, 0);
	}
	ev = &got.records[P(RESTORE, END)].event;
	assert_int_equal(ev->seq, 7);
	assert_int_equal(ev->ser_phys, 0x5000);
	assert_int_equal(ev->generation, 3);
	assert_int_equal(ev->top_phys, 0x8000);
	assert_int_equal(ev->nr_tables, 12);
	assert_int_equal(ev->nr_bytes, 49152);
	assert_int_equal(ev->format, 2);
	assert_int_equal(ev->top_level, 4);
	assert_int_equal(ev->ret, -16);
	ev = &got.records[P(RESTORE, BEGIN)].event;
	assert_int_equal(ev->generation, 3);
	assert_int_equal(ev->top_phys, 0);
	assert_int_equal(ev->ret, 0);
	ev = &got.records[P(FLB_FINISH, END)].event;
	assert_int_equal(ev->seq, 8);
	assert_int_equal(ev->ser_phys, 0x6000);
	assert_int_equal(ev->generation, 0);
	assert_int_equal(ev->nr_tables, 5);
	assert_int_equal(ev->ret, -12);
	assert_int_equal(got.records[LUTRACE_PROG_FREED].rec.type, LUTRACE_REC_FREED);
	assert_int_equal(got.records[LUTRACE_PROG_FREED].freed.phys, 0x9000);
	assert_int_equal(got.records[LUTRACE_PROG_FREED].freed.size, 4096);
	rawevents__free(raw);
}

static void test_formats_that_do_not_fit(void **state)
{
	struct rawevents *raw = rawevents__new();
	struct got got = { .nr = 0 };
	struct fault fault;
	uint64_t fields[3] = { 1 };

	(void)state;
	assert_int_equal(learn(raw, P(PRESERVE, END), "iommu_domain_preserve_end", "top"), -1);
	assert_int_equal(learn(raw, P(RESTORE, BEGIN), "iommu_domain_restore_end", NULL), -1);
	assert_int_equal(rawevents__learn(raw, P(RESTORE, END), "no format", &fault), -1);
	assert_int_equal(learn(raw, P(PRESERVE, BEGIN), "iommu_domain_preserve_begin", NULL), 0);
	memset(&page, 0, sizeof(page));
	add_raw(FIRST_ID + 100, 0, 1, fields, 24);
	assert_int_equal(rawevents__page(raw, 0, &page, on_raw, &got, &fault), -1);
	assert_int_equal(got.nr, 0);
	rawevents__free(raw);
}

static void test_losses_of_a_buffer(void **state)
{
	struct fault fault;
	__u64 lost;

	(void)state;
	assert_int_equal(rawevents__lost("entries: 9\noverrun: 5\ncommit overrun: 20\n"
					 "bytes: 7\noldest event ts:     1.000000\n"
					 "now ts:     2.000000\ndropped events: 300\n"
					 "read events: 4\n", &lost, &fault), 0);
	assert_int_equal(lost, 325);
	assert_int_equal(rawevents__lost("commit overrun: 20\ndropped events: 3\n", &lost,
					 &fault), -1);
	assert_int_equal(rawevents__lost("", &lost, &fault), -1);
}

/* Merging */

static struct {
	__u32 types[32];
	struct lutrace_sample last;	/* or what of it there was */
	__u64 seqs[32];
	size_t nr;
} sent;

static void on_sent(void *priv, const struct lutrace_rec *rec)
{
	(void)priv;
	sent.types[sent.nr] = rec->type;
	sent.seqs[sent.nr] = rec->type == LUTRACE_REC_EVENT ?
		((const struct lutrace_event *)rec)->seq : 0;
	sent.nr++;
	if (rec->type == LUTRACE_REC_LATENCY || rec->type == LUTRACE_REC_SAMPLE)
		memcpy(&sent.last, rec, rec->size);
}

static struct merger *start(bool samples, unsigned long in_flight)
{
	const struct live_opts opts = { .samples = samples, .in_flight = in_flight };
	const struct sink sink = { on_sent, NULL };

	memset(&sent, 0, sizeof(sent));
	return merger__new(&opts, &sink);
}

static void add(struct merger *m, int prog, __u64 seq, __u64 ser_phys, __u64 generation)
{
	const struct lutrace_event ev = {
		.rec = { LUTRACE_REC_EVENT, sizeof(ev) }, .op = prog / 2, .phase = prog % 2,
		.time_ns = 1000 * seq, .seq = seq, .ser_phys = ser_phys, .generation = generation,
		.nr_tables = 4, .nr_bytes = 16384, .ret = -5, .cpu = 1, .pid = 70, .tid = 71,
	};
	const char comm[LUTRACE_COMM_SIZE] = "luctl";

	merger__event(m, &ev, comm);
}

/* What the BPF programs leave out is left out here as well, and counted for begin and end. */
static void test_filter(void **state)
{
	const struct live_opts opts = { .samples = true, .in_flight = 8, .filter = {
		.pid = 70, .has_domain = 1, .ser_phys = 0x1000, .has_generation = 1,
		.generation = 2 } };
	const struct live_opts other = { .samples = true, .in_flight = 8, .filter = { .pid = 8 } };
	const struct sink sink = { on_sent, NULL };
	struct merger *m = merger__new(&opts, &sink);

	(void)state;
	memset(&sent, 0, sizeof(sent));
	add(m, P(PRESERVE, BEGIN), 1, 0x1000, 2);
	add(m, P(PRESERVE, END), 2, 0x1000, 2);
	add(m, P(PRESERVE, BEGIN), 3, 0x1000, 1);
	add(m, P(PRESERVE, END), 4, 0x2000, 2);
	add(m, P(FLB_PRESERVE, END), 5, 0x1000, 2);
	merger__send(m, 5);
	assert_int_equal(sent.nr, 1);
	assert_int_equal(merger__filtered(m, P(PRESERVE, BEGIN)), 1);
	assert_int_equal(merger__filtered(m, P(PRESERVE, END)), 1);
	assert_int_equal(merger__filtered(m, P(FLB_PRESERVE, END)), 1);
	assert_int_equal(merger__counts(m, P(PRESERVE, BEGIN)).events, 1);
	merger__free(m);

	m = merger__new(&other, &sink);
	add(m, P(PRESERVE, BEGIN), 6, 0x1000, 2);
	merger__send(m, 6);
	assert_int_equal(merger__filtered(m, P(PRESERVE, BEGIN)), 1);
	merger__free(m);
}

/* One CPU was read before the other, and so the number in between comes later. */
static void test_order(void **state)
{
	struct merger *m = start(false, 8);

	(void)state;
	add(m, P(PRESERVE, BEGIN), 11, 0x1000, 1);
	add(m, P(PRESERVE, END), 14, 0x1000, 1);
	add(m, P(FLB_PRESERVE, END), 10, 0x9000, 0);
	assert_int_equal(merger__highest(m), 14);
	merger__send(m, 0);
	assert_int_equal(sent.nr, 0);
	add(m, P(PRESERVE, BEGIN), 12, 0x2000, 1);
	add(m, P(PRESERVE, END), 13, 0x2000, 1);
	add(m, P(UNPRESERVE, BEGIN), 15, 0x2000, 1);
	merger__send(m, 14);
	assert_int_equal(sent.nr, 7);
	assert_int_equal(sent.seqs[0], 10);
	assert_int_equal(sent.seqs[1], 11);
	assert_int_equal(sent.seqs[2], 12);
	assert_int_equal(sent.seqs[3], 13);
	assert_int_equal(sent.types[4], LUTRACE_REC_LATENCY);
	assert_int_equal(sent.seqs[5], 14);
	assert_int_equal(sent.types[6], LUTRACE_REC_LATENCY);
	assert_int_equal(sent.last.lat.begin_seq, 11);
	assert_int_equal(sent.last.lat.end_seq, 14);
	assert_int_equal(sent.last.lat.latency_ns, 3000);
	assert_int_equal(sent.last.lat.ser_phys, 0x1000);
	assert_int_equal(sent.last.lat.ret, -5);
	assert_int_equal(merger__highest(m), 15);
	assert_int_equal(merger__counts(m, P(PRESERVE, END)).events, 2);
	assert_int_equal(merger__counts(m, P(FLB_PRESERVE, END)).unmatched_ends, 1);
	merger__free(m);
}

/* The FLB has no address at its begin and one at its end. */
static void test_pairs_of_the_flb(void **state)
{
	struct merger *m = start(false, 8);

	(void)state;
	add(m, P(FLB_PRESERVE, BEGIN), 1, 0, 0);
	add(m, P(FLB_PRESERVE, END), 2, 0x9000, 0);
	merger__send(m, 2);
	assert_int_equal(sent.nr, 3);
	assert_int_equal(sent.last.lat.ser_phys, 0);
	assert_int_equal(sent.last.lat.latency_ns, 1000);
	assert_int_equal(merger__in_flight(m), 0);
	merger__free(m);
}

/* A slot that is used again is another record; the begin of each is found by itself. */
static void test_identity(void **state)
{
	struct merger *m = start(false, 8);

	(void)state;
	add(m, P(PRESERVE, BEGIN), 1, 0x1000, 1);
	add(m, P(PRESERVE, END), 2, 0x1000, 2);
	add(m, P(UNPRESERVE, END), 3, 0x1000, 1);
	merger__send(m, 3);
	assert_int_equal(sent.nr, 3);
	assert_int_equal(merger__in_flight(m), 1);
	assert_int_equal(merger__counts(m, P(PRESERVE, END)).unmatched_ends, 1);
	assert_int_equal(merger__counts(m, P(UNPRESERVE, END)).unmatched_ends, 1);
	merger__free(m);
}

static void test_begins_are_counted(void **state)
{
	struct merger *m = start(false, 2);
	struct lutrace_counts begin;

	(void)state;
	add(m, P(RESTORE, BEGIN), 1, 0x1000, 1);
	add(m, P(RESTORE, BEGIN), 2, 0x1000, 1);
	add(m, P(RESTORE, BEGIN), 3, 0x2000, 1);
	add(m, P(RESTORE, BEGIN), 4, 0x3000, 1);
	add(m, P(RESTORE, END), 5, 0x1000, 1);
	add(m, P(RESTORE, END), 6, 0x3000, 1);
	merger__send(m, 6);
	begin = merger__counts(m, P(RESTORE, BEGIN));
	assert_int_equal(begin.events, 4);
	assert_int_equal(begin.replaced_begins, 1);
	assert_int_equal(begin.lost_begins, 1);
	assert_int_equal(begin.in_flight + merger__counts(m, P(RESTORE, END)).in_flight, 1);
	assert_int_equal(merger__counts(m, P(RESTORE, END)).unmatched_ends, 1);
	assert_int_equal(sent.last.lat.begin_seq, 2);
	merger__free(m);
}

static void test_samples(void **state)
{
	struct merger *m = start(true, 8);

	(void)state;
	add(m, P(RESTORE, BEGIN), 1, 0x1000, 1);
	add(m, P(RESTORE, END), 2, 0x1000, 1);
	merger__send(m, 2);
	assert_int_equal(sent.nr, 1);
	assert_int_equal(sent.types[0], LUTRACE_REC_SAMPLE);
	assert_int_equal(sent.last.lat.rec.size, sizeof(struct lutrace_sample));
	assert_int_equal(sent.last.lat.latency_ns, 1000);
	assert_int_equal(sent.last.nr_tables, 4);
	assert_int_equal(sent.last.nr_bytes, 16384);
	assert_int_equal(sent.last.pid, 70);
	assert_int_equal(sent.last.tid, 71);
	assert_string_equal(sent.last.comm, "luctl");
	assert_int_equal(merger__counts(m, P(RESTORE, END)).events, 1);
	merger__free(m);
}

/* It has no number: it comes after what may tell whose the page was. */
static void test_freed_comes_last(void **state)
{
	const struct lutrace_freed page_freed = {
		.rec = { LUTRACE_REC_FREED, sizeof(page_freed) }, .size = 4096 };
	struct merger *m = start(false, 8);

	(void)state;
	merger__freed(m, &page_freed);
	add(m, P(PRESERVE, BEGIN), 1, 0x1000, 1);
	merger__send(m, 1);
	merger__send(m, 1);
	assert_int_equal(sent.nr, 2);
	assert_int_equal(sent.types[1], LUTRACE_REC_FREED);
	assert_int_equal(merger__counts(m, LUTRACE_PROG_FREED).events, 1);
	merger__free(m);
}

/* Tasks */

static void write_status(const char *dir, unsigned int tid, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%u", dir, tid);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%u/status", dir, tid);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void remove_status(const char *dir, unsigned int tid)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%u/status", dir, tid);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%u", dir, tid);
	rmdir(path);
}

static void test_tasks(void **state)
{
	char dir[] = "/tmp/lutrace-tasks-XXXXXX", path[128];
	struct tasks *tasks;

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_status(dir, 71, "Name:\ta name of many letters\nUmask:\t0022\nTgid:\t70\n");
	tasks = tasks__new(dir);
	assert_int_equal(tasks__get(tasks, 71)->pid, 70);
	assert_string_equal(tasks__get(tasks, 71)->comm, "a name of many ");
	assert_int_equal(tasks__get(tasks, 72)->pid, 0);
	assert_false(tasks__are_all(dir));
	/* One that is gone is remembered, and a number that another task got is not */
	remove_status(dir, 71);
	tasks__refresh(tasks);
	assert_int_equal(tasks__get(tasks, 71)->pid, 70);
	write_status(dir, 71, "Name:\tother\nTgid:\t71\n");
	assert_int_equal(tasks__get(tasks, 71)->pid, 70);
	tasks__refresh(tasks);
	assert_int_equal(tasks__get(tasks, 71)->pid, 71);
	assert_string_equal(tasks__get(tasks, 71)->comm, "other");
	tasks__free(tasks);
	/* In another namespace the kernel's numbers are those of other tasks */
	snprintf(path, sizeof(path), "%s/self", dir);
	mkdir(path, 0700);
	assert_true(tasks__are_all(dir));
	snprintf(path, sizeof(path), "%s/self/ns", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/self/ns/pid", dir);
	assert_int_equal(symlink("pid:[4026532000]", path), 0);
	assert_false(tasks__are_all(dir));
	tasks = tasks__new(dir);
	assert_int_equal(tasks__get(tasks, 71)->pid, 0);
	tasks__free(tasks);
	unlink(path);
	assert_int_equal(symlink("pid:[4026531836]", path), 0);
	assert_true(tasks__are_all(dir));
	unlink(path);
	snprintf(path, sizeof(path), "%s/self/ns", dir);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/self", dir);
	rmdir(path);
	remove_status(dir, 71);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test(test_##name)
	const struct CMUnitTest tests[] = {
		T(decode), T(formats_that_do_not_fit), T(losses_of_a_buffer), T(filter), T(order),
		T(pairs_of_the_flb), T(identity), T(begins_are_counted), T(samples),
		T(freed_comes_last), T(tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
