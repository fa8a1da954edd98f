// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds names for what the events of a session are about, in time and not too often. Keeps what is
 * known in a struct names (model/names.h). Called by `record`, `check`, `top` and `latency`. See namer.h.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/live.h"
#include "objects/lister.h"
#include "objects/namer.h"

/* A list goes through the open files of all processes. */
#define LIST_EVERY_NS	100000000ull
/* And takes no more than this part of the time. */
#define LIST_SHARE	20
/* What was not found so often will not be: its iommufd is closed, or its preserve failed. */
#define MAX_LISTS	3

struct identity {
	__u64 ser_phys, generation;
};

/* A HWPT that was told, and whose restore is still on its way. */
struct waiting {
	struct name name;
	__u64 root;
};

struct namer {
	const struct namer_ops *ops;
	void *priv;
	struct names *names;
	struct lister *lister;
	struct fault missing;		/* why there is none */
	struct idmap *nameless;		/* identity: how often it was not found */
	struct lutrace_event *restored;
	size_t nr_restored, room;
	struct idmap *by_root;		/* root: the last that was restored with it, in @restored */
	struct waiting *waiting;
	size_t nr_waiting, waiting_room;
	/* What is not preserved any more; the first were known at the last namer__repeat() */
	struct identity *ended;
	size_t nr_ended, ended_room, nr_ended_before;
	struct idmap *is_ended;
	struct idmap *pids;		/* of events since then */
	__u64 next_ns;
	struct fault *fault;		/* of the call that is running */
	bool failed;
};

static void namer__learn(struct namer *n, const struct name *name)
{
	const struct name *whole = names__learn(n->names, name);

	if (name->devices)
		idmap__remove(n->nameless, name->ser_phys, name->generation, 0);
	if (whole && n->ops->name && !n->failed && n->ops->name(n->priv, whole, n->fault))
		n->failed = true;
}

/* Returns whether it is known of which restore that root is. */
static bool namer__learn_of_root(struct namer *n, const struct name *name, __u64 root)
{
	uint64_t *at = idmap__find(n->by_root, root, 0, 0);
	struct name known = *name;

	if (!at)
		return false;
	known.ser_phys = n->restored[*at].ser_phys;
	known.generation = n->restored[*at].generation;
	namer__learn(n, &known);
	return true;
}

static void namer__on_name(void *priv, const struct name *name, __u64 root)
{
	struct namer *n = priv;

	if (name->ser_phys) {
		namer__learn(n, name);
	} else if (!namer__learn_of_root(n, name, root) && name->claims[NAME_RECLAIMED].known) {
		n->waiting = grow(n->waiting, n->nr_waiting, &n->waiting_room, sizeof(*n->waiting));
		n->waiting[n->nr_waiting] = (struct waiting){ *name, root };
		n->waiting[n->nr_waiting++].name.devices = NULL;
	}
}

/* The events that came before what was told by the last time have come by now. */
static void namer__listen(struct namer *n)
{
	size_t i;

	for (i = 0; i < n->nr_waiting; i++)
		namer__learn_of_root(n, &n->waiting[i].name, n->waiting[i].root);
	n->nr_waiting = 0;
	lister__told(n->lister);
}

struct namer *namer__open(bool verbose, const struct namer_ops *ops, void *priv)
{
	struct namer *n = xcalloc(1, sizeof(*n));

	n->ops = ops;
	n->priv = priv;
	n->names = names__new();
	n->nameless = idmap__new();
	n->by_root = idmap__new();
	n->is_ended = idmap__new();
	n->pids = idmap__new();
	n->lister = lister__open(false, verbose, namer__on_name, n, &n->missing);
	return n;
}

const char *namer__missing(const struct namer *n)
{
	return n->lister ? NULL : n->missing.text;
}

struct names *namer__names(struct namer *n)
{
	return n->names;
}

static int namer__name_process(struct namer *n, __u32 pid, struct fault *fault)
{
	char comm[PROCESS_NAME_SIZE];

	idmap__set(n->pids, pid, 0, 0, 1);
	if (*names__process(n->names, pid))
		return 0;
	process_name(pid, comm);
	if (!names__learn_process(n->names, pid, comm) || !n->ops->process)
		return 0;
	return n->ops->process(n->priv, pid, names__process(n->names, pid), fault);
}

/* What is retrieved has a name before its devices are known. */
static bool namer__has_name(struct namer *n, const struct lutrace_event *ev)
{
	const struct name *name = names__find(n->names, ev->ser_phys, ev->generation);

	return name && name->devices;
}

/* Its record is not used any more, or is another's. */
static bool namer__is_end(const struct lutrace_event *ev)
{
	if (ev->phase != LUTRACE_END)
		return false;
	return ev->op == LUTRACE_OP_RESTORE ||
		(ev->op == LUTRACE_OP_PRESERVE && ev->ret) ||
		(ev->op == LUTRACE_OP_UNPRESERVE && !ev->ret);
}

static void namer__note_end(struct namer *n, const struct lutrace_event *ev)
{
	n->ended = grow(n->ended, n->nr_ended, &n->ended_room, sizeof(*n->ended));
	n->ended[n->nr_ended++] = (struct identity){ ev->ser_phys, ev->generation };
	idmap__set(n->is_ended, ev->ser_phys, ev->generation, 0, 1);
}

