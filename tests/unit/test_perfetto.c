// SPDX-License-Identifier: GPL-2.0-only
/* The trace for Perfetto, decoded and counted against the recordings that it was made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "corpus.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "perfetto.pb-c.h"
#include "report/perfetto.h"

#define DOMAINS	3
#define ABORTS	2

static struct recording recordings[2];
static size_t nr_recordings;
static struct analysis a;
static Trace *trace;

static void add_made(struct corpus_options o, size_t cut)
{
	struct corpus c;
	struct fault fault;

	o.major = o.minor = 1;
	corpus__make(&c, &o);
	assert_int_equal(recording__parse(&recordings[nr_recordings++], "made.rec", c.data,
					  c.size - cut, &fault), 0);
	free(c.data);
}

/* A page was freed, and then the kernel's log complained, some time after the last event. */
static void add_freed(void)
{
	struct corpus_options o = { .major = 1, .minor = 7, .domains = DOMAINS, .aborts = ABORTS,
				    .freed = true, .complaints = true };
	struct corpus c;
	struct fault fault;

	corpus__make(&c, &o);
	assert_int_equal(recording__parse(&recordings[nr_recordings++], "made.rec", c.data, c.size,
					  &fault), 0);
	free(c.data);
	recordings[0].freed[0].time_ns += 5000;
	recordings[0].complaints[1].time_ns += 6000;
}

static void add_both(enum corpus_spoil spoil)
{
	add_made((struct corpus_options){ .domains = DOMAINS, .aborts = ABORTS,
					  .spoil = spoil }, 0);
	add_made((struct corpus_options){ .kernel = CORPUS_NEW, .domains = DOMAINS,
					  .aborts = ABORTS, .spoil = spoil }, 0);
}

/* Returns what perfetto__write() does, and has the trace decoded if there is one. */
static int draw(struct fault *why)
{
	char *data = NULL;
	size_t size;
	FILE *f = open_memstream(&data, &size);
	int err;

	analysis__run(&a, recordings, nr_recordings);
	err = perfetto__write(&a, f, why);
	assert_int_equal(fclose(f), 0);
	if (err)
		assert_int_equal(size, 0);
	else
		trace = trace__unpack(NULL, size, (uint8_t *)data);
	assert_true(err || trace);
	free(data);
	return err;
}

static void draw_well(void)
{
	struct fault why;

	assert_int_equal(draw(&why), 0);
}

static int forget(void **state)
{
	(void)state;
	if (trace)
		trace__free_unpacked(trace, NULL);
	trace = NULL;
	analysis__free(&a);
	while (nr_recordings)
		recording__free(&recordings[--nr_recordings]);
	return 0;
}

static const TrackDescriptor *track(uint64_t uuid)
{
	const TrackDescriptor *found = NULL;
	size_t i;

	for (i = 0; i < trace->n_packet; i++) {
		const TrackDescriptor *t = trace->packet[i]->track_descriptor;

		if (!t || t->uuid != uuid)
			continue;
		assert_null(found);
		found = t;
	}
	assert_non_null(found);
	return found;
}

static int kernel_of(const TrackEvent *ev)
{
	return track(track(ev->track_uuid)->parent_uuid)->process->pid;
}

/* What the trace has in numbers */
struct counted {
	size_t processes, tracks, slices, instants, violations, failed;
	uint64_t last[3], first[3];	/* of each kernel, from 1 */
};

static void count_track(struct counted *n, const TrackDescriptor *t)
{
	assert_true(t->has_uuid && t->uuid);
	assert_ptr_equal(track(t->uuid), t);
	if (t->process) {
		n->processes++;
		assert_int_equal(t->process->pid, n->processes);
		assert_false(t->has_parent_uuid);
		return;
	}
	n->tracks++;
	assert_non_null(track(t->parent_uuid)->process);
	assert_non_null(t->name);
}

/* On a track a slice ends before the next one begins; @open has what has begun, by the track. */
static void count_event(struct counted *n, const TracePacket *p, const TracePacket **open)
{
	const TrackEvent *ev = p->track_event;
	const TracePacket **at = &open[ev->track_uuid];
	int kernel = kernel_of(ev);

	assert_true(p->has_timestamp && ev->has_type && ev->has_track_uuid);
	if (!n->first[kernel])
		n->first[kernel] = p->timestamp;
	n->last[kernel] = p->timestamp;
	if (ev->type == TRACK_EVENT__TYPE__TYPE_SLICE_END) {
		assert_non_null(*at);
		assert_true((*at)->timestamp <= p->timestamp);
		*at = NULL;
		return;
	}
	assert_int_equal(ev->n_categories, 1);
	assert_non_null(ev->name);
	n->violations += !strcmp(ev->categories[0], "violation");
	n->failed += !strcmp(ev->categories[0], "failed");
	if (ev->type == TRACK_EVENT__TYPE__TYPE_INSTANT) {
		n->instants++;
		return;
	}
	assert_int_equal(ev->type, TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN);
	assert_null(*at);
	*at = p;
	n->slices++;
}

