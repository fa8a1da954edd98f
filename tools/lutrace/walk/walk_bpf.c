// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the programs of bpf/walk.bpf.c: loads them, calls those that are called, and reads what the
 * others tell. Called by objects/lister.c and `walk`. See walk_bpf.h.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "walk.skel.h"	/* needs the types of bpf/events.h */
#include "walk/walk_bpf.h"

struct kreader {
	struct walk_bpf *skel;
	/* The programs' array maps, as the kernel and we see them both. */
	union lutrace_found *found;
	__u64 *addresses;
	void *pages;
	struct lutrace_digest *digest;
	struct ring_buffer *told;	/* NULL: not asked for, or this kernel cannot */
	told_fn on_told;
	void *priv;
};

#define FOUND_SIZE	(LUTRACE_FOUND_BATCH * sizeof(union lutrace_found))
#define ADDRESSES_SIZE	(LUTRACE_PAGE_BATCH * sizeof(__u64))
#define PAGES_SIZE	(LUTRACE_PAGE_BATCH * LUTRACE_PAGE_SIZE)

static int kreader__check_types(const struct btf *btf, bool any_kernel, struct fault *fault)
{
	if (!kernel__has_struct(btf, "iommufd_hwpt_paging"))
		return kernel__lacks(fault, "built-in iommufd (CONFIG_IOMMUFD=y) in its BTF");
	if (!kernel__has_member(btf, "iommu_domain", "is_iommupt"))
		return kernel__lacks(fault, "generic IOMMU page tables (CONFIG_IOMMU_PT=y)");
	if (!any_kernel && !kernel__has_member(btf, "iommufd_hwpt_paging", "liveupdate_token"))
		return kernel__lacks(fault, "HWPTs that can be marked for a live update");
	return 0;
}

/* Left out if this kernel has no such function, or nobody asked for what is told. */
static void kreader__want_told(const struct kreader *kr, const struct btf *btf, struct bpf_program *prog,
		      const char *function)
{
	bpf_program__set_autoload(prog, kr->on_told && kernel__has_function(btf, function));
}

static int kreader__check_kernel(struct kreader *kr, bool any_kernel, struct fault *fault)
{
	struct btf *btf = kernel__btf(fault);
	int err;

	if (!btf)
		return -1;
	err = kreader__check_types(btf, any_kernel, fault);
	kreader__want_told(kr, btf, kr->skel->progs.file_preserved, "luo_preserve_file");
	kreader__want_told(kr, btf, kr->skel->progs.file_retrieved, "luo_retrieve_file");
	kreader__want_told(kr, btf, kr->skel->progs.hwpt_reclaimed, "iommufd_hwpt_liveupdate_reclaim");
	btf__free(btf);
	return err;
}

