/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzers share: how the bytes of an input become recordings. */
#ifndef LUTRACE_FUZZ_INPUT_H
#define LUTRACE_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_PARTS 3

/* A recording, in memory of its own, so that reading past its end is seen. */
struct part {
	unsigned char *data;
	size_t size;
};

/*
 * An input is up to three recordings: a byte that tells how many, four bytes of length before each
 * but the last. The checksum of each is mended, and what its footer counts, unless the first byte
 * has its top bit set: otherwise next to nothing would come past the reader. Returns how many there
 * are; their data is to be freed.
 */
size_t input__split(const unsigned char *data, size_t size, struct part *parts);

/* Aborts, which is a finding, if it is not so. */
void expect(bool fact, const char *what);

#endif /* LUTRACE_FUZZ_INPUT_H */
