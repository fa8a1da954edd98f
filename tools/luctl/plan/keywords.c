// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keywords of plans: what each of them takes, and what of it is checked as soon as it is read.
 * Called by plan__parse(), a line at a time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bdf.h"
#include "plan/taken.h"
#include "plan/parser.h"

#define MAX_COUNT 65536

static int keyword__fail_unknown(struct parser *p, const char *kind, const char *name)
{
	return parser__fail(
		p, "there is no %s '%s' above this line; declare it with '%s %s ...' first", kind,
		name, kind, name);
}

static int keyword__fail_twice(struct parser *p, const char *kind, const char *name, int line)
{
	return parser__fail(p, "%s '%s' is declared on line %d already; take another name", kind,
			    name, line);
}

static int keyword__get_hwpt(struct parser *p, size_t *out)
{
	const char *name = p->words[0].value;

	*out = taken__find(p->taken, TAKEN_HWPT, name);
	return *out == TAKEN_NONE ? keyword__fail_unknown(p, "hwpt", name) : 0;
}

const char *plan__refuse_session(const char *name)
{
	size_t n =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	if (!n || name[n] || !strcmp(name, ".") || !strcmp(name, ".."))
		return "is no session's name; use letters, digits, '-', '_' and '.'";
	if (n >= PLAN_SESSION_SIZE)
		return "is too long for a session; shorten it to 63 characters";
	if (!strcmp(name, "systemd"))
		return "is the session in which the service manager (PID 1) keeps what it carries "
		       "across a kexec; take another name";
	return NULL;
}

static int keyword__session(struct parser *p)
{
	const char *name = p->words[0].value, *refusal;

	if (p->plan->session)
		return parser__fail(p, "the session is named on line %d already; remove one",
				    p->plan->session_line);
	refusal = plan__refuse_session(name);
	if (refusal)
		return parser__fail(p, "'%s' %s", name, refusal);
	p->plan->session = strdup(name);
	p->plan->session_line = p->line;
	return p->plan->session ? 0 : parser__fail_no_memory(p);
}

static int keyword__kernel(struct parser *p)
{
	struct plan_kernel *kernel = &p->plan->kernel;
	const char *image, *initrd, *cmdline;

	if (kernel->image)
		return parser__fail(p, "the kernel is named on line %d already; remove one",
				    kernel->line);
	image = parser__get_key(p, "image");
	if (!image)
		return -1;
	if (!*image)
		return parser__fail(p, "'image=' is empty; name the kernel's file");
	initrd = parser__find_key(p, "initrd");
	cmdline = parser__find_key(p, "cmdline");
	kernel->line = p->line;
	kernel->image = strdup(image);
	kernel->initrd = initrd && *initrd ? strdup(initrd) : NULL;
	kernel->cmdline = strdup(cmdline ? cmdline : "@CMDLINE@");
	if (!kernel->image || !kernel->cmdline || (initrd && *initrd && !kernel->initrd))
		return parser__fail_no_memory(p);
	return 0;
}

static int keyword__iommufd(struct parser *p)
{
	if (p->plan->iommufd_line)
		return parser__fail(p, "the iommufd is given on line %d already; remove one",
				    p->plan->iommufd_line);
	p->plan->iommufd_line = p->line;
	return parser__get_number(p, "token", &p->plan->iommufd_token);
}

static int keyword__device(struct parser *p)
{
	const char *name = p->words[0].value;
	size_t i = taken__find(p->taken, TAKEN_DEVICE, name);
	struct plan_device *dev;
	char bdf[BDF_SIZE];

	if (parser__check_name(p, name))
		return -1;
	if (i != TAKEN_NONE)
		return keyword__fail_twice(p, "device", name, p->plan->devices[i].line);
	if (!bdf__parse(p->words[1].value, bdf))
		return parser__fail(p, "'%s' is no PCI address; write it like 0000:00:04.0",
				    p->words[1].value);
	i = taken__find(p->taken, TAKEN_BDF, bdf);
	if (i != TAKEN_NONE)
		return parser__fail(p, "device %s is declared on line %d already; use that name",
				    bdf, p->plan->devices[i].line);
	dev = plan__append(p->plan, devices);
	if (!dev)
		return parser__fail_no_memory(p);
	memcpy(dev->bdf, bdf, sizeof(dev->bdf));
	dev->line = p->line;
	dev->name = strdup(name);
	if (!dev->name)
		return parser__fail_no_memory(p);
	taken__add(p->taken, TAKEN_DEVICE, dev->name, p->plan->nr_devices - 1);
	taken__add(p->taken, TAKEN_BDF, bdf, p->plan->nr_devices - 1);
	return 0;
}

