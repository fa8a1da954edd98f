/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands in a recording beside the records of bpf/events.h: docs/recording.md describes the file.
 * Change one only together with LUTRACE_FILE_MINOR.
 */
#ifndef LUTRACE_FORMAT_H
#define LUTRACE_FORMAT_H

#include <linux/types.h>
#include "bpf/events.h"

#define LUTRACE_FILE_MAGIC	"lutrace"	/* with its NUL: 8 bytes */
#define LUTRACE_FILE_MAJOR	1	/* another one cannot be read */
#define LUTRACE_FILE_MINOR	11	/* what a reader may skip was added */
#define LUTRACE_SUMS_SINCE	9	/* minor version: each write ends with LUTRACE_REC_SUM */
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
	LUTRACE_REC_SUM = 0x113,	/* since 1.9: ends each write */
	LUTRACE_REC_COST = 0x114,	/* since 1.11: what recording cost until then */
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
	DEEP_UNPRESERVED = 8,		/* it is marked, and neither preserved nor reclaimed; in no recording */
	DEEP_ELSEWHERE = 16,		/* since 1.10: bad entries lead elsewhere than to the memfds */
	DEEP_CONTENTS = 32,		/* since 1.10: what it leads to was compared with the memfds */
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
	/* Tables that KHO does not keep, or, of one without a record, that it keeps; the first of them. */
	__u64 unkept, unkept_phys;
	/*
	 * Entries that cannot be; the first: where, what. With DEEP_ELSEWHERE places from where it does not lead to
	 * the memory that the areas say; of the first what it leads to, and the IOVA.
	 */
	__u64 bad, bad_phys, bad_entry;
	struct lutrace_level levels[LUTRACE_PT_LEVELS];
	__u32 flags;			/* DEEP_* */
	/* Tables that were not written back for a unit that does not see the cache; 0 before 1.9. */
	__u32 stale;
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

/* What stands after the last of them was not written out as a whole. */
struct lutrace_sum {
	struct lutrace_rec rec;
	__u32 crc32;			/* of all bytes before this record */
	__u32 whole;			/* LUTRACE_WHOLE */
};

/* The last one holds: all is counted from where the recorder began. */
struct lutrace_cost {
	struct lutrace_rec rec;
	__u64 time_ns;			/* CLOCK_MONOTONIC, when this was read */
	__u64 cpu_ns;			/* of the recorder's process, in the kernel too */
	__u64 rss_bytes;		/* the most memory that it had; in RAM */
	__u64 bpf_bytes;		/* kernel memory of the programs on the tracepoints; 0: not known */
	__u64 bpf_runs, bpf_run_ns;	/* of these programs, if the kernel's BPF statistics are on */
	__u32 has_runs;			/* 1: they are */
	__u32 whole;			/* LUTRACE_WHOLE */
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

#endif
