// SPDX-License-Identifier: GPL-2.0-only
/* Steps through the automata that spec.awk made of bpf/spec. Called by the oracle. */
#include <stdint.h>
#include <string.h>
#include "judge/spec.h"
#include "spec_tables.h"	/* made from bpf/spec */

size_t spec__count(void)
{
	return NR_SPECS;
}

const struct spec *spec__get(size_t i)
{
	return &specs[i];
}

unsigned int spec__event(const struct spec *spec, const char *name)
{
	unsigned int i;

	for (i = 0; i < spec->nr_events; i++)
		if (!strcmp(spec->events[i], name))
			return i;
	return SPEC_NO;
}

static unsigned int next(const struct spec *spec, unsigned int state, unsigned int event)
{
	return spec->next[state * spec->nr_events + event];
}

static uint32_t all(const struct spec *spec)
{
	return spec->nr_states == 32 ? ~0u : (1u << spec->nr_states) - 1;
}

static uint32_t image(const struct spec *spec, uint32_t set, unsigned int event)
{
	uint32_t out = 0;
	unsigned int i;

	for (i = 0; i < spec->nr_states; i++)
		if (set & 1u << i && next(spec, i, event) != SPEC_NO)
			out |= 1u << next(spec, i, event);
	return out;
}

struct track track__start(const struct spec *spec, bool known)
{
	return (struct track){
		.possible = known ? 1u << spec->initial : all(spec), .believed = spec->initial,
	};
}

enum step track__step(struct track *track, const struct spec *spec, unsigned int event)
{
	unsigned int to = next(spec, track->believed, event);
	enum step step = STEP_FINE;

	track->possible = image(spec, track->possible, event);
	if (!track->possible) {
		step = STEP_BROKEN;
		track->possible = image(spec, all(spec), event);
	} else if (to == SPEC_NO || !(track->possible & 1u << to)) {
		step = STEP_UNKNOWN;
	}
	track->believed = step == STEP_FINE ? to : (unsigned int)__builtin_ctz(track->possible);
	return step;
}

void track__widen(struct track *track, const struct spec *spec, uint64_t lost)
{
	unsigned int event;
	uint32_t before;

	do {
		before = track->possible;
		for (event = 0; event < spec->nr_events; event++)
			track->possible |= image(spec, before, event);
	} while (--lost && track->possible != before);
}
