// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares what a preserved HWPT maps with what its session's memfds hand over, piece by piece. Called by
 * deep.c. See contents.h.
 */
#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/fault.h"
#include "objects/contents.h"
#include "walk/kernel.h"

#define PAGE		PT_PAGE_SIZE
#define MAX_LEVELS	6u
/* What has more is not what it is taken for. */
#define MAX_FILES	(1u << 16)
#define MAX_HWPTS	(1u << 17)
#define MAX_AREA_PAGES	(1u << 20)

/* What a memfd hands over of a folio: the page frame in the low 52 bits, and the place in the file. */
#define FOLIO_SIZE	16u
#define FOLIO_INDEX	8u
#define PFN_MASK	((1ull << 52) - 1)
#define SER_LIVE	1u

struct memfd {
	uint64_t token, folios, nr;	/* address of the list of its folios, in the order of the file */
};

/* A page that was read, by its address. */
struct cached {
	bool valid;
	uint64_t address;
	uint8_t data[PAGE];
};

struct contents {
	const struct contents_layout *at;
	const struct contents_reader *reader;
	const struct contents_of *of;
	struct contents_result *out;
	struct memfd *memfds;
	size_t nr_memfds, room;
	uint64_t areas_phys;		/* of the HWPT, once it is found */
	bool found;
	uint64_t stride;		/* after each piece, so many times its entry is left out */
	struct cached virt, phys, folios, tables[MAX_LEVELS];
};

