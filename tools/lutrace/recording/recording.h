/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording: the file that `lutrace record` writes and `lutrace report`
 * reads. docs/recording.md describes it.
 */
#ifndef LUTRACE_RECORDING_H
#define LUTRACE_RECORDING_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include "bpf/events.h"
#include "lib/fault.h"
#include "model/names.h"

#define LUTRACE_FILE_MAGIC	"lutrace"	/* with its NUL: 8 bytes */
#define LUTRACE_FILE_MAJOR	1	/* another one cannot be read */
#define LUTRACE_FILE_MINOR	8	/* what a reader may skip was added */
#define LUTRACE_REC_MAX		65536u

struct lutrace_file {
	char magic[8];
	__u32 major, minor;
	__u32 size;			/* of this structure */
	__u32 reserved;
};

/* Records that only user space writes; types below 0x100 come from BPF. */
enum lutrace_file_rec_type {
	LUTRACE_REC_HOST = 0x101,	/* lines of key=value, padded with NUL */
	LUTRACE_REC_CLOCK = 0x102,
	LUTRACE_REC_DEEP = 0x105,	/* since 1.4: a page table was walked */
	LUTRACE_REC_NAME = 0x110,	/* since 1.5: what an operator calls a domain */
	LUTRACE_REC_PROCESS = 0x111,	/* since 1.5: the name of a process */
	LUTRACE_REC_COMPLAINT = 0x112,	/* since 1.7: what the kernel's log said */
	LUTRACE_REC_FOOTER = 0x1ff,	/* the last one: nothing is missing */
};

/*
 * The three clocks at one moment. Only the TSC runs on through a kexec, so it
 * is the line on which the events of two kernels can be placed.
 */
struct lutrace_clock {
	struct lutrace_rec rec;
	__u64 tsc;			/* 0: this machine has none */
	__u64 monotonic_ns;
	__u64 realtime_ns;
	__u64 spread;			/* TSC ticks within which all were read */
};

enum {
	DEEP_KHO = 1,			/* each table was looked for in KHO's map */
	DEEP_STOPPED = 2,		/* there were more tables than there can be */
	DEEP_UNREADABLE = 4,		/* a table is at bad_phys, where nothing can be read */
};

/* What `--deep` saw of a domain: a walk of its whole page table by lutrace's own program. */
struct lutrace_deep {
	struct lutrace_rec rec;
	__u64 time_ns;			/* CLOCK_MONOTONIC, when it was preserved or reclaimed still */
	__u64 token;
	__u64 ser_phys, generation;	/* its record; 0: it has none, it was reclaimed */
	/* What the record says; 0 without one. */
	__u64 said_top_phys, said_tables, said_bytes;
	__u32 said_format, said_top_level;
	/* What was found. */
	__u64 top_phys;
	__u32 format, top_level;
	__u64 unkept, unkept_phys;	/* tables that KHO does not keep, the first of them */
	__u64 bad, bad_phys, bad_entry;	/* entries that cannot be; the first: where, what */
	struct lutrace_level levels[LUTRACE_PT_LEVELS];
	__u32 flags;			/* DEEP_* */
	__u32 reserved;
	__u64 took_ns;			/* not 0: the record is whole */
};

/*
 * Then lines of key=value and padding with newlines, so that its end is not 0 if it is whole: see
 * names.h. What several records of one identity tell is known together.
 */
struct lutrace_name {
	struct lutrace_rec rec;
	__u64 ser_phys, generation;
};

/* Bytes of the devices in it, which are cut there. */
#define LUTRACE_NAME_DEVICES	60000

struct lutrace_process {
	struct lutrace_rec rec;
	char comm[LUTRACE_COMM_SIZE];	/* with a NUL */
	__u32 pid;
	__u32 whole;			/* LUTRACE_WHOLE */
};

#define LUTRACE_WHOLE	0xffffffffu

#define LUTRACE_COMPLAINT_SIZE	208

/* Of the kernel's log: klog.h. */
struct lutrace_complaint {
	struct lutrace_rec rec;
	__u64 time_ns;			/* CLOCK_MONOTONIC, when it was read: milliseconds later */
	__u64 lost;			/* messages that could not be read any more; then no text */
	char text[LUTRACE_COMPLAINT_SIZE];	/* with a NUL; cut if it is longer */
	__u64 whole;			/* LUTRACE_WHOLE */
};

struct lutrace_footer {
	struct lutrace_rec rec;
	struct lutrace_counts counts;
	__u64 missed_runs;		/* times that the kernel skipped a program */
	__u64 nr_events;		/* records of the two kinds in this file */
	__u64 nr_latencies;
	__u32 signal;			/* what ended it; 0: the time was up */
	__u32 crc32;			/* of all bytes before this record */
};

struct recording {
	char *path;
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

/* Whether its minor version is newer than what this program writes. */
bool recording__is_newer(const struct recording *r);
/* Seconds from its start to the last event or clock that is whole in it. */
double recording__whole_s(const struct recording *r);

/* Writes one. All functions return -1 with @fault set if a write failed. */
struct recorder;
struct recorder *recorder__open(const char *path, struct fault *fault);
int recorder__host(struct recorder *w, const char *text, struct fault *fault);
int recorder__put(struct recorder *w, const void *record, struct fault *fault);
/* Writes out what was put: after it a crash of the tool loses nothing of it. */
int recorder__flush(struct recorder *w, struct fault *fault);
/* Completes @footer with what the file itself knows, syncs and frees @w. */
int recorder__close(struct recorder *w, struct lutrace_footer *footer, struct fault *fault);

/* What was put, with the header and whatever is not written out yet. */
struct recorder_sum {
	__u64 bytes, nr_events, nr_latencies;
	__u64 nr_uncounted;		/* freed pages, walks, complaints: no footer has the number */
	unsigned long crc;
};
bool recorder__is_uncounted(__u32 type);
struct recorder_sum recorder__sum(const struct recorder *w);
/* Puts the footer, completed, and no more. */
int recorder__end(struct recorder *w, struct lutrace_footer *footer, struct fault *fault);
/* What was written out is on the disk. */
int recorder__sync(struct recorder *w, struct fault *fault);
/*
 * Room for @bytes is set aside if the file system can, until @w is freed; the
 * file is as long as what was written.
 */
void recorder__reserve(struct recorder *w, __u64 bytes);
/*
 * After a write that failed: what was put since the last flush that did not fail
 * is gone, the file ends with a whole record and more can be put. Returns what
 * there was before.
 */
struct recorder_sum recorder__take_back(struct recorder *w);
/* Gives up what was not written out; @w may be NULL. */
void recorder__free(struct recorder *w);

const char *op__name(unsigned int op);
/* Whether it is one of the FLB, which is one and has no identity, and not of a domain. */
bool op__is_flb(unsigned int op);

#endif
