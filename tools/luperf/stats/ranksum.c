// SPDX-License-Identifier: GPL-2.0-only
/* The rank sum test and the shift that goes with it. For luperf's comparisons. See ranksum.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/stats/doubles.h"
#include "luperf/stats/ranksum.h"

/* A value, whether it is of the first set, and twice its rank: with ties ranks are halves. */
struct ranked {
	double value;
	bool is_a;
	unsigned int rank2;
};

static int ranked__compare(const void *x, const void *y)
{
	return doubles__compare(&((const struct ranked *)x)->value, &((const struct ranked *)y)->value);
}

/* Values that are equal share the middle of their ranks. Sets *@ties to the sum of t^3 - t over the ties. */
static struct ranked *ranked__of(const double *a, size_t nr_a, const double *b, size_t nr_b, double *ties)
{
	size_t nr = nr_a + nr_b, i, end;
	struct ranked *all = xcalloc(nr, sizeof(*all));
	double t;

	for (i = 0; i < nr; i++)
		all[i] = (struct ranked){ i < nr_a ? a[i] : b[i - nr_a], i < nr_a, 0 };
	qsort(all, nr, sizeof(*all), ranked__compare);
	*ties = 0;
	for (i = 0; i < nr; i = end) {
		for (end = i + 1; end < nr && all[end].value == all[i].value; end++)
			;
		t = end - i;
		*ties += t * t * t - t;
		for (size_t k = i; k < end; k++)
			all[k].rank2 = i + 1 + end;
	}
	return all;
}

static unsigned long distance(unsigned long x, unsigned long y)
{
	return x > y ? x - y : y - x;
}

/*
 * ways[k][s]: in how many ways k of the values have twice the rank sum s. Each value is added in turn, to sets
 * that do not have it.
 */
static double *ways_of(const struct ranked *all, size_t nr, size_t nr_a, size_t nr_sums)
{
	double *ways = xcalloc((nr_a + 1) * nr_sums, sizeof(*ways));
	size_t i, k, s;

	ways[0] = 1;
	for (i = 0; i < nr; i++)
		for (k = i < nr_a ? i + 1 : nr_a; k; k--)
			for (s = nr_sums - 1; s >= all[i].rank2; s--)
				ways[k * nr_sums + s] += ways[(k - 1) * nr_sums + s - all[i].rank2];
	return ways;
}

static struct ranksum exact_test(const struct ranked *all, size_t nr, size_t nr_a, unsigned long sum2)
{
	/* The largest that there can be, and what it is on average */
	const size_t nr_sums = nr_a * (2 * nr - nr_a + 1) + 1;
	const unsigned long middle = nr_a * (nr + 1), far = distance(sum2, middle);
	double *ways = ways_of(all, nr, nr_a, nr_sums), *of_a = ways + nr_a * nr_sums;
	double total = 0, as_far = 0, at_most = 0;
	unsigned long farthest = 0;
	size_t s;

	for (s = 0; s < nr_sums; s++) {
		if (!of_a[s])
			continue;
		total += of_a[s];
		if (distance(s, middle) >= far)
			as_far += of_a[s];
		if (distance(s, middle) > farthest) {
			farthest = distance(s, middle);
			at_most = 0;
		}
		if (distance(s, middle) == farthest)
			at_most += of_a[s];
	}
	free(ways);
	return (struct ranksum){ as_far / total, at_most / total, true };
}

/* The p of a normal distribution, with the variance of the rank sum; the correction is for its steps of a half. */
static double normal_p(double far, double nr_a, double nr_b, double ties)
{
	double nr = nr_a + nr_b;
	double variance = nr_a * nr_b / 12 * (nr + 1 - ties / (nr * (nr - 1)));

	if (variance <= 0)
		return 1;
	return erfc(fmax(far - 0.5, 0) / sqrt(variance) / sqrt(2));
}

static bool is_exact(size_t nr_a, size_t nr_b)
{
	unsigned long long less = nr_a < nr_b ? nr_a : nr_b, all = nr_a + nr_b;

	return all < 10000 && 2 * less * less * all * all <= RANKSUM_EXACT;
}

struct ranksum ranksum__test(const double *a, size_t nr_a, const double *b, size_t nr_b)
{
	size_t nr = nr_a + nr_b, i;
	double ties;
	struct ranked *all = ranked__of(a, nr_a, b, nr_b, &ties);
	struct ranksum result;
	unsigned long sum2 = 0;

	/* Either set will do, and the smaller one is less work */
	for (i = 0; i < nr; i++)
		sum2 += all[i].is_a == (nr_a <= nr_b) ? all[i].rank2 : 0;
	if (is_exact(nr_a, nr_b))
		result = exact_test(all, nr, nr_a <= nr_b ? nr_a : nr_b, sum2);
	else
		result = (struct ranksum){
			.p = normal_p(distance(sum2, (nr_a <= nr_b ? nr_a : nr_b) * (nr + 1)) / 2.0, nr_a,
				      nr_b, ties),
			.smallest = normal_p(nr_a * nr_b / 2.0, nr_a, nr_b, ties),
		};
	free(all);
	return result;
}

