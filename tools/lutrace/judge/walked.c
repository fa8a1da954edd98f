// SPDX-License-Identifier: GPL-2.0-only
/*
 * What walks of page tables tell and how two are compared. Called by rule_deep.c and the reports.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "judge/walked.h"
#include "lib/mem.h"
#include "walk/pt.h"

__u64 walked__tables(const struct lutrace_deep *w)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < LUTRACE_PT_LEVELS; i++)
		sum += w->levels[i].tables;
	return sum;
}

bool walked__denies(const struct lutrace_deep *w, const struct preserved *said, char *text,
		    size_t size)
{
	struct { const char *name; __u64 said, seen; } fields[] = {
		{ "root", said->top_phys, w->top_phys },
		{ "top level", said->top_level, w->top_level },
		{ "format", said->format, w->format },
		{ "number of tables", said->nr_tables, walked__tables(w) },
		{ "number of bytes", said->nr_bytes, walked__tables(w) * PT_PAGE_SIZE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].said == fields[i].seen)
			continue;
		snprintf(text, size, i ? "%s is %llu, the walk found %llu" :
			 "%s is 0x%llx, the walk found 0x%llx", fields[i].name, fields[i].said,
			 fields[i].seen);
		return true;
	}
	return false;
}

static bool record_wrong(const struct lutrace_deep *w, char *text, size_t size)
{
	struct preserved said = {
		.top_phys = w->said_top_phys, .top_level = w->said_top_level,
		.nr_tables = w->said_tables, .nr_bytes = w->said_bytes, .format = w->said_format,
	};
	char why[128];

	if (!w->ser_phys || !walked__denies(w, &said, why, sizeof(why)))
		return false;
	snprintf(text, size, "its record is wrong: the %s", why);
	return true;
}

bool walked__wrong(const struct lutrace_deep *w, char *text, size_t size)
{
	if (w->flags & DEEP_UNREADABLE)
		snprintf(text, size, "an entry leads to a table at 0x%llx, where there is no memory",
			 w->bad_phys);
	else if (w->flags & DEEP_ELSEWHERE)
		snprintf(text, size, "in %llu places it does not lead to the memfds of its session, the first at "
			 "IOVA 0x%llx, from where it leads to 0x%llx", w->bad, w->bad_entry, w->bad_phys);
	else if (w->bad)
		snprintf(text, size, "%llu entries are none that %s can have, the first 0x%llx at "
			 "0x%llx", w->bad, pt__format_name(w->format), w->bad_entry, w->bad_phys);
	else if (w->flags & DEEP_STOPPED)
		snprintf(text, size, "the walk was stopped after %llu tables, the record says that "
			 "there are %llu", walked__tables(w), w->said_tables);
	else if (w->unkept && w->ser_phys)
		snprintf(text, size, "%llu of its %llu tables are not preserved in KHO, the first "
			 "at 0x%llx", w->unkept, walked__tables(w), w->unkept_phys);
	else if (w->unkept)
		snprintf(text, size, "%llu of its %llu tables are preserved in KHO, although it is not, "
			 "the first at 0x%llx", w->unkept, walked__tables(w), w->unkept_phys);
	else if (w->stale)
		snprintf(text, size, "%u of its %llu tables were not written back for a unit that does "
			 "not see the cache", w->stale, walked__tables(w));
	else
		return record_wrong(w, text, size);
	return true;
}

static bool level_differs(int level, const struct lutrace_level *then,
			  const struct lutrace_level *now, char *text, size_t size)
{
	if (then->tables != now->tables)
		snprintf(text, size, "level %d has %llu tables, had %llu", level, now->tables,
			 then->tables);
	else if (then->leaves != now->leaves)
		snprintf(text, size, "level %d has %llu leaves, had %llu", level, now->leaves,
			 then->leaves);
	else if (then->digest != now->digest)
		snprintf(text, size, "entries of level %d differ: their digest is 0x%llx, was 0x%llx",
			 level, now->digest, then->digest);
	else
		return false;
	return true;
}

bool walked__differs(const struct lutrace_deep *then, const struct lutrace_deep *now,
		     char *text, size_t size)
{
	int i;

	if (then->top_phys != now->top_phys)
		snprintf(text, size, "its root is 0x%llx, was 0x%llx", now->top_phys, then->top_phys);
	else if (then->top_level != now->top_level)
		snprintf(text, size, "its top level is %u, was %u", now->top_level, then->top_level);
	else if (then->format != now->format)
		snprintf(text, size, "its format is %s, was %s", pt__format_name(now->format),
			 pt__format_name(then->format));
	else {
		/* From the top: what is there explains what is below it */
		for (i = LUTRACE_PT_LEVELS; i--;)
			if (level_differs(i, &then->levels[i], &now->levels[i], text, size))
				return true;
		return false;
	}
	return true;
}
