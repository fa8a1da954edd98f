// SPDX-License-Identifier: GPL-2.0-only
/* The mappings of HWPTs as text, read back and compared; the VT-d driver's dump. For walk and its tests. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/number.h"
#include "walk/mappings.h"

struct mapping *mappings__add(struct mappings *list)
{
	struct mapping *m;

	list->items = grow(list->items, list->nr, &list->room, sizeof(*list->items));
	m = &list->items[list->nr++];
	*m = (struct mapping){ 0 };
	return m;
}

void mappings__free(struct mappings *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		pt__walk_free(&list->items[i].walk);
	free(list->items);
	*list = (struct mappings){ 0 };
}

static int mappings__compare_token(const void *a, const void *b)
{
	const struct mapping *x = a, *y = b;

	if (x->marked != y->marked)
		return x->marked ? -1 : 1;
	if (x->token != y->token)
		return x->token < y->token ? -1 : 1;
	return (x->root > y->root) - (x->root < y->root);
}

void mappings__sort(struct mappings *list)
{
	if (list->nr)
		qsort(list->items, list->nr, sizeof(*list->items), mappings__compare_token);
}

struct mapping *mappings__by_token(struct mappings *list, uint64_t token)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (list->items[i].marked && list->items[i].token == token)
			return &list->items[i];
	return NULL;
}

static void mapping__print_leaf(FILE *f, const char *token, const struct pt_leaf *leaf)
{
	fprintf(f, "token=%s iova=0x%016" PRIx64 " phys=0x%016" PRIx64 " size=0x%" PRIx64
		" perm=%s\n", token, leaf->iova, leaf->phys, leaf->size,
		pt__perm_name(leaf->perm));
}

void mappings__print(const struct mappings *list, FILE *f)
{
	const struct mapping *m;
	char token[24];
	size_t i, k;

	for (i = 0; i < list->nr; i++) {
		m = &list->items[i];
		snprintf(token, sizeof(token), "-");
		if (m->marked)
			snprintf(token, sizeof(token), "0x%" PRIx64, m->token);
		fprintf(f, "# hwpt token=%s format=%s root=0x%016" PRIx64
			" levels=%u tables=%zu leaves=%zu", token, pt__format_name(m->format),
			m->root, m->levels, m->walk.nr_tables, m->walk.nr_leaves);
		if (!m->marked)
			fprintf(f, " pid=%u fd=%u id=%u", m->pid, m->fd, m->id);
		fputc('\n', f);
		for (k = 0; k < m->walk.nr_leaves; k++)
			mapping__print_leaf(f, token, &m->walk.leaves[k]);
	}
}

/* Goes through the lines of a text that it changes. */
struct lines {
	char *next;
	unsigned int nr;
};

static char *lines__next(struct lines *lines)
{
	char *line = lines->next, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	lines->next = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	lines->nr++;
	return line;
}

/* What stands behind a NUL would not be read, and pass for looked at. */
static int lines__check(const char *text, size_t size, const char *name, struct fault *fault)
{
	unsigned int nr = 1;
	size_t i;

	for (i = 0; i < size && text[i]; i++)
		nr += text[i] == '\n';
	if (i == size)
		return 0;
	return fault__set(fault, "%s:%u: a NUL character, which no text has: the file is damaged", name,
			  nr);
}

/* Cuts " key=value" off the front; NULL if something else stands there. */
static char *line__take(char **line, const char *key)
{
	char *at = *line + strspn(*line, " \t"), *value;
	size_t len = strlen(key);

	if (strncmp(at, key, len) || at[len] != '=')
		return NULL;
	value = at + len + 1;
	at = value + strcspn(value, " \t");
	*line = at;
	if (*at) {
		*at = '\0';
		*line = at + 1;
	}
	return value;
}

static bool line__number(char **line, const char *key, uint64_t max, uint64_t *out)
{
	char *value = line__take(line, key);

	return value && number__parse(value, max, out);
}

