// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of domains and processes: what is known, merged, and as records. Called all over lutrace.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "model/names.h"
#include "recording/recording.h"

struct process {
	__u32 pid;
	char comm[PROCESS_NAME_SIZE];
};

struct names {
	struct name *items;
	size_t nr, room;
	struct idmap *at;		/* identity: index */
	struct process *processes;
	size_t nr_processes, processes_room;
	struct idmap *process_at;	/* pid: index */
};

/* Text */

static void append(struct name_text *t, const char *fmt, ...) PRINTF(2, 3);
static void append(struct name_text *t, const char *fmt, ...)
{
	size_t n = strlen(t->s);
	va_list args;

	va_start(args, fmt);
	vsnprintf(t->s + n, sizeof(t->s) - n, fmt, args);
	va_end(args);
}

struct name_text name__text(const struct name *name)
{
	struct name_text t = { .s = "" };

	if (!name)
		return t;
	if (*name->session)
		append(&t, "session %s, iommufd 0x%llx", name->session, name->iommufd_token);
	if (name->has_hwpt)
		append(&t, "%sHWPT 0x%llx", *t.s ? ", " : "", name->hwpt_token);
	if (name->devices && *name->devices)
		append(&t, "%s%s", *t.s ? ", " : "", name->devices);
	return t;
}

struct name_text name__short(const struct name *name)
{
	struct name_text t = { .s = "" };

	if (name && *name->session)
		append(&t, "%s/0x%llx/", name->session, name->iommufd_token);
	else
		append(&t, "?/?/");
	if (name && name->has_hwpt)
		append(&t, "0x%llx", name->hwpt_token);
	else
		append(&t, "?");
	return t;
}

static bool claims_differ(const struct claim *a, const struct claim *b)
{
	return a->hwpt_token != b->hwpt_token ||
	       (*a->session && *b->session && (strcmp(a->session, b->session) ||
					       a->iommufd_token != b->iommufd_token));
}

static struct name_text claim_text(const struct claim *c)
{
	struct name name = { .iommufd_token = c->iommufd_token, .has_hwpt = true,
			     .hwpt_token = c->hwpt_token };

	memcpy(name.session, c->session, sizeof(name.session));
	return name__text(&name);
}

static struct name_text kind_text(unsigned int kind)
{
	struct name_text t = { .s = "" };

	append(&t, "%s cache coherency enforced%s%s",
	       kind & LUTRACE_HWPT_ENFORCE_CC ? "with" : "without",
	       kind & LUTRACE_HWPT_NEST_PARENT ? ", a nesting parent" : "",
	       kind & LUTRACE_HWPT_DIRTY ? ", for dirty tracking" : "");
	return t;
}

bool name__contradicts(const struct name *before, const struct name *now, bool *compared,
		       char *text, size_t size)
{
	static const char *const came_back[NR_NAME_AT] = {
		[NAME_RETRIEVED] = "was handed over", [NAME_RECLAIMED] = "was given to who asked for",
	};
	const struct claim *then = &before->claims[NAME_PRESERVED], *claim;
	int at;

	*compared = false;
	for (at = NAME_RETRIEVED; at < NR_NAME_AT && then->known; at++) {
		claim = &now->claims[at];
		if (!claim->known)
			continue;
		*compared = true;
		if (claims_differ(then, claim))
			snprintf(text, size, "was preserved as %s, and %s%s %s", claim_text(then).s,
				 came_back[at], at == NAME_RETRIEVED ? " as" : "",
				 claim_text(claim).s);
		else if (then->memory.kind && claim->memory.kind &&
			 then->memory.kind != claim->memory.kind)
			snprintf(text, size, "was preserved as a HWPT %s, and comes back as one %s",
				 kind_text(then->memory.kind).s, kind_text(claim->memory.kind).s);
		else
			continue;
		return true;
	}
	return false;
}

