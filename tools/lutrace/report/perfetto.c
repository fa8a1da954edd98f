// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "model/operations.h"
#include "perfetto.pb-c.h"
#include "report/perfetto.h"

/* All packets are one sequence, which depends on nothing before it. */
#define SEQUENCE_ID		1
#define STATE_CLEARED		1

#define MAX_ANNOTATIONS		8
#define NO_TRACK		((size_t)-1)

/*
 * The operations of one domain, or of the FLB, in one kernel, or as many of them as do not
 * overlap: more are on a further track.
 */
struct track {
	size_t kernel;
	const struct lutrace_event *who;	/* any event of it */
	size_t number;			/* counted from 1 */
	size_t next;			/* its further track, or NO_TRACK */
	__u64 busy_until;
};

/* An event of the trace before it is written: they are written in the order of time. */
struct mark {
	__u64 ns;
	size_t order;			/* among those of the same time */
	size_t track;
	TrackEvent__Type type;
	struct operation op;		/* of a begin, or one that was half seen */
	const struct offence *offence;
};

struct layout {
	const struct analysis *a;
	FILE *f;
	bool started;			/* a packet was written */
	__u64 *shift;			/* of each kernel: added to its times */
	struct idmap **first;		/* of each kernel: identity to its first track */
	struct track *tracks;
	size_t nr_tracks, tracks_room;
	struct mark *marks;
	size_t nr_marks, marks_room;
};

/* The line of time */

static __u64 layout__place(const struct layout *t, size_t kernel, const struct lutrace_event *ev)
{
	return ev->time_ns + t->shift[kernel];
}

/* Puts the kernels on one line that begins with the first event of all. */
static int layout__place_kernels(struct layout *t, struct fault *why)
{
	const struct boot *boots = t->a->boots;
	__s64 first = INT64_MAX, last = INT64_MIN, place;
	size_t i, k;

	for (i = 0; i < t->a->nr_boots; i++) {
		if (i && !boots[i - 1].linked)
			return fault__set(why, "how long after kernel %zu kernel %zu came is not "
					  "known: a recording was made without a TSC, or both are "
					  "shorter than 0.1 s or cut", i, i + 1);
		t->shift[i] = i ? t->shift[i - 1] + boots[i - 1].to_next_ns : 0;
		for (k = 0; k < boots[i].nr_events; k++) {
			place = layout__place(t, i, &boots[i].events[k]);
			first = place < first ? place : first;
			last = place > last ? place : last;
		}
	}
	if (first < last && (__u64)last - (__u64)first > INT64_MAX)
		return fault__set(why, "its events are more than 292 years apart");
	for (i = 0; i < t->a->nr_boots; i++)
		t->shift[i] -= first;
	return 0;
}

/* Tracks and what is on them */

static size_t layout__add_track(struct layout *t, size_t kernel, const struct lutrace_event *who,
			       size_t number)
{
	t->tracks = grow(t->tracks, t->nr_tracks, &t->tracks_room, sizeof(*t->tracks));
	t->tracks[t->nr_tracks] = (struct track){
		.kernel = kernel, .who = who, .number = number, .next = NO_TRACK,
	};
	return t->nr_tracks++;
}

static size_t layout__first_track(struct layout *t, size_t kernel, const struct lutrace_event *ev)
{
	enum { DOMAIN, FLB, KERNEL } kind = !ev ? KERNEL : op__is_flb(ev->op) ? FLB : DOMAIN;
	__u64 phys = kind == DOMAIN ? ev->ser_phys : 0;
	__u64 generation = kind == DOMAIN ? ev->generation : 0;
	uint64_t *at = idmap__find(t->first[kernel], phys, generation, kind);
	size_t track;

	if (at)
		return *at;
	track = layout__add_track(t, kernel, ev, 1);
	idmap__set(t->first[kernel], phys, generation, kind, track);
	return track;
}

/* A track on which nothing runs any more at @begin. */
static size_t layout__free_track(struct layout *t, size_t kernel, const struct lutrace_event *ev,
				__u64 begin)
{
	size_t track = layout__first_track(t, kernel, ev), further;

	while (t->tracks[track].busy_until > begin) {
		further = t->tracks[track].next;
		if (further == NO_TRACK) {
			further = layout__add_track(t, kernel, ev, t->tracks[track].number + 1);
			t->tracks[track].next = further;
		}
		track = further;
	}
	return track;
}

static void layout__mark(struct layout *t, struct mark mark)
{
	t->marks = grow(t->marks, t->nr_marks, &t->marks_room, sizeof(*t->marks));
	mark.order = t->nr_marks;
	t->marks[t->nr_marks++] = mark;
}