static int keyword__memfd_keys(struct parser *p, struct plan_memfd *m)
{
	uint64_t unit;
	size_t i;

	if (parser__get_number(p, "size", &m->size) || parser__get_number(p, "token", &m->token) ||
	    parser__get_number_or(p, "seed", &m->seed, 1) ||
	    parser__get_yes_no(p, "huge", &m->huge) ||
	    parser__get_yes_no(p, "noexec", &m->noexec))
		return -1;
	unit = m->huge ? PLAN_HUGE_PAGE : PLAN_PAGE;
	if (!m->size)
		return parser__fail(p, "'size=' is 0; give the memfd %lluK or more",
				    (unsigned long long)unit >> 10);
	if (m->size % unit)
		return parser__fail(p, "'size=' is not a multiple of %lluK%s; round it up",
				    (unsigned long long)unit >> 10, m->huge ? " (huge=yes)" : "");
	i = taken__find_number(p->taken, TAKEN_MEMFD_TOKEN, m->token);
	if (i != TAKEN_NONE)
		return parser__fail(p,
				    "token 0x%" PRIx64
				    " belongs to memfd '%s' on line %d already; take another",
				    m->token, p->plan->memfds[i].name, p->plan->memfds[i].line);
	return 0;
}

static int keyword__memfd(struct parser *p)
{
	const char *name = p->words[0].value;
	size_t i = taken__find(p->taken, TAKEN_MEMFD, name);
	struct plan_memfd memfd = { .line = p->line }, *m;

	if (parser__check_name(p, name))
		return -1;
	if (i != TAKEN_NONE)
		return keyword__fail_twice(p, "memfd", name, p->plan->memfds[i].line);
	if (keyword__memfd_keys(p, &memfd))
		return -1;
	m = plan__append(p->plan, memfds);
	if (!m)
		return parser__fail_no_memory(p);
	*m = memfd;
	m->name = strdup(name);
	if (!m->name)
		return parser__fail_no_memory(p);
	taken__add(p->taken, TAKEN_MEMFD, m->name, p->plan->nr_memfds - 1);
	taken__add_number(p->taken, TAKEN_MEMFD_TOKEN, m->token, p->plan->nr_memfds - 1);
	return 0;
}

static int keyword__get_ioas(struct parser *p, struct plan_hwpt *h)
{
	const char *name = parser__find_key(p, "ioas");
	const struct plan_hwpt *other;

	h->ioas = p->plan->nr_hwpts;
	if (!name)
		return 0;
	h->ioas = taken__find(p->taken, TAKEN_HWPT, name);
	if (h->ioas == TAKEN_NONE)
		return keyword__fail_unknown(p, "hwpt", name);
	if (!plan__shares_ioas(p->plan, h->ioas))
		return 0;
	other = &p->plan->hwpts[p->plan->hwpts[h->ioas].ioas];
	return parser__fail(p, "hwpt '%s' is itself on the IOAS of hwpt '%s'; write ioas=%s", name,
			    other->name, other->name);
}

static int keyword__hwpt_keys(struct parser *p, struct plan_hwpt *h)
{
	const char *device = parser__get_key(p, "device");
	size_t i;

	if (!device)
		return -1;
	h->device = taken__find(p->taken, TAKEN_DEVICE, device);
	if (h->device == TAKEN_NONE)
		return keyword__fail_unknown(p, "device", device);
	h->marked = parser__find_key(p, "token");
	if (parser__get_number_or(p, "token", &h->token, 0) || keyword__get_ioas(p, h))
		return -1;
	if (!h->marked)
		return 0;
	i = taken__find_number(p->taken, TAKEN_HWPT_TOKEN, h->token);
	if (i != TAKEN_NONE)
		return parser__fail(p,
				    "token 0x%" PRIx64
				    " belongs to hwpt '%s' on line %d already; take another",
				    h->token, p->plan->hwpts[i].name, p->plan->hwpts[i].line);
	return 0;
}

