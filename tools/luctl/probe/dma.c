// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA probes. The device's buffer cannot be read by the CPU, so that a probe goes both ways: the
 * device loads bytes from one IOVA and stores them at another, and the CPU compares.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/kmsg.h"
#include "probe/edu.h"
#include "probe/iommu_fault.h"
#include "probe/memfd.h"
#include "drive/say.h"
#include "drive/stop.h"
#include "lib/tsc.h"
#include "drive/update.h"

#define ROUND_SEED UINT64_C(0x6c756374)
/*
 * The kernel prints about three faults in five seconds, which begin with the first, and drops the
 * rest: if nothing is seen, the DMA is tried again when they are over.
 */
#define FIRST_WAIT_MS 500u
#define FAULT_WAIT_MS 3000u
#define RATELIMIT_MS 5000
#define FAULT_TRIES 3

/* A range of a memfd that a range of IOVAs leads to */
struct place {
	struct memfd *memfd;
	uint64_t offset;
};

static struct place dma__place_of(struct update *u, size_t hwpt, uint64_t iova, uint64_t length)
{
	const struct plan_area *a = plan__find_area(u->plan, hwpt, iova, length);

	return (struct place){
		.memfd = u->memfds[a->memfd],
		.offset = a->offset + (iova - a->iova),
	};
}

static const char *dma__bdf_of(struct update *u, size_t hwpt)
{
	return u->plan->devices[u->plan->hwpts[hwpt].device].bdf;
}

static struct edu *dma__engine_of(struct update *u, size_t hwpt)
{
	return u->engines[u->plan->hwpts[hwpt].device];
}

/* Probes */

/* Puts into @data what the device is to move, and makes sure that memory holds it */
static int dma__prepare_source(struct place from, uint8_t *data, uint64_t length,
			       unsigned int round)
{
	if (!round) {
		memfd__expected(from.memfd, from.offset, data, length);
		return 0;
	}
	memfd__pattern(memfd__seed(from.memfd) + round * ROUND_SEED, from.offset, data, length);
	memcpy(memfd__at(from.memfd, from.offset), data, length);
	return memfd__patch(from.memfd, from.offset, data, length);
}

/* No byte of the destination is right before the device writes it */
static void dma__spoil_destination(struct place to, const uint8_t *data, uint64_t length)
{
	uint8_t *memory = memfd__at(to.memfd, to.offset);
	uint64_t i;

	for (i = 0; i < length; i++)
		memory[i] = ~data[i];
}

static int dma__load(struct update *u, size_t hwpt, uint64_t iova, uint32_t length)
{
	if (edu__load(dma__engine_of(u, hwpt), iova, length))
		return -1;
	if (!u->first_dma)
		u->first_dma = tsc__read();
	return 0;
}

static int dma__move(struct update *u, const struct plan_probe *probe)
{
	uint64_t done, n;

	for (done = 0; done < probe->length; done += n) {
		n = probe->length - done;
		if (n > EDU_MAX_LENGTH)
			n = EDU_MAX_LENGTH;
		if (dma__load(u, probe->hwpt, probe->from + done, n) ||
		    edu__store(dma__engine_of(u, probe->hwpt), probe->to + done, n))
			return -1;
	}
	return 0;
}

static const char *dma__fault_text(struct update *u, const struct plan_probe *probe, uint64_t at)
{
	const char *bdf = dma__bdf_of(u, probe->hwpt);

	/* One pass over the log per question: it is read only once */
	kmsg__skip(u->kmsg);
	if (edu__load(dma__engine_of(u, probe->hwpt), probe->from + at, PLAN_HOLE_LENGTH))
		return "";
	if (iommu_fault__wait(u->kmsg, bdf, probe->from + at, false, FAULT_WAIT_MS))
		return "; the IOMMU refuses the read";
	kmsg__skip(u->kmsg);
	if (edu__store(dma__engine_of(u, probe->hwpt), probe->to + at, PLAN_HOLE_LENGTH))
		return "";
	if (iommu_fault__wait(u->kmsg, bdf, probe->to + at, true, FAULT_WAIT_MS))
		return "; the IOMMU refuses the write";
	return "; the kernel log has no IOMMU fault";
}

static int dma__compare(struct update *u, const struct plan_probe *probe, struct place to,
			const uint8_t *data)
{
	const uint8_t *memory = memfd__at(to.memfd, to.offset);
	uint8_t got, want;
	uint64_t i, at;

	for (i = 0; i < probe->length && memory[i] == data[i]; i++)
		;
	if (i == probe->length)
		return 0;
	got = memory[i];
	want = data[i];
	at = i & ~(uint64_t)(PLAN_HOLE_LENGTH - 1);
	return say__error("DMA through %s from iova 0x%" PRIx64 " to iova 0x%" PRIx64
			  " moved wrong bytes: at iova 0x%" PRIx64
			  " memory holds 0x%02x and must hold 0x%02x%s%s",
			  update__hwpt_name(u, probe->hwpt), probe->from, probe->to, probe->to + i,
			  got, want,
			  (got ^ want) == 0xff ? " (the device wrote nothing there)" : "",
			  dma__fault_text(u, probe, at));
}

