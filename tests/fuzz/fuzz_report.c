// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as recordings, through the reader, the whole analysis and all reports, in memory. What
 * the reports say must not contradict what was read.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "lib/fault.h"
#include "perfetto.pb-c.h"
#include "report/csv.h"
#include "report/perfetto.h"
#include "report/report.h"

/* There is none if the recordings do not tell enough of their times. */
static void report_trace(const struct analysis *a)
{
	struct fault why = { "" };
	char *data = NULL;
	Trace *trace;
	size_t size;
	FILE *f = open_memstream(&data, &size);
	int err = perfetto__write(a, f, &why);

	fclose(f);
	expect(!err == !*why.text, "no trace without a reason");
	trace = trace__unpack(NULL, size, (uint8_t *)data);
	expect(trace && !err == !!trace->n_packet, "the trace cannot be decoded");
	trace__free_unpacked(trace, NULL);
	free(data);
}

static void report_all(const struct analysis *a)
{
	size_t size;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	report__print(a, f);
	fclose(f);
	expect(strstr(text, "\nverdict: ") != NULL, "the text has no verdict");
	free(text);
	f = open_memstream(&text, &size);
	expect(!report__json(a, f), "there is no JSON");
	fclose(f);
	free(text);
	f = open_memstream(&text, &size);
	csv__print(a, f);
	fclose(f);
	free(text);
	report_trace(a);
}

/* Of a boot one of whose recordings was cut the next one alone can prove that nothing is missing. */
static void expect_proof(const struct analysis *a, size_t i)
{
	const struct boot *boot = &a->boots[i];
	bool ended = true;
	size_t k;

	for (k = 0; k < boot->nr_parts; k++)
		ended &= boot->parts[k]->complete;
	expect(ended || boot->whole, "a cut recording is clean");
	if (ended)
		return;
	expect(i + 1 < a->nr_boots && boot->link == LINK_KEXEC, "nothing follows what is proven");
	expect(boot->nr_found == boot->nr_left, "other records were found than were left");
}

static void analyse(const struct recording *recordings, size_t nr)
{
	bool violated = false;
	struct analysis a;
	size_t i;

	analysis__run(&a, recordings, nr);
	for (i = 0; i < NR_CHECKS; i++)
		violated |= a.checks[i].verdict == VERDICT_VIOLATION;
	for (i = 0; i < a.nr_boots && a.verdict == VERDICT_PASS; i++)
		expect_proof(&a, i);
	expect(violated == (a.verdict == VERDICT_VIOLATION), "verdict and checks differ");
	report_all(&a);
	analysis__free(&a);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct recording recordings[MAX_PARTS];
	struct part parts[MAX_PARTS];
	size_t nr_parts = input__split(data, size, parts), nr = 0, i;
	struct fault fault;

	for (i = 0; i < nr_parts; i++) {
		nr += !recording__parse(&recordings[nr], "fuzz.rec", parts[i].data, parts[i].size,
					&fault);
		free(parts[i].data);
	}
	if (nr)
		analyse(recordings, nr);
	for (i = 0; i < nr; i++)
		recording__free(&recordings[i]);
	return 0;
}