/*
 * The kernel tells most names by itself when the iommufd was preserved. Until then no list is made: it
 * takes long, events are not read meanwhile, and the kexec may come right after the last of them.
 */
static void namer__note_nameless(struct namer *n, const struct lutrace_event *ev)
{
	if (!idmap__count(n->nameless) && n->next_ns < ev->time_ns + LIST_EVERY_NS)
		n->next_ns = ev->time_ns + LIST_EVERY_NS;
	idmap__set(n->nameless, ev->ser_phys, ev->generation, 0, 0);
}

int namer__event(struct namer *n, const struct lutrace_event *ev, struct fault *fault)
{
	if (op__is_flb(ev->op))
		return namer__name_process(n, ev->pid, fault);
	if (namer__is_end(ev))
		namer__note_end(n, ev);
	if (ev->op == LUTRACE_OP_RESTORE && ev->phase == LUTRACE_END && ev->top_phys) {
		n->restored = grow(n->restored, n->nr_restored, &n->room, sizeof(*n->restored));
		idmap__set(n->by_root, ev->top_phys, 0, 0, n->nr_restored);
		n->restored[n->nr_restored++] = *ev;
	}
	if (!namer__has_name(n, ev) &&
	    !idmap__find(n->nameless, ev->ser_phys, ev->generation, 0))
		namer__note_nameless(n, ev);
	return namer__name_process(n, ev->pid, fault);
}

/* Whether there is one without a name that is worth another list. */
static bool namer__is_list_due(struct namer *n)
{
	size_t pos = 0;
	uint64_t *tries;

	while ((tries = idmap__next(n->nameless, &pos)))
		if (*tries < MAX_LISTS)
			return true;
	return false;
}

/* An iommufd that is closed in the middle gives an error, and the next list may give none. */
static void namer__list(struct namer *n)
{
	struct fault ignored;
	size_t pos = 0;
	uint64_t *tries;

	lister__names(n->lister, &ignored);
	while ((tries = idmap__next(n->nameless, &pos)))
		++*tries;
}

static int namer__result(struct namer *n)
{
	return n->failed ? -1 : 0;
}

int namer__poll(struct namer *n, __u64 now_ns, struct fault *fault)
{
	__u64 end_ns;

	if (!n->lister)
		return 0;
	n->fault = fault;
	namer__listen(n);
	if (now_ns < n->next_ns || !namer__is_list_due(n))
		return namer__result(n);
	namer__list(n);
	end_ns = live__now();
	n->next_ns = end_ns + (end_ns - now_ns) * LIST_SHARE;
	if (n->next_ns < now_ns + LIST_EVERY_NS)
		n->next_ns = now_ns + LIST_EVERY_NS;
	return namer__result(n);
}

int namer__look(struct namer *n, struct fault *fault)
{
	if (!n->lister)
		return 0;
	n->fault = fault;
	namer__listen(n);
	namer__list(n);
	return namer__result(n);
}

const struct name *namer__find(struct namer *n, __u64 ser_phys, __u64 generation)
{
	uint64_t *tries = idmap__find(n->nameless, ser_phys, generation, 0);
	struct fault fault;

	if (tries && *tries < MAX_LISTS && namer__look(n, &fault))
		return NULL;
	return names__find(n->names, ser_phys, generation);
}

/* A name may come after the end: that one is forgotten in the second round. */
static void namer__forget_ended(struct namer *n)
{
	struct idmap *gone = idmap__new();
	size_t i;

	for (i = 0; i < n->nr_ended_before; i++) {
		idmap__set(gone, n->ended[i].ser_phys, n->ended[i].generation, 0, 1);
		idmap__remove(n->nameless, n->ended[i].ser_phys, n->ended[i].generation, 0);
		idmap__remove(n->is_ended, n->ended[i].ser_phys, n->ended[i].generation, 0);
	}
	names__forget(n->names, gone, n->pids);
	idmap__clear(n->pids);
	idmap__free(gone);
	n->nr_ended -= n->nr_ended_before;
	if (n->nr_ended)
		memmove(n->ended, n->ended + n->nr_ended_before, n->nr_ended * sizeof(*n->ended));
	n->nr_ended_before = n->nr_ended;
}

int namer__repeat(struct namer *n, const struct namer_ops *ops, void *priv, struct fault *fault)
{
	const struct name *name;
	const char *comm;
	__u32 pid;
	size_t i;

	namer__forget_ended(n);
	for (i = 0; (comm = names__process_at(n->names, i, &pid)); i++)
		if (ops->process(priv, pid, comm, fault))
			return -1;
	for (i = 0; i < names__count(n->names); i++) {
		name = names__at(n->names, i);
		if (!idmap__find(n->is_ended, name->ser_phys, name->generation, 0) &&
		    ops->name(priv, name, fault))
			return -1;
	}
	return 0;
}

struct lister *namer__lister(struct namer *n)
{
	return n->lister;
}

void namer__free(struct namer *n)
{
	if (!n)
		return;
	lister__free(n->lister);
	names__free(n->names);
	idmap__free(n->nameless);
	idmap__free(n->by_root);
	idmap__free(n->is_ended);
	idmap__free(n->pids);
	free(n->restored);
	free(n->waiting);
	free(n->ended);
	free(n);
}
