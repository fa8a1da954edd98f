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
#include "lib/utf8.h"
#include "perfetto.pb-c.h"
#include "report/perfetto.h"

#define DOMAINS	3
#define ABORTS	2

#define NAMED	{ .major = 1, .minor = 7, .domains = DOMAINS, .aborts = ABORTS, .names = true }

static struct recording recordings[2];
static size_t nr_recordings;
static struct analysis a;
static Trace *trace;

/*
 * Upstream's fields, by which every byte is decoded: protos/perfetto/trace/trace.proto,
 * trace_packet.proto and track_event/{track_event,track_descriptor,process_descriptor,
 * counter_descriptor,debug_annotation}.proto. They are written down here apart from perfetto.proto,
 * so that a slip in one of the two is found.
 */
enum message { TRACE, PACKET, TRACK, PROCESS, COUNTER, EVENT, NOTE, STRING, NUMBER };
enum wire { VARINT, FIXED64, BYTES };

static const struct {
	enum message in;
	unsigned int number;
	enum wire wire;
	enum message is;
} upstream[] = {
	{ TRACE, 1, BYTES, PACKET },
	{ PACKET, 8, VARINT, NUMBER },		/* timestamp */
	{ PACKET, 10, VARINT, NUMBER },		/* trusted_packet_sequence_id */
	{ PACKET, 11, BYTES, EVENT },		/* track_event */
	{ PACKET, 13, VARINT, NUMBER },		/* sequence_flags */
	{ PACKET, 60, BYTES, TRACK },		/* track_descriptor */
	{ TRACK, 1, VARINT, NUMBER },		/* uuid */
	{ TRACK, 2, BYTES, STRING },		/* name */
	{ TRACK, 3, BYTES, PROCESS },		/* process */
	{ TRACK, 5, VARINT, NUMBER },		/* parent_uuid */
	{ TRACK, 8, BYTES, COUNTER },		/* counter */
	{ TRACK, 11, VARINT, NUMBER },		/* child_ordering */
	{ TRACK, 12, VARINT, NUMBER },		/* sibling_order_rank */
	{ PROCESS, 1, VARINT, NUMBER },		/* pid */
	{ PROCESS, 2, BYTES, STRING },		/* cmdline */
	{ PROCESS, 6, BYTES, STRING },		/* process_name */
	{ COUNTER, 6, BYTES, STRING },		/* unit_name */
	{ EVENT, 4, BYTES, NOTE },		/* debug_annotations */
	{ EVENT, 9, VARINT, NUMBER },		/* type */
	{ EVENT, 11, VARINT, NUMBER },		/* track_uuid */
	{ EVENT, 22, BYTES, STRING },		/* categories */
	{ EVENT, 23, BYTES, STRING },		/* name */
	{ EVENT, 30, VARINT, NUMBER },		/* counter_value */
	{ EVENT, 47, FIXED64, NUMBER },		/* flow_ids */
	{ EVENT, 48, FIXED64, NUMBER },		/* terminating_flow_ids */
	{ NOTE, 3, VARINT, NUMBER },		/* uint_value */
	{ NOTE, 4, VARINT, NUMBER },		/* int_value */
	{ NOTE, 6, BYTES, STRING },		/* string_value */
	{ NOTE, 7, VARINT, NUMBER },		/* pointer_value */
	{ NOTE, 10, BYTES, STRING },		/* name */
};

static uint64_t varint(const uint8_t **at, const uint8_t *end)
{
	unsigned int shift = 0;
	uint64_t value = 0;

	do {
		assert_true(*at < end && shift < 64);
		value |= (uint64_t)(**at & 0x7f) << shift;
		shift += 7;
	} while (*(*at)++ & 0x80);
	return value;
}

