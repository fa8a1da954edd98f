// SPDX-License-Identifier: GPL-2.0-only
/* Change points of a series. For luperf history. See changes.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/stats/changes.h"
#include "luperf/stats/doubles.h"

struct finder {
	const double *values;
	size_t nr;
	const struct changes_options *options;
	struct change *changes;
	size_t nr_changes, room;
};

/* A part of the series, from @begin to before @end. */
struct part {
	size_t begin, end;
};

static bool may_change(const struct finder *f, const struct part *part, size_t at)
{
	return at >= part->begin + CHANGES_LEAST && at + CHANGES_LEAST <= part->end &&
	       (!f->options->may || f->options->may[at]);
}

/* The sums of the distances of value @at of the part to those before and after it. */
static void distances(const struct finder *f, const struct part *part, size_t at, double *before,
		      double *after)
{
	size_t i;

	*before = *after = 0;
	for (i = part->begin; i < at; i++)
		*before += fabs(f->values[i] - f->values[at]);
	for (i = at + 1; i < part->end; i++)
		*after += fabs(f->values[i] - f->values[at]);
}

/* Sums of distances: within the left side, within the right one, and between them. */
struct sums {
	double left, right, between;
};

static double mean_within(double sum, double nr)
{
	return sum / (nr * (nr - 1) / 2);
}

static double divergence(const struct sums *s, double left, double right)
{
	double apart = 2 * s->between / (left * right) - mean_within(s->left, left) -
		       mean_within(s->right, right);

	return left * right / (left + right) * apart;
}

/* The best place to divide the part; 0: there is none. *@places: how many there were. */
static size_t best_place(const struct finder *f, const struct part *part, size_t *places)
{
	struct sums sums = { 0 };
	double best = 0, before, after, d;
	size_t at, place = 0;

	*places = 0;
	for (at = part->begin; at < part->end; at++) {
		distances(f, part, at, &before, &after);
		sums.right += after;
	}
	/* Value by value goes from the right side to the left one */
	for (at = part->begin; at < part->end; at++) {
		if (may_change(f, part, at)) {
			d = divergence(&sums, at - part->begin, part->end - at);
			(*places)++;
			if (d > best) {
				best = d;
				place = at;
			}
		}
		distances(f, part, at, &before, &after);
		sums.left += before;
		sums.right -= after;
		sums.between += after - before;
	}
	return place;
}

static struct change measure(const struct finder *f, size_t begin, size_t at, size_t end)
{
	const double *before = f->values + begin, *after = f->values + at;
	size_t nr_before = at - begin, nr_after = end - at;

	return (struct change){
		.at = at,
		.before = doubles__median(before, nr_before),
		.after = doubles__median(after, nr_after),
		.shift = ranksum__shift(before, nr_before, after, nr_after, 0.95),
		.p = ranksum__test(before, nr_before, after, nr_after).p,
	};
}

static bool change__counts(const struct finder *f, const struct change *c)
{
	double size = fabs(c->shift.estimate), from = fabs(c->before);

	return c->given || (c->p <= f->options->alpha && size >= f->options->absolute &&
			    (from == 0 || size >= f->options->relative * from));
}

static void add_change(struct finder *f, const struct change *c)
{
	f->changes = grow(f->changes, f->nr_changes, &f->room, sizeof(*f->changes));
	f->changes[f->nr_changes++] = *c;
}

static void divide(struct finder *f, const struct part *part)
{
	size_t places, at = best_place(f, part, &places);
	struct change c;

	if (!at)
		return;
	c = measure(f, part->begin, at, part->end);
	c.p = fmin(c.p * places, 1);
	if (!change__counts(f, &c))
		return;
	divide(f, &(struct part){ part->begin, at });
	add_change(f, &c);
	divide(f, &(struct part){ at, part->end });
}

/* Parts that are given, and in each of them what is found */
static void divide_given(struct finder *f)
{
	struct part part = { 0, 0 };

	for (part.end = 1; part.end <= f->nr; part.end++) {
		if (part.end < f->nr && !(f->options->must && f->options->must[part.end]))
			continue;
		divide(f, &part);
		if (part.end < f->nr)
			add_change(f, &(struct change){ .at = part.end, .given = true });
		part.begin = part.end;
	}
}

static size_t places_between(const struct finder *f, const struct part *part)
{
	size_t at, nr = 0;

	for (at = part->begin; at < part->end; at++)
		nr += may_change(f, part, at);
	return nr ? nr : 1;
}

/* Each as it is between its neighbours. */
static void measure_all(struct finder *f)
{
	struct part part;
	struct change *c;
	bool given;
	size_t i;

	for (i = 0; i < f->nr_changes; i++) {
		c = &f->changes[i];
		part.begin = i ? f->changes[i - 1].at : 0;
		part.end = i + 1 < f->nr_changes ? f->changes[i + 1].at : f->nr;
		given = c->given;
		*c = measure(f, part.begin, c->at, part.end);
		c->given = given;
		if (!given)
			c->p = fmin(c->p * places_between(f, &part), 1);
	}
}

/* Whether one was taken back: the weakest that does not count. */
static bool take_back(struct finder *f)
{
	size_t i, weakest = f->nr_changes;

	for (i = 0; i < f->nr_changes; i++)
		if (!change__counts(f, &f->changes[i]) &&
		    (weakest == f->nr_changes || f->changes[i].p > f->changes[weakest].p))
			weakest = i;
	if (weakest == f->nr_changes)
		return false;
	f->nr_changes--;
	memmove(&f->changes[weakest], &f->changes[weakest + 1],
		(f->nr_changes - weakest) * sizeof(*f->changes));
	return true;
}

struct change *changes__find(const double *values, size_t nr, const struct changes_options *options,
			     size_t *nr_changes)
{
	struct finder f = { .values = values, .nr = nr, .options = options };

	if (nr)
		divide_given(&f);
	do
		measure_all(&f);
	while (take_back(&f));
	*nr_changes = f.nr_changes;
	return f.changes;
}
