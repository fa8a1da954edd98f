// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "input.h"
#include "recording/recording.h"

void expect(bool fact, const char *what)
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
	struct lutrace_sum sum;
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
		if (rec.type == LUTRACE_REC_SUM && rec.size >= sizeof(sum)) {
			sum.rec = rec;
			sum.crc32 = crc32_z(0, data, at);
			sum.whole = LUTRACE_WHOLE;
			memcpy(data + at, &sum, sizeof(sum));
		}
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

size_t input__split(const unsigned char *data, size_t size, struct part *parts)
{
	size_t nr, i;
	__u32 length;
	bool mended;

	if (!size)
		return 0;
	mended = !(*data & 0x80);
	nr = (*data & 0x7f) % MAX_PARTS + 1;
	data++;
	size--;
	for (i = 0; i < nr; i++) {
		length = size;
		if (i + 1 < nr) {
			if (size < sizeof(length))
				return i;
			memcpy(&length, data, sizeof(length));
			data += sizeof(length);
			size -= sizeof(length);
			length = length < size ? length : size;
		}
		parts[i].data = malloc(length ? length : 1);
		parts[i].size = length;
		memcpy(parts[i].data, data, length);
		if (mended)
			mend(parts[i].data, length);
		data += length;
		size -= length;
	}
	return nr;
}