static void decode(enum message in, const uint8_t *at, const uint8_t *end)
{
	uint64_t key, len;
	char *mended;
	size_t i;

	if (in == STRING) {
		mended = utf8__mend((const char *)at, end - at);
		assert_int_equal(strlen(mended), end - at);
		assert_memory_equal(mended, at, end - at);
		free(mended);
		return;
	}
	while (at < end) {
		key = varint(&at, end);
		for (i = 0; i < ARRAY_SIZE(upstream); i++)
			if (upstream[i].in == in && upstream[i].number == key >> 3)
				break;
		if (i == ARRAY_SIZE(upstream) || upstream[i].wire != (key & 7))
			fail_msg("message %d has field %d of type %d, which upstream has not", in,
				 (int)(key >> 3), (int)(key & 7));
		len = upstream[i].wire == FIXED64 ? 8 : varint(&at, end);
		if (upstream[i].wire == VARINT)
			continue;
		assert_true(len <= (uint64_t)(end - at));
		if (upstream[i].wire == BYTES)
			decode(upstream[i].is, at, at + len);
		at += len;
	}
}

static void add_options(struct corpus_options o, size_t cut)
{
	struct corpus c;
	struct fault fault;

	corpus__make(&c, &o);
	assert_int_equal(recording__parse(&recordings[nr_recordings++], "made.rec", c.data,
					  c.size - cut, &fault), 0);
	free(c.data);
}

static void add_made(struct corpus_options o)
{
	o.major = o.minor = 1;
	add_options(o, 0);
}

static void add_both(enum corpus_spoil spoil)
{
	add_made((struct corpus_options){ .domains = DOMAINS, .aborts = ABORTS, .spoil = spoil });
	add_made((struct corpus_options){ .kernel = CORPUS_NEW, .domains = DOMAINS,
					  .aborts = ABORTS, .spoil = spoil });
}

/* Returns what perfetto__write() does, and its bytes, which the caller frees. */
static int write_trace(struct fault *why, char **data, size_t *size)
{
	FILE *f = open_memstream(data, size);
	int err;

	analysis__run(&a, recordings, nr_recordings);
	err = perfetto__write(&a, f, why);
	assert_int_equal(fclose(f), 0);
	if (err)
		assert_int_equal(*size, 0);
	return err;
}