static struct counted count(void)
{
	const TracePacket **open = xcalloc(trace->n_packet + 1, sizeof(*open));
	struct counted n = { 0 };
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < trace->n_packet; i++) {
		const TracePacket *p = trace->packet[i];

		assert_int_equal(p->trusted_packet_sequence_id, 1);
		assert_int_equal(p->has_sequence_flags, i == 0);
		assert_true(!p->track_event == !!p->track_descriptor);
		if (p->track_descriptor) {
			count_track(&n, p->track_descriptor);
			continue;
		}
		assert_true(p->timestamp >= last);
		last = p->timestamp;
		count_event(&n, p, open);
	}
	for (i = 0; i <= trace->n_packet; i++)
		assert_null(open[i]);
	free(open);
	assert_int_equal(trace->n_packet, n.processes + n.tracks + 2 * n.slices + n.instants);
	return n;
}

/* The packet of the first event with this name in a kernel, on a track with that name */
static const TracePacket *event(int kernel, const char *name, const char *on)
{
	size_t i;

	for (i = 0; i < trace->n_packet; i++) {
		const TrackEvent *ev = trace->packet[i]->track_event;

		if (ev && ev->name && !strcmp(ev->name, name) && kernel_of(ev) == kernel &&
		    !strcmp(track(ev->track_uuid)->name, on))
			return trace->packet[i];
	}
	fail_msg("kernel %d has no \"%s\" on \"%s\"", kernel, name, on);
	return NULL;
}

static const DebugAnnotation *note(const TracePacket *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->track_event->n_debug_annotations; i++)
		if (!strcmp(p->track_event->debug_annotations[i]->name, name))
			return p->track_event->debug_annotations[i];
	fail_msg("%s has no %s", p->track_event->name, name);
	return NULL;
}

static void test_both_kernels(void **state)
{
	const TracePacket *p;
	struct counted n;

	(void)state;
	add_both(CORPUS_SOUND);
	draw_well();
	n = count();
	assert_int_equal(n.processes, 2);
	/* In the old kernel every round has a generation of its own. */
	assert_int_equal(n.tracks, 1 + DOMAINS * (ABORTS + 1) + 1 + DOMAINS);
	assert_int_equal(2 * n.slices, recordings[0].nr_events + recordings[1].nr_events);
	assert_int_equal(n.instants, 0);
	assert_int_equal(n.first[2] - n.last[1], a.boots[0].gap_ns);
	assert_string_equal(track(1)->process->process_name, "kernel 1: 7.3.4, boot 00000000");
	p = event(1, "preserve", "record 0x100000040 generation 3");
	assert_int_equal(note(p, "tables")->uint_value, 2);
	assert_int_equal(note(p, "bytes")->uint_value, 8192);
	assert_string_equal(note(p, "format")->string_value, "x86_64");
	assert_int_equal(note(p, "root_address")->pointer_value, 0x200001000);
	p = event(2, "restore", "record 0x100000040 generation 3");
	assert_int_equal(note(p, "begin_seq")->uint_value, 5);
	assert_int_equal(note(p, "end_seq")->uint_value, 6);
	assert_int_equal(note(p, "ret_errno")->int_value, 0);
	event(1, "flb_unpreserve", "FLB");
	event(2, "flb_retrieve", "FLB");
}

static void test_failed_operation(void **state)
{
	const TracePacket *p;
	struct counted n;

	(void)state;
	add_both(CORPUS_REFUSED);
	draw_well();
	n = count();
	assert_int_equal(n.failed, 1);
	p = event(2, "restore", "record 0x100000000 generation 3");
	assert_int_equal(note(p, "ret_errno")->int_value, -22);
	assert_int_equal(p->track_event->n_debug_annotations, 3);
	event(2, "violation: restore-error", "record 0x100000000 generation 3");
}

static void test_violations(void **state)
{
	const TracePacket *p;
	size_t i, details = 0;

	(void)state;
	add_both(CORPUS_VIOLATION);
	draw_well();
	for (i = 0; i < NR_CHECKS; i++)
		if (a.checks[i].verdict == VERDICT_VIOLATION)
			details += a.checks[i].nr_details;
	assert_true(details >= 2);
	assert_int_equal(count().violations, details);
	event(1, "violation: once", "record 0x100000000 generation 3");
	p = event(2, "violation: restore", "record 0x100000000 generation 3");
	assert_non_null(strstr(note(p, "text")->string_value, "differs from its preserve"));
	/* It is where the event is that shows it: the end of the restore */
	assert_int_equal(note(p, "seq")->uint_value, 4);
	assert_int_equal(p->timestamp - event(2, "restore", "record 0x100000000 generation 3")
			 ->timestamp, 700);
}

