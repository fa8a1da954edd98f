/* SPDX-License-Identifier: GPL-2.0-only */
/* What gates have said, and what people think of it. The commands gate, alarms and annotate call it. */
#ifndef LUPERF_ALARMS_H
#define LUPERF_ALARMS_H

#include "luperf/store/store.h"

struct alarm {
	int64_t id, comparison, at_s;
	char *run, *kind, *old, *new;	/* of its comparison */
	char *metric, *state;
	double old_median, new_median, shift, p;
	int64_t nr_old, nr_new;
	char *opinion, *note;
};

/* A comparison that a gate made; the alarms are those of @alarms, of which only metric, state and figures are read. */
struct verdict_record {
	const char *run, *kind, *old, *new, *answer;
	struct alarm *alarms;
	size_t nr_alarms;
};

/* Sets the ids of the alarms. -1 with @fault. */
int alarms__record(struct store *store, struct verdict_record *record, struct fault *fault);

/* Whether a gate of this run is in the history. */
int alarms__has(struct store *store, const char *run, bool *has, struct fault *fault);

struct alarms {
	struct alarm *items;
	size_t nr, room;
};

/* All, or those of one run; the newest first. */
int alarms__load(struct store *store, const char *run, struct alarms *alarms, struct fault *fault);
void alarms__free(struct alarms *alarms);

/* @opinion: "true", "false" or "accepted"; @note may be "". -1 with @fault, also if there is no such alarm. */
int alarms__annotate(struct store *store, int64_t id, const char *opinion, const char *note,
		     struct fault *fault);

/* How often this history's gates were wrong, as far as it is known. */
struct alarm_rate {
	int64_t controls, control_alarms;	/* comparisons of a base with itself; those that alarmed */
	int64_t gates, gate_alarms;		/* comparisons of two builds; alarms of them that were confirmed */
	int64_t judged, judged_false;		/* of these alarms: what people said */
};

int alarms__rate(struct store *store, struct alarm_rate *rate, struct fault *fault);

#endif