/* The same, and has the trace decoded if there is one. */
static int draw(struct fault *why)
{
	char *data = NULL;
	size_t size;
	int err = write_trace(why, &data, &size);

	if (!err) {
		decode(TRACE, (uint8_t *)data, (uint8_t *)data + size);
		trace = trace__unpack(NULL, size, (uint8_t *)data);
		assert_non_null(trace);
	}
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

/* What the trace has in numbers */
struct counted {
	size_t packets, processes, tracks, domains, slices, operations, preserved, kexecs;
	size_t instants, violations, failed, counters;
	uint64_t last;
};

static void count_track(struct counted *n, const TrackDescriptor *t)
{
	assert_true(t->has_uuid && t->uuid);
	if (t->process) {
		n->processes++;
		assert_int_equal(t->process->pid, n->processes);
		assert_false(t->has_parent_uuid);
		assert_int_equal(t->child_ordering, 3);
		return;
	}
	assert_non_null(t->name);
	if (!t->has_parent_uuid) {
		assert_string_equal(t->name, "live update");
		assert_int_equal(t->child_ordering, 3);
		return;
	}
	n->tracks++;
	assert_true(t->has_sibling_order_rank);
	n->domains += t->parent_uuid == 1 && !t->counter && strcmp(t->name, "kexec");
	assert_true(t->parent_uuid == 1 || track(t->parent_uuid)->process);
}

/* Slices of a track lie within each other or apart: how many are open, by the track. */
static void count_event(struct counted *n, const TracePacket *p, size_t *open, int64_t *preserved)
{
	const TrackEvent *ev = p->track_event;

	assert_true(p->has_timestamp && ev->has_type && ev->has_track_uuid);
	if (ev->type == TRACK_EVENT__TYPE__TYPE_COUNTER) {
		assert_true(ev->has_counter_value && ev->counter_value >= 0);
		assert_non_null(track(ev->track_uuid)->counter);
		*preserved = ev->counter_value;
		n->counters++;
		return;
	}
	if (ev->type == TRACK_EVENT__TYPE__TYPE_SLICE_END) {
		assert_true(open[ev->track_uuid]--);
		return;
	}
	assert_int_equal(ev->n_categories, 1);
	assert_non_null(ev->name);
	n->violations += !strcmp(ev->categories[0], "violation");
	n->failed += !strcmp(ev->categories[0], "failed");
	n->operations += !strcmp(ev->categories[0], "operation");
	n->preserved += !strcmp(ev->categories[0], "preserved");
	n->kexecs += !strcmp(ev->categories[0], "kexec");
	if (ev->type == TRACK_EVENT__TYPE__TYPE_INSTANT) {
		n->instants++;
		return;
	}
	assert_int_equal(ev->type, TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN);
	/* Only what is of one moment lies within another slice */
	assert_true(!open[ev->track_uuid] || !strcmp(ev->categories[0], "violation") ||
		    !strcmp(ev->categories[0], "half"));
	open[ev->track_uuid]++;
	n->slices++;
}

static struct counted count(void)
{
	size_t *open = xcalloc(trace->n_packet + 10, sizeof(*open)), i;
	struct counted n = { .packets = trace->n_packet };
	int64_t preserved = 0;

	for (i = 0; i < trace->n_packet; i++) {
		const TracePacket *p = trace->packet[i];

		assert_int_equal(p->trusted_packet_sequence_id, 1);
		assert_int_equal(p->has_sequence_flags, i == 0);
		assert_true(!p->track_event == !!p->track_descriptor);
		if (p->track_descriptor) {
			count_track(&n, p->track_descriptor);
			continue;
		}
		/* No time is negative, and none goes back. */
		assert_true(p->timestamp >= n.last && p->timestamp <= INT64_MAX);
		n.last = p->timestamp;
		count_event(&n, p, open, &preserved);
	}
	for (i = 0; i < trace->n_packet + 10; i++)
		assert_int_equal(open[i], 0);
	assert_int_equal(preserved, 0);
	free(open);
	return n;
}

/* The packet of the @nth event, from 0, with this name on a track with that name. */
static const TracePacket *event_at(const char *name, const char *on, size_t nth)
{
	size_t i;

	for (i = 0; i < trace->n_packet; i++) {
		const TrackEvent *ev = trace->packet[i]->track_event;

		if (ev && ev->name && !strcmp(ev->name, name) &&
		    !strcmp(track(ev->track_uuid)->name, on) && !nth--)
			return trace->packet[i];
	}
	fail_msg("there is no \"%s\" on \"%s\"", name, on);
	return NULL;
}

static const TracePacket *event(const char *name, const char *on)
{
	return event_at(name, on, 0);
}

/* When the slice that begins with @p ends: on its track the next end, if none lies within it. */
static uint64_t end_of(const TracePacket *p)
{
	size_t i;

	for (i = 0; trace->packet[i] != p; i++)
		;
	for (i++; i < trace->n_packet; i++) {
		const TrackEvent *ev = trace->packet[i]->track_event;

		if (ev->track_uuid == p->track_event->track_uuid &&
		    ev->type == TRACK_EVENT__TYPE__TYPE_SLICE_END)
			return trace->packet[i]->timestamp;
	}
	fail_msg("%s does not end", p->track_event->name);
	return 0;
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
	/* The counter, the kexec, of each kernel itself and its FLB, and the domains */
	assert_int_equal(n.tracks, 2 + 2 * 2 + DOMAINS);
	assert_int_equal(n.domains, DOMAINS);
	assert_int_equal(2 * n.operations, recordings[0].nr_events + recordings[1].nr_events);
	assert_int_equal(n.preserved, DOMAINS * (ABORTS + 1));
	assert_int_equal(n.kexecs, 1);
	assert_int_equal(n.slices, n.operations + n.preserved + n.kexecs + 2);
	assert_int_equal(n.instants, 0);
	p = event("preserve", "record 0x100000040");
	assert_int_equal(note(p, "generation")->uint_value, 1);
	assert_int_equal(note(p, "tables")->uint_value, 2);
	assert_int_equal(note(p, "bytes")->uint_value, 8192);
	assert_int_equal(note(p, "latency_ns")->uint_value, 700);
	assert_string_equal(note(p, "format")->string_value, "x86_64");
	assert_int_equal(note(p, "root_address")->pointer_value, 0x200001000);
	p = event("restore", "record 0x100000040");
	assert_int_equal(note(p, "kernel")->uint_value, 2);
	assert_int_equal(note(p, "record")->pointer_value, 0x100000040);
	assert_int_equal(note(p, "begin_seq")->uint_value, 5);
	assert_int_equal(note(p, "end_seq")->uint_value, 6);
	assert_int_equal(note(p, "ret_errno")->int_value, 0);
	assert_int_equal(note(event("flb_unpreserve", "FLB"), "kernel")->uint_value, 1);
	assert_int_equal(note(event("flb_retrieve", "FLB"), "kernel")->uint_value, 2);
	p = event("kernel 7.3.4", "kernel");
	assert_string_equal(note(p, "release")->string_value, "7.3.4");
	assert_non_null(strstr(note(p, "cmdline")->string_value, "liveupdate=on"));
	assert_string_equal(note(p, "verdict")->string_value, verdict__name(a.verdict));
	assert_string_equal(track(2)->process->process_name, "kernel 1: 7.3.4, boot 00000000");
}

/*
 * A domain is preserved from the end of its preserve on, through the kexec, until its restore
 * begins.
 */
static void test_preserved_and_kexec(void **state)
{
	const TracePacket *kexec, *p;
	const char *on = "record 0x100000000";

	(void)state;
	add_both(CORPUS_SOUND);
	draw_well();
	kexec = event("kexec", "kexec");
	assert_int_equal(end_of(kexec) - kexec->timestamp, a.boots[0].gap_ns);
	p = event("preserved", on);
	assert_int_equal(p->timestamp, end_of(event("preserve", on)));
	assert_int_equal(end_of(p), event("unpreserve", on)->timestamp);
	assert_string_equal(note(p, "until")->string_value, "unpreserve");
	p = event_at("preserved", on, ABORTS);
	assert_int_equal(p->timestamp, end_of(event_at("preserve", on, ABORTS)));
	assert_true(p->timestamp < kexec->timestamp);
	assert_int_equal(end_of(p), event("restore", on)->timestamp);
	assert_string_equal(note(p, "until")->string_value, "restore");
}

/* An arrow from each preserve that was left to its restore, through the kexec, and no other. */
static void test_flows(void **state)
{
	const TracePacket *kexec, *from, *to;
	size_t i, k, ends = 0, passes = 0;
	char on[64];

	(void)state;
	add_both(CORPUS_SOUND);
	draw_well();
	kexec = event("kexec", "kexec");
	assert_int_equal(kexec->track_event->n_flow_ids, DOMAINS);
	for (i = 0; i < DOMAINS; i++) {
		snprintf(on, sizeof(on), "record 0x%zx", 0x100000000 + 0x40 * i);
		from = event_at("preserve", on, ABORTS);
		to = event("restore", on);
		assert_int_equal(from->track_event->n_flow_ids, 1);
		assert_int_equal(to->track_event->n_terminating_flow_ids, 1);
		assert_int_equal(from->track_event->flow_ids[0],
				 to->track_event->terminating_flow_ids[0]);
		for (k = 0; k < DOMAINS; k++)
			if (kexec->track_event->flow_ids[k] == from->track_event->flow_ids[0])
				break;
		assert_true(k < DOMAINS);
	}
	for (i = 0; i < trace->n_packet; i++) {
		if (!trace->packet[i]->track_event)
			continue;
		passes += trace->packet[i]->track_event->n_flow_ids;
		ends += trace->packet[i]->track_event->n_terminating_flow_ids;
	}
	assert_int_equal(ends, DOMAINS);
	assert_int_equal(passes, 2 * DOMAINS);
}

/* How many are preserved goes up and down with them, over the kexec too. */
static void test_counter(void **state)
{
	int64_t most = 0, at_kexec = -1;
	uint64_t jump;
	size_t i;

	(void)state;
	add_both(CORPUS_SOUND);
	draw_well();
	jump = event("kexec", "kexec")->timestamp;
	for (i = 0; i < trace->n_packet; i++) {
		const TrackEvent *ev = trace->packet[i]->track_event;

		if (!ev || ev->type != TRACK_EVENT__TYPE__TYPE_COUNTER)
			continue;
		assert_string_equal(track(ev->track_uuid)->name, "domains preserved");
		most = ev->counter_value > most ? ev->counter_value : most;
		if (trace->packet[i]->timestamp <= jump)
			at_kexec = ev->counter_value;
	}
	assert_int_equal(most, DOMAINS);
	assert_int_equal(at_kexec, DOMAINS);
}

/* A track is a domain however often it is preserved. */
static void test_number_of_tracks(void **state)
{
	struct counted n;

	(void)state;
	add_made((struct corpus_options){ .domains = 64, .aborts = 40 });
	add_made((struct corpus_options){ .kernel = CORPUS_NEW, .domains = 64, .aborts = 40 });
	draw_well();
	n = count();
	assert_int_equal(n.domains, 64);
	assert_int_equal(n.preserved, 64 * 41);
}

/* Short names, in the order of their numbers; what else is known is told by a click. */
static void test_names_and_order(void **state)
{
	struct corpus_options o = NAMED;
	int32_t last = -1;
	char name[64];
	size_t i, k;

	(void)state;
	o.domains = 17;
	add_options(o, 0);
	o.kernel = CORPUS_NEW;
	add_options(o, 0);
	draw_well();
	assert_int_equal(count().domains, 17);
	for (i = 1; i <= 17; i++) {
		snprintf(name, sizeof(name), "guest/0x200/0x%zx", i);
		for (k = 0; k < trace->n_packet; k++) {
			const TrackDescriptor *t = trace->packet[k]->track_descriptor;

			if (t && t->name && !strcmp(t->name, name))
				break;
		}
		assert_true(k < trace->n_packet);
		assert_true(trace->packet[k]->track_descriptor->sibling_order_rank > last);
		last = trace->packet[k]->track_descriptor->sibling_order_rank;
	}
	assert_string_equal(note(event("restore", "guest/0x200/0x1"), "domain")->string_value,
			    "session guest, iommufd 0x200, HWPT 0x1, 0000:00:04.0 0000:00:05.1");
	assert_string_equal(note(event("preserve", "guest/0x200/0x1"), "process")->string_value,
			    "vmm");
}

/* The same bytes whichever recording is named first. */
static void test_order_of_recordings(void **state)
{
	struct corpus_options o = NAMED;
	char *data[2] = { NULL };
	size_t size[2];
	struct fault why;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		o.kernel = i ? CORPUS_NEW : CORPUS_OLD;
		add_options(o, 0);
		o.kernel = i ? CORPUS_OLD : CORPUS_NEW;
		add_options(o, 0);
		if (i) {
			struct recording swap = recordings[0];

			recordings[0] = recordings[1];
			recordings[1] = swap;
		}
		assert_int_equal(write_trace(&why, &data[i], &size[i]), 0);
		forget(NULL);
	}
	assert_int_equal(size[0], size[1]);
	assert_memory_equal(data[0], data[1], size[0]);
	free(data[0]);
	free(data[1]);
}