/* How many of all ways to take @k of @n are one of two: the p of two sets of which each value of one is larger */
static double p_of_apart(size_t k, size_t n)
{
	double p = 2;
	size_t i;

	for (i = 1; i <= k; i++)
		p *= (double)i / (n - k + i);
	return p;
}

size_t ranksum__needed(double alpha)
{
	size_t n = 2;

	while (p_of_apart(n, 2 * n) > alpha)
		n++;
	return n;
}

/* The shift */

/*
 * The largest number of pairs that the values of one set can be beaten in with a probability of at most @tail, plus
 * one: as far from both ends of the ordered differences is the interval. 0 if there is none. Sets *@left to the
 * probability of both tails.
 */
static size_t pairs_below(size_t nr_a, size_t nr_b, double tail, double *left)
{
	const size_t nr_sums = nr_a * nr_b + 1;
	double *ways = xcalloc((nr_a + 1) * nr_sums, sizeof(*ways)), total = 1, below = 0;
	size_t i, k, u, pairs = 0;

	/* A value of a that is ranked after i of b beats i; those before it are the smaller ones of a */
	ways[0] = 1;
	for (i = 0; i <= nr_b; i++)
		for (k = 1; k <= nr_a; k++)
			for (u = i; u < nr_sums; u++)
				ways[k * nr_sums + u] += ways[(k - 1) * nr_sums + u - i];
	for (i = 1; i <= nr_a; i++)
		total *= (double)(nr_b + i) / i;
	*left = 0;
	for (u = 0; u < nr_sums; u++) {
		below += ways[nr_a * nr_sums + u];
		if (below / total > tail)
			break;
		*left = 2 * below / total;
		pairs = u + 1;
	}
	free(ways);
	return pairs;
}

/* The same from the normal distribution; @z: its quantile. */
static size_t pairs_below_normal(double nr_a, double nr_b, double z)
{
	double pairs = nr_a * nr_b / 2 - z * sqrt(nr_a * nr_b * (nr_a + nr_b + 1) / 12);

	return pairs > 0 ? pairs : 0;
}

static double normal_quantile_of(double tail)
{
	double low = 0, high = 40, middle;
	int i;

	for (i = 0; i < 100; i++) {
		middle = (low + high) / 2;
		if (erfc(middle / sqrt(2)) / 2 > tail)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* Differences of a value of b and one of a, both in order: counted and chosen without being written down. */
struct differences {
	const double *a, *b;
	size_t nr_a, nr_b;
};

/* How many are at most @limit. *@largest, if it is not NULL: the largest of these. */
static size_t count_up_to(const struct differences *d, double limit, double *largest)
{
	size_t i, k = 0, nr = 0;

	/* The larger the value of a, the more of b are near enough */
	for (i = 0; i < d->nr_a; i++) {
		while (k < d->nr_b && d->b[k] - d->a[i] <= limit)
			k++;
		nr += k;
		if (k && largest && (nr == k || d->b[k - 1] - d->a[i] > *largest))
			*largest = d->b[k - 1] - d->a[i];
	}
	return nr;
}

/* The one that @rank others, from 0, come before. */
static double difference_at(const struct differences *d, size_t rank)
{
	double low = d->b[0] - d->a[d->nr_a - 1], high = d->b[d->nr_b - 1] - d->a[0], middle, value;

	if (count_up_to(d, low, NULL) > rank)
		return low;
	/* More than @rank are up to high, and no more than that up to low */
	for (middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
		if (count_up_to(d, middle, NULL) > rank)
			high = middle;
		else
			low = middle;
	}
	value = high;
	count_up_to(d, high, &value);
	return value;
}

static double *sorted_copy(const double *values, size_t nr)
{
	double *copy = xcalloc(nr, sizeof(*copy));

	memcpy(copy, values, nr * sizeof(*copy));
	qsort(copy, nr, sizeof(*copy), doubles__compare);
	return copy;
}

struct shift ranksum__shift(const double *a, size_t nr_a, const double *b, size_t nr_b, double confidence)
{
	double *sorted_a = sorted_copy(a, nr_a), *sorted_b = sorted_copy(b, nr_b), left = 1 - confidence;
	const struct differences d = { sorted_a, sorted_b, nr_a, nr_b };
	size_t nr = nr_a * nr_b, pairs;
	struct shift result = { .estimate = difference_at(&d, nr / 2) };

	if (nr % 2 == 0)
		result.estimate = (result.estimate + difference_at(&d, nr / 2 - 1)) / 2;
	if (is_exact(nr_a, nr_b))
		pairs = pairs_below(nr_a, nr_b, (1 - confidence) / 2, &left);
	else
		pairs = pairs_below_normal(nr_a, nr_b, normal_quantile_of((1 - confidence) / 2));
	if (pairs) {
		result.low = difference_at(&d, pairs - 1 < nr ? pairs - 1 : nr - 1);
		result.high = difference_at(&d, nr - pairs);
		result.confidence = 1 - left;
	} else {
		result.low = difference_at(&d, 0);
		result.high = difference_at(&d, nr - 1);
	}
	free(sorted_a);
	free(sorted_b);
	return result;
}