static bool memory_wrong(const struct name_memory *m, enum name_at at, char *text, size_t size)
{
	const char *when = at == NAME_PRESERVED ? "preserved" : "reclaimed";

	if (at == NAME_RETRIEVED && m->maps && !m->pinned)
		snprintf(text, size, "is in a session whose memory was not all kept where it is when the "
			 "iommufd was retrieved: it may have moved since");
	else if (at == NAME_RETRIEVED)
		return false;
	else if (m->maps && !m->compared)
		snprintf(text, size, "maps something, and no entry was compared with the memory of "
			 "its session when it was %s", when);
	else if (m->maps && !m->pinned)
		snprintf(text, size, "maps pages that were not pinned when it was %s", when);
	else if (m->frozen < m->sharers)
		snprintf(text, size, "maps what may be changed: %llu HWPTs of its IOAS were %s, and "
			 "the kernel counts %llu that freeze it", m->sharers, when, m->frozen);
	else
		return false;
	return true;
}

bool name__memory_wrong(const struct name *name, bool *known, char *text, size_t size)
{
	const struct name_memory *m;
	int at;

	*known = false;
	for (at = 0; at < NR_NAME_AT; at++) {
		m = &name->claims[at].memory;
		if (!m->known)
			continue;
		*known = true;
		if (memory_wrong(m, at, text, size))
			return true;
	}
	return false;
}

const char *name__devices(const struct name *name)
{
	if (!name || !name->devices)
		return "?";
	return *name->devices ? name->devices : "-";
}

/* Learning */

struct names *names__new(void)
{
	struct names *names = xcalloc(1, sizeof(*names));

	names->at = idmap__new();
	names->process_at = idmap__new();
	return names;
}

void names__free(struct names *names)
{
	size_t i;

	if (!names)
		return;
	for (i = 0; i < names->nr; i++)
		free(names->items[i].devices);
	free(names->items);
	free(names->processes);
	idmap__free(names->at);
	idmap__free(names->process_at);
	free(names);
}

static struct name *name_of(struct names *names, const struct name *name)
{
	uint64_t *at = idmap__find(names->at, name->ser_phys, name->generation, 0);

	if (at)
		return &names->items[*at];
	names->items = grow(names->items, names->nr, &names->room, sizeof(*names->items));
	idmap__set(names->at, name->ser_phys, name->generation, 0, names->nr);
	names->items[names->nr] = (struct name){ .ser_phys = name->ser_phys,
						 .generation = name->generation };
	return &names->items[names->nr++];
}

static bool learn_session(struct name *to, const struct name *from)
{
	char session[LUTRACE_SESSION_SIZE];

	memcpy(session, from->session, sizeof(session));
	session[sizeof(session) - 1] = '\0';
	make_printable(session);
	if (!*session || (!strcmp(session, to->session) &&
			  to->iommufd_token == from->iommufd_token))
		return false;
	strcpy(to->session, session);
	to->iommufd_token = from->iommufd_token;
	return true;
}

static bool learn_hwpt(struct name *to, const struct name *from)
{
	bool new_token = from->has_hwpt &&
			 (!to->has_hwpt || to->hwpt_token != from->hwpt_token);
	bool new_id = from->hwpt_id && to->hwpt_id != from->hwpt_id;

	if (new_token) {
		to->has_hwpt = true;
		to->hwpt_token = from->hwpt_token;
	}
	if (new_id)
		to->hwpt_id = from->hwpt_id;
	return new_token || new_id;
}

/* Devices are detached before a domain goes: that it had some is not forgotten. */
static bool learn_devices(struct name *to, const struct name *from)
{
	char *devices;

	if (!from->devices || (to->devices && !*from->devices))
		return false;
	devices = xstrdup(from->devices);
	make_printable(devices);
	if (to->devices && !strcmp(devices, to->devices)) {
		free(devices);
		return false;
	}
	free(to->devices);
	to->devices = devices;
	return true;
}

