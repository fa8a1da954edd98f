// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser of plans. It reports the first error only, always with file and line, and checks
 * all that can be known without the machine, so that a run does not stop half way.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define MAX_WORDS		16
#define MAX_KEYS		8
#define MAX_COUNT		65536
#define SESSION_NAME_SIZE	64	/* LIVEUPDATE_SESSION_NAME_LENGTH */
#define DEFAULT_IOMMUFD_TOKEN	0x200

struct word {
	char *key;	/* NULL: the word has no '=' */
	char *value;
};

struct parser {
	struct plan *plan;
	const char *file;
	int line;
	char *err;
	size_t err_size;
	const struct keyword *keyword;
	char *rest;	/* the line after the keyword, for keywords that take it as it is */
	struct word words[MAX_WORDS];
	size_t nr_words;
	size_t nr_names;	/* words without '=' come first */
};

struct keyword {
	const char *name;
	const char *usage;
	int (*parse)(struct parser *p);
	size_t nr_names;
	bool raw;	/* the rest of the line is not split into words */
	const char *keys[MAX_KEYS];
};

static const char *const stage_names[PLAN_NR_STAGES] = {
	[PLAN_MAPPED] = "mapped",
	[PLAN_MARKED] = "marked",
	[PLAN_PRESERVED] = "preserved",
	[PLAN_ABORTED] = "aborted",
	[PLAN_BEFORE_KEXEC] = "before-kexec",
	[PLAN_RETRIEVED] = "retrieved",
	[PLAN_RECLAIMED] = "reclaimed",
	[PLAN_FINISHED] = "finished",
};

const char *plan__stage_name(enum plan_stage stage)
{
	return stage_names[stage];
}

__attribute__((format(printf, 3, 4)))
static int parser__fail_at(struct parser *p, int line, const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(p->err, p->err_size, "%s:%d: ", p->file, line);
	if (n < 0 || (size_t)n >= p->err_size)
		return -1;
	va_start(args, fmt);
	vsnprintf(p->err + n, p->err_size - n, fmt, args);
	va_end(args);
	return -1;
}

#define parser__fail(p, ...) parser__fail_at(p, (p)->line, __VA_ARGS__)

static int parser__fail_no_memory(struct parser *p)
{
	return parser__fail(p, "no memory for the plan; free some and try again");
}

/* Makes room for @more elements after the first @nr and clears them. */
static void *plan__grow(void *array, size_t nr, size_t more, size_t size)
{
	char *p = reallocarray(array, nr + more, size);

	if (p)
		memset(p + nr * size, 0, more * size);
	return p;
}

/* A new, cleared element at the end of plan->ARRAY, or NULL */
#define plan__append(plan, array) ({							\
	void *__p = plan__grow((plan)->array, (plan)->nr_##array, 1, sizeof(*(plan)->array)); \
	if (__p)								\
		(plan)->array = __p;						\
	__p ? &(plan)->array[(plan)->nr_##array++] : NULL;			\
})

/* Words and keys of a line */

static const char *parser__find_key(struct parser *p, const char *key)
{
	size_t i;

	for (i = p->nr_names; i < p->nr_words; i++)
		if (!strcmp(p->words[i].key, key))
			return p->words[i].value;
	return NULL;
}

static const char *parser__get_key(struct parser *p, const char *key)
{
	const char *value = parser__find_key(p, key);

	if (!value)
		parser__fail(p, "'%s' lacks '%s='; write: %s", p->keyword->name, key, p->keyword->usage);
	return value;
}

static int parser__check_key(struct parser *p, size_t word)
{
	const char *key = p->words[word].key;
	size_t i;

	for (i = p->nr_names; i < word; i++)
		if (!strcmp(p->words[i].key, key))
			return parser__fail(p, "'%s=' is given twice; remove one", key);
	for (i = 0; i < MAX_KEYS && p->keyword->keys[i]; i++)
		if (!strcmp(p->keyword->keys[i], key))
			return 0;
	return parser__fail(p, "'%s' knows no key '%s'; write: %s", p->keyword->name, key,
		    p->keyword->usage);
}

static int parser__check_words(struct parser *p)
{
	size_t i;

	for (p->nr_names = 0; p->nr_names < p->nr_words; p->nr_names++)
		if (p->words[p->nr_names].key)
			break;
	for (i = p->nr_names; i < p->nr_words; i++)
		if (!p->words[i].key)
			return parser__fail(p, "'%s' stands where a 'key=value' is expected; write: %s",
				    p->words[i].value, p->keyword->usage);
	if (p->nr_names != p->keyword->nr_names)
		return parser__fail(p, "'%s' takes %zu word%s before its keys, not %zu; write: %s",
			    p->keyword->name, p->keyword->nr_names,
			    p->keyword->nr_names == 1 ? "" : "s", p->nr_names,
			    p->keyword->usage);
	for (i = p->nr_names; i < p->nr_words; i++)
		if (parser__check_key(p, i))
			return -1;
	return 0;
}

