// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "corpus.h"

enum { PRESERVE, UNPRESERVE, RESTORE, FLB_PRESERVE, FLB_UNPRESERVE, FLB_RETRIEVE, FLB_FINISH };

#define HOST_1_0 "tool=lutrace 0.1\nrelease=7.3.4\nversion=#1 SMP\nmachine=x86_64\n" \
		 "boot_id=%08x-0000-4000-8000-000000000000\ncmdline=kho=on liveupdate=on a=\"b,c\"\n" \
		 "hypervisor=%s\nemulated=%d\n"
#define HOST_1_1 "build_id=00112233445566778899aabbccddeeff00112233\nring_kib=4096\n" \
		 "in_flight=16384\nduration_ms=2500\n"
#define HOST_1_2 "freed=1\n"
#define HOST_1_4 "deep=1\n"
#define HOST_1_7 "klog=1\n"
#define HOST_1_8_OLD "kexec_count=0\nhost_id=dmi-0123456789abcdef\n"
#define HOST_1_8_NEW "kexec_count=1\nprevious_release=7.3.4\nhost_id=dmi-0123456789abcdef\n"

#define HOST_1_11 "cpus=2\nconfig=fedcba9876543210\ncpu_model=QEMU Virtual CPU version 2.5+\n"

#define STEP_NS		700u
#define TICKS_PER_NS	2u
#define BOOT_TSC	5000000000ull	/* ticks from one boot to the next */

struct writer {
	struct corpus *c;
	const struct corpus_options *o;
	uint64_t now, seq, step_ns;
	size_t summed;			/* bytes that crc is of */
	uint32_t crc;
};

static void put(struct corpus *c, const void *bytes, size_t size)
{
	while (c->room - c->size < size) {
		c->room = c->room ? 2 * c->room : 4096;
		c->data = realloc(c->data, c->room);
		if (!c->data)
			abort();
	}
	if (bytes)
		memcpy(c->data + c->size, bytes, size);
	else
		memset(c->data + c->size, 0xa5, size);
	c->size += size;
}

static void put32(struct corpus *c, uint32_t value)
{
	unsigned char bytes[] = { value, value >> 8, value >> 16, value >> 24 };

	put(c, bytes, sizeof(bytes));
}

static void put64(struct corpus *c, uint64_t value)
{
	put32(c, value);
	put32(c, value >> 32);
}

static void put_record(struct writer *w, uint32_t type, uint32_t size)
{
	put32(w->c, type);
	put32(w->c, size + w->o->longer);
}

/* What a newer version has at the end of its records */
static void put_more(struct writer *w)
{
	put(w->c, NULL, w->o->longer);
}

static void put_header(struct writer *w)
{
	bool emulated = w->o->kernel == CORPUS_NEW;
	size_t size;
	char text[1024];

	put(w->c, "lutrace", 8);
	put32(w->c, w->o->major);
	put32(w->c, w->o->minor);
	put32(w->c, 24 + w->o->longer);
	put32(w->c, 0);
	put_more(w);
	memset(text, 0, sizeof(text));
	snprintf(text, sizeof(text), HOST_1_0 "%s", 16 * w->o->boot + w->o->kernel,
		 emulated ? "TCGTCGTCGTCG" : "", emulated, w->o->minor ? HOST_1_1 : "");
	if (w->o->minor > 1)
		strcat(text, HOST_1_2);
	if (w->o->deep)
		strcat(text, HOST_1_4);
	if (w->o->complaints)
		strcat(text, HOST_1_7);
	if (w->o->minor >= 8)
		strcat(text, w->o->kernel == CORPUS_OLD ? HOST_1_8_OLD : HOST_1_8_NEW);
	if (w->o->minor >= 11)
		strcat(text, HOST_1_11);
	size = (strlen(text) + 7) / 8 * 8;
	put32(w->c, 0x101);
	put32(w->c, 8 + size);
	put(w->c, text, size);
}