static bool memory_same(const struct name_memory *a, const struct name_memory *b)
{
	return a->known == b->known && a->maps == b->maps && a->pinned == b->pinned &&
	       a->kind == b->kind && a->compared == b->compared && a->frozen == b->frozen && a->sharers == b->sharers;
}

static bool learn_claims(struct name *to, const struct name *from)
{
	bool learnt = false;
	struct claim claim;
	int at;

	for (at = 0; at < NR_NAME_AT; at++) {
		claim = from->claims[at];
		if (!claim.known)
			continue;
		claim.session[sizeof(claim.session) - 1] = '\0';
		make_printable(claim.session);
		/* It may be told of again, when nothing is said of its memory */
		if (!claim.memory.known)
			claim.memory = to->claims[at].memory;
		if (to->claims[at].known && to->claims[at].hwpt_token == claim.hwpt_token &&
		    to->claims[at].iommufd_token == claim.iommufd_token &&
		    memory_same(&to->claims[at].memory, &claim.memory) &&
		    !strcmp(to->claims[at].session, claim.session))
			continue;
		to->claims[at] = claim;
		learnt = true;
	}
	return learnt;
}

const struct name *names__learn(struct names *names, const struct name *name)
{
	struct name *to = name_of(names, name);
	bool learnt = learn_session(to, name);

	learnt |= learn_hwpt(to, name);
	learnt |= learn_claims(to, name);
	learnt |= learn_devices(to, name);
	return learnt ? to : NULL;
}

const struct name *names__find(const struct names *names, __u64 ser_phys, __u64 generation)
{
	uint64_t *at = names ? idmap__find(names->at, ser_phys, generation, 0) : NULL;

	return at ? &names->items[*at] : NULL;
}

bool names__learn_process(struct names *names, __u32 pid, const char *comm)
{
	uint64_t *at = idmap__find(names->process_at, pid, 0, 0);
	struct process *p, new = { .pid = pid };

	snprintf(new.comm, sizeof(new.comm), "%s", comm);
	make_printable(new.comm);
	if (!*new.comm || (at && !strcmp(names->processes[*at].comm, new.comm)))
		return false;
	if (!at) {
		names->processes = grow(names->processes, names->nr_processes,
					&names->processes_room, sizeof(*p));
		idmap__set(names->process_at, pid, 0, 0, names->nr_processes);
		names->nr_processes++;
		at = idmap__find(names->process_at, pid, 0, 0);
	}
	names->processes[*at] = new;
	return true;
}

const char *names__process(const struct names *names, __u32 pid)
{
	uint64_t *at = names ? idmap__find(names->process_at, pid, 0, 0) : NULL;

	return at ? names->processes[*at].comm : "";
}

size_t names__count(const struct names *names)
{
	return names ? names->nr : 0;
}

const struct name *names__at(const struct names *names, size_t i)
{
	return &names->items[i];
}

const char *names__process_at(const struct names *names, size_t i, __u32 *pid)
{
	if (i >= names->nr_processes)
		return NULL;
	*pid = names->processes[i].pid;
	return names->processes[i].comm;
}

static void forget_domains(struct names *names, struct idmap *gone)
{
	size_t i, nr = names->nr;
	struct name *name;

	idmap__clear(names->at);
	for (names->nr = i = 0; i < nr; i++) {
		name = &names->items[i];
		if (idmap__find(gone, name->ser_phys, name->generation, 0)) {
			free(name->devices);
			continue;
		}
		idmap__set(names->at, name->ser_phys, name->generation, 0, names->nr);
		names->items[names->nr++] = *name;
	}
}

static void forget_processes(struct names *names, struct idmap *pids)
{
	size_t i, nr = names->nr_processes;
	struct process *p;

	idmap__clear(names->process_at);
	for (names->nr_processes = i = 0; i < nr; i++) {
		p = &names->processes[i];
		if (!idmap__find(pids, p->pid, 0, 0))
			continue;
		idmap__set(names->process_at, p->pid, 0, 0, names->nr_processes);
		names->processes[names->nr_processes++] = *p;
	}
}