static void *kreader__map_array(const struct bpf_map *map, size_t size, int prot)
{
	long page = sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, (size + page - 1) / page * page, prot, MAP_SHARED,
			bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

static int kreader__map_arrays(struct kreader *kr, struct fault *fault)
{
	kr->found = kreader__map_array(kr->skel->maps.found, FOUND_SIZE, PROT_READ);
	kr->addresses = kreader__map_array(kr->skel->maps.addresses, ADDRESSES_SIZE,
				  PROT_READ | PROT_WRITE);
	kr->pages = kreader__map_array(kr->skel->maps.pages, PAGES_SIZE, PROT_READ);
	kr->digest = kreader__map_array(kr->skel->maps.digests, sizeof(*kr->digest),
			       PROT_READ | PROT_WRITE);
	if (!kr->found || !kr->addresses || !kr->pages || !kr->digest)
		return fault__set(fault, "cannot map the maps of the walk programs: %s",
				  strerror(errno));
	return 0;
}

static int kreader__load(struct kreader *kr, const struct ksyms *ksyms, struct fault *fault)
{
	uint64_t ioctl = ksyms__address_of(ksyms, "iommufd_fops_ioctl");
	int err;

	if (!ioctl)
		return kernel__lacks(fault, "iommufd_fops_ioctl() (CONFIG_IOMMUFD=y, "
				     "CONFIG_KALLSYMS=y)");
	kr->skel->rodata->iommufd_ioctl = ioctl;
	kr->skel->rodata->session_ioctl = ksyms__address_of(ksyms, "luo_session_ioctl");
	err = walk_bpf__load(kr->skel);
	if (err)
		return kernel__bpf_failed(fault, "load the walk programs", err);
	return kreader__map_arrays(kr, fault);
}

static int kreader__on_told(void *priv, void *data, size_t size)
{
	struct kreader *kr = priv;

	(void)size;
	kr->on_told(kr->priv, data);
	return 0;
}

/* A kernel that cannot attach to functions tells nothing, and all else works. */
static void kreader__listen(struct kreader *kr)
{
	walk_bpf__attach(kr->skel);
	kr->told = ring_buffer__new(bpf_map__fd(kr->skel->maps.told), kreader__on_told, kr, NULL);
}

struct kreader *kreader__new(const struct ksyms *ksyms, const struct kreader_opts *opts,
			     struct fault *fault)
{
	struct kreader *kr;

	kernel__verbose(opts->verbose);
	if (kernel__bpf_unwanted(fault))
		return NULL;
	kr = xcalloc(1, sizeof(*kr));
	kr->on_told = opts->on_told;
	kr->priv = opts->priv;
	kr->skel = walk_bpf__open();
	if (!kr->skel)
		fault__set(fault, "cannot open the BPF programs: %s", strerror(errno));
	else
		bpf_program__set_autoload(kr->skel->progs.digest_tables, opts->deep);
	if (!kr->skel || kreader__check_kernel(kr, opts->any_kernel, fault) ||
	    kreader__load(kr, ksyms, fault)) {
		kreader__free(kr);
		return NULL;
	}
	if (kr->on_told)
		kreader__listen(kr);
	return kr;
}

void kreader__told(struct kreader *kr)
{
	if (kr->told)
		ring_buffer__consume(kr->told);
}

void kreader__free(struct kreader *kr)
{
	if (!kr)
		return;
	ring_buffer__free(kr->told);
	if (kr->found)
		munmap(kr->found, FOUND_SIZE);
	if (kr->addresses)
		munmap(kr->addresses, ADDRESSES_SIZE);
	if (kr->pages)
		munmap(kr->pages, PAGES_SIZE);
	if (kr->digest)
		munmap(kr->digest, sizeof(*kr->digest));
	walk_bpf__destroy(kr->skel);
	free(kr);
}

static int kreader__run(const struct bpf_program *prog, void *args, size_t size,
		       struct fault *fault)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = size);
	int err = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);

	return err ? kernel__bpf_failed(fault, "run a walk program", err) : 0;
}

/* One iommufd, and under which name a session has it, if one has. */
struct source {
	const struct lutrace_iommufd *file, *kept;
};

/* What an address in the map of what was seen is of. */
enum { SEEN_DOMAIN, SEEN_IOMMUFD };

static void found_hwpts__add(struct found_hwpts *out, const struct source *from,
		     const struct lutrace_hwpt *hwpt)
{
	struct found_hwpt *f;

	out->items = grow(out->items, out->nr, &out->room, sizeof(*out->items));
	f = &out->items[out->nr++];
	*f = (struct found_hwpt){ .hwpt = *hwpt, .pid = from->file->pid, .fd = from->file->fd };
	if (!from->kept)
		return;
	f->iommufd_token = from->kept->token;
	f->files = from->kept->files;
	memcpy(f->session, from->kept->session, sizeof(f->session));
}

static void found_hwpts__add_found(struct found_hwpts *out, const struct source *from, struct idmap *seen,
		      const union lutrace_found *found)
{
	const struct lutrace_hwpt *hwpt = &found->hwpt;

	if (found->rec.type == LUTRACE_FOUND_DEVICE) {
		out->devices = grow(out->devices, out->nr_devices, &out->devices_room,
				    sizeof(*out->devices));
		out->devices[out->nr_devices++] = found->device;
		return;
	}
	/* One that was not reclaimed has no domain, and is listed once. */
	if (hwpt->domain && idmap__find(seen, hwpt->domain, SEEN_DOMAIN, 0))
		return;
	if (hwpt->domain)
		idmap__set(seen, hwpt->domain, SEEN_DOMAIN, 0, 1);
	found_hwpts__add(out, from, hwpt);
}

/*
 * Adds what one iommufd has. *@gone is set, and nothing can be said, if it is not where it was found
 * any more.
 */
static int kreader__list_objects(struct kreader *kr, const struct source *from, bool incoming,
			struct idmap *seen, struct found_hwpts *out, bool *gone,
			struct fault *fault)
{
	struct lutrace_list_args args = { .ctx = from->file->ctx, .incoming = incoming,
					  .tid = from->file->tid, .fd = from->file->fd };
	__u32 i;

