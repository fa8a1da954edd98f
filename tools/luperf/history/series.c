// SPDX-License-Identifier: GPL-2.0-only
/* Puts a metric's values in order and finds where they change. For luperf history. See series.h. */
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/history/series.h"
#include "luperf/stats/doubles.h"

/* A sample with its value, and which build it is of */
struct point {
	const struct sample *sample;
	const char *name;
	double value;
	size_t build;
};

static const char *build_name_of(const struct sample *s)
{
	const char *build = pairs__get(&s->labels, "build"), *release = pairs__get(&s->facts, "new.release");

	if (*s->commit)
		return s->commit;
	return build ? build : release ? release : "?";
}

static int compare_time(const void *x, const void *y)
{
	const struct point *a = x, *b = y;

	if (a->sample->happened_ns != b->sample->happened_ns)
		return a->sample->happened_ns < b->sample->happened_ns ? -1 : 1;
	return a->sample < b->sample ? -1 : a->sample > b->sample;
}

static int compare_build(const void *x, const void *y)
{
	const struct point *a = x, *b = y;

	if (a->build != b->build)
		return a->build < b->build ? -1 : 1;
	return compare_time(x, y);
}

/* Those that have a value, in the order of time. */
static struct point *points_of(struct series *s, const struct metric *metric, const struct sample *samples,
			       size_t nr)
{
	struct point *points = xcalloc(nr + 1, sizeof(*points));
	size_t i;

	for (i = 0; i < nr; i++) {
		points[s->nr] = (struct point){ .sample = &samples[i], .name = build_name_of(&samples[i]) };
		if (sample__is_whole(&samples[i], NULL) &&
		    metric__value(metric, &samples[i], &points[s->nr].value))
			s->nr++;
		else
			s->nr_left_out++;
	}
	qsort(points, s->nr, sizeof(*points), compare_time);
	return points;
}

/* By name, and of one name in the order of time */
static int compare_name(const void *x, const void *y)
{
	const struct point *const *a = x, *const *b = y;
	int order = strcmp((*a)->name, (*b)->name);

	return order ? order : *a < *b ? -1 : *a > *b;
}

/* Numbers the builds by their first point. */
static void number_builds(struct series *s, struct point *points)
{
	struct point **by_name = xcalloc(s->nr + 1, sizeof(*by_name));
	size_t i, first = 0;

	for (i = 0; i < s->nr; i++)
		by_name[i] = &points[i];
	qsort(by_name, s->nr, sizeof(*by_name), compare_name);
	for (i = 0; i < s->nr; i++) {
		if (!i || strcmp(by_name[i]->name, by_name[i - 1]->name))
			first = by_name[i] - points;
		by_name[i]->build = first;
	}
	free(by_name);
	qsort(points, s->nr, sizeof(*points), compare_build);
}

static bool is_accepted(const struct build *b, char *const *accepted, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(accepted[i], b->name) || (b->label && !strcmp(accepted[i], b->label)))
			return true;
	return false;
}

static void begin_build(struct series *s, const struct point *p, size_t at)
{
	s->builds[s->nr_builds++] = (struct build){
		.name = xstrdup(p->name), .label = pairs__get(&p->sample->labels, "build"),
		.happened_ns = p->sample->happened_ns, .begin = at,
	};
}

static void take_points(struct series *s, const struct point *points)
{
	size_t i;

	s->values = xcalloc(s->nr + 1, sizeof(*s->values));
	s->builds = xcalloc(s->nr + 1, sizeof(*s->builds));
	s->may = xcalloc(s->nr + 1, sizeof(*s->may));
	s->must = xcalloc(s->nr + 1, sizeof(*s->must));
	for (i = 0; i < s->nr; i++) {
		s->values[i] = points[i].value;
		if (!i || points[i].build != points[i - 1].build) {
			begin_build(s, &points[i], i);
			s->may[i] = true;
		}
		s->builds[s->nr_builds - 1].nr++;
	}
	for (i = 0; i < s->nr_builds; i++)
		s->builds[i].median = doubles__median(s->values + s->builds[i].begin, s->builds[i].nr);
}

void series__make(struct series *s, const struct metric *metric, const struct sample *samples, size_t nr,
		  char *const *accepted, size_t nr_accepted, double alpha)
{
	struct changes_options options = { .alpha = alpha, .absolute = metric->absolute,
					   .relative = metric->relative };
	struct point *points;
	size_t i;

	*s = (struct series){ 0 };
	points = points_of(s, metric, samples, nr);
	number_builds(s, points);
	take_points(s, points);
	free(points);
	for (i = 1; i < s->nr_builds; i++)
		s->must[s->builds[i].begin] = is_accepted(&s->builds[i], accepted, nr_accepted);
	options.may = s->may;
	options.must = s->must;
	s->changes = changes__find(s->values, s->nr, &options, &s->nr_changes);
}

size_t series__build_of(const struct series *s, size_t at)
{
	size_t i = s->nr_builds - 1;

	while (i && s->builds[i].begin > at)
		i--;
	return i;
}

void series__free(struct series *s)
{
	size_t i;

	for (i = 0; i < s->nr_builds; i++)
		free(s->builds[i].name);
	free(s->builds);
	free(s->values);
	free(s->may);
	free(s->must);
	free(s->changes);
	*s = (struct series){ 0 };
}