/*
 * Takes one word from *@text, removes its quotes in place and cuts it off. The '=' that splits
 * it is the first one outside quotes.
 */
static int parser__take_word(struct parser *p, char **text, struct word *word)
{
	char *in = *text, *out = *text;
	bool quoted = false, more;

	word->key = NULL;
	word->value = out;
	for (; *in && (quoted || !isspace((unsigned char)*in)); in++) {
		if (*in == '"') {
			quoted = !quoted;
		} else if (*in == '\\' && quoted && (in[1] == '"' || in[1] == '\\')) {
			*out++ = *++in;
		} else if (*in == '=' && !quoted && !word->key) {
			*out++ = '\0';
			word->key = word->value;
			word->value = out;
		} else {
			*out++ = *in;
		}
	}
	if (quoted)
		return parser__fail(p, "a quote is not closed; end it with '\"' on the same line");
	more = *in;
	*out = '\0';
	*text = more ? in + 1 : in;
	return 0;
}

static int parser__split_words(struct parser *p, char *text)
{
	p->nr_words = 0;
	for (;;) {
		while (isspace((unsigned char)*text))
			text++;
		if (!*text || *text == '#')
			return 0;
		if (p->nr_words == MAX_WORDS)
			return parser__fail(p, "more than %d words; write: %s", MAX_WORDS,
				    p->keyword->usage);
		if (parser__take_word(p, &text, &p->words[p->nr_words]))
			return -1;
		p->nr_words++;
	}
}

/* Values */

static int parser__suffix_shift(const char *end)
{
	static const char suffixes[] = "KMGT";
	const char *s;

	if (!*end)
		return 0;
	s = strchr(suffixes, toupper((unsigned char)*end));
	if (!s || end[1])
		return -1;
	return 10 * (int)(s - suffixes + 1);
}

static int parser__number(struct parser *p, const char *key, const char *value, uint64_t *out)
{
	char *end;
	int shift;

	errno = 0;
	*out = strtoull(value, &end, 0);
	shift = parser__suffix_shift(end);
	if (!isdigit((unsigned char)*value) || end == value || shift < 0)
		return parser__fail(p, "'%s=%s' is no number; write e.g. 0x1000, 64K or 8M", key, value);
	if (errno || *out > UINT64_MAX >> shift)
		return parser__fail(p, "'%s=%s' does not fit into 64 bits; use a smaller number", key,
			    value);
	*out <<= shift;
	return 0;
}

static int parser__get_number(struct parser *p, const char *key, uint64_t *out)
{
	const char *value = parser__get_key(p, key);

	return value ? parser__number(p, key, value, out) : -1;
}

static int parser__get_number_or(struct parser *p, const char *key, uint64_t *out, uint64_t missing)
{
	const char *value = parser__find_key(p, key);

	*out = missing;
	return value ? parser__number(p, key, value, out) : 0;
}

static int parser__get_yes_no(struct parser *p, const char *key, bool *out)
{
	const char *value = parser__find_key(p, key);

	*out = value && !strcmp(value, "yes");
	if (value && !*out && strcmp(value, "no"))
		return parser__fail(p, "'%s=%s' is neither yes nor no; write one of them", key, value);
	return 0;
}

static int parser__check_name(struct parser *p, const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			break;
	if (!*name || *c)
		return parser__fail(p, "'%s' is no name; use letters, digits, '-', '_' and '.'", name);
	return 0;
}

/* Finds the element of plan->ARRAY with the name, as an index; SIZE_MAX: there is none */
#define plan__find_named(plan, array, wanted) ({					\
	size_t __i;								\
	for (__i = 0; __i < (plan)->nr_##array; __i++)				\
		if (!strcmp((plan)->array[__i].name, wanted))			\
			break;							\
	__i == (plan)->nr_##array ? SIZE_MAX : __i;				\
})

static int keyword__fail_unknown(struct parser *p, const char *kind, const char *name)
{
	return parser__fail(p, "there is no %s '%s' above this line; declare it with '%s %s ...' first",
		    kind, name, kind, name);
}

static int keyword__fail_twice(struct parser *p, const char *kind, const char *name, int line)
{
	return parser__fail(p, "%s '%s' is declared on line %d already; take another name", kind, name,
		    line);
}

static int keyword__get_hwpt(struct parser *p, size_t *out)
{
	const char *name = p->words[0].value;

	*out = plan__find_named(p->plan, hwpts, name);
	return *out == SIZE_MAX ? keyword__fail_unknown(p, "hwpt", name) : 0;
}

/* Keywords */