static void put_clock(struct writer *w)
{
	put_record(w, 0x102, 40);
	put64(w->c, 1000000 + w->o->kernel * BOOT_TSC + TICKS_PER_NS * w->now);
	put64(w->c, w->now);
	put64(w->c, 1700000000000000000ull + w->o->kernel * BOOT_TSC / TICKS_PER_NS + w->now);
	put64(w->c, 40);
	put_more(w);
}

struct event {
	uint32_t op, phase, format;
	uint64_t ser, generation, top, tables;
	int32_t ret;
};

static void put_event(struct writer *w, const struct event *ev)
{
	w->now += w->step_ns;
	put_record(w, 1, 96);
	put32(w->c, ev->op);
	put32(w->c, ev->phase);
	put64(w->c, w->now);
	put64(w->c, ++w->seq);
	put64(w->c, ev->ser);
	put64(w->c, ev->generation);
	put64(w->c, ev->top);
	put64(w->c, ev->tables);
	put64(w->c, ev->op < FLB_PRESERVE ? 4096 * ev->tables : 0);
	put32(w->c, ev->format);
	put32(w->c, ev->format ? 2 : 0);
	put32(w->c, ev->ret);
	put32(w->c, w->seq % 2);	/* CPU */
	put32(w->c, 321);		/* process and thread */
	put32(w->c, 322);
	put_more(w);
	w->c->events++;
}

static void put_latency(struct writer *w, const struct event *end)
{
	put_record(w, 2, 56);
	put32(w->c, end->op);
	put32(w->c, end->ret);
	put64(w->c, end->op < FLB_PRESERVE ? end->ser : 0);
	put64(w->c, end->op < FLB_PRESERVE ? end->generation : 0);
	put64(w->c, w->seq - 1);
	put64(w->c, w->seq);
	put64(w->c, w->step_ns);
	put_more(w);
	w->c->latencies++;
}

/* Ends each write since 1.9: here after the header and after each operation. */
static void put_sum(struct writer *w)
{
	size_t summed = w->summed;

	if (w->o->minor < 9)
		return;
	w->summed = w->c->size;
	w->crc = crc32_z(w->crc, w->c->data + summed, w->summed - summed);
	put32(w->c, 0x113);
	put32(w->c, 16 + w->o->longer);
	put32(w->c, w->crc);
	put32(w->c, 0xffffffff);
	put_more(w);
}

/* Since 1.11 */
static void put_cost(struct writer *w, uint64_t cpu_ns)
{
	put_record(w, 0x114, 64);
	put64(w->c, w->now);
	put64(w->c, cpu_ns);
	put64(w->c, 5242880);		/* memory of the recorder */
	put64(w->c, 65536);		/* of the programs */
	put64(w->c, w->c->events);	/* runs, and how long they took */
	put64(w->c, 700 * w->c->events);
	put32(w->c, 1);
	put32(w->c, 0xffffffff);
	put_more(w);
}

static void put_footer(struct writer *w)
{
	uint64_t lost = w->o->spoil == CORPUS_LOSSES ? 3 : 0;
	int i;

	w->c->footer = w->c->size;
	put_record(w, 0x1ff, 96);
	put64(w->c, w->c->events + lost);
	put64(w->c, lost);
	for (i = 0; i < 5; i++)
		put64(w->c, 0);
	put64(w->c, 0);			/* missed runs */
	put64(w->c, w->c->events);
	put64(w->c, w->c->latencies);
	put32(w->c, 2);			/* SIGINT */
	put32(w->c, crc32_z(0, w->c->data, w->c->footer));
	put_more(w);
}

static void run(struct writer *w, struct event ev)
{
	struct event begin = { .op = ev.op, .ser = ev.ser, .generation = ev.generation };

	if (ev.op == FLB_PRESERVE)
		begin.ser = 0;
	/* Of the FLB there is nothing yet whose generation could be told */
	if (ev.op == FLB_PRESERVE || ev.op == FLB_RETRIEVE)
		begin.generation = 0;
	/* What is unpreserved is known before */
	if (ev.op == UNPRESERVE)
		begin = ev;
	put_event(w, &begin);
	ev.phase = 1;
	put_event(w, &ev);
	if (w->o->spoil == CORPUS_TWICE) {
		w->now -= w->step_ns;
		w->seq--;
		put_event(w, &ev);
	}
	put_latency(w, &ev);
	put_sum(w);
}

