/* SPDX-License-Identifier: GPL-2.0-only */
/* What names and tokens are taken in a plan, or in several. Used by the parser's files only. */
#ifndef LUCTL_TAKEN_H
#define LUCTL_TAKEN_H

#include <stddef.h>
#include <stdint.h>

/* Each kind has names and numbers of its own */
enum taken_kind {
	TAKEN_SESSION,
	TAKEN_DEVICE,
	TAKEN_BDF,
	TAKEN_MEMFD,
	TAKEN_HWPT,
	TAKEN_MEMFD_TOKEN,
	TAKEN_HWPT_TOKEN,
};

#define TAKEN_NONE SIZE_MAX

struct taken;

struct taken *taken__new(void);
void taken__free(struct taken *taken);

/* What was added for the name or number, or TAKEN_NONE; in constant time */
size_t taken__find(struct taken *taken, enum taken_kind kind, const char *name);
size_t taken__find_number(struct taken *taken, enum taken_kind kind, uint64_t number);

/* Adds one that is not there */
void taken__add(struct taken *taken, enum taken_kind kind, const char *name, size_t index);
void taken__add_number(struct taken *taken, enum taken_kind kind, uint64_t number, size_t index);

/* How many names were compared so far */
uint64_t taken__nr_comparisons(const struct taken *taken);

#endif
