/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sample: one live update, from the recordings of the kernel that jumped and of the one that it jumped into.
 * It is what luperf stores, exports and compares. Pure data; samples are made by recorded.c, by json.c and by
 * the store.
 */
#ifndef LUPERF_SAMPLE_H
#define LUPERF_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/fault.h"

/* Which of the two kernels: the one that jumped, or the one that it jumped into. */
enum kernel { KERNEL_OLD, KERNEL_NEW, NR_KERNELS };

/* "old", "new" */
const char *kernel__name(enum kernel kernel);

/* A name and a text: a fact of the fingerprint, or a label that a user gave. */
struct pair {
	char *name, *value;
};

struct pairs {
	struct pair *items;		/* sorted by name, each name once */
	size_t nr, room;
};

/* A value that is there is replaced. Both are copied; what is no printable text becomes it. */
void pairs__set(struct pairs *pairs, const char *name, const char *value);
/* NULL: there is no such name. */
const char *pairs__get(const struct pairs *pairs, const char *name);
void pairs__free(struct pairs *pairs);

/* One operation: a raw value. */
struct value {
	enum kernel kernel;
	unsigned int op;		/* enum lutrace_op */
	char *domain;			/* "SESSION/IOMMUFD/HWPT" as in reports; NULL: not known, or the FLB */
	uint64_t at_ns;			/* when it began, from the first event of its kernel */
	bool has_latency;		/* both ends were seen */
	uint64_t latency_ns;
	uint64_t tables, bytes;		/* of its page table; of the FLB 0 and the number of domains */
	int result;			/* 0, or a negative errno */
};

/* A number that is of the live update as a whole: quantity names are in recorded.c. */
struct quantity {
	char *name;
	int64_t value;
};

/* Whether conditions of the store know this name as something else. */
bool label__is_reserved(const char *name);

/* What a rule of the oracle says. */
struct finding {
	char *rule, *verdict;
	char *details;			/* lines; "": none */
};

/* Where it came from. */
struct source {
	enum kernel kernel;
	char *path;			/* as it was given, absolute */
	uint64_t size;
	uint32_t crc32;			/* of the whole file */
};

struct sample {
	char *identity;			/* the same live update has the same: see recorded.c */
	int64_t happened_ns;		/* REALTIME, when the new kernel's recording began */
	int64_t added_s;		/* REALTIME, when it was added; 0: it was not */
	char *commit, *branch;		/* "": not said */
	char *verdict;			/* of lutrace: "clean", "violation", "incomplete" */
	struct pairs facts;		/* the fingerprint */
	struct pairs labels;
	struct value *values;
	size_t nr_values, values_room;
	struct quantity *quantities;
	size_t nr_quantities, quantities_room;
	struct finding *findings;
	size_t nr_findings, findings_room;
	struct source *sources;
	size_t nr_sources, sources_room;
};

/* These take a copy of all text. */
struct value *sample__add_value(struct sample *s, const struct value *v);
void sample__add_quantity(struct sample *s, const char *name, int64_t value);
void sample__add_finding(struct sample *s, const char *rule, const char *verdict, const char *details);
void sample__add_source(struct sample *s, enum kernel kernel, const char *path, uint64_t size,
			uint32_t crc32);
/* NULL: there is none of that name. */
const int64_t *sample__quantity(const struct sample *s, const char *name);
void sample__free(struct sample *s);

/*
 * Whether it is whole: lutrace found no loss, and each operation has its latency. Figures of one that is not are
 * no evidence. @why, if it is not NULL, says what is missing.
 */
bool sample__is_whole(const struct sample *s, struct fault *why);

#endif
