// SPDX-License-Identifier: GPL-2.0-only
/* Reads the device tree that KHO hands to the next kernel, as debugfs shows it: see kho.h. */
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "walk/kho.h"

/* A flattened device tree, as the devicetree specification has it: big-endian words. */
#define FDT_MAGIC	0xd00dfeedu
#define FDT_BEGIN_NODE	1u
#define FDT_PROP	3u
#define FDT_NOP		4u

struct fdt {
	const char *data;
	size_t size;
};

static bool fdt__word(const struct fdt *fdt, size_t at, uint32_t *word)
{
	uint32_t value;

	if (at > fdt->size || fdt->size - at < sizeof(value))
		return false;
	memcpy(&value, fdt->data + at, sizeof(value));
	*word = be32toh(value);
	return true;
}

/*
 * The next property of a node, at *@at: its value, of @length bytes; NULL if there is no more.
 * *@at then is behind it.
 */
static const char *fdt__property(const struct fdt *fdt, size_t *at, uint32_t *length)
{
	const char *value;
	uint32_t tag;

	while (fdt__word(fdt, *at, &tag) && tag == FDT_NOP)
		*at += 4;
	if (!fdt__word(fdt, *at, &tag) || tag != FDT_PROP || !fdt__word(fdt, *at + 4, length))
		return NULL;
	/* The word between is where its name stands */
	*at += 12;
	if (*at > fdt->size || fdt->size - *at < *length)
		return NULL;
	value = fdt->data + *at;
	*at += (*length + 3ull) / 4 * 4;
	return value;
}

/*
 * Before the series mended it, debugfs showed no more of the tree than it had at first: names of
 * properties, which are at its end, are cut off there. In kho-v4 the root has two properties, which differ in length.
 */
int kho__root(const void *data, size_t size, __u64 *root, struct fault *fault)
{
	struct fdt fdt = { .data = data, .size = size };
	uint32_t magic, structs, tag, length;
	bool known = false, found = false;
	const char *value;
	size_t at;

	if (!fdt__word(&fdt, 0, &magic) || magic != FDT_MAGIC || !fdt__word(&fdt, 8, &structs) ||
	    !fdt__word(&fdt, structs, &tag) || tag != FDT_BEGIN_NODE)
		return fault__set(fault, "what KHO hands over is no device tree");
	/* The name of the root node is empty: one word */
	at = structs + 8ull;
	while ((value = fdt__property(&fdt, &at, &length))) {
		known |= length == sizeof("kho-v4") && !memcmp(value, "kho-v4", length);
		if (length != sizeof(*root))
			continue;
		found = true;
		memcpy(root, value, sizeof(*root));
	}
	if (!known)
		return fault__set(fault, "KHO's map is of another version than kho-v4");
	if (!found)
		return fault__set(fault, "KHO names no map of what is preserved");
	return 0;
}