/* Session "guest", iommufd 0x200, HWPT 1 and so on; the last has no device. */
static void put_name(struct writer *w, uint32_t domain, uint64_t ser, uint64_t generation)
{
	bool preserved = w->o->kernel == CORPUS_OLD;
	char text[256], claim[64] = "", memory[64] = "";
	size_t size;

	if (w->o->minor >= 6)
		snprintf(claim, sizeof(claim), "%s=0x%x 0x200 guest\n",
			 preserved ? "preserved_as" : "retrieved_as", domain + 1);
	/* One that maps something, and one of several that share the IOAS */
	if (w->o->minor >= 7)
		snprintf(memory, sizeof(memory), "%s_memory=1 1 27 3 2\n",
			 preserved ? "preserved" : "reclaimed");
	snprintf(text, sizeof(text), "session=guest\niommufd=0x200\nhwpt=0x%x\nhwpt_id=%u\n%s%s"
		 "devices=%s\n", domain + 1, domain + 10, claim, memory,
		 domain + 1 == w->o->domains ? "" : "0000:00:04.0 0000:00:05.1");
	size = (strlen(text) + 7) / 8 * 8;
	put_record(w, 0x110, 24 + size);
	put64(w->c, ser);
	put64(w->c, generation);
	put(w->c, text, strlen(text));
	put(w->c, "\n\n\n\n\n\n\n", size - strlen(text));
	put_more(w);
}

