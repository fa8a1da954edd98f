/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON that a test has in memory, held against its schema by schema.py. */
#ifndef TESTS_DESCRIBED_H
#define TESTS_DESCRIBED_H

/* Fails the test if @json is not as docs/NAME.schema.json says. */
void expect_described(const char *name, const char *json);

#endif