static int keyword__session(struct parser *p)
{
	const char *name = p->words[0].value;

	if (p->plan->session)
		return parser__fail(p, "the session is named on line %d already; remove one",
			    p->plan->session_line);
	if (parser__check_name(p, name))
		return -1;
	if (strlen(name) >= SESSION_NAME_SIZE)
		return parser__fail(p, "the session's name is longer than %d characters; shorten it",
			    SESSION_NAME_SIZE - 1);
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

bool plan__parse_bdf(const char *text, char bdf[PLAN_BDF_SIZE])
{
	unsigned int segment, bus, slot, function;
	char rest;

	if (sscanf(text, "%4x:%2x:%2x.%1u%c", &segment, &bus, &slot, &function, &rest) != 4) {
		segment = 0;
		if (sscanf(text, "%2x:%2x.%1u%c", &bus, &slot, &function, &rest) != 3)
			return false;
	}
	if (slot > 0x1f || function > 7)
		return false;
	snprintf(bdf, PLAN_BDF_SIZE, "%04x:%02x:%02x.%u", segment & 0xffff, bus & 0xff, slot,
		 function);
	return true;
}

static int keyword__device(struct parser *p)
{
	const char *name = p->words[0].value;
	size_t i = plan__find_named(p->plan, devices, name);
	struct plan_device *dev;
	char bdf[PLAN_BDF_SIZE];

	if (parser__check_name(p, name))
		return -1;
	if (i != SIZE_MAX)
		return keyword__fail_twice(p, "device", name, p->plan->devices[i].line);
	if (!plan__parse_bdf(p->words[1].value, bdf))
		return parser__fail(p, "'%s' is no PCI address; write it like 0000:00:04.0",
			    p->words[1].value);
	for (i = 0; i < p->plan->nr_devices; i++)
		if (!strcmp(p->plan->devices[i].bdf, bdf))
			return parser__fail(p, "device %s is declared on line %d already; use that name",
				    bdf, p->plan->devices[i].line);
	dev = plan__append(p->plan, devices);
	if (!dev)
		return parser__fail_no_memory(p);
	memcpy(dev->bdf, bdf, sizeof(dev->bdf));
	dev->line = p->line;
	dev->name = strdup(name);
	return dev->name ? 0 : parser__fail_no_memory(p);
}

static int keyword__memfd_keys(struct parser *p, struct plan_memfd *m)
{
	uint64_t unit;
	size_t i;

	if (parser__get_number(p, "size", &m->size) || parser__get_number(p, "token", &m->token) ||
	    parser__get_number_or(p, "seed", &m->seed, 1) || parser__get_yes_no(p, "huge", &m->huge))
		return -1;
	unit = m->huge ? PLAN_HUGE_PAGE : PLAN_PAGE;
	if (!m->size || m->size % unit)
		return parser__fail(p, "'size=' is not a multiple of %lluK%s; round it up",
			    (unsigned long long)unit >> 10, m->huge ? " (huge=yes)" : "");
	for (i = 0; i < p->plan->nr_memfds; i++)
		if (p->plan->memfds[i].token == m->token)
			return parser__fail(p, "token 0x%" PRIx64
				       " belongs to memfd '%s' on line %d already; take another",
				    m->token, p->plan->memfds[i].name, p->plan->memfds[i].line);
	return 0;
}

static int keyword__memfd(struct parser *p)
{
	const char *name = p->words[0].value;
	size_t i = plan__find_named(p->plan, memfds, name);
	struct plan_memfd memfd = { .line = p->line }, *m;

	if (parser__check_name(p, name))
		return -1;
	if (i != SIZE_MAX)
		return keyword__fail_twice(p, "memfd", name, p->plan->memfds[i].line);
	if (keyword__memfd_keys(p, &memfd))
		return -1;
	m = plan__append(p->plan, memfds);
	if (!m)
		return parser__fail_no_memory(p);
	*m = memfd;
	m->name = strdup(name);
	return m->name ? 0 : parser__fail_no_memory(p);
}

static int keyword__get_ioas(struct parser *p, struct plan_hwpt *h)
{
	const char *name = parser__find_key(p, "ioas");
	const struct plan_hwpt *other;

	h->ioas = p->plan->nr_hwpts;
	if (!name)
		return 0;
	h->ioas = plan__find_named(p->plan, hwpts, name);
	if (h->ioas == SIZE_MAX)
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
	h->device = plan__find_named(p->plan, devices, device);
	if (h->device == SIZE_MAX)
		return keyword__fail_unknown(p, "device", device);
	h->marked = parser__find_key(p, "token");
	if (parser__get_number_or(p, "token", &h->token, 0) || keyword__get_ioas(p, h))
		return -1;
	for (i = 0; h->marked && i < p->plan->nr_hwpts; i++)
		if (p->plan->hwpts[i].marked && p->plan->hwpts[i].token == h->token)
			return parser__fail(p, "token 0x%" PRIx64
				       " belongs to hwpt '%s' on line %d already; take another",
				    h->token, p->plan->hwpts[i].name, p->plan->hwpts[i].line);
	return 0;
}

static int keyword__hwpt(struct parser *p)
{
	const char *name = p->words[0].value;
	size_t i = plan__find_named(p->plan, hwpts, name);
	struct plan_hwpt hwpt = { .line = p->line }, *h;

	if (parser__check_name(p, name))
		return -1;
	if (i != SIZE_MAX)
		return keyword__fail_twice(p, "hwpt", name, p->plan->hwpts[i].line);
	if (keyword__hwpt_keys(p, &hwpt))
		return -1;
	h = plan__append(p->plan, hwpts);
	if (!h)
		return parser__fail_no_memory(p);
	*h = hwpt;
	h->name = strdup(name);
	return h->name ? 0 : parser__fail_no_memory(p);
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
		return parser__fail(p, "the area at iova 0x%" PRIx64 " ends at offset 0x%" PRIx64
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
		return parser__fail(p, "iova, offset, length, stride and step must be multiples of 4K and "
			       "length not 0; round them");
	if (!count || count > MAX_COUNT)
		return parser__fail(p, "'count=' must be between 1 and %d; change it", MAX_COUNT);
	if (count > 1 && stride < a->length)
		return parser__fail(p, "'stride=' is less than 'length=', so that the areas would overlap; "
			       "make it larger");
	if (__builtin_mul_overflow(count - 1, stride, &last) ||
	    __builtin_add_overflow(last, a->iova, &last) ||
	    __builtin_add_overflow(last, a->length, &end) ||
	    __builtin_mul_overflow(count - 1, step, &last) ||
	    __builtin_add_overflow(last, a->offset, &last) ||
	    __builtin_add_overflow(last, a->length, &end))
		return parser__fail(p, "the area goes beyond 64 bits; use smaller numbers");
	return 0;
}

static int keyword__fail_shared_area(struct parser *p, size_t hwpt)
{
	const struct plan_hwpt *h = &p->plan->hwpts[hwpt];
	const char *other = p->plan->hwpts[h->ioas].name;

	return parser__fail(p, "hwpt '%s' has no areas of its own, it maps those of hwpt '%s' (line %d); "
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
	area.memfd = plan__find_named(p->plan, memfds, memfd);
	if (area.memfd == SIZE_MAX)
		return keyword__fail_unknown(p, "memfd", memfd);
	if (parser__get_number(p, "iova", &area.iova) || parser__get_number_or(p, "offset", &area.offset, 0))
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
	    parser__get_number(p, "to", &probe.to) || parser__get_number(p, "length", &probe.length))
		return -1;
	if (!probe.length || (probe.from | probe.to | probe.length) % 8)
		return parser__fail(p, "from, to and length must be multiples of 8 and length not 0; "
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

	if (parser__number(p, "abort", p->words[0].value, &times))
		return -1;
	if (times > MAX_COUNT)
		return parser__fail(p, "more than %d aborts; take fewer", MAX_COUNT);
	p->plan->aborts = times;
	return 0;
}

static int keyword__retrieve(struct parser *p)
{
	const char *order = p->words[0].value;

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
		if (!strcmp(stage_names[stage], p->rest))
			break;
	if (stage == PLAN_NR_STAGES)
		return parser__fail(p, "there is no stage '%s'; "
			       "write mapped, marked, preserved, aborted, before-kexec, "
			       "retrieved, reclaimed or finished",
			    p->rest);
	if (!*command)
		return parser__fail(p, "the hook has no command; write: %s", p->keyword->usage);
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
	{ "kernel", "kernel image=FILE [initrd=FILE] [cmdline=\"@CMDLINE@ WORD...\"]",
	  keyword__kernel, 0, false, { "image", "initrd", "cmdline" } },
	{ "iommufd", "iommufd token=N", keyword__iommufd, 0, false, { "token" } },
	{ "device", "device NAME BDF", keyword__device, 2, false, {} },
	{ "memfd", "memfd NAME size=N token=N [huge=yes|no] [seed=N]", keyword__memfd, 1, false,
	  { "size", "token", "huge", "seed" } },
	{ "hwpt", "hwpt NAME device=DEVICE [token=N] [ioas=HWPT]", keyword__hwpt, 1, false,
	  { "device", "token", "ioas" } },
	{ "area", "area HWPT iova=N memfd=MEMFD [offset=N] [length=N] [perm=r|w|rw] [count=N] "
		  "[stride=N] [step=N]",
	  keyword__area, 1, false,
	  { "iova", "memfd", "offset", "length", "perm", "count", "stride", "step" } },
	{ "probe", "probe HWPT from=IOVA to=IOVA length=N", keyword__probe, 1, false,
	  { "from", "to", "length" } },
	{ "hole", "hole HWPT iova=N [dir=read|write|both]", keyword__hole, 1, false,
	  { "iova", "dir" } },
	{ "abort", "abort TIMES", keyword__abort, 1, false, {} },
	{ "retrieve", "retrieve iommufd-first|memfds-first", keyword__retrieve, 1, false, {} },
	{ "assert", "assert [marks] [order] [attach]", keyword__assert, 0, true, {} },
	{ "hook", "hook STAGE COMMAND", keyword__hook, 0, true, {} },
};

static const struct keyword *keyword__find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		if (!strcmp(keywords[i].name, name))
			return &keywords[i];
	return NULL;
}

static int parser__line(struct parser *p, char *text)
{
	char *name;

	text += strspn(text, " \t\r");
	if (!*text || *text == '#')
		return 0;
	text[strcspn(text, "\r")] = '\0';
	name = text;
	text += strcspn(text, " \t");
	if (*text)
		*text++ = '\0';
	p->rest = text + strspn(text, " \t");
	p->keyword = keyword__find(name);
	if (!p->keyword)
		return parser__fail(p, "'%s' is no keyword; write session, kernel, iommufd, device, memfd, "
			       "hwpt, area, probe, hole, abort, retrieve, assert or hook",
			    name);
	if (!p->keyword->raw && (parser__split_words(p, p->rest) || parser__check_words(p)))
		return -1;
	return p->keyword->parse(p);
}

/* Checks that need the whole plan */

static int check__by_hwpt_and_iova(const void *a, const void *b)
{
	const struct plan_area *x = *(const struct plan_area *const *)a;
	const struct plan_area *y = *(const struct plan_area *const *)b;

	if (x->hwpt != y->hwpt)
		return x->hwpt < y->hwpt ? -1 : 1;
	return (x->iova > y->iova) - (x->iova < y->iova);
}

static int check__fail_overlap(struct parser *p, const struct plan_area *a, const struct plan_area *b)
{
	const struct plan_area *first = a->line < b->line ? a : b, *second = first == a ? b : a;

	return parser__fail_at(p, second->line, "the area at iova 0x%" PRIx64
		       " overlaps the one at iova 0x%" PRIx64 " of line %d; move one",
		       second->iova, first->iova, first->line);
}

/* Areas of one HWPT do not overlap. There may be half a million of them. */
static int check__areas(struct parser *p)
{
	size_t i, nr = p->plan->nr_areas;
	const struct plan_area **sorted = calloc(nr + 1, sizeof(*sorted));
	int err = 0;

	if (!sorted)
		return parser__fail_no_memory(p);
	for (i = 0; i < nr; i++)
		sorted[i] = &p->plan->areas[i];
	qsort(sorted, nr, sizeof(*sorted), check__by_hwpt_and_iova);
	for (i = 1; i < nr && !err; i++)
		if (sorted[i]->hwpt == sorted[i - 1]->hwpt &&
		    sorted[i]->iova < sorted[i - 1]->iova + sorted[i - 1]->length)
			err = check__fail_overlap(p, sorted[i - 1], sorted[i]);
	free(sorted);
	return err;
}

static bool check__overlap(const struct plan_area *a, uint64_t iova_a, const struct plan_area *b,
		    uint64_t iova_b, uint64_t length_a, uint64_t length_b)
{
	uint64_t offset_a = a->offset + (iova_a - a->iova);
	uint64_t offset_b = b->offset + (iova_b - b->iova);

	return a->memfd == b->memfd && offset_a < offset_b + length_b &&
	       offset_b < offset_a + length_a;
}

static int check__probe(struct parser *p, const struct plan_probe *probe)
{
	const struct plan_area *from, *to;

	from = plan__find_area(p->plan, probe->hwpt, probe->from, probe->length);
	to = plan__find_area(p->plan, probe->hwpt, probe->to, probe->length);
	if (!from || !(from->perm & PLAN_READ))
		return parser__fail_at(p, probe->line, "no readable area of the hwpt holds [0x%" PRIx64
			       ", +0x%" PRIx64 "); change 'from=' or the area",
			       probe->from, probe->length);
	if (!to || !(to->perm & PLAN_WRITE))
		return parser__fail_at(p, probe->line, "no writable area of the hwpt holds [0x%" PRIx64
			       ", +0x%" PRIx64 "); change 'to=' or the area",
			       probe->to, probe->length);
	return 0;
}

/*
 * What a probe reads, no probe writes: then probes can be repeated, and what the memory must
 * hold after them is known from the plan alone.
 */
static int check__probe_pair(struct parser *p, const struct plan_probe *a,
			    const struct plan_probe *b)
{
	const struct plan_area *from, *to;

	from = plan__find_area(p->plan, a->hwpt, a->from, a->length);
	to = plan__find_area(p->plan, b->hwpt, b->to, b->length);
	if (check__overlap(from, a->from, to, b->to, a->length, b->length))
		return parser__fail_at(p, a->line, "the probe reads memory that the probe of line %d "
					   "writes; move one",
			       b->line);
	if (a >= b)
		return 0;
	from = plan__find_area(p->plan, a->hwpt, a->to, a->length);
	if (check__overlap(from, a->to, to, b->to, a->length, b->length))
		return parser__fail_at(p, b->line, "the probe writes memory that the probe of line %d "
					   "writes; move one",
			       a->line);
	return 0;
}

static int check__probes(struct parser *p)
{
	const struct plan *plan = p->plan;
	size_t i, j;

	for (i = 0; i < plan->nr_probes; i++)
		if (check__probe(p, &plan->probes[i]))
			return -1;
	for (i = 0; i < plan->nr_probes; i++)
		for (j = 0; j < plan->nr_probes; j++)
			if (check__probe_pair(p, &plan->probes[i], &plan->probes[j]))
				return -1;
	return 0;
}

static int check__holes(struct parser *p)
{
	const struct plan_area *area;
	const struct plan_hole *hole;
	size_t i;

	for (i = 0; i < p->plan->nr_holes; i++) {
		hole = &p->plan->holes[i];
		area = plan__find_area(p->plan, hole->hwpt, hole->iova, PLAN_HOLE_LENGTH);
		if (area && (area->perm & hole->dir))
			return parser__fail_at(p, hole->line, "iova 0x%" PRIx64
						      " is mapped by the area of line %d and would "
						      "not fault; change 'iova=' or 'dir='",
				       hole->iova, area->line);
	}
	return 0;
}

static int check__fail_both_probed(struct parser *p, const struct plan_hwpt *a,
			    const struct plan_hwpt *b)
{
	return parser__fail_at(p, a->line, "hwpt '%s' and hwpt '%s' both have probes or holes on device "
		       "'%s'; probe one per device", a->name, b->name,
		       p->plan->devices[a->device].name);
}

/* A device is attached to one HWPT at a time */
static int check__attached(struct parser *p)
{
	const struct plan *plan = p->plan;
	size_t i, j;

	for (i = 0; i < plan->nr_hwpts; i++)
		for (j = 0; j < i; j++)
			if (plan->hwpts[i].device == plan->hwpts[j].device &&
			    plan__hwpt_is_attached(plan, i) && plan__hwpt_is_attached(plan, j))
				return check__fail_both_probed(p, &plan->hwpts[i], &plan->hwpts[j]);
	return 0;
}

static int check__fail_token_of_iommufd(struct parser *p, const struct plan_memfd *m)
{
	return parser__fail_at(p, m->line, "token 0x%" PRIx64 " of memfd '%s' is also the iommufd's; "
		       "take another, or set it with 'iommufd token=N'", m->token, m->name);
}

static int check__plan(struct parser *p)
{
	const struct plan *plan = p->plan;
	size_t i;

	if (!plan->session)
		return parser__fail_at(p, p->line, "the plan names no session; add a line 'session NAME'");
	for (i = 0; i < plan->nr_memfds; i++)
		if (plan->memfds[i].token == plan->iommufd_token)
			return check__fail_token_of_iommufd(p, &plan->memfds[i]);
	if (check__areas(p) || check__probes(p) || check__holes(p))
		return -1;
	return check__attached(p);
}

static int parser__text(struct parser *p, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		p->line++;
		if (parser__line(p, line))
			return -1;
	}
	return check__plan(p);
}

struct plan *plan__parse(const char *file, const char *text, char *err, size_t err_size)
{
	struct parser p = { .file = file, .err = err, .err_size = err_size };
	char *copy = strdup(text);

	p.plan = calloc(1, sizeof(*p.plan));
	if (p.plan)
		p.plan->file = strdup(file);
	if (!p.plan || !p.plan->file || !copy) {
		parser__fail_no_memory(&p);
		goto err;
	}
	p.plan->iommufd_token = DEFAULT_IOMMUFD_TOKEN;
	p.plan->iommufd_first = true;
	if (parser__text(&p, copy))
		goto err;
	free(copy);
	return p.plan;
err:
	free(copy);
	plan__free(p.plan);
	return NULL;
}

static char *plan__read(FILE *f)
{
	size_t size = 0, room = 0;
	char *text = NULL, *more;

	do {
		if (room - size < 2) {
			room += 4096;
			more = realloc(text, room);
			if (!more)
				goto err;
			text = more;
		}
		size += fread(text + size, 1, room - size - 1, f);
	} while (!feof(f) && !ferror(f));
	if (ferror(f))
		goto err;
	text[size] = '\0';
	return text;
err:
	free(text);
	return NULL;
}

struct plan *plan__load(const char *file, char *err, size_t err_size)
{
	struct plan *plan = NULL;
	FILE *f = fopen(file, "re");
	char *text;

	if (!f) {
		snprintf(err, err_size, "%s: cannot open the plan: %s; name a readable file",
			 file, strerror(errno));
		return NULL;
	}
	text = plan__read(f);
	if (text)
		plan = plan__parse(file, text, err, err_size);
	else
		snprintf(err, err_size, "%s: cannot read the plan: %s; name a readable file",
			 file, strerror(errno));
	free(text);
	fclose(f);
	return plan;
}

void plan__free(struct plan *plan)
{
	size_t i;

	if (!plan)
		return;
	for (i = 0; i < plan->nr_devices; i++)
		free(plan->devices[i].name);
	for (i = 0; i < plan->nr_memfds; i++)
		free(plan->memfds[i].name);
	for (i = 0; i < plan->nr_hwpts; i++)
		free(plan->hwpts[i].name);
	for (i = 0; i < plan->nr_hooks; i++)
		free(plan->hooks[i].command);
	free(plan->kernel.image);
	free(plan->kernel.initrd);
	free(plan->kernel.cmdline);
	free(plan->devices);
	free(plan->memfds);
	free(plan->hwpts);
	free(plan->areas);
	free(plan->probes);
	free(plan->holes);
	free(plan->hooks);
	free(plan->session);
	free(plan->file);
	free(plan);
}

/* Checks that need all plans */

static int together__check_devices(struct parser *p, const struct plan *a, const struct plan *b)
{
	size_t i, j;

	for (i = 0; i < a->nr_devices; i++)
		for (j = 0; j < b->nr_devices; j++)
			if (!strcmp(a->devices[i].bdf, b->devices[j].bdf))
				return parser__fail_at(p, b->devices[j].line,
					       "device %s is in the plan %s too (line %d); "
					       "take it out of one of the plans",
					       b->devices[j].bdf, a->file, a->devices[i].line);
	return 0;
}

static int together__check_pair(const struct plan *a, const struct plan *b, char *err, size_t err_size)
{
	struct parser p = { .file = b->file, .err = err, .err_size = err_size };

	if (!strcmp(a->session, b->session))
		return parser__fail_at(&p, b->session_line,
			       "session '%s' is in the plan %s too (line %d); "
			       "take another name, or name each plan once",
			       b->session, a->file, a->session_line);
	if (a->kernel.image && b->kernel.image)
		return parser__fail_at(&p, b->kernel.line,
			       "the plan %s names a kernel too (line %d), and there is one kexec "
			       "for all plans; remove one",
			       a->file, a->kernel.line);
	return together__check_devices(&p, a, b);
}

int plan__check_together(struct plan *const *plans, size_t nr, bool need_kernel, char *err,
			 size_t err_size)
{
	bool has_kernel = false;
	size_t i, j;

	for (i = 0; i < nr; i++) {
		for (j = 0; j < i; j++)
			if (together__check_pair(plans[j], plans[i], err, err_size))
				return -1;
		has_kernel |= plans[i]->kernel.image != NULL;
	}
	if (has_kernel || !need_kernel)
		return 0;
	snprintf(err, err_size, "%s: %s a kernel; add a line 'kernel image=FILE', or give "
				"--no-kexec",
		 plans[0]->file, nr == 1 ? "the plan does not name" :
					   "neither this plan nor another one names");
	return -1;
}

/* Questions about a plan */

bool plan__shares_ioas(const struct plan *plan, size_t hwpt)
{
	return plan->hwpts[hwpt].ioas != hwpt;
}

bool plan__ioas_is_marked(const struct plan *plan, size_t hwpt)
{
	size_t i;

	for (i = 0; i < plan->nr_hwpts; i++)
		if (plan->hwpts[i].marked && plan->hwpts[i].ioas == plan->hwpts[hwpt].ioas)
			return true;
	return false;
}

bool plan__maps(const struct plan *plan, size_t hwpt, const struct plan_area *area)
{
	return area->hwpt == plan->hwpts[hwpt].ioas;
}

const struct plan_area *plan__find_area(const struct plan *plan, size_t hwpt, uint64_t iova,
					uint64_t length)
{
	const struct plan_area *a;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++) {
		a = &plan->areas[i];
		if (plan__maps(plan, hwpt, a) && iova >= a->iova && length <= a->length &&
		    iova - a->iova <= a->length - length)
			return a;
	}
	return NULL;
}