/* What the kernel tells between its events is where its own time is, not at the event before. */
static void test_violation_at_its_time(void **state)
{
	const TracePacket *p;

	(void)state;
	add_freed();
	draw_well();
	p = event(1, "violation: freed", "record 0x100000000 generation 3");
	assert_int_equal(p->timestamp, recordings[0].freed[0].time_ns -
			 recordings[0].events[0].time_ns);
	p = event(1, "violation: kernel", "kernel");
	assert_int_equal(p->timestamp, recordings[0].complaints[1].time_ns -
			 recordings[0].events[0].time_ns);
}

static void emit(__u32 op, __u32 phase, __u64 time_ns)
{
	struct recording *r = &recordings[0];
	struct lutrace_event *ev;

	if (!nr_recordings) {
		nr_recordings = 1;
		r->boot_id = xstrdup("b");
		r->release = xstrdup("r");
		r->path = xstrdup("p");
	}
	r->events = grow(r->events, r->nr_events, &r->events_room, sizeof(*ev));
	ev = &r->events[r->nr_events++];
	*ev = (struct lutrace_event){ .op = op, .phase = phase, .time_ns = time_ns,
				      .seq = r->nr_events, .ser_phys = 0x40, .generation = 1 };
}

static void test_overlapping_operations(void **state)
{
	(void)state;
	emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1000);
	emit(LUTRACE_OP_UNPRESERVE, LUTRACE_BEGIN, 1050);
	emit(LUTRACE_OP_PRESERVE, LUTRACE_END, 1100);
	/* It touches the first, and takes no time. */
	emit(LUTRACE_OP_RESTORE, LUTRACE_BEGIN, 1100);
	emit(LUTRACE_OP_RESTORE, LUTRACE_END, 1100);
	emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1100);
	emit(LUTRACE_OP_PRESERVE, LUTRACE_END, 1200);
	emit(LUTRACE_OP_UNPRESERVE, LUTRACE_END, 1150);
	draw_well();
	assert_int_equal(count().slices, 4);
	assert_int_equal(count().tracks, 2);
	event(1, "restore", "record 0x40 generation 1");
	assert_int_equal(event(1, "unpreserve", "record 0x40 generation 1 (2)")->timestamp, 50);
}

static void test_end_before_begin(void **state)
{
	(void)state;
	emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1000);
	emit(LUTRACE_OP_PRESERVE, LUTRACE_END, 900);
	draw_well();
	assert_int_equal(count().slices, 1);
	event(1, "violation: latency", "record 0x40 generation 1");
}

/* How long it was is not known. */
static void test_half_an_operation(void **state)
{
	struct counted n;

	(void)state;
	emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1000);
	emit(LUTRACE_OP_RESTORE, LUTRACE_END, 1100);
	draw_well();
	n = count();
	assert_int_equal(n.slices, 0);
	assert_int_equal(n.instants - n.violations, 2);
	event(1, "preserve: end not seen", "record 0x40 generation 1");
	event(1, "restore: begin not seen", "record 0x40 generation 1");
}

/* The checks keep 20 details each, the trace has all. */
static void test_many_violations(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2 * CHECK_MAX_DETAILS; i++) {
		emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1000 + 10 * i);
		emit(LUTRACE_OP_PRESERVE, LUTRACE_END, 1005 + 10 * i);
	}
	draw_well();
	/* Without an FLB; and preserved again, in a slot that is in use, of the same generation */
	assert_int_equal(count().violations, 1 + 3 * (2 * CHECK_MAX_DETAILS - 1));
}

static void test_nothing_recorded(void **state)
{
	(void)state;
	emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1000);
	recordings[0].nr_events = 0;
	draw_well();
	assert_int_equal(count().processes, 1);
	assert_int_equal(trace->n_packet, 1);
}

static void test_no_line_for_both(void **state)
{
	struct fault why;

	(void)state;
	add_both(CORPUS_SOUND);
	recordings[1].start.tsc = 0;
	assert_int_equal(draw(&why), -1);
	assert_non_null(strstr(why.text, "without a TSC"));
}

static void test_times_too_far_apart(void **state)
{
	struct fault why;

	(void)state;
	emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1ull << 62);
	emit(LUTRACE_OP_PRESERVE, LUTRACE_END, 3ull << 62);
	assert_int_equal(draw(&why), -1);
	assert_non_null(strstr(why.text, "292 years"));
}

#define TEST(f) cmocka_unit_test_teardown(f, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_kernels), TEST(test_failed_operation), TEST(test_violations), TEST(test_violation_at_its_time),
		TEST(test_overlapping_operations), TEST(test_end_before_begin),
		TEST(test_half_an_operation), TEST(test_many_violations),
		TEST(test_nothing_recorded), TEST(test_no_line_for_both),
		TEST(test_times_too_far_apart),
	};

	return cmocka_run_group_tests_name("perfetto", tests, NULL, NULL);
}