void names__forget(struct names *names, struct idmap *gone, struct idmap *pids)
{
	forget_domains(names, gone);
	forget_processes(names, pids);
}

void names__merge(struct names *names, const struct names *from)
{
	size_t i;

	if (!from)
		return;
	for (i = 0; i < from->nr; i++)
		names__learn(names, &from->items[i]);
	for (i = 0; i < from->nr_processes; i++)
		names__learn_process(names, from->processes[i].pid, from->processes[i].comm);
}

void names__inherit(struct names *names, const struct names *before, __u64 ser_phys,
		    __u64 generation)
{
	const struct name *old = names__find(before, ser_phys, generation);
	const struct name *own = names__find(names, ser_phys, generation);
	struct name name;

	if (!old)
		return;
	name = *old;
	name.hwpt_id = 0;	/* an iommufd gives ids anew in each kernel */
	memset(name.claims, 0, sizeof(name.claims));	/* and these are what that kernel told */
	if (own && *own->session)
		*name.session = '\0';
	if (own && own->has_hwpt)
		name.has_hwpt = false;
	if (own && own->devices && *own->devices)
		name.devices = NULL;
	names__learn(names, &name);
}

/* In a recording */

static const char *const claim_keys[NR_NAME_AT] = {
	[NAME_PRESERVED] = "preserved_as", [NAME_RETRIEVED] = "retrieved_as",
	[NAME_RECLAIMED] = "reclaimed_as",
};

static const char *const memory_keys[NR_NAME_AT] = {
	[NAME_PRESERVED] = "preserved_memory", [NAME_RETRIEVED] = "retrieved_memory",
	[NAME_RECLAIMED] = "reclaimed_memory",
};

static const char *const kind_keys[NR_NAME_AT] = {
	[NAME_PRESERVED] = "preserved_kind", [NAME_RETRIEVED] = "retrieved_kind",
	[NAME_RECLAIMED] = "reclaimed_kind",
};

/* "preserved_memory=MAPS PINNED COMPARED FROZEN SHARERS" */
static struct name_text memory_lines(const struct name *name)
{
	struct name_text lines = { .s = "" };
	const struct name_memory *m;
	int at;

	for (at = 0; at < NR_NAME_AT; at++) {
		m = &name->claims[at].memory;
		if (m->known)
			append(&lines, "%s=%d %d %llu %llu %llu\n", memory_keys[at], m->maps,
			       m->pinned, m->compared, m->frozen, m->sharers);
	}
	return lines;
}

/* "preserved_kind=KIND" */
static struct name_text kind_lines(const struct name *name)
{
	struct name_text lines = { .s = "" };
	int at;

	for (at = 0; at < NR_NAME_AT; at++)
		if (name->claims[at].memory.kind)
			append(&lines, "%s=%u\n", kind_keys[at], name->claims[at].memory.kind);
	return lines;
}

static void read_memory(struct name_memory *m, const char *value)
{
	unsigned int maps, pinned;

	m->known = sscanf(value, "%u %u %llu %llu %llu", &maps, &pinned, &m->compared, &m->frozen,
			  &m->sharers) == 5;
	if (!m->known)
		return;
	m->maps = maps;
	m->pinned = pinned;
}

/* "preserved_as=HWPT IOMMUFD SESSION", or the HWPT's token alone */
static char *claim_lines(const struct name *name)
{
	char *lines = xstrdup(""), *longer;
	const struct claim *c;
	int at;

	for (at = 0; at < NR_NAME_AT; at++) {
		c = &name->claims[at];
		if (!c->known)
			continue;
		if (*c->session)
			longer = xasprintf("%s%s=0x%llx 0x%llx %s\n", lines, claim_keys[at],
					   c->hwpt_token, c->iommufd_token, c->session);
		else
			longer = xasprintf("%s%s=0x%llx\n", lines, claim_keys[at], c->hwpt_token);
		free(lines);
		lines = longer;
	}
	return lines;
}

