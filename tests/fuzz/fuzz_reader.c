// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as recordings through the reader alone, some ten times as often as through all that
 * comes after it. What it says of a recording must be so, and a recording that it reads must be read
 * wherever it is cut.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "input.h"
#include "lib/fault.h"
#include "recording/recording.h"

static bool is_plain(const char *text)
{
	for (; text && *text; text++)
		if (iscntrl((unsigned char)*text))
			return false;
	return true;
}

static void expect_true(const struct recording *r, size_t size)
{
	expect(r->release && r->boot_id && r->start.rec.type, "a recording of no kernel was read");
	expect(!r->complete || (!r->cut_bytes && r->end.rec.type), "a cut recording is complete");
	expect(r->cut_bytes < size && r->nr_records <= size / sizeof(struct lutrace_rec),
	       "more was read than there is");
	expect(r->nr_events <= r->counted_events && r->nr_latencies <= r->counted_latencies &&
	       r->nr_events + r->nr_latencies + r->nr_freed + r->nr_deep <= r->nr_records,
	       "more events than records");
	expect(is_plain(r->release) && is_plain(r->version) && is_plain(r->build_id) &&
	       is_plain(r->machine) && is_plain(r->boot_id) && is_plain(r->cmdline) &&
	       is_plain(r->hypervisor), "a text has control characters");
}

/*
 * Its beginning is a recording as well, or holds nothing. Of @most records: where zeros follow, the last
 * one may be left out as half of one.
 */
static void read_cut(const struct part *part, size_t most)
{
	size_t size = crc32_z(0, part->data, part->size) % part->size;
	unsigned char *data = malloc(size ? size : 1);
	struct fault fault = { "" };
	struct recording r;

	memcpy(data, part->data, size);
	if (!recording__parse(&r, "cut.rec", data, size, &fault)) {
		expect_true(&r, size);
		expect(!r.complete, "a cut recording is complete");
		expect(r.nr_records <= most, "a cut recording has more records");
		recording__free(&r);
	} else {
		expect(strstr(fault.text, "holds no") != NULL, fault.text);
	}
	free(data);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct part parts[MAX_PARTS];
	size_t nr = input__split(data, size, parts), most, i;
	struct recording r;

	for (i = 0; i < nr; i++) {
		struct fault fault = { "" };

		if (!recording__parse(&r, "fuzz.rec", parts[i].data, parts[i].size, &fault)) {
			expect_true(&r, parts[i].size);
			most = r.nr_records + !!r.cut_bytes;
			recording__free(&r);
			read_cut(&parts[i], most);
		} else {
			expect(!strncmp(fault.text, "fuzz.rec ", 9), "a refusal does not say of what");
		}
		free(parts[i].data);
	}
	return 0;
}