	do {
		if (kreader__run(kr->skel->progs.list_hwpts, &args, sizeof(args), fault))
			return -1;
		*gone = args.gone;
		if (args.gone)
			return 0;
		if (args.err)
			return fault__set(fault, "cannot read the objects of the iommufd that is "
					  "file %u of process %u: %s",
					  from->file->fd, from->file->pid, strerror(-args.err));
		for (i = 0; i < args.nr && i < LUTRACE_FOUND_BATCH; i++)
			found_hwpts__add_found(out, from, seen, &kr->found[i]);
	} while (!args.done);
	return 0;
}

/* Processes that have an iommufd or a session open; in the PID namespace that we are in. */
struct owners {
	struct lutrace_owner *items;
	size_t nr;
};

static int owners__read(int fd, struct owners *out)
{
	size_t len = 0, room = 0;
	char *list = NULL;
	ssize_t got;

	do {
		if (room - len < 4096) {
			room += 65536;
			list = xrealloc(list, room, 1);
		}
		got = read(fd, list + len, room - len);
		if (got > 0)
			len += got;
	} while (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)));
	out->items = (struct lutrace_owner *)list;
	out->nr = len / sizeof(*out->items);
	return got < 0 ? -errno : 0;
}

static int kreader__find_owners(struct kreader *kr, struct owners *out, struct fault *fault)
{
	struct bpf_link *link;
	int fd, err;

	link = bpf_program__attach_iter(kr->skel->progs.find_owners, NULL);
	if (!link)
		return kernel__bpf_failed(fault, "iterate over tasks", -errno);
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		bpf_link__destroy(link);
		return kernel__bpf_failed(fault, "iterate over tasks", fd);
	}
	err = owners__read(fd, out);
	close(fd);
	bpf_link__destroy(link);
	if (err) {
		free(out->items);
		return fault__set(fault, "cannot read the list of tasks: %s", strerror(-err));
	}
	return 0;
}

/* What is open: iommufds and sessions, and iommufds that sessions keep. */
struct open_files {
	struct lutrace_iommufd *items;
	size_t nr, room;
};

/* How often what changes while it is read is read again. */
#define MAX_TRIES	20

/* Adds what one task has open. Returns -EAGAIN if that changed meanwhile, else as kreader__run(). */
static int kreader__try_files(struct kreader *kr, const struct lutrace_owner *owner,
		     struct open_files *out, struct fault *fault)
{
	struct lutrace_files_args args = { .tid = owner->tid };
	__u32 i;

	do {
		if (kreader__run(kr->skel->progs.list_files, &args, sizeof(args), fault))
			return -1;
		if (args.err)
			return -EAGAIN;
		for (i = 0; i < args.nr && i < LUTRACE_FOUND_BATCH; i++) {
			out->items = grow(out->items, out->nr, &out->room, sizeof(*out->items));
			out->items[out->nr++] = kr->found[i].file;
		}
	} while (!args.done);
	return 0;
}

static int kreader__list_files(struct kreader *kr, const struct lutrace_owner *owner,
		      struct open_files *out, struct fault *fault)
{
	size_t before = out->nr;
	int err, tries;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		err = kreader__try_files(kr, owner, out, fault);
		if (err != -EAGAIN)
			return err;
		out->nr = before;
	}
	return fault__set(fault, "process %u opens and closes files faster than they can be read",
			  owner->pid);
}

static int kreader__find_files(struct kreader *kr, struct open_files *out, struct fault *fault)
{
	struct owners owners = { 0 };
	int err = 0;
	size_t i;

	*out = (struct open_files){ 0 };
	if (kreader__find_owners(kr, &owners, fault))
		return -1;
	for (i = 0; i < owners.nr && !err; i++)
		err = kreader__list_files(kr, &owners.items[i], out, fault);
	free(owners.items);
	if (err)
		free(out->items);
	return err;
}

/* Under which name a session keeps it; NULL: none does that is open. */
static const struct lutrace_iommufd *open_files__kept_as(const struct open_files *files, __u64 ctx)
{
	size_t i;

	for (i = 0; i < files->nr; i++)
		if (files->items[i].ctx == ctx && *files->items[i].session)
			return &files->items[i];
	return NULL;
}

/*
 * One iommufd is often open in many places, and its domains with it: each is listed once. *@again is
 * set if one was gone before it was read: it may be somewhere else by now.
 */