static int keyword__hwpt(struct parser *p)
{
	const char *name = p->words[0].value;
	size_t i = taken__find(p->taken, TAKEN_HWPT, name);
	struct plan_hwpt hwpt = { .line = p->line }, *h;

	if (parser__check_name(p, name))
		return -1;
	if (i != TAKEN_NONE)
		return keyword__fail_twice(p, "hwpt", name, p->plan->hwpts[i].line);
	if (keyword__hwpt_keys(p, &hwpt))
		return -1;
	h = plan__append(p->plan, hwpts);
	if (!h)
		return parser__fail_no_memory(p);
	*h = hwpt;
	h->name = strdup(name);
	if (!h->name)
		return parser__fail_no_memory(p);
	taken__add(p->taken, TAKEN_HWPT, h->name, p->plan->nr_hwpts - 1);
	if (h->marked)
		taken__add_number(p->taken, TAKEN_HWPT_TOKEN, h->token, p->plan->nr_hwpts - 1);
	return 0;
}

static int keyword__get_access(struct parser *p, const char *key, const char *const names[3],
			       unsigned int *out)
{
	const char *value = parser__find_key(p, key);
	unsigned int i;

	*out = PLAN_READ | PLAN_WRITE;
	if (!value)
		return 0;
	for (i = 0; i < 3; i++)
		if (!strcmp(value, names[i])) {
			*out = i + 1;
			return 0;
		}
	return parser__fail(p, "'%s=%s' is not known; write %s, %s or %s", key, value, names[0],
			    names[1], names[2]);
}

/* Areas lie inside their memfd; that they do not overlap is checked at the end */
static int keyword__add_area(struct parser *p, const struct plan_area *area)
{
	const struct plan_memfd *m = &p->plan->memfds[area->memfd];
	struct plan_area *a;

	if (area->length > m->size || area->offset > m->size - area->length)
		return parser__fail(p,
				    "the area at iova 0x%" PRIx64 " ends at offset 0x%" PRIx64
				    ", behind memfd '%s' of 0x%" PRIx64 " bytes; "
				    "shorten it or grow the memfd",
				    area->iova, area->offset + area->length, m->name, m->size);
	a = plan__append(p->plan, areas);
	if (!a)
		return parser__fail_no_memory(p);
	*a = *area;
	return 0;
}

static int keyword__check_area(struct parser *p, const struct plan_area *a, uint64_t count,
			       uint64_t stride, uint64_t step)
{
	uint64_t end, last;

	if (!a->length || (a->iova | a->offset | a->length | stride | step) % PLAN_PAGE)
		return parser__fail(
			p, "iova, offset, length, stride and step must be multiples of 4K and "
			   "length not 0; round them");
	if (!count || count > MAX_COUNT)
		return parser__fail(p, "'count=' must be between 1 and %d; change it", MAX_COUNT);
	if (count > 1 && stride < a->length)
		return parser__fail(
			p, "'stride=' is less than 'length=', so that the areas would overlap; "
			   "make it larger");
	if (__builtin_mul_overflow(count - 1, stride, &last) ||
	    __builtin_add_overflow(last, a->iova, &last) ||
	    __builtin_add_overflow(last, a->length, &end) ||
	    __builtin_mul_overflow(count - 1, step, &last) ||
	    __builtin_add_overflow(last, a->offset, &last) ||
	    __builtin_add_overflow(last, a->length, &end))
		return parser__fail(p, "the area reaches the end of 64 bits; use smaller numbers");
	return 0;
}

static int keyword__fail_shared_area(struct parser *p, size_t hwpt)
{
	const struct plan_hwpt *h = &p->plan->hwpts[hwpt];
	const char *other = p->plan->hwpts[h->ioas].name;

	return parser__fail(
		p,
		"hwpt '%s' has no areas of its own, it maps those of hwpt '%s' (line %d); "
		"write 'area %s ...'",
		h->name, other, h->line, other);
}