bool plan__hwpt_is_attached(const struct plan *plan, size_t hwpt)
{
	size_t i;

	for (i = 0; i < plan->nr_probes; i++)
		if (plan->probes[i].hwpt == hwpt)
			return true;
	for (i = 0; i < plan->nr_holes; i++)
		if (plan->holes[i].hwpt == hwpt)
			return true;
	return false;
}

size_t plan__nr_marked(const struct plan *plan)
{
	size_t i, n = 0;

	for (i = 0; i < plan->nr_hwpts; i++)
		n += plan->hwpts[i].marked;
	return n;
}

static bool plan__is_free(const struct plan *plan, size_t hwpt, uint64_t iova, uint64_t length)
{
	const struct plan_area *a;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++) {
		a = &plan->areas[i];
		if (plan__maps(plan, hwpt, a) && iova + length > a->iova &&
		    iova < a->iova + a->length)
			return false;
	}
	return true;
}

bool plan__scratch_iova(const struct plan *plan, size_t hwpt, uint64_t *iova)
{
	const struct plan_area *a;
	bool found = false;
	uint64_t next;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++) {
		a = &plan->areas[i];
		next = a->iova + a->length;
		if (!plan__maps(plan, hwpt, a) || !plan__is_free(plan, hwpt, next, PLAN_PAGE))
			continue;
		*iova = next;
		found = true;
		/* Inside a table that the area has made anyway */
		if (next % PLAN_HUGE_PAGE)
			break;
	}
	return found;
}

