/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a trace buffer has, as the records that the BPF programs send: decodes
 * raw pages by the formats that the kernel tells. Touches no kernel.
 */
#ifndef LUTRACE_RAWEVENTS_H
#define LUTRACE_RAWEVENTS_H

#include <linux/types.h>
#include "bpf/events.h"
#include "lib/fault.h"

#define RAWEVENTS_SYSTEM "iommu_liveupdate"

struct rawevents;

struct rawevents *rawevents__new(void);
void rawevents__free(struct rawevents *raw);

/*
 * The text of the file "format" of the tracepoint with the number @prog, one of
 * LUTRACE_PROG(op, phase) and LUTRACE_PROG_FREED. Returns -1 with @fault set if
 * it is no format, or lacks a field.
 */
int rawevents__learn(struct rawevents *raw, int prog, const char *format, struct fault *fault);

/* An event is one of the two; its pid is 0, which trace buffers do not have. */
union raw_record {
	struct lutrace_rec rec;
	struct lutrace_event event;
	struct lutrace_freed freed;
};

/*
 * Calls @put with each event of a page of the buffer of @cpu, in their order. What
 * a tracepoint does not tell is 0. Returns -1 with @fault set if it is no page of
 * a trace buffer, or has an event whose format is not known.
 */
int rawevents__page(struct rawevents *raw, unsigned int cpu, void *page,
		    void (*put)(void *priv, union raw_record *record), void *priv,
		    struct fault *fault);

/*
 * How many events a CPU's buffer has lost, from the text of its file "stats".
 * Returns -1 with @fault set if that does not tell.
 */
int rawevents__lost(const char *stats, __u64 *lost, struct fault *fault);

#endif