/* A string of protobuf is UTF-8, whatever is in a recording: decode() looks at each. */
static void test_text_that_is_no_utf8(void **state)
{
	(void)state;
	add_both(CORPUS_SOUND);
	free(recordings[0].cmdline);
	recordings[0].cmdline = xstrdup("a\xff\xc0z");
	names__learn_process(recordings[0].names, 321, "\xe2\x82");
	draw_well();
	assert_string_equal(note(event("kernel 7.3.4", "kernel"), "cmdline")->string_value,
			    "a\ufffd\ufffdz");
	assert_string_equal(track(2)->process->cmdline[0], "a\ufffd\ufffdz");
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
	p = event("restore", "record 0x100000000");
	assert_int_equal(note(p, "ret_errno")->int_value, -22);
	assert_int_equal(p->track_event->n_terminating_flow_ids, 0);
	assert_int_equal(note(event("violation: restore-error", "record 0x100000000"),
			      "kernel")->uint_value, 2);
	/* It was preserved still, until the FLB was finished. */
	p = event_at("preserved", "record 0x100000000", ABORTS + 1);
	assert_string_equal(note(p, "until")->string_value, "finished without a restore");
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
	assert_int_equal(note(event("violation: once", "record 0x100000000"), "kernel")->uint_value,
			 1);
	p = event("violation: restore", "record 0x100000000");
	assert_non_null(strstr(note(p, "text")->string_value, "differs from its preserve"));
	/* It is where the event is that shows it: the end of the restore */
	assert_int_equal(note(p, "seq")->uint_value, 4);
	assert_int_equal(p->timestamp - event("restore", "record 0x100000000")->timestamp, 700);
}

