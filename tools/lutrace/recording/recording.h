/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording as it was read: what `lutrace record` wrote, for `lutrace report` and all who judge or
 * show it. format.h has what stands in the file, writer.h writes one.
 */
#ifndef LUTRACE_RECORDING_H
#define LUTRACE_RECORDING_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include "lib/fault.h"
#include "model/names.h"
#include "model/op.h"
#include "recording/format.h"

struct recording {
	char *path;			/* printable */
	__u64 file_bytes;
	__u32 file_crc32;		/* of all of it */
	unsigned int minor;		/* version of its format */
	char *release, *version, *build_id, *machine, *boot_id, *cmdline, *hypervisor;
	/*
	 * Since 1.8, what KHO tells of how this kernel came up. The release of the kernel that
	 * jumped into this one, NULL if there was none that handed something over or it is not
	 * known; and how many kexecs lie between the last cold boot and this kernel, each with
	 * something handed over: 0 if it handed over nothing. Where has_kexec_count is not set
	 * nothing is known.
	 */
	char *previous_release;
	__u64 kexec_count;
	bool has_kexec_count;
	/*
	 * Since 1.8: a short hash of what identifies the host through all its boots, with a word
	 * before it that says of what; NULL if there is nothing. See recording__hosts().
	 */
	char *host_id;
	bool emulated;			/* the machine's time is no hardware's */
	/* Since 1.11, each NULL or 0 where it is not known: a hash of the kernel's configuration, ... */
	char *config, *cpu_model;
	__u64 cpus;			/* that are online */
	struct lutrace_cost cost;	/* since 1.11; all 0: not known */
	/* How it was recorded; 0 before format 1.1. Duration 0: until a signal. */
	__u64 ring_kib, in_flight, duration_ms;
	/* Of a flight recorder, since 1.3, else 0: number of this file, and of the boot's first. */
	__u64 flight_file, flight_first;
	/* Files of this boot, and events in them, that were removed before this one began. */
	__u64 rotated_files, rotated_events;
	struct lutrace_clock start, end;	/* end is all 0 if it was cut before */
	struct lutrace_event *events;
	size_t nr_events, events_room;
	struct lutrace_latency *latencies;
	size_t nr_latencies, latencies_room;
	struct lutrace_freed *freed;
	size_t nr_freed, freed_room;
	bool computed;			/* through tracefs: the latencies come from the events */
	bool watches_freed;		/* since 1.2: what the kernel tells of them is here */
	struct lutrace_deep *deep;
	size_t nr_deep, deep_room;
	bool is_deep;			/* since 1.4: was asked to walk page tables */
	struct lutrace_freeze *freezes;	/* since 1.8 */
	size_t nr_freezes, freezes_room;
	struct lutrace_complaint *complaints;
	size_t nr_complaints, complaints_room;
	bool has_klog;			/* since 1.7: the kernel's log was read */
	struct names *names;		/* since 1.5 */
	bool selected;			/* since 1.5: events were left out on purpose */
	struct lutrace_footer footer;
	bool complete;			/* has a footer: was ended properly */
	size_t nr_records;		/* that are whole, of all types */
	__u64 whole_ns;			/* the latest MONOTONIC time in them */
	size_t cut_bytes;		/* after them, of a record that is not whole */
	size_t skipped;			/* records that only a newer version knows */
	size_t counted_events, counted_latencies;	/* with skipped ones */
};

/* What these return for a file that a crash may leave, and that holds nothing: @fault says so. */
#define RECORDING_EMPTY	-2

/*
 * Reads a recording. One that was cut is read up to the cut and is not
 * complete; anything else that is wrong gives -1 and @fault. What is text in
 * @r has no control characters.
 */
int recording__read(struct recording *r, const char *path, struct fault *fault);
int recording__parse(struct recording *r, const char *path, const void *data, size_t size,
		     struct fault *fault);
void recording__free(struct recording *r);

/*
 * Whether two recordings are of one host. Only that they are not is certain: images of one machine
 * may have one id. Ids of two kinds, as of root and of a user who may not read the DMI's, and ids
 * that are not there, tell nothing.
 */
enum recording_hosts { HOSTS_UNKNOWN, HOSTS_SAME_ID, HOSTS_DIFFER };
enum recording_hosts recording__hosts(const struct recording *a, const struct recording *b);
/*
 * Whether the recorder saw the kernel freeze what it hands over, and nothing of any kind came after it:
 * the kernel jumped then.
 */
bool recording__frozen(const struct recording *r);
/* For qsort() of pointers to events: by the kernel's number. */
int recording__event_by_number(const void *a, const void *b);

/* Whether its minor version is newer than what this program writes. */
bool recording__is_newer(const struct recording *r);
/* Seconds from its start to the last event or clock that is whole in it. */
double recording__whole_s(const struct recording *r);

#endif