static void layout__add_operation(struct layout *t, size_t kernel, struct operation op)
{
	__u64 begin = layout__place(t, kernel, op.begin ? op.begin : op.end), end;
	struct mark mark = { .ns = begin, .op = op, .type = TRACK_EVENT__TYPE__TYPE_INSTANT };

	/* How long it was is not known if only one end of it was seen. */
	if (!op.begin || !op.end) {
		mark.track = layout__first_track(t, kernel, op.begin ? op.begin : op.end);
		layout__mark(t, mark);
		return;
	}
	end = layout__place(t, kernel, op.end);
	/* If it ended before it began the check `latency` says so. */
	end = end < begin ? begin : end;
	mark.track = layout__free_track(t, kernel, op.begin, begin);
	t->tracks[mark.track].busy_until = end;
	mark.type = TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN;
	layout__mark(t, mark);
	layout__mark(t, (struct mark){ .ns = end, .track = mark.track,
				      .type = TRACK_EVENT__TYPE__TYPE_SLICE_END });
}

static int by_begin(const void *a, const void *b)
{
	const struct operation *x = a, *y = b;
	const struct lutrace_event *ex = x->begin ? x->begin : x->end;
	const struct lutrace_event *ey = y->begin ? y->begin : y->end;

	if (ex->time_ns != ey->time_ns)
		return ex->time_ns < ey->time_ns ? -1 : 1;
	return (ex->seq > ey->seq) - (ex->seq < ey->seq);
}

static void layout__add_kernel(struct layout *t, size_t kernel)
{
	struct operation *ops;
	size_t nr, i;

	ops = boot__operations(&t->a->boots[kernel], &nr);
	if (nr)
		qsort(ops, nr, sizeof(*ops), by_begin);
	for (i = 0; i < nr; i++)
		if (analysis__selects(t->a, &t->a->boots[kernel],
				      ops[i].end ? ops[i].end : ops[i].begin))
			layout__add_operation(t, kernel, ops[i]);
	free(ops);
}

static void layout__add_offence(struct layout *t, const struct offence *v)
{
	size_t kernel = v->boot - t->a->boots;

	layout__mark(t, (struct mark){
		.ns = v->time_ns + t->shift[kernel], .offence = v,
		.track = layout__first_track(t, kernel, v->event),
		.type = TRACK_EVENT__TYPE__TYPE_INSTANT,
	});
}

/* Packets */

struct to_file {
	ProtobufCBuffer base;
	FILE *f;
};

static void append(ProtobufCBuffer *buffer, size_t size, const uint8_t *data)
{
	fwrite(data, 1, size, ((struct to_file *)buffer)->f);
}

/* A trace may be cut into messages at every packet: one after another they are the whole. */
static void layout__write(struct layout *t, TracePacket *packet)
{
	struct to_file to = { .base.append = append, .f = t->f };
	Trace message = TRACE__INIT;

	packet->has_trusted_packet_sequence_id = true;
	packet->trusted_packet_sequence_id = SEQUENCE_ID;
	packet->has_sequence_flags = !t->started;
	packet->sequence_flags = STATE_CLEARED;
	t->started = true;
	message.n_packet = 1;
	message.packet = &packet;
	trace__pack_to_buffer(&message, &to.base);
}

/* Kernels come first, then the tracks; 0 is a track of Perfetto's own. */
static __u64 kernel_uuid(size_t kernel)
{
	return kernel + 1;
}

static __u64 track_uuid(const struct layout *t, size_t track)
{
	return t->a->nr_boots + track + 1;
}

static void layout__describe_kernel(struct layout *t, size_t kernel)
{
	const struct recording *r = t->a->boots[kernel].parts[0];
	ProcessDescriptor process = PROCESS_DESCRIPTOR__INIT;
	TrackDescriptor track = TRACK_DESCRIPTOR__INIT;
	TracePacket packet = TRACE_PACKET__INIT;

	process.has_pid = true;
	process.pid = kernel + 1;
	process.process_name = xasprintf("kernel %zu: %s, boot %.8s", kernel + 1, r->release,
					 r->boot_id);
	track.has_uuid = true;
	track.uuid = kernel_uuid(kernel);
	track.process = &process;
	packet.track_descriptor = &track;
	layout__write(t, &packet);
	free(process.process_name);
}

static char *track__name(const struct layout *t, const struct track *track)
{
	char number[32] = "";
	struct name_text name;

	if (!track->who)
		return xstrdup("kernel");
	name = name__text(boot__domain_name(&t->a->boots[track->kernel], track->who));
	if (track->number > 1)
		snprintf(number, sizeof(number), " (%zu)", track->number);
	if (op__is_flb(track->who->op))
		return xasprintf("FLB%s", number);
	if (*name.s)
		return xasprintf("%s (record 0x%llx generation %llu)%s", name.s,
				 track->who->ser_phys, track->who->generation, number);
	return xasprintf("record 0x%llx generation %llu%s", track->who->ser_phys,
			 track->who->generation, number);
}

static void layout__describe_track(struct layout *t, size_t i)
{
	TrackDescriptor track = TRACK_DESCRIPTOR__INIT;
	TracePacket packet = TRACE_PACKET__INIT;

	track.has_uuid = track.has_parent_uuid = true;
	track.uuid = track_uuid(t, i);
	track.parent_uuid = kernel_uuid(t->tracks[i].kernel);
	track.name = track__name(t, &t->tracks[i]);
	packet.track_descriptor = &track;
	layout__write(t, &packet);
	free(track.name);
}