/* What the kernel tells between its events is where its own time is, not at the event before. */
static void test_violation_at_its_time(void **state)
{
	struct corpus_options o = { .major = 1, .minor = 7, .domains = DOMAINS, .aborts = ABORTS,
				    .freed = true, .complaints = true };
	const TracePacket *p;
	uint64_t begin;

	(void)state;
	add_options(o, 0);
	recordings[0].freed[0].time_ns += 5000;
	recordings[0].complaints[1].time_ns += 6000;
	draw_well();
	begin = recordings[0].start.monotonic_ns;
	p = event("violation: freed", "record 0x100000000");
	assert_int_equal(p->timestamp, recordings[0].freed[0].time_ns - begin);
	p = event("violation: kernel", "kernel");
	assert_int_equal(p->timestamp, recordings[0].complaints[1].time_ns - begin);
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
	assert_int_equal(count().operations, 4);
	event("restore", "record 0x40");
	assert_int_equal(event("unpreserve", "record 0x40 (2)")->timestamp, 50);
}

static void test_end_before_begin(void **state)
{
	(void)state;
	emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1000);
	emit(LUTRACE_OP_PRESERVE, LUTRACE_END, 900);
	draw_well();
	assert_int_equal(count().operations, 0);
	event("violation: latency", "record 0x40");
	event("preserve: ended before it began", "record 0x40");
}