static int dma__run_probe(struct update *u, const struct plan_probe *probe, unsigned int round)
{
	struct place from = dma__place_of(u, probe->hwpt, probe->from, probe->length);
	struct place to = dma__place_of(u, probe->hwpt, probe->to, probe->length);
	uint8_t *data = malloc(probe->length);
	int err;

	if (!data)
		return say__errno(-ENOMEM, "no memory for a probe of %" PRIu64 " bytes",
				  probe->length);
	err = dma__prepare_source(from, data, probe->length, round);
	if (!err) {
		dma__spoil_destination(to, data, probe->length);
		err = dma__move(u, probe);
	}
	if (!err)
		err = dma__compare(u, probe, to, data);
	if (!err)
		err = memfd__patch(to.memfd, to.offset, data, probe->length);
	free(data);
	if (!err)
		say__step("dma %s: %" PRIu64 " bytes from iova 0x%" PRIx64
			  " to the device and from it to iova 0x%" PRIx64,
			  update__hwpt_name(u, probe->hwpt), probe->length, probe->from, probe->to);
	return err;
}

int update__run_probes(struct update *u, unsigned int round)
{
	const struct plan_probe *probe;
	size_t i;

	for (i = 0; i < u->plan->nr_probes; i++) {
		probe = &u->plan->probes[i];
		if (!u->hwpts[probe->hwpt].attached)
			continue;
		if (stop__check() || dma__run_probe(u, probe, round))
			return -1;
	}
	return 0;
}

int update__refill_sources(struct update *u)
{
	const struct plan_probe *probe;
	struct place from;
	uint8_t *memory;
	int err = 0;
	size_t i;

	for (i = 0; i < u->plan->nr_probes && !err; i++) {
		probe = &u->plan->probes[i];
		from = dma__place_of(u, probe->hwpt, probe->from, probe->length);
		memory = memfd__at(from.memfd, from.offset);
		memfd__pattern(memfd__seed(from.memfd), from.offset, memory, probe->length);
		err = memfd__patch(from.memfd, from.offset, memory, probe->length);
	}
	return err;
}

int update__assume_probes(struct update *u)
{
	const struct plan_probe *probe;
	struct place from, to;
	uint8_t *data;
	int err = 0;
	size_t i;

	for (i = 0; i < u->plan->nr_probes && !err; i++) {
		probe = &u->plan->probes[i];
		from = dma__place_of(u, probe->hwpt, probe->from, probe->length);
		to = dma__place_of(u, probe->hwpt, probe->to, probe->length);
		data = malloc(probe->length);
		if (!data)
			return say__errno(-ENOMEM, "no memory for a probe of %" PRIu64 " bytes",
					  probe->length);
		memfd__expected(from.memfd, from.offset, data, probe->length);
		err = memfd__patch(to.memfd, to.offset, data, probe->length);
		free(data);
	}
	return err;
}

/* Holes */

static int dma__touch(struct update *u, const struct plan_hole *hole, bool write)
{
	struct edu *engine = dma__engine_of(u, hole->hwpt);

	return write ? edu__store(engine, hole->iova, PLAN_HOLE_LENGTH)
		     : edu__load(engine, hole->iova, PLAN_HOLE_LENGTH);
}

static int64_t dma__now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* When the five seconds began in which faults are counted, as far as they are ours; of all plans */
static int64_t dma__faults_since_ms = INT64_MIN / 2;

static void dma__begin_fault(void)
{
	if (dma__now_ms() - dma__faults_since_ms >= RATELIMIT_MS)
		dma__faults_since_ms = dma__now_ms();
}

