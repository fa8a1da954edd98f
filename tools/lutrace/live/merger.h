/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does with decoded events what bpf/record.bpf.c does in the kernel: finds each
 * begin's end by the identity of the record, sends events and latencies, or
 * samples, and counts. The events come from one buffer for each CPU, and are
 * sent in the order of their numbers. Touches no kernel.
 */
#ifndef LUTRACE_MERGER_H
#define LUTRACE_MERGER_H

#include "live/source.h"

struct merger;

/* Of @opts it needs samples, filter and in_flight. */
struct merger *merger__new(const struct live_opts *opts, const struct sink *sink);
void merger__free(struct merger *m);

/* Both are kept until they are sent. @comm is the name of the task that @ev is of. */
void merger__event(struct merger *m, const struct lutrace_event *ev,
		   const char comm[LUTRACE_COMM_SIZE]);
void merger__freed(struct merger *m, const struct lutrace_freed *freed);

/* The highest number of all events that are kept; 0: none are. */
__u64 merger__highest(const struct merger *m);
/*
 * Sends all events with numbers up to @seq, and freed pages. The kernel has written each
 * event before it numbers the next, so if all buffers were read after merger__highest() told
 * that number, none with a lower one is still to come.
 */
void merger__send(struct merger *m, __u64 seq);

/* As the program with that number would count them. */
struct lutrace_counts merger__counts(const struct merger *m, int prog);
/* Events that did not pass the filter; @prog is one of an operation. */
__u64 merger__filtered(const struct merger *m, int prog);
__s64 merger__in_flight(const struct merger *m);

#endif