static void read_claim(struct claim *c, char *value)
{
	char *end;

	c->known = true;
	c->hwpt_token = strtoull(value, &end, 0);
	if (*end != ' ')
		return;
	c->iommufd_token = strtoull(end + 1, &end, 0);
	if (*end == ' ')
		snprintf(c->session, sizeof(c->session), "%s", end + 1);
}

struct lutrace_rec *name__record(const struct name *name)
{
	struct name_text hwpt = { .s = "" }, memory = memory_lines(name), kinds = kind_lines(name);
	struct lutrace_name *rec;
	char *text, *session, *claims = claim_lines(name);
	size_t size;

	session = *name->session ? xasprintf("session=%s\niommufd=0x%llx\n", name->session,
					     name->iommufd_token) : xstrdup("");
	if (name->has_hwpt)
		append(&hwpt, "hwpt=0x%llx\n", name->hwpt_token);
	if (name->hwpt_id)
		append(&hwpt, "hwpt_id=%u\n", name->hwpt_id);
	text = xasprintf("%s%s%s%s%s%s%.*s%s", session, hwpt.s, claims, memory.s, kinds.s,
			 name->devices ? "devices=" : "",
			 LUTRACE_NAME_DEVICES, name->devices ? name->devices : "",
			 name->devices ? "\n" : "");
	size = sizeof(*rec) + (strlen(text) + 7) / 8 * 8;
	rec = xcalloc(1, size);
	*rec = (struct lutrace_name){ .rec = { LUTRACE_REC_NAME, size },
				      .ser_phys = name->ser_phys,
				      .generation = name->generation };
	memset(rec + 1, '\n', size - sizeof(*rec));
	memcpy(rec + 1, text, strlen(text));
	free(text);
	free(session);
	free(claims);
	return &rec->rec;
}

static void set_field(struct name *name, const char *key, char *value)
{
	int at;

	for (at = 0; at < NR_NAME_AT; at++) {
		if (!strcmp(key, claim_keys[at]))
			read_claim(&name->claims[at], value);
		if (!strcmp(key, memory_keys[at]))
			read_memory(&name->claims[at].memory, value);
		if (!strcmp(key, kind_keys[at]))
			name->claims[at].memory.kind = strtoul(value, NULL, 10);
	}
	if (!strcmp(key, "session"))
		snprintf(name->session, sizeof(name->session), "%s", value);
	else if (!strcmp(key, "iommufd"))
		name->iommufd_token = strtoull(value, NULL, 0);
	else if (!strcmp(key, "hwpt"))
		name->hwpt_token = strtoull(value, NULL, 0);
	else if (!strcmp(key, "hwpt_id"))
		name->hwpt_id = strtoul(value, NULL, 10);
	else if (!strcmp(key, "devices"))
		name->devices = value;
	name->has_hwpt |= !strcmp(key, "hwpt");
}

int names__learn_record(struct names *names, const struct lutrace_rec *rec)
{
	struct lutrace_name head;
	char *text, *line, *equals, *save;
	struct name name;

	if (rec->size < sizeof(head))
		return -1;
	if (rec->size > sizeof(head) && !((const char *)rec)[rec->size - 1])
		return 0;
	memcpy(&head, rec, sizeof(head));
	name = (struct name){ .ser_phys = head.ser_phys, .generation = head.generation };
	text = xcalloc(rec->size - sizeof(head) + 1, 1);
	memcpy(text, (const char *)rec + sizeof(head), rec->size - sizeof(head));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		equals = strchr(line, '=');
		if (!equals)
			continue;
		*equals = '\0';
		set_field(&name, line, equals + 1);
	}
	names__learn(names, &name);
	free(text);
	return 0;
}
