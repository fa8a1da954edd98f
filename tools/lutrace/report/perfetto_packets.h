/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of a trace for Perfetto, one after another into a stream, which keeps errors of writing.
 * It knows nothing of what they stand for: perfetto.c alone calls it. All text may be of any bytes.
 */
#ifndef LUTRACE_PERFETTO_PACKETS_H
#define LUTRACE_PERFETTO_PACKETS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The writer; to begin with only @f is set. */
struct packets {
	FILE *f;
	bool started;			/* a packet was written */
};

/* A track as it is described once, before its events. */
struct packet_track {
	__u64 uuid, parent;		/* not 0; parent 0: it has none */
	const char *name;
	int rank;			/* among the tracks of its parent */
	bool ranks;			/* its own tracks have ranks */
	const char *counts;		/* it is a counter of these; NULL: it has slices */
	int pid;			/* it is a process with this number; 0: it is none */
	const char *cmdline;		/* of the process, in one */
};

enum packet_type { PACKET_BEGIN, PACKET_END, PACKET_INSTANT, PACKET_COUNTER };

/* What a click on an event shows beside its name */
struct packet_note {
	const char *name;
	enum { NOTE_COUNT, NOTE_ERRNO, NOTE_ADDRESS, NOTE_TEXT } kind;
	__u64 value;			/* of an errno: as __s64 */
	const char *text;
};

#define PACKET_MAX_NOTES	20

struct packet_event {
	__u64 ns, track;
	enum packet_type type;
	/* Of a begin and an instant */
	const char *name, *category;
	struct packet_note notes[PACKET_MAX_NOTES];
	size_t nr_notes;
	const __u64 *flows;		/* numbers of the arrows that pass here, or end here */
	size_t nr_flows;
	bool flows_end;
	__s64 value;			/* of a counter */
};

/* Each adds a note; @text is not copied. */
void packet_event__count(struct packet_event *ev, const char *name, __u64 value);
void packet_event__errno(struct packet_event *ev, const char *name, int value);
void packet_event__address(struct packet_event *ev, const char *name, __u64 value);
void packet_event__text(struct packet_event *ev, const char *name, const char *text);

void packets__track(struct packets *p, const struct packet_track *track);
/* In the order of time. */
void packets__event(struct packets *p, const struct packet_event *ev);

#endif
