// SPDX-License-Identifier: GPL-2.0-only
/* Decodes pages of trace buffers into the records of bpf/events.h. Called by source_tracefs.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/event-parse.h>
#include <traceevent/kbuffer.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "live/live.h"
#include "live/rawevents.h"

/* The fields of the tracepoints, by the names that they have in the formats. */
enum field {
	FIELD_SEQ, FIELD_SER, FIELD_GENERATION, FIELD_TOP, FIELD_TABLES, FIELD_DOMAINS, FIELD_BYTES,
	FIELD_FORMAT, FIELD_LEVEL, FIELD_RET, FIELD_PHYS, FIELD_SIZE, FIELD_PID, NR_FIELDS,
};

static const char *const field_names[NR_FIELDS] = {
	[FIELD_SEQ] = "seq", [FIELD_SER] = "ser", [FIELD_GENERATION] = "generation",
	[FIELD_TOP] = "top", [FIELD_TABLES] = "tables", [FIELD_DOMAINS] = "domains",
	[FIELD_BYTES] = "bytes", [FIELD_FORMAT] = "format", [FIELD_LEVEL] = "level",
	[FIELD_RET] = "ret", [FIELD_PHYS] = "phys", [FIELD_SIZE] = "size",
	[FIELD_PID] = "common_pid",
};

#define F(name)		(1u << FIELD_##name)
#define FLB_BEGIN	(F(SEQ) | F(SER) | F(DOMAINS) | F(PID))
#define FLB_END		(FLB_BEGIN | F(RET))
#define DOMAIN_BEGIN	(F(SEQ) | F(SER) | F(GENERATION) | F(PID))
#define DESCRIPTION	(F(TOP) | F(TABLES) | F(BYTES) | F(FORMAT) | F(LEVEL))
#define DOMAIN_END	(DOMAIN_BEGIN | DESCRIPTION | F(RET))
#define FREED		(F(PHYS) | F(SIZE) | F(PID))

/* A tracepoint whose format is known. */
struct layout {
	struct tep_event *event;	/* NULL: not known */
	struct tep_format_field *fields[NR_FIELDS];	/* NULL: it has no such field */
};

struct rawevents {
	struct tep_handle *tep;
	struct kbuffer *kbuf;
	struct layout layouts[LUTRACE_NR_PROGS + 1];
};

/*
 * No plugins are loaded. This is all that libtraceevent wants of its part for them: with it here
 * that part is not linked, and the static program needs no dlopen().
 */
void free_tep_plugin_paths(struct tep_handle *tep);
void free_tep_plugin_paths(struct tep_handle *tep)
{
	(void)tep;
}

struct rawevents *rawevents__new(void)
{
	struct rawevents *raw = xcalloc(1, sizeof(*raw));

	raw->tep = tep_alloc();
	raw->kbuf = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	if (!raw->tep || !raw->kbuf) {
		complain("out of memory");
		exit(1);
	}
	tep_set_loglevel(TEP_LOG_NONE);
	return raw;
}

void rawevents__free(struct rawevents *raw)
{
	if (!raw)
		return;
	kbuffer_free(raw->kbuf);
	tep_free(raw->tep);
	free(raw);
}

/* Formats */

static unsigned int fields_of(int prog)
{
	bool end = prog % LUTRACE_NR_PHASES == LUTRACE_END;

	if (prog == LUTRACE_PROG_FREED)
		return FREED;
	if (prog >= LUTRACE_PROG(LUTRACE_OP_FLB_PRESERVE, LUTRACE_BEGIN))
		return end ? FLB_END : FLB_BEGIN;
	return end ? DOMAIN_END : DOMAIN_BEGIN;
}

int rawevents__learn(struct rawevents *raw, int prog, const char *format, struct fault *fault)
{
	struct layout *l = &raw->layouts[prog];
	unsigned int needed = fields_of(prog);
	int i;

	if (tep_parse_format(raw->tep, &l->event, format, strlen(format), RAWEVENTS_SYSTEM) ||
	    !l->event || strcmp(l->event->name, live_tracepoints[prog])) {
		l->event = NULL;
		return fault__set(fault, "the format of tracepoint %s cannot be read",
				  live_tracepoints[prog]);
	}
	for (i = 0; i < NR_FIELDS; i++) {
		l->fields[i] = tep_find_any_field(l->event, field_names[i]);
		if (needed & 1u << i && !l->fields[i])
			return fault__set(fault, "tracepoint %s has no field \"%s\": this lutrace "
					  "is for another version of the series",
					  live_tracepoints[prog], field_names[i]);
	}
	return 0;
}