static int keyword__area(struct parser *p)
{
	static const char *const perms[] = { "r", "w", "rw" };
	struct plan_area area = { .line = p->line };
	uint64_t count, stride, step, rest;
	const char *memfd;

	if (keyword__get_hwpt(p, &area.hwpt))
		return -1;
	if (plan__shares_ioas(p->plan, area.hwpt))
		return keyword__fail_shared_area(p, area.hwpt);
	memfd = parser__get_key(p, "memfd");
	if (!memfd)
		return -1;
	area.memfd = taken__find(p->taken, TAKEN_MEMFD, memfd);
	if (area.memfd == TAKEN_NONE)
		return keyword__fail_unknown(p, "memfd", memfd);
	if (parser__get_number(p, "iova", &area.iova) ||
	    parser__get_number_or(p, "offset", &area.offset, 0))
		return -1;
	rest = p->plan->memfds[area.memfd].size;
	rest = area.offset < rest ? rest - area.offset : PLAN_PAGE;
	if (parser__get_number_or(p, "length", &area.length, rest) ||
	    parser__get_number_or(p, "count", &count, 1) ||
	    parser__get_number_or(p, "stride", &stride, area.length) ||
	    parser__get_number_or(p, "step", &step, area.length) ||
	    keyword__get_access(p, "perm", perms, &area.perm) ||
	    keyword__check_area(p, &area, count, stride, step))
		return -1;
	for (; count; count--, area.iova += stride, area.offset += step)
		if (keyword__add_area(p, &area))
			return -1;
	return 0;
}

static int keyword__probe(struct parser *p)
{
	struct plan_probe probe = { .line = p->line }, *new;

	if (keyword__get_hwpt(p, &probe.hwpt) || parser__get_number(p, "from", &probe.from) ||
	    parser__get_number(p, "to", &probe.to) ||
	    parser__get_number(p, "length", &probe.length))
		return -1;
	if (!probe.length || (probe.from | probe.to | probe.length) % 8)
		return parser__fail(p,
				    "from, to and length must be multiples of 8 and length not 0; "
				    "round them");
	new = plan__append(p->plan, probes);
	if (!new)
		return parser__fail_no_memory(p);
	*new = probe;
	return 0;
}

static int keyword__hole(struct parser *p)
{
	static const char *const dirs[] = { "read", "write", "both" };
	struct plan_hole hole = { .line = p->line }, *new;

	if (keyword__get_hwpt(p, &hole.hwpt) || parser__get_number(p, "iova", &hole.iova) ||
	    keyword__get_access(p, "dir", dirs, &hole.dir))
		return -1;
	if (hole.iova % PLAN_HOLE_LENGTH)
		return parser__fail(p, "iova must be a multiple of %d; round it", PLAN_HOLE_LENGTH);
	new = plan__append(p->plan, holes);
	if (!new)
		return parser__fail_no_memory(p);
	*new = hole;
	return 0;
}

static int keyword__abort(struct parser *p)
{
	uint64_t times;

	if (p->plan->abort_line)
		return parser__fail(p, "the aborts are given on line %d already; remove one",
				    p->plan->abort_line);
	p->plan->abort_line = p->line;
	if (parser__number(p, NULL, p->words[0].value, &times))
		return -1;
	if (times > MAX_COUNT)
		return parser__fail(p, "more than %d aborts; take fewer", MAX_COUNT);
	p->plan->aborts = times;
	return 0;
}

static int keyword__retrieve(struct parser *p)
{
	const char *order = p->words[0].value;

	if (p->plan->retrieve_line)
		return parser__fail(p, "the order is given on line %d already; remove one",
				    p->plan->retrieve_line);
	p->plan->retrieve_line = p->line;
	p->plan->iommufd_first = !strcmp(order, "iommufd-first");
	if (!p->plan->iommufd_first && strcmp(order, "memfds-first"))
		return parser__fail(p, "nothing is called '%s' to retrieve first; write: %s", order,
				    p->keyword->usage);
	return 0;
}