/* What a click on an event shows */
struct notes {
	DebugAnnotation items[MAX_ANNOTATIONS], *pointers[MAX_ANNOTATIONS];
	size_t nr;
};

static DebugAnnotation *notes__add(struct notes *notes, char *name)
{
	DebugAnnotation *item = &notes->items[notes->nr];

	debug_annotation__init(item);
	item->name = name;
	notes->pointers[notes->nr++] = item;
	return item;
}

static void notes__add_number(struct notes *notes, char *name, __u64 value)
{
	DebugAnnotation *item = notes__add(notes, name);

	item->has_uint_value = true;
	item->uint_value = value;
}

static void notes__add_end(struct notes *notes, const struct lutrace_event *end)
{
	DebugAnnotation *item;

	notes__add_number(notes, "end_seq", end->seq);
	item = notes__add(notes, "ret_errno");
	item->has_int_value = true;
	item->int_value = end->ret;
	/* Only a domain's successful end tells the rest. */
	if (op__is_flb(end->op) || end->ret)
		return;
	notes__add_number(notes, "tables", end->nr_tables);
	notes__add_number(notes, "bytes", end->nr_bytes);
	notes__add(notes, "format")->string_value = (char *)
		pt__format_name(end->format < PT_NR_FORMATS ? end->format : PT_UNKNOWN);
	notes__add_number(notes, "top_level", end->top_level);
	item = notes__add(notes, "root_address");
	item->has_pointer_value = true;
	item->pointer_value = end->top_phys;
}

static void layout__write_event(struct layout *t, const struct mark *mark, TrackEvent *event)
{
	TracePacket packet = TRACE_PACKET__INIT;

	event->has_type = event->has_track_uuid = true;
	event->type = mark->type;
	event->track_uuid = track_uuid(t, mark->track);
	packet.has_timestamp = true;
	packet.timestamp = mark->ns;
	packet.track_event = event;
	layout__write(t, &packet);
}

static void layout__write_named(struct layout *t, const struct mark *mark, char *name,
			       char *category, struct notes *notes)
{
	TrackEvent event = TRACK_EVENT__INIT;

	event.name = name;
	event.n_categories = 1;
	event.categories = &category;
	event.n_debug_annotations = notes->nr;
	event.debug_annotations = notes->pointers;
	layout__write_event(t, mark, &event);
	free(name);
}

static void layout__write_operation(struct layout *t, const struct mark *mark)
{
	const struct lutrace_event *begin = mark->op.begin, *end = mark->op.end;
	const char *half = !begin ? ": begin not seen" : !end ? ": end not seen" : "";
	struct notes notes = { .nr = 0 };

	if (begin)
		notes__add_number(&notes, "begin_seq", begin->seq);
	if (end)
		notes__add_end(&notes, end);
	layout__write_named(t, mark, xasprintf("%s%s", op__name((begin ? begin : end)->op), half),
			   *half ? "half" : end->ret ? "failed" : "operation", &notes);
}

static void layout__write_offence(struct layout *t, const struct mark *mark)
{
	const struct offence *v = mark->offence;
	struct notes notes = { .nr = 0 };

	if (v->event)
		notes__add_number(&notes, "seq", v->event->seq);
	notes__add(&notes, "text")->string_value = v->text;
	layout__write_named(t, mark, xasprintf("violation: %s", t->a->checks[v->check].name),
			   "violation", &notes);
}

static void layout__write_mark(struct layout *t, const struct mark *mark)
{
	TrackEvent end = TRACK_EVENT__INIT;

	if (mark->offence)
		layout__write_offence(t, mark);
	else if (mark->type == TRACK_EVENT__TYPE__TYPE_SLICE_END)
		layout__write_event(t, mark, &end);
	else
		layout__write_operation(t, mark);
}

static int by_time(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void layout__write_all(struct layout *t)
{
	size_t i;

	for (i = 0; i < t->a->nr_boots; i++)
		layout__add_kernel(t, i);
	for (i = 0; i < t->a->nr_offences; i++)
		layout__add_offence(t, &t->a->offences[i]);
	if (t->nr_marks)
		qsort(t->marks, t->nr_marks, sizeof(*t->marks), by_time);
	for (i = 0; i < t->a->nr_boots; i++)
		layout__describe_kernel(t, i);
	for (i = 0; i < t->nr_tracks; i++)
		layout__describe_track(t, i);
	for (i = 0; i < t->nr_marks; i++)
		layout__write_mark(t, &t->marks[i]);
}

int perfetto__write(const struct analysis *a, FILE *f, struct fault *why)
{
	struct layout t = { .a = a, .f = f };
	size_t i;
	int err;

	t.shift = xcalloc(a->nr_boots, sizeof(*t.shift));
	t.first = xcalloc(a->nr_boots, sizeof(*t.first));
	for (i = 0; i < a->nr_boots; i++)
		t.first[i] = idmap__new();
	err = layout__place_kernels(&t, why);
	if (!err)
		layout__write_all(&t);
	for (i = 0; i < a->nr_boots; i++)
		idmap__free(t.first[i]);
	free(t.first);
	free(t.shift);
	free(t.tracks);
	free(t.marks);
	return err;
}