/* Every IOMMU translates so much. */
#define SURELY_MAPPABLE	(1ull << 38)

bool plan__far_iova(const struct plan *plan, size_t hwpt, uint64_t *iova)
{
	const struct plan_area *a;
	uint64_t next;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++) {
		a = &plan->areas[i];
		next = (a->iova + a->length + PLAN_HUGE_PAGE - 1) / PLAN_HUGE_PAGE * PLAN_HUGE_PAGE;
		if (!plan__maps(plan, hwpt, a) || next >= SURELY_MAPPABLE ||
		    !plan__is_free(plan, hwpt, next, PLAN_HUGE_PAGE))
			continue;
		*iova = next;
		return true;
	}
	return false;
}

uint64_t plan__mapped_bytes(const struct plan *plan, size_t hwpt)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++)
		if (plan__maps(plan, hwpt, &plan->areas[i]))
			bytes += plan->areas[i].length;
	return bytes;
}

uint64_t plan__unused_token(const struct plan *plan)
{
	uint64_t token = UINT64_MAX;
	size_t i;

	for (i = 0; i < plan->nr_hwpts; i++)
		if (plan->hwpts[i].marked && plan->hwpts[i].token == token) {
			token--;
			i = (size_t)-1;
		}
	return token;
}

/* The command line */