static int kreader__list_iommufds(struct kreader *kr, const struct open_files *files,
			 struct found_hwpts *out, bool *again, struct fault *fault)
{
	struct idmap *seen = idmap__new();
	const struct lutrace_iommufd *file;
	struct source from;
	int err = 0;
	size_t i;

	*again = false;
	for (i = 0; i < files->nr && !err && !*again; i++) {
		file = &files->items[i];
		if (!file->ctx || idmap__find(seen, file->ctx, SEEN_IOMMUFD, 0))
			continue;
		idmap__set(seen, file->ctx, SEEN_IOMMUFD, 0, 1);
		from = (struct source){ file, open_files__kept_as(files, file->ctx) };
		err = kreader__list_objects(kr, &from, false, seen, out, again, fault);
		if (!err && !*again)
			err = kreader__list_objects(kr, &from, true, seen, out, again, fault);
	}
	idmap__free(seen);
	return err;
}

int kreader__hwpts(struct kreader *kr, struct found_hwpts *out, struct fault *fault)
{
	struct open_files files;
	bool again = true;
	int err, tries;

	for (tries = 0; again && tries < MAX_TRIES; tries++) {
		*out = (struct found_hwpts){ 0 };
		if (kreader__find_files(kr, &files, fault))
			return -1;
		err = kreader__list_iommufds(kr, &files, out, &again, fault);
		free(files.items);
		if (err || again)
			found_hwpts__free(out);
		if (err)
			return err;
	}
	if (again)
		return fault__set(fault, "iommufds are opened and closed faster than they can be read");
	return 0;
}

int kreader__sessions(struct kreader *kr, size_t *nr, struct fault *fault)
{
	struct open_files files;
	size_t i;

	if (kreader__find_files(kr, &files, fault))
		return -1;
	*nr = 0;
	for (i = 0; i < files.nr; i++)
		*nr += files.items[i].rec.type == LUTRACE_FOUND_SESSION;
	free(files.items);
	return 0;
}

enum pt_format hwpt__format(const struct lutrace_hwpt *hwpt, const struct ksyms *ksyms,
			    const char **symbol)
{
	size_t tail = strlen("_map_range"), len;
	char name[64];

	*symbol = ksyms__name_at(ksyms, hwpt->map_range);
	if (!*symbol)
		return PT_UNKNOWN;
	len = strlen(*symbol);
	snprintf(name, sizeof(name), "%.*s", (int)(len - tail), *symbol);
	return pt__format_by_name(name);
}

enum walk_state kreader__digest(struct kreader *kr, struct lutrace_digest *d,
				struct fault *fault)
{
	struct lutrace_digest_args args = { 0 };

	*kr->digest = *d;
	if (kreader__run(kr->skel->progs.digest_tables, &args, sizeof(args), fault))
		return WALK_FAILED;
	*d = *kr->digest;
	if (args.err == -ESTALE)
		return WALK_CHANGED;
	if (args.err == -E2BIG)
		return WALK_TOO_LARGE;
	if (args.err == -EINVAL) {
		fault__set(fault, "a page table of format %s cannot have %u levels",
			   pt__format_name(d->format), d->top_level + 1);
		return WALK_FAILED;
	}
	if (args.err)
		return WALK_UNREADABLE;
	return args.done ? WALK_DONE : WALK_MORE;
}

void found_hwpts__free(struct found_hwpts *found)
{
	free(found->items);
	free(found->devices);
	*found = (struct found_hwpts){ 0 };
}

int kreader__pages(struct kreader *kr, const uint64_t *addresses, unsigned int nr, void *pages,
		   struct fault *fault)
{
	struct lutrace_read_args args = { .nr = nr };
	unsigned int i;

	if (nr > LUTRACE_PAGE_BATCH)
		return fault__set(fault, "%u pages are too many at once", nr);
	for (i = 0; i < nr; i++)
		kr->addresses[i] = addresses[i];
	if (kreader__run(kr->skel->progs.read_pages, &args, sizeof(args), fault))
		return -1;
	if (args.copied != nr)
		return fault__set(fault, "cannot read the kernel's page at 0x%" PRIx64 ": %s",
				  args.copied < nr ? addresses[args.copied] : 0,
				  strerror(-args.err));
	memcpy(pages, kr->pages, (size_t)nr * LUTRACE_PAGE_SIZE);
	return 0;
}