static bool line__is_at_end(const char *line)
{
	return !line[strspn(line, " \t")];
}

static bool line__token(char **line, struct mapping *m)
{
	char *value = line__take(line, "token");

	if (!value)
		return false;
	m->marked = strcmp(value, "-");
	return !m->marked || number__parse(value, UINT64_MAX, &m->token);
}

/* What the header promised, to be compared with what follows. */
static int mapping__check_leaves(const struct mapping *m, uint64_t promised, const char *name,
			struct fault *fault)
{
	if (!m || m->walk.nr_leaves == promised)
		return 0;
	return fault__set(fault, "%s: token 0x%" PRIx64 " has %zu leaves where its header says "
			  "%" PRIu64 ": the file is cut or was edited",
			  name, m->token, m->walk.nr_leaves, promised);
}

/* Where a HWPT without a token was found. */
static bool mapping__parse_place(char **line, struct mapping *m)
{
	uint64_t pid, fd, id;

	if (!line__number(line, "pid", UINT32_MAX, &pid) ||
	    !line__number(line, "fd", UINT32_MAX, &fd) ||
	    !line__number(line, "id", UINT32_MAX, &id))
		return false;
	m->pid = pid;
	m->fd = fd;
	m->id = id;
	return true;
}

static bool mapping__parse_header(char *line, struct mapping *m, uint64_t *leaves)
{
	uint64_t levels, tables;
	char *format;

	if (!line__token(&line, m))
		return false;
	format = line__take(&line, "format");
	if (!format)
		return false;
	m->format = pt__format_by_name(format);
	if (m->format == PT_UNKNOWN)
		return false;
	if (!line__number(&line, "root", UINT64_MAX, &m->root) ||
	    !line__number(&line, "levels", UINT_MAX, &levels) ||
	    !line__number(&line, "tables", SIZE_MAX, &tables) ||
	    !line__number(&line, "leaves", SIZE_MAX, leaves))
		return false;
	m->levels = levels;
	m->walk.nr_tables = tables;
	return (m->marked || mapping__parse_place(&line, m)) && line__is_at_end(line);
}

static bool mapping__parse_leaf(char *line, struct mapping *m)
{
	struct mapping owner = { 0 };
	struct pt_leaf leaf = { 0 };
	char *perm;

	if (!m || !line__token(&line, &owner) || owner.marked != m->marked ||
	    owner.token != m->token)
		return false;
	if (!line__number(&line, "iova", UINT64_MAX, &leaf.iova) ||
	    !line__number(&line, "phys", UINT64_MAX, &leaf.phys) ||
	    !line__number(&line, "size", UINT64_MAX, &leaf.size))
		return false;
	perm = line__take(&line, "perm");
	if (!perm || !line__is_at_end(line))
		return false;
	while (leaf.perm <= 3 && strcmp(perm, pt__perm_name(leaf.perm)))
		leaf.perm++;
	if (leaf.perm > 3)
		return false;
	pt__add_leaf(&m->walk, &leaf);
	return true;
}

int mappings__parse(struct mappings *list, const char *text, size_t size, const char *name,
		    struct fault *fault)
{
	char *copy = xstrdup(text), *line;
	struct lines lines = { copy, 0 };
	struct mapping *m = NULL;
	uint64_t promised = 0;
	int err = lines__check(text, size, name, fault);
	bool ok;

	while (!err && (line = lines__next(&lines))) {
		if (!strncmp(line, "# hwpt ", 7)) {
			err = mapping__check_leaves(m, promised, name, fault);
			if (err)
				break;
			m = mappings__add(list);
			ok = mapping__parse_header(line + 7, m, &promised);
		} else {
			ok = mapping__parse_leaf(line, m);
		}
		if (!ok)
			err = fault__set(fault, "%s:%u: not a line that lutrace walk writes",
					 name, lines.nr);
	}
	if (!err)
		err = mapping__check_leaves(m, promised, name, fault);
	free(copy);
	return err;
}