/* Length of the word at @text; quotes protect blanks as they do in the kernel */
static size_t cmdline__word_length(const char *text)
{
	bool quoted = false;
	size_t n;

	for (n = 0; text[n] && (quoted || !isspace((unsigned char)text[n])); n++)
		if (text[n] == '"')
			quoted = !quoted;
	return n;
}

static size_t cmdline__key_length(const char *word, size_t length)
{
	const char *eq = memchr(word, '=', length);

	return eq ? (size_t)(eq - word) : length;
}

/* Does a word of @words have the same key? */
static bool cmdline__has_key(const char *words, const char *word, size_t length)
{
	size_t key = cmdline__key_length(word, length), n;

	for (;;) {
		words += strspn(words, " \t\n");
		n = cmdline__word_length(words);
		if (!n)
			return false;
		if (cmdline__key_length(words, n) == key && !memcmp(words, word, key))
			return true;
		words += n;
	}
}

static void cmdline__add_word(char *out, const char *word, size_t length)
{
	size_t used = strlen(out);

	if (used)
		out[used++] = ' ';
	memcpy(out + used, word, length);
	out[used + length] = '\0';
}

static void cmdline__add_running(char *out, const char *running, const char *template)
{
	size_t n;

	for (;;) {
		running += strspn(running, " \t\n");
		n = cmdline__word_length(running);
		if (!n)
			return;
		if (!cmdline__has_key(template, running, n))
			cmdline__add_word(out, running, n);
		running += n;
	}
}

char *plan__expand_cmdline(const char *template, const char *running)
{
	static const char mark[] = "@CMDLINE@";
	const char *word = template;
	size_t n, marks = 1;
	char *out;

	while ((word = strstr(word, mark))) {
		marks++;
		word += strlen(mark);
	}
	out = calloc(1, strlen(template) + marks * (strlen(running) + 1) + 1);
	if (!out)
		return NULL;
	for (word = template;; word += n) {
		word += strspn(word, " \t\n");
		n = cmdline__word_length(word);
		if (!n)
			return out;
		if (n == strlen(mark) && !memcmp(word, mark, n))
			cmdline__add_running(out, running, template);
		else
			cmdline__add_word(out, word, n);
	}
}