static int keyword__assert(struct parser *p)
{
	char *word, *save, *hash = strchr(p->rest, '#');

	if (hash)
		*hash = '\0';
	word = strtok_r(p->rest, " \t\r", &save);
	if (!word)
		return parser__fail(p, "'assert' says nothing; write: %s", p->keyword->usage);
	for (; word; word = strtok_r(NULL, " \t\r", &save)) {
		if (!strcmp(word, "marks"))
			p->plan->assert_marks = true;
		else if (!strcmp(word, "order"))
			p->plan->assert_order = true;
		else if (!strcmp(word, "attach"))
			p->plan->assert_attach = true;
		else
			return parser__fail(p, "nothing is called '%s' to assert; write: %s", word,
					    p->keyword->usage);
	}
	return 0;
}

static int keyword__hook(struct parser *p)
{
	char *command = p->rest + strcspn(p->rest, " \t");
	enum plan_stage stage;
	struct plan_hook *hook;

	if (*command)
		*command++ = '\0';
	command += strspn(command, " \t");
	for (stage = 0; stage < PLAN_NR_STAGES; stage++)
		if (!strcmp(plan__stage_name(stage), p->rest))
			break;
	if (stage == PLAN_NR_STAGES)
		return parser__fail(p,
				    "there is no stage '%s'; "
				    "write filled, mapped, marked, preserved, aborted, before-kexec, "
				    "retrieved, reclaimed or finished",
				    p->rest);
	if (!*command)
		return parser__fail(p, "the hook has no command; write: %s", p->keyword->usage);
	if (*command == '#')
		return parser__fail(p,
				    "the hook's command is a comment to the shell and would do "
				    "nothing; write: %s",
				    p->keyword->usage);
	hook = plan__append(p->plan, hooks);
	if (!hook)
		return parser__fail_no_memory(p);
	hook->stage = stage;
	hook->line = p->line;
	hook->command = strdup(command);
	return hook->command ? 0 : parser__fail_no_memory(p);
}

static const struct keyword keywords[] = {
	{ "session", "session NAME", keyword__session, 1, false, {} },
	{ "kernel",
	  "kernel image=FILE [initrd=FILE] [cmdline=\"@CMDLINE@ WORD...\"]",
	  keyword__kernel,
	  0,
	  false,
	  { "image", "initrd", "cmdline" } },
	{ "iommufd", "iommufd token=N", keyword__iommufd, 0, false, { "token" } },
	{ "device", "device NAME BDF", keyword__device, 2, false, {} },
	{ "memfd",
	  "memfd NAME size=N token=N [huge=yes|no] [noexec=yes|no] [seed=N]",
	  keyword__memfd,
	  1,
	  false,
	  { "size", "token", "huge", "noexec", "seed" } },
	{ "hwpt",
	  "hwpt NAME device=DEVICE [token=N] [ioas=HWPT]",
	  keyword__hwpt,
	  1,
	  false,
	  { "device", "token", "ioas" } },
	{ "area",
	  "area HWPT iova=N memfd=MEMFD [offset=N] [length=N] [perm=r|w|rw] [count=N] "
	  "[stride=N] [step=N]",
	  keyword__area,
	  1,
	  false,
	  { "iova", "memfd", "offset", "length", "perm", "count", "stride", "step" } },
	{ "probe",
	  "probe HWPT from=IOVA to=IOVA length=N",
	  keyword__probe,
	  1,
	  false,
	  { "from", "to", "length" } },
	{ "hole",
	  "hole HWPT iova=N [dir=read|write|both]",
	  keyword__hole,
	  1,
	  false,
	  { "iova", "dir" } },
	{ "abort", "abort TIMES", keyword__abort, 1, false, {} },
	{ "retrieve", "retrieve iommufd-first|memfds-first", keyword__retrieve, 1, false, {} },
	{ "assert", "assert [marks] [order] [attach]", keyword__assert, 0, true, {} },
	{ "hook", "hook STAGE COMMAND", keyword__hook, 0, true, {} },
};

const struct keyword *keyword__find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		if (!strcmp(keywords[i].name, name))
			return &keywords[i];
	return NULL;
}