/*
 * The driver's dump. A row has the page frame of the iova and one entry per
 * level from the fifth down; entries below a leaf are not printed, and those
 * above the top are zero:
 *
 *   Device 0000:00:04.0 @0x10a8000
 *   IOVA_PFN          PML5E  PML4E  PDPE  PDE  PTE
 *   0x0000000001000 | 0x..   0x..   0x..  0x..  0x..
 */
static bool dump__parse_device(const char *line, uint64_t *root)
{
	const char *at = strrchr(line, '@');

	return !strncmp(line, "Device ", 7) && at && number__parse(at + 1, UINT64_MAX, root);
}

static int dump__parse_row(char *line, struct mapping *m, struct fault *fault)
{
	unsigned int nr = 0, top = 0, i, perm = PT_READ | PT_WRITE;
	struct pt_leaf leaf;
	struct pt_entry entry;
	uint64_t path[5], pfn;
	char *bar = strchr(line, '|'), *word, *save;

	if (!bar)
		return fault__set(fault, "no '|' after the page frame");
	*bar = '\0';
	word = strtok_r(line, " \t", &save);
	if (!word || !number__parse(word, UINT64_MAX >> 12, &pfn))
		return fault__set(fault, "no page frame number");
	for (word = strtok_r(bar + 1, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		if (nr == 5 || !number__parse(word, UINT64_MAX, &path[nr]))
			return fault__set(fault, "\"%.40s\" is no entry of a table", word);
		nr++;
	}
	if (nr < 3 || !path[nr - 1])
		return fault__set(fault, "%u entries, where the leaf must be the last of 3 to 5",
				  nr);

	while (!path[top])
		top++;
	if (m->levels < 5 - top)
		m->levels = 5 - top;
	for (i = top; i < nr; i++) {
		if (pt__decode(m->format, 4 - i, path[i], &entry, fault))
			return -1;
		if (entry.kind != (i == nr - 1 ? PT_LEAF : PT_TABLE))
			return fault__set(fault, "0x%" PRIx64 " is %s", path[i],
					  i == nr - 1 ? "the last entry and not a leaf" :
							"not the last entry and no table");
		perm &= entry.perm;
	}
	leaf = (struct pt_leaf){ pt__canonical(m->format, 4 - top, pfn << 12), entry.phys,
				 1ull << entry.size_lg2, perm };
	pt__add_leaf(&m->walk, &leaf);
	return 0;
}

int mapping__parse_dump(struct mapping *out, const char *text, size_t size, const char *name,
			enum pt_format format, uint64_t root, struct fault *fault)
{
	char *copy = xstrdup(text), *line;
	struct lines lines = { copy, 0 };
	bool inside = false, found = false;
	struct fault why;
	uint64_t at;
	int err = lines__check(text, size, name, fault);

	if (err) {
		free(copy);
		return err;
	}
	*out = (struct mapping){ .format = format };
	while (!err && (line = lines__next(&lines))) {
		if (dump__parse_device(line, &at)) {
			/* The wanted table replaces one that was taken for want of it. */
			inside = !found || (at == root && out->root != root);
			if (inside) {
				pt__walk_free(&out->walk);
				out->root = at;
				out->levels = 0;
			}
			found = true;
		} else if (!strncmp(line, "0x", 2) && found) {
			err = inside ? dump__parse_row(line, out, &why) : 0;
		} else if (strncmp(line, "IOVA_PFN", 8) && line[strspn(line, " \t")]) {
			err = -1;
			fault__set(&why, "\"%.40s\" is not in the VT-d driver's format", line);
		}
	}
	if (err)
		fault__set(fault, "%s:%u: %.400s", name, lines.nr, why.text);
	else if (!found)
		err = fault__set(fault, "%s has no table: no device is attached to a domain",
				 name);
	free(copy);
	if (err)
		pt__walk_free(&out->walk);
	return err;
}

static void pt_leaf__describe(const struct pt_leaf *leaf, char *text, size_t size)
{
	snprintf(text, size, "iova 0x%" PRIx64 " phys 0x%" PRIx64 " size 0x%" PRIx64 " %s",
		 leaf->iova, leaf->phys, leaf->size, pt__perm_name(leaf->perm));
}

static bool pt_leaf__same(const struct pt_leaf *a, const struct pt_leaf *b)
{
	return a->iova == b->iova && a->phys == b->phys && a->size == b->size &&
	       a->perm == b->perm;
}

bool mapping__same(const struct mapping *a, const char *a_name,
		   const struct mapping *b, const char *b_name, struct fault *fault)
{
	const struct pt_leaf *x, *y;
	char one[128], two[128];
	size_t i;

	if (a->root != b->root) {
		fault__set(fault, "the root is 0x%" PRIx64 " in %s and 0x%" PRIx64 " in %s",
			   a->root, a_name, b->root, b_name);
		return false;
	}
	for (i = 0; i < a->walk.nr_leaves || i < b->walk.nr_leaves; i++) {
		x = i < a->walk.nr_leaves ? &a->walk.leaves[i] : NULL;
		y = i < b->walk.nr_leaves ? &b->walk.leaves[i] : NULL;
		if (x && y && pt_leaf__same(x, y))
			continue;
		snprintf(one, sizeof(one), "nothing more");
		snprintf(two, sizeof(two), "nothing more");
		if (x)
			pt_leaf__describe(x, one, sizeof(one));
		if (y)
			pt_leaf__describe(y, two, sizeof(two));
		fault__set(fault, "mapping %zu is %s in %s and %s in %s", i + 1, one, a_name,
			   two, b_name);
		return false;
	}
	return true;
}

static bool mapping__same_header(const struct mapping *a, const char *a_name,
			const struct mapping *b, const char *b_name, struct fault *fault)
{
	const char *what = NULL;
	char one[40], two[40];

	snprintf(one, sizeof(one), "%s", pt__format_name(a->format));
	snprintf(two, sizeof(two), "%s", pt__format_name(b->format));
	if (a->format != b->format) {
		what = "the format";
	} else if (a->levels != b->levels) {
		what = "the number of levels";
		snprintf(one, sizeof(one), "%u", a->levels);
		snprintf(two, sizeof(two), "%u", b->levels);
	} else if (a->walk.nr_tables != b->walk.nr_tables) {
		what = "the number of tables";
		snprintf(one, sizeof(one), "%zu", a->walk.nr_tables);
		snprintf(two, sizeof(two), "%zu", b->walk.nr_tables);
	}
	if (what)
		fault__set(fault, "%s is %s in %s and %s in %s", what, one, a_name, two, b_name);
	return !what;
}

bool mappings__same(const struct mappings *a, const char *a_name,
		    const struct mappings *b, const char *b_name, struct fault *fault)
{
	const struct mapping *x, *y;
	struct fault why;
	size_t i;

	for (i = 0; i < a->nr && i < b->nr; i++) {
		x = &a->items[i];
		y = &b->items[i];
		if (x->marked != y->marked || x->token != y->token) {
			fault__set(fault, "HWPT %zu has token 0x%" PRIx64 " in %s and 0x%" PRIx64
				   " in %s",
				   i + 1, x->token, a_name, y->token, b_name);
			return false;
		}
		if (!mapping__same(x, a_name, y, b_name, &why) ||
		    !mapping__same_header(x, a_name, y, b_name, &why)) {
			fault__set(fault, "token 0x%" PRIx64 ": %.600s", x->token, why.text);
			return false;
		}
	}
	if (a->nr != b->nr) {
		fault__set(fault, "%s has %zu HWPTs and %s has %zu", a_name, a->nr, b_name, b->nr);
		return false;
	}
	return true;
}
