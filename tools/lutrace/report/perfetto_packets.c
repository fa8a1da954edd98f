// SPDX-License-Identifier: GPL-2.0-only
/* Packets of a trace for Perfetto, in protobuf: perfetto.c says which. */
#include <stdint.h>
#include <stdlib.h>
#include "lib/mem.h"
#include "lib/utf8.h"
#include "perfetto.pb-c.h"
#include "report/perfetto_packets.h"

/* All packets are one sequence, which depends on nothing before it. */
#define SEQUENCE_ID		1
#define STATE_CLEARED		1

/* Packs what it is given into a stream. */
struct to_file {
	ProtobufCBuffer base;
	FILE *f;
};

static void to_file__append(ProtobufCBuffer *buffer, size_t size, const uint8_t *data)
{
	fwrite(data, 1, size, ((struct to_file *)buffer)->f);
}

/* A trace may be cut into messages at every packet: one after another they are the whole. */
static void packets__write(struct packets *p, TracePacket *packet)
{
	struct to_file to = { .base.append = to_file__append, .f = p->f };
	Trace message = TRACE__INIT;

	packet->has_trusted_packet_sequence_id = true;
	packet->trusted_packet_sequence_id = SEQUENCE_ID;
	packet->has_sequence_flags = !p->started;
	packet->sequence_flags = STATE_CLEARED;
	p->started = true;
	message.n_packet = 1;
	message.packet = &packet;
	trace__pack_to_buffer(&message, &to.base);
}

/* The same text in UTF-8, without which a string of protobuf is none; NULL stays NULL. */
static char *packets__string(const char *text)
{
	return text ? utf8__mend(text, SIZE_MAX) : NULL;
}

void packets__track(struct packets *p, const struct packet_track *t)
{
	ProcessDescriptor process = PROCESS_DESCRIPTOR__INIT;
	CounterDescriptor counter = COUNTER_DESCRIPTOR__INIT;
	TrackDescriptor track = TRACK_DESCRIPTOR__INIT;
	TracePacket packet = TRACE_PACKET__INIT;
	char *name = packets__string(t->name), *cmdline = packets__string(t->cmdline);

	track.has_uuid = true;
	track.uuid = t->uuid;
	track.has_parent_uuid = t->parent;
	track.parent_uuid = t->parent;
	track.has_child_ordering = t->ranks;
	track.child_ordering = TRACK_DESCRIPTOR__CHILD_TRACKS_ORDERING__EXPLICIT;
	track.has_sibling_order_rank = t->parent;
	track.sibling_order_rank = t->rank;
	if (t->pid) {
		process.has_pid = true;
		process.pid = t->pid;
		process.process_name = name;
		process.n_cmdline = cmdline ? 1 : 0;
		process.cmdline = &cmdline;
		track.process = &process;
	} else {
		track.name = name;
	}
	counter.unit_name = (char *)t->counts;
	if (t->counts)
		track.counter = &counter;
	packet.track_descriptor = &track;
	packets__write(p, &packet);
	free(name);
	free(cmdline);
}

static struct packet_note *packet_event__note(struct packet_event *ev, const char *name)
{
	struct packet_note *note = &ev->notes[ev->nr_notes++];

	*note = (struct packet_note){ .name = name };
	return note;
}

void packet_event__count(struct packet_event *ev, const char *name, __u64 value)
{
	struct packet_note *note = packet_event__note(ev, name);

	note->kind = NOTE_COUNT;
	note->value = value;
}

void packet_event__errno(struct packet_event *ev, const char *name, int value)
{
	struct packet_note *note = packet_event__note(ev, name);

	note->kind = NOTE_ERRNO;
	note->value = (__s64)value;
}

void packet_event__address(struct packet_event *ev, const char *name, __u64 value)
{
	struct packet_note *note = packet_event__note(ev, name);

	note->kind = NOTE_ADDRESS;
	note->value = value;
}

void packet_event__text(struct packet_event *ev, const char *name, const char *text)
{
	struct packet_note *note = packet_event__note(ev, name);

	note->kind = NOTE_TEXT;
	note->text = text;
}

static void packet_note__convert(const struct packet_note *note, DebugAnnotation *out)
{
	debug_annotation__init(out);
	out->name = (char *)note->name;
	out->has_uint_value = note->kind == NOTE_COUNT;
	out->uint_value = note->value;
	out->has_int_value = note->kind == NOTE_ERRNO;
	out->int_value = note->value;
	out->has_pointer_value = note->kind == NOTE_ADDRESS;
	out->pointer_value = note->value;
	if (note->kind == NOTE_TEXT)
		out->string_value = packets__string(note->text);
}

static const TrackEvent__Type types[] = {
	[PACKET_BEGIN] = TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN,
	[PACKET_END] = TRACK_EVENT__TYPE__TYPE_SLICE_END,
	[PACKET_INSTANT] = TRACK_EVENT__TYPE__TYPE_INSTANT,
	[PACKET_COUNTER] = TRACK_EVENT__TYPE__TYPE_COUNTER,
};

static void packet_event__add_flows(const struct packet_event *ev, TrackEvent *to)
{
	if (ev->flows_end) {
		to->n_terminating_flow_ids = ev->nr_flows;
		to->terminating_flow_ids = (uint64_t *)ev->flows;
	} else {
		to->n_flow_ids = ev->nr_flows;
		to->flow_ids = (uint64_t *)ev->flows;
	}
}

void packets__event(struct packets *p, const struct packet_event *ev)
{
	DebugAnnotation notes[PACKET_MAX_NOTES], *pointers[PACKET_MAX_NOTES];
	TrackEvent event = TRACK_EVENT__INIT;
	TracePacket packet = TRACE_PACKET__INIT;
	char *category = (char *)ev->category;
	size_t i;

	event.has_type = event.has_track_uuid = true;
	event.type = types[ev->type];
	event.track_uuid = ev->track;
	event.name = packets__string(ev->name);
	event.n_categories = category ? 1 : 0;
	event.categories = &category;
	for (i = 0; i < ev->nr_notes; i++) {
		packet_note__convert(&ev->notes[i], &notes[i]);
		pointers[i] = &notes[i];
	}
	event.n_debug_annotations = ev->nr_notes;
	event.debug_annotations = pointers;
	packet_event__add_flows(ev, &event);
	event.has_counter_value = ev->type == PACKET_COUNTER;
	event.counter_value = ev->value;
	packet.has_timestamp = true;
	packet.timestamp = ev->ns;
	packet.track_event = &event;
	packets__write(p, &packet);
	free(event.name);
	for (i = 0; i < ev->nr_notes; i++)
		free(notes[i].string_value);
}