bool contents_layout__read(struct contents_layout *out, const struct btf *btf)
{
	const struct { long *at; const char *type, *member; } members[] = {
		{ &out->list, "luo_file", "list" },
		{ &out->handler, "luo_file", "fh" },
		{ &out->serialized, "luo_file", "serialized_data" },
		{ &out->private, "luo_file", "private_data" },
		{ &out->token, "luo_file", "token" },
		{ &out->compatible, "liveupdate_file_handler", "compatible" },
		{ &out->memfd_nr, "memfd_luo_ser", "nr_folios" },
		{ &out->nr_hwpts, "iommufd_ser", "nr_hwpts" },
		{ &out->hwpts, "iommufd_ser", "hwpts" },
		{ &out->domain_phys, "iommufd_hwpt_ser", "domain_phys" },
		{ &out->generation, "iommufd_hwpt_ser", "domain_generation" },
		{ &out->areas_phys, "iommufd_hwpt_ser", "areas_phys" },
		{ &out->next_phys, "iommufd_areas_ser", "next_phys" },
		{ &out->nr_areas, "iommufd_areas_ser", "nr_areas" },
		{ &out->areas, "iommufd_areas_ser", "areas" },
		{ &out->iova, "iommufd_area_ser", "iova" },
		{ &out->length, "iommufd_area_ser", "length" },
		{ &out->memfd_token, "iommufd_area_ser", "memfd_token" },
		{ &out->memfd_offset, "iommufd_area_ser", "memfd_offset" },
		{ &out->ser_state, "iommu_domain_ser", "state" },
		{ &out->ser_generation, "iommu_domain_ser", "generation" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		*members[i].at = kernel__offset_of(btf, members[i].type, members[i].member);
		if (*members[i].at < 0)
			return false;
	}
	out->hwpt_size = kernel__size_of(btf, "iommufd_hwpt_ser");
	out->area_size = kernel__size_of(btf, "iommufd_area_ser");
	return out->hwpt_size > 0 && out->area_size > 0 &&
	       kernel__size_of(btf, "memfd_luo_folio_ser") == FOLIO_SIZE &&
	       kernel__offset_of(btf, "memfd_luo_folio_ser", "index") == FOLIO_INDEX;
}

/* Reading */

typedef bool (*page_fn)(void *priv, uint64_t address, void *page);

/* @size bytes at @address, which may lie in two pages. */
static bool contents__read(const struct contents *c, page_fn page, struct cached *cached, uint64_t address,
			   void *out, size_t size)
{
	uint64_t in_page = address % PAGE, base = address - in_page;
	size_t here = size < PAGE - in_page ? size : PAGE - in_page;

	if (!cached->valid || cached->address != base) {
		cached->valid = page(c->reader->priv, base, cached->data);
		cached->address = base;
	}
	if (!cached->valid)
		return false;
	memcpy(out, cached->data + in_page, here);
	return here == size ||
	       contents__read(c, page, cached, base + PAGE, (uint8_t *)out + here, size - here);
}

static bool contents__virt(struct contents *c, uint64_t address, void *out, size_t size)
{
	return contents__read(c, c->reader->virt, &c->virt, address, out, size);
}

static bool contents__phys(struct contents *c, uint64_t phys, void *out, size_t size)
{
	return contents__read(c, c->reader->phys, &c->phys, phys, out, size);
}

/* What is handed over */

/* Looks for the HWPT among those of an iommufd. */
static bool contents__look_for_hwpt(struct contents *c, uint64_t ser)
{
	const struct contents_layout *at = c->at;
	uint64_t nr = 0, i, hwpt, domain_phys = 0, generation = 0;

	if (!contents__phys(c, ser + at->nr_hwpts, &nr, sizeof(nr)) || nr > MAX_HWPTS)
		return false;
	for (i = 0; i < nr; i++) {
		hwpt = ser + at->hwpts + i * at->hwpt_size;
		if (!contents__phys(c, hwpt + at->domain_phys, &domain_phys, sizeof(domain_phys)) ||
		    !contents__phys(c, hwpt + at->generation, &generation, sizeof(generation)))
			return false;
		if (domain_phys != c->of->ser_phys || generation != c->of->generation)
			continue;
		c->found = true;
		return contents__phys(c, hwpt + at->areas_phys, &c->areas_phys, sizeof(c->areas_phys));
	}
	return true;
}

static bool contents__add_memfd(struct contents *c, uint64_t file, uint64_t ser)
{
	struct memfd memfd;

	if (!contents__virt(c, file + c->at->token, &memfd.token, sizeof(memfd.token)) ||
	    !contents__virt(c, file + c->at->private, &memfd.folios, sizeof(memfd.folios)) ||
	    !contents__phys(c, ser + c->at->memfd_nr, &memfd.nr, sizeof(memfd.nr)))
		return false;
	c->memfds = grow(c->memfds, c->nr_memfds, &c->room, sizeof(*c->memfds));
	c->memfds[c->nr_memfds++] = memfd;
	return true;
}

static bool contents__look_at_file(struct contents *c, uint64_t file)
{
	char compatible[sizeof("memfd-v") - 1] = "";
	uint64_t handler = 0, ser = 0;

	if (!contents__virt(c, file + c->at->handler, &handler, sizeof(handler)) ||
	    !contents__virt(c, handler + c->at->compatible, compatible, sizeof(compatible)) ||
	    !contents__virt(c, file + c->at->serialized, &ser, sizeof(ser)))
		return false;
	if (!memcmp(compatible, "memfd-v", sizeof(compatible)))
		return contents__add_memfd(c, file, ser);
	if (!memcmp(compatible, "iommufd", sizeof(compatible)) && !c->found)
		return contents__look_for_hwpt(c, ser);
	return true;
}

static bool contents__look_at_files(struct contents *c)
{
	uint64_t at = 0;
	unsigned int i;

	if (!contents__virt(c, c->of->files, &at, sizeof(at)))
		return false;
	for (i = 0; at != c->of->files; i++) {
		if (i == MAX_FILES || !contents__look_at_file(c, at - c->at->list) ||
		    !contents__virt(c, at, &at, sizeof(at)))
			return false;
	}
	return c->found;
}

static const struct memfd *contents__memfd(const struct contents *c, uint64_t token)
{
	size_t i;

	for (i = 0; i < c->nr_memfds; i++)
		if (c->memfds[i].token == token)
			return &c->memfds[i];
	return NULL;
}

/* Comparing */

static bool contents__folio(struct contents *c, const struct memfd *memfd, uint64_t nr, uint64_t *pfn,
			    uint64_t *index)
{
	uint64_t folio[FOLIO_SIZE / sizeof(uint64_t)];

	if (!contents__read(c, c->reader->virt, &c->folios, memfd->folios + nr * FOLIO_SIZE, folio,
			    sizeof(folio)))
		return false;
	*pfn = folio[0] & PFN_MASK;
	*index = folio[FOLIO_INDEX / sizeof(uint64_t)];
	return true;
}

/*
 * Where the page @index of the memfd is, and how many pages from there on are in the same folio; 0 pages if
 * there is no folio, which no preserved memfd has.
 */
static bool contents__page_of(struct contents *c, const struct memfd *memfd, uint64_t index, uint64_t *phys,
			      uint64_t *nr_pages)
{
	uint64_t low = 0, high = memfd->nr, mid, pfn, first, next = UINT64_MAX;

	*nr_pages = 0;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (!contents__folio(c, memfd, mid, &pfn, &first))
			return false;
		if (first <= index)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return true;
	if (low < memfd->nr && !contents__folio(c, memfd, low, &pfn, &next))
		return false;
	if (!contents__folio(c, memfd, low - 1, &pfn, &first))
		return false;
	*phys = (pfn + (index - first)) * PAGE;
	*nr_pages = next - index;
	return true;
}

/*
 * Where the page table leads from @iova, and how many bytes from there on are in the same entry; 0 bytes if
 * nothing is mapped. False if it cannot be read or is none.
 */
static bool contents__translate(struct contents *c, uint64_t iova, uint64_t *phys, uint64_t *bytes)
{
	uint64_t table = c->of->top_phys, raw, in_entry;
	unsigned int level = c->of->top_level;
	struct pt_entry entry;
	struct fault ignored;

	for (;; level--) {
		if (level >= MAX_LEVELS ||
		    !contents__read(c, c->reader->phys, &c->tables[level],
				    table + (iova >> (12 + 9 * level)) % PT_ITEMS * sizeof(raw), &raw,
				    sizeof(raw)) ||
		    pt__decode(c->of->format, level, raw, &entry, &ignored))
			return false;
		if (entry.kind != PT_TABLE || !level)
			break;
		table = entry.phys;
	}
	*bytes = 0;
	if (entry.kind != PT_LEAF)
		return entry.kind == PT_EMPTY;
	in_entry = iova & ((1ull << entry.size_lg2) - 1);
	*phys = entry.phys + in_entry;
	*bytes = (1ull << entry.size_lg2) - in_entry;
	return true;
}

/*
 * One piece from @iova on, of at most @left bytes. Returns its length, and that of its entry from there on in
 * *@entry; 0 if it could not be read.
 */
static uint64_t contents__piece(struct contents *c, const struct memfd *memfd, uint64_t iova, uint64_t offset,
				uint64_t left, uint64_t *entry)
{
	uint64_t has = 0, nr_pages, leads_to = 0, bytes;

	if (!contents__page_of(c, memfd, offset / PAGE, &has, &nr_pages) || !nr_pages ||
	    !contents__translate(c, iova, &leads_to, &bytes))
		return 0;
	c->out->compared++;
	if ((!bytes || leads_to != has) && !c->out->wrong++) {
		c->out->iova = iova;
		c->out->leads_to = bytes ? leads_to : 0;
	}
	*entry = bytes ? bytes : PAGE;
	bytes = *entry < left ? *entry : left;
	return bytes / PAGE < nr_pages ? bytes : nr_pages * PAGE;
}

static bool contents__area(struct contents *c, uint64_t area)
{
	const struct contents_layout *at = c->at;
	uint64_t iova, length, token, offset, done = 0, piece, entry;
	const struct memfd *memfd;

	if (!contents__phys(c, area + at->iova, &iova, sizeof(iova)) ||
	    !contents__phys(c, area + at->length, &length, sizeof(length)) ||
	    !contents__phys(c, area + at->memfd_token, &token, sizeof(token)) ||
	    !contents__phys(c, area + at->memfd_offset, &offset, sizeof(offset)))
		return false;
	memfd = contents__memfd(c, token);
	if (!memfd)
		return false;
	while (done < length) {
		piece = contents__piece(c, memfd, iova + done, offset + done, length - done, &entry);
		if (!piece)
			return false;
		done += piece + c->stride * entry;
		if (c->out->compared >= 4 * CONTENTS_PIECES)
			break;
	}
	return true;
}

static bool contents__areas(struct contents *c)
{
	const struct contents_layout *at = c->at;
	uint64_t page = c->areas_phys, next;
	unsigned int pages;
	uint32_t nr, i;

	for (pages = 0; page; pages++, page = next) {
		if (pages == MAX_AREA_PAGES ||
		    !contents__phys(c, page + at->nr_areas, &nr, sizeof(nr)) ||
		    nr > (PAGE - at->areas) / at->area_size)
			return false;
		for (i = 0; i < nr; i++)
			if (!contents__area(c, page + at->areas + (uint64_t)i * at->area_size))
				return false;
		if (!contents__phys(c, page + at->next_phys, &next, sizeof(next)))
			return false;
	}
	return true;
}

/* Unpreserve begins with the record: as long as that is live all that was read was still there. */
static bool contents__is_live(struct contents *c)
{
	uint64_t generation = 0;
	uint32_t state = 0;

	c->phys.valid = false;
	return contents__phys(c, c->of->ser_phys + c->at->ser_state, &state, sizeof(state)) &&
	       contents__phys(c, c->of->ser_phys + c->at->ser_generation, &generation, sizeof(generation)) &&
	       state == SER_LIVE && generation == c->of->generation;
}

bool contents__compare(const struct contents_layout *at, const struct contents_reader *reader,
		       const struct contents_of *of, struct contents_result *out)
{
	struct contents *c = xcalloc(1, sizeof(*c));
	bool ok;

	*out = (struct contents_result){ 0 };
	c->at = at;
	c->reader = reader;
	c->of = of;
	c->out = out;
	c->stride = of->nr_leaves / CONTENTS_PIECES;
	ok = of->files && contents__look_at_files(c) && contents__areas(c) && contents__is_live(c);
	free(c->memfds);
	free(c);
	return ok;
}
