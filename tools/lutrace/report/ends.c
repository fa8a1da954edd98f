// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the recordings of a boot have all that happened until it jumped. A recording ends when its
 * time is up, when the recorder is killed, or when the kexec ends it, and the kernel may have gone
 * on: what proves that nothing came after it is what the next kernel found. Called by analysis.c
 * once the link to the next boot is known.
 */
#include "report/boots.h"

static const struct lutrace_event *boot__retrieve(const struct boot *boot)
{
	size_t i;

	for (i = 0; i < boot->nr_events; i++)
		if (boot->events[i].op == LUTRACE_OP_FLB_RETRIEVE &&
		    boot->events[i].phase == LUTRACE_END && !boot->events[i].ret)
			return &boot->events[i];
	return NULL;
}

/* An FLB's event has the largest that was used until then, if its kernel tells. */
static __u64 boot__largest_generation(const struct boot *boot)
{
	__u64 largest = 0;
	size_t i;

	for (i = 0; i < boot->nr_events; i++)
		if (boot->events[i].generation > largest)
			largest = boot->events[i].generation;
	return largest;
}

/* The freeze is the last thing that happens to what is preserved. */
static bool boot__frozen(const struct boot *boot)
{
	return recording__frozen(boot->parts[boot->nr_parts - 1]);
}

bool boot__saw_jump(const struct boot *boot)
{
	return boot__frozen(boot) || boot->parts[boot->nr_parts - 1]->minor < 8;
}

/*
 * By the number of records and the largest generation that the next kernel found. Where it does not
 * tell the generation, one domain may have been given up and another one preserved.
 */
static enum boot_end boot__compare_found(const struct boot *boot, const struct boot *next,
				   const struct lutrace_event *found)
{
	struct handed handed;

	if (found->generation && found->generation > boot__largest_generation(boot))
		return END_WENT_ON;
	/* A preserve that had not ended may have, and one of the others may be gone */
	if (boot->running && !boot__frozen(boot))
		return END_UNKNOWN;
	if (found->nr_tables != boot->nr_left)
		/* Nothing was preserved after it, and so there cannot be more than it has */
		return boot->ended && (boot__frozen(boot) ||
		       (found->generation && found->nr_tables > boot->nr_left)) ?
		       END_SEEN : END_WENT_ON;
	if (boot->ended)
		return END_SEEN;
	if (found->generation)
		return END_GENERATION;
	if (boot__frozen(boot))
		return END_FROZEN;
	handed = boot__handed(boot, next);
	return handed.nr == boot->nr_left && handed.same == handed.nr ? END_RESTORED : END_UNKNOWN;
}

void boot__close(struct boot *boot, const struct boot *next)
{
	const struct lutrace_event *found = boot->link == LINK_KEXEC ? boot__retrieve(next) : NULL;

	boot->end = END_UNKNOWN;
	boot->whole = boot->sound && boot->ended && !next;
	if (!found)
		return;
	boot->nr_found = found->nr_tables;
	boot->end = boot__compare_found(boot, next, found);
	boot->whole = boot->sound && boot->end > END_WENT_ON;
}

/* From the last thing in the recordings of @boot to where the first one of @next begins; 0: not known. */
static __u64 boot__unseen_ns(const struct boot *boot, const struct boot *next)
{
	__s64 unseen;

	if (!next || !boot->linked)
		return 0;
	unseen = next->parts[0]->start.monotonic_ns + boot->to_next_ns - boot__last_ns(boot);
	return unseen > 0 ? unseen : 0;
}

struct previous boot__previous(const struct boot *boot, const struct boot *next)
{
	return (struct previous){
		.left = boot->left, .nr_left = boot->nr_left,
		.gapless = boot->sound, .ended = boot->ended,
		.reaches = next ? boot->whole : boot__frozen(boot),
		.last_generation = boot__largest_generation(boot), .running = boot->running,
		.unseen_ns = boot__unseen_ns(boot, next),
	};
}
