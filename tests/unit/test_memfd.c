// SPDX-License-Identifier: GPL-2.0-only
/* Memory to be preserved: what it must hold after DMA, byte for byte, however ranges lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/memfd.h"

#define SIZE	(8u << 20)
#define SEED	7

/* The same as a plain array, which is what the memory must be */
static uint8_t *want;

static void patch(struct memfd *m, uint64_t offset, uint8_t value, uint64_t length)
{
	uint8_t *data = malloc(length);

	memset(data, value, length);
	memset(want + offset, value, length);
	assert_int_equal(memfd__patch(m, offset, data, length), 0);
	memcpy(memfd__at(m, offset), data, length);
	free(data);
}

static void compare(const struct memfd *m, uint64_t offset, uint64_t length)
{
	uint8_t *got = malloc(length);

	memfd__expected(m, offset, got, length);
	assert_memory_equal(got, want + offset, length);
	free(got);
}

static void test_patches(void **state)
{
	struct memfd *m = memfd__create("m", SIZE, 0, SEED);
	unsigned int i;

	(void)state;
	assert_non_null(m);
	want = malloc(SIZE);
	memfd__pattern(SEED, 0, want, SIZE);
	compare(m, 0, SIZE);
	patch(m, 8, 1, 8);
	patch(m, 4092, 2, 8);			/* over the end of a page */
	patch(m, (2 << 20) - 16, 3, 9000);	/* of a block, and of pages */
	patch(m, 12, 4, 5000);			/* over what was there */
	patch(m, SIZE - 8, 5, 8);
	patch(m, 8, 6, 8);			/* a second time */
	for (i = 0; i < 3000; i++)
		patch(m, i * 2000 % (SIZE - 64) / 8 * 8, i, 8 + i % 56);
	compare(m, 0, SIZE);
	compare(m, 4090, 12);
	compare(m, SIZE - 1, 1);
	assert_int_equal(memfd__verify(m), 0);
	((uint8_t *)memfd__at(m, 0))[5] ^= 1;
	assert_int_equal(memfd__verify(m), -1);
	memfd__free(m);
	free(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
