// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as recordings, through the reader, the whole analysis and all reports, in memory.
 *
 * An input is up to three recordings: a byte that tells how many, four bytes of length before each
 * but the last. The checksum of each is mended, and what its footer counts, unless the first byte
 * has its top bit set: otherwise next to nothing would come past the reader.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../../tools/lutrace/csv.h"
#include "../../tools/lutrace/perfetto.h"
#include "../../tools/lutrace/report.h"
#include "perfetto.pb-c.h"

#define MAX_PARTS 3

/* What the reports say must not contradict what was read. */
static void expect(bool fact, const char *what)
{
	if (fact)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

static void mend(unsigned char *data, size_t size)
{
	struct lutrace_file head;
	struct lutrace_footer footer;
	struct lutrace_rec rec;
	__u64 events = 0, latencies = 0;
	size_t at;

	if (size < sizeof(head))
		return;
	memcpy(&head, data, sizeof(head));
	for (at = head.size; at < size && size - at >= sizeof(rec); at += rec.size) {
		memcpy(&rec, data + at, sizeof(rec));
		if (rec.size < sizeof(rec) || rec.size > size - at)
			return;
		events += rec.type == LUTRACE_REC_EVENT;
		latencies += rec.type == LUTRACE_REC_LATENCY;
		if (rec.type == LUTRACE_REC_FOOTER && rec.size >= sizeof(footer)) {
			memcpy(&footer, data + at, sizeof(footer));
			footer.nr_events = events;
			footer.nr_latencies = latencies;
			footer.crc32 = crc32_z(0, data, at);
			memcpy(data + at, &footer, sizeof(footer));
			return;
		}
	}
}

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

static void analyse(const struct recording *recordings, size_t nr)
{
	bool complete = true, violated = false;
	struct analysis a;
	size_t i;

	for (i = 0; i < nr; i++)
		complete &= recordings[i].complete;
	analysis__run(&a, recordings, nr);
	for (i = 0; i < NR_CHECKS; i++)
		violated |= a.checks[i].verdict == VERDICT_VIOLATION;
	expect(complete || a.verdict != VERDICT_PASS, "a cut recording is clean");
	expect(violated == (a.verdict == VERDICT_VIOLATION), "verdict and checks differ");
	report_all(&a);
	analysis__free(&a);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct recording recordings[MAX_PARTS];
	size_t parts, nr = 0, i;
	unsigned char first, *copy;
	struct fault fault;
	__u32 length;

	if (!size)
		return 0;
	first = *data++;
	size--;
	parts = (first & 0x7f) % MAX_PARTS + 1;
	for (i = 0; i < parts; i++) {
		length = size;
		if (i + 1 < parts) {
			if (size < sizeof(length))
				break;
			memcpy(&length, data, sizeof(length));
			data += sizeof(length);
			size -= sizeof(length);
			length = length < size ? length : size;
		}
		/* A copy of its own, so that reading past its end is seen. */
		copy = malloc(length ? length : 1);
		memcpy(copy, data, length);
		if (!(first & 0x80))
			mend(copy, length);
		nr += !recording__parse(&recordings[nr], "fuzz.rec", copy, length, &fault);
		free(copy);
		data += length;
		size -= length;
	}
	if (nr)
		analyse(recordings, nr);
	for (i = 0; i < nr; i++)
		recording__free(&recordings[i]);
	return 0;
}