static void put_process(struct writer *w)
{
	put_record(w, 0x111, 32);
	put(w->c, "vmm\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	put32(w->c, 321);
	put32(w->c, 0xffffffff);
	put_more(w);
}

static void run_domain(struct writer *w, uint32_t op, uint32_t domain, uint64_t generation,
		       int32_t ret)
{
	bool spoilt = w->o->spoil == CORPUS_VIOLATION && op == RESTORE && !domain;

	run(w, (struct event){
		.op = op, .ser = 0x100000000ull + 0x40 * domain, .generation = generation,
		.top = ret ? 0 : 0x200000000ull + 0x1000ull * domain + (spoilt ? 8 : 0),
		.tables = ret ? 0 : domain % 7 + 1, .format = ret ? 0 : domain % 3 + 1, .ret = ret,
	});
	if (w->o->names && (op == PRESERVE || (op == RESTORE && w->o->minor >= 6)))
		put_name(w, domain, 0x100000000ull + 0x40 * domain, generation);
}

/* @generation is the largest that was ever used. */
static void run_flb(struct writer *w, uint32_t op, uint32_t records, uint64_t generation)
{
	run(w, (struct event){ .op = op, .ser = 0x3000, .tables = records,
			       .generation = w->o->minor >= 8 ? generation : 0 });
}

static void old_kernel(struct writer *w)
{
	uint32_t round, i;

	for (round = 0; round <= w->o->aborts; round++) {
		run_flb(w, FLB_PRESERVE, 0, round);
		for (i = 0; i < w->o->domains; i++)
			run_domain(w, PRESERVE, i, round + 1, 0);
		if (round == w->o->aborts)
			break;
		for (i = 0; i < w->o->domains; i++)
			run_domain(w, UNPRESERVE, i, round + 1, 0);
		run_flb(w, FLB_UNPRESERVE, 0, round + 1);
	}
	if (w->o->spoil == CORPUS_VIOLATION)
		run_domain(w, PRESERVE, 0, round + 1, 0);
}

static void new_kernel(struct writer *w)
{
	uint32_t i;

	run_flb(w, FLB_RETRIEVE, w->o->domains, w->o->aborts + 1);
	for (i = 0; i < w->o->domains; i++)
		run_domain(w, RESTORE, i, w->o->aborts + 1,
			   w->o->spoil == CORPUS_REFUSED && !i ? -22 : 0);
	run_flb(w, FLB_FINISH, 0, w->o->aborts + 1);
}

static void put_freed(struct writer *w)
{
	put_record(w, 4, 48);
	put64(w->c, w->now);
	put32(w->c, 1);			/* CPU */
	put32(w->c, 321);
	put32(w->c, 322);
	put32(w->c, 0);
	put64(w->c, 0x200000000ull);
	put64(w->c, 4096);
	put_more(w);
}

static void put_freeze(struct writer *w)
{
	w->now += w->step_ns;
	put_record(w, 5, 32);
	put64(w->c, w->now);
	put32(w->c, 0);			/* what liveupdate_reboot() returned */
	put32(w->c, 1);			/* CPU */
	put32(w->c, 321);
	put32(w->c, 322);
	put_more(w);
}

static void put_complaint(struct writer *w, uint64_t lost, const char *said)
{
	char text[208] = "";

	strcpy(text, said);
	put_record(w, 0x112, 240);
	put64(w->c, w->now);
	put64(w->c, lost);
	put(w->c, text, sizeof(text));
	put64(w->c, 0xffffffff);
	put_more(w);
}

/* The walk of each domain that is left; a spoilt one is another table in the new kernel. */
static void put_deep(struct writer *w, uint32_t domain)
{
	bool preserved = w->o->kernel == CORPUS_OLD;
	bool spoilt = w->o->spoil == CORPUS_VIOLATION && !preserved && !domain;
	uint64_t root = 0x200000000ull + 0x1000ull * domain, tables = domain % 7 + 1;
	uint32_t format = domain % 3 + 1;
	int level;

	put_record(w, 0x105, 288);
	put64(w->c, w->now);
	put64(w->c, 0x70 + domain);	/* token */
	put64(w->c, preserved ? 0x100000000ull + 0x40 * domain : 0);
	put64(w->c, preserved ? w->o->aborts + 1 : 0);
	put64(w->c, preserved ? root : 0);
	put64(w->c, preserved ? tables : 0);
	put64(w->c, preserved ? 4096 * tables : 0);
	put32(w->c, preserved ? format : 0);
	put32(w->c, preserved ? 2 : 0);
	put64(w->c, root);
	put32(w->c, format);
	put32(w->c, 2);
	put64(w->c, 0);			/* tables that KHO does not keep, the first */
	put64(w->c, 0);
	put64(w->c, 0);			/* impossible entries, the first */
	put64(w->c, 0);
	put64(w->c, 0);
	for (level = 0; level < 6; level++) {
		put64(w->c, level == 2 ? tables : 0);
		put64(w->c, 0);
		put64(w->c, level == 2 ? root + 5 + spoilt : 0);
	}
	put32(w->c, preserved);		/* KHO was asked */
	put32(w->c, 0);
	put64(w->c, 1234);		/* ns */
	put_more(w);
}

static void put_unknown(struct writer *w)
{
	put_record(w, 77, 16);
	put64(w->c, 0x1234);
	put_more(w);
	put_event(w, &(struct event){ .op = 40 });
}

void corpus__make(struct corpus *c, const struct corpus_options *o)
{
	struct writer w = {
		.c = c, .o = o, .now = 1000000000, .step_ns = o->step_ns ? o->step_ns : STEP_NS,
	};
	uint32_t i;

	*c = (struct corpus){ 0 };
	put_header(&w);
	put_clock(&w);
	put_sum(&w);
	c->header = c->size;
	if (o->kernel == CORPUS_OLD)
		old_kernel(&w);
	else
		new_kernel(&w);
	if (o->names)
		put_process(&w);
	if (o->freed)
		put_freed(&w);
	for (i = 0; o->deep && i < o->domains; i++)
		put_deep(&w, i);
	if (o->complaints) {
		put_complaint(&w, 3, "");
		put_complaint(&w, 0, "iommu: liveupdate: a\nrecord refused");
	}
	if (o->frozen)
		put_freeze(&w);
	if (o->unknown)
		put_unknown(&w);
	if (o->minor >= 11) {
		put_cost(&w, 1000000);
		put_cost(&w, 2000000);
	}
	w.now += 200000000;
	put_clock(&w);
	put_footer(&w);
}