/* They lie within each other, and so none covers another: all but the last are slices. */
static void test_violations_of_one_moment(void **state)
{
	struct counted n;
	uint64_t at = 0;
	size_t i, nr = 0, instants = 0;

	(void)state;
	emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1000);
	emit(LUTRACE_OP_PRESERVE, LUTRACE_END, 1005);
	emit(LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 1010);
	emit(LUTRACE_OP_PRESERVE, LUTRACE_END, 1015);
	draw_well();
	n = count();
	assert_true(n.violations >= 3);
	for (i = 0; i < trace->n_packet; i++) {
		const TrackEvent *ev = trace->packet[i]->track_event;

		if (!ev || !ev->n_categories || strcmp(ev->categories[0], "violation"))
			continue;
		/* At most one instant at a time: the innermost */
		if (trace->packet[i]->timestamp != at)
			instants = 0;
		at = trace->packet[i]->timestamp;
		instants += ev->type == TRACK_EVENT__TYPE__TYPE_INSTANT;
		assert_true(instants <= 1);
		nr++;
	}
	assert_int_equal(nr, n.violations);
	assert_true(n.instants < n.violations);
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
	assert_int_equal(n.operations, 0);
	event("preserve: end not seen", "record 0x40");
	event("restore: begin not seen", "record 0x40");
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
	assert_int_equal(count().slices, 0);
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
		TEST(test_both_kernels), TEST(test_preserved_and_kexec), TEST(test_flows),
		TEST(test_counter), TEST(test_number_of_tracks), TEST(test_names_and_order),
		TEST(test_order_of_recordings), TEST(test_text_that_is_no_utf8),
		TEST(test_failed_operation), TEST(test_violations), TEST(test_violation_at_its_time),
		TEST(test_violations_of_one_moment),
		TEST(test_overlapping_operations), TEST(test_end_before_begin),
		TEST(test_half_an_operation), TEST(test_many_violations),
		TEST(test_nothing_recorded), TEST(test_no_line_for_both),
		TEST(test_times_too_far_apart),
	};

	return cmocka_run_group_tests_name("perfetto", tests, NULL, NULL);
}