/* Until faults are printed again. Someone else's fault may have begun the five seconds: @all waits as long */
static void dma__wait_for_log(bool all)
{
	int64_t left = RATELIMIT_MS + 50;
	struct timespec pause;

	if (!all)
		left -= dma__now_ms() - dma__faults_since_ms;
	if (left < 0)
		left = 0;
	pause = (struct timespec){ .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
	nanosleep(&pause, NULL);
}

static int dma__expect_fault(struct update *u, const struct plan_hole *hole, bool write)
{
	const char *bdf = dma__bdf_of(u, hole->hwpt);
	int i;

	for (i = 0; i < FAULT_TRIES; i++) {
		if (i)
			dma__wait_for_log(i > 1);
		kmsg__skip(u->kmsg);
		dma__begin_fault();
		if (dma__touch(u, hole, write))
			return -1;
		if (iommu_fault__wait(u->kmsg, bdf, hole->iova, write,
				      i ? FAULT_WAIT_MS : FIRST_WAIT_MS))
			return 0;
	}
	return say__error("a DMA %s at iova 0x%" PRIx64
			  " of %s, where nothing may be mapped, left no IOMMU fault in the "
			  "kernel log (line %d of the plan)",
			  write ? "write" : "read", hole->iova, update__hwpt_name(u, hole->hwpt),
			  hole->line);
}

static bool dma__all_bytes(const uint8_t *p, uint8_t value)
{
	size_t i;

	for (i = 0; i < PLAN_HOLE_LENGTH; i++)
		if (p[i] != value)
			return false;
	return true;
}

/*
 * The device must have got nothing: its buffer, stored where a probe may write, is as it was, or
 * what a bus returns when nobody answers.
 */
static int dma__expect_no_data(struct update *u, const struct plan_hole *hole,
			       const struct plan_probe *probe, const uint8_t *before)
{
	struct place to = dma__place_of(u, probe->hwpt, probe->to, PLAN_HOLE_LENGTH);
	uint8_t *memory = memfd__at(to.memfd, to.offset), after[PLAN_HOLE_LENGTH];

	dma__spoil_destination(to, before, PLAN_HOLE_LENGTH);
	if (edu__store(dma__engine_of(u, hole->hwpt), probe->to, PLAN_HOLE_LENGTH))
		return -1;
	memcpy(after, memory, sizeof(after));
	memfd__expected(to.memfd, to.offset, memory, PLAN_HOLE_LENGTH);
	if (!memcmp(after, before, sizeof(after)) || dma__all_bytes(after, 0) ||
	    dma__all_bytes(after, 0xff))
		return 0;
	return say__error("a DMA read at iova 0x%" PRIx64
			  " of %s, where nothing may be mapped, gave the device data (line %d "
			  "of the plan)",
			  hole->iova, update__hwpt_name(u, hole->hwpt), hole->line);
}

/* Without a DMA that goes through, one that does not proves nothing */
static int dma__expect_dma(struct update *u, const struct plan_probe *probe, const uint8_t *data)
{
	struct place to = dma__place_of(u, probe->hwpt, probe->to, PLAN_HOLE_LENGTH);
	struct plan_probe start = *probe;

	start.length = PLAN_HOLE_LENGTH;
	dma__spoil_destination(to, data, PLAN_HOLE_LENGTH);
	if (edu__store(dma__engine_of(u, probe->hwpt), probe->to, PLAN_HOLE_LENGTH))
		return -1;
	return dma__compare(u, &start, to, data);
}

static int dma__read_hole(struct update *u, const struct plan_hole *hole)
{
	const struct plan_probe *probe = plan__first_probe(u->plan, hole->hwpt);
	uint8_t before[PLAN_HOLE_LENGTH];
	struct place from;

	if (!probe)
		return dma__expect_fault(u, hole, false);
	from = dma__place_of(u, probe->hwpt, probe->from, PLAN_HOLE_LENGTH);
	memcpy(before, memfd__at(from.memfd, from.offset), sizeof(before));
	if (dma__load(u, hole->hwpt, probe->from, PLAN_HOLE_LENGTH) ||
	    dma__expect_dma(u, probe, before) || dma__expect_fault(u, hole, false))
		return -1;
	return dma__expect_no_data(u, hole, probe, before);
}

static int dma__run_hole(struct update *u, const struct plan_hole *hole)
{
	static const char *const dirs[] = {
		[PLAN_READ] = "read",
		[PLAN_WRITE] = "write",
		[PLAN_READ | PLAN_WRITE] = "read and write",
	};

	if ((hole->dir & PLAN_READ) && dma__read_hole(u, hole))
		return -1;
	/* That a write changed no memory is seen when all memory is verified */
	if ((hole->dir & PLAN_WRITE) && dma__expect_fault(u, hole, true))
		return -1;
	say__step("hole %s: DMA %s at iova 0x%" PRIx64 " refused by the IOMMU",
		  update__hwpt_name(u, hole->hwpt), dirs[hole->dir], hole->iova);
	return 0;
}

int update__run_holes(struct update *u)
{
	const struct plan_hole *hole;
	size_t i;

	for (i = 0; i < u->plan->nr_holes; i++) {
		hole = &u->plan->holes[i];
		if (!u->hwpts[hole->hwpt].attached)
			continue;
		if (stop__check() || dma__run_hole(u, hole))
			return -1;
	}
	return 0;
}