static int prog_of(const struct rawevents *raw, int id)
{
	int i;

	for (i = 0; i <= LUTRACE_PROG_FREED; i++)
		if (raw->layouts[i].event && raw->layouts[i].event->id == id)
			return i;
	return -1;
}

/* Events */

static __u64 value(const struct layout *l, enum field field, const void *data)
{
	unsigned long long number = 0;

	if (l->fields[field])
		tep_read_number_field(l->fields[field], data, &number);
	return number;
}

static void decode_event(const struct layout *l, int prog, const void *data,
			 struct lutrace_event *ev)
{
	*ev = (struct lutrace_event){
		.rec = { LUTRACE_REC_EVENT, sizeof(*ev) },
		.op = prog / LUTRACE_NR_PHASES, .phase = prog % LUTRACE_NR_PHASES,
		.seq = value(l, FIELD_SEQ, data), .ser_phys = value(l, FIELD_SER, data),
		.generation = value(l, FIELD_GENERATION, data),
		.top_phys = value(l, FIELD_TOP, data),
		/* The kernel has both in one member: see struct iommu_liveupdate_event */
		.nr_tables = value(l, FIELD_TABLES, data) + value(l, FIELD_DOMAINS, data),
		.nr_bytes = value(l, FIELD_BYTES, data), .format = value(l, FIELD_FORMAT, data),
		.top_level = value(l, FIELD_LEVEL, data), .ret = value(l, FIELD_RET, data),
		.tid = value(l, FIELD_PID, data),
	};
}

static void decode_freed(const struct layout *l, const void *data, struct lutrace_freed *freed)
{
	*freed = (struct lutrace_freed){
		.rec = { LUTRACE_REC_FREED, sizeof(*freed) },
		.phys = value(l, FIELD_PHYS, data), .size = value(l, FIELD_SIZE, data),
		.tid = value(l, FIELD_PID, data),
	};
}

int rawevents__page(struct rawevents *raw, unsigned int cpu, void *page,
		    void (*put)(void *priv, union raw_record *record), void *priv,
		    struct fault *fault)
{
	struct tep_record record = { 0 };
	unsigned long long time_ns;
	union raw_record out;
	void *data;
	int prog;

	if (kbuffer_load_subbuffer(raw->kbuf, page))
		return fault__set(fault, "the trace buffer of CPU %u cannot be read", cpu);
	for (data = kbuffer_read_event(raw->kbuf, &time_ns); data;
	     data = kbuffer_next_event(raw->kbuf, &time_ns)) {
		record.data = data;
		record.size = kbuffer_event_size(raw->kbuf);
		prog = prog_of(raw, tep_data_type(raw->tep, &record));
		if (prog < 0)
			return fault__set(fault, "the trace buffer of CPU %u has an event that is "
					  "none of the series", cpu);
		if (prog == LUTRACE_PROG_FREED) {
			decode_freed(&raw->layouts[prog], data, &out.freed);
			out.freed.time_ns = time_ns;
			out.freed.cpu = cpu;
		} else {
			decode_event(&raw->layouts[prog], prog, data, &out.event);
			out.event.time_ns = time_ns;
			out.event.cpu = cpu;
		}
		put(priv, &out);
	}
	return 0;
}

/* Losses */

int rawevents__lost(const char *stats, __u64 *lost, struct fault *fault)
{
	/* The first is of events that were overwritten, the last of those that found no room */
	static const char *const names[] = { "overrun: ", "commit overrun: ", "dropped events: " };
	const char *at;
	size_t i;

	*lost = 0;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		for (at = strstr(stats, names[i]); at && at != stats && at[-1] != '\n';
		     at = strstr(at + 1, names[i]))
			;
		if (!at)
			return fault__set(fault, "a trace buffer does not tell how many events it "
					  "lost");
		*lost += strtoull(at + strlen(names[i]), NULL, 10);
	}
	return 0;
}
