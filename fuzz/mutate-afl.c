/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate-afl.c - the same mutations as a custom mutator library for AFL++: AFL_CUSTOM_MUTATOR_LIBRARY=libmutate-....so.
 * Compiled for each target with FUZZ_SCHEDULES, as mutate-libfuzzer.c is. The interface is AFL++'s.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/mutate.h"

#include "harness/base/base.h"

#define SIZE_MAX_AFL 4096

struct afl_mutator {
	uint64_t seed; /* seed of the next mutation */
	uint8_t out[SIZE_MAX_AFL];
};

void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out_buf, uint8_t *add_buf,
    size_t add_buf_size, size_t max_size);
void afl_custom_deinit(void *data);

static const struct mutator mutator = { .schedules = FUZZ_SCHEDULES };

void *
afl_custom_init(void *afl, unsigned seed)
{
	struct afl_mutator *a = memory_new(1, sizeof(*a), "the mutator");

	(void)afl;
	a->seed = seed;
	return a;
}

/* One mutation in four is a crossover, if AFL++ offers a second input. */
size_t
afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out_buf, uint8_t *add_buf, size_t add_buf_size,
    size_t max_size)
{
	struct afl_mutator *a = data;
	size_t max = max_size < SIZE_MAX_AFL ? max_size : SIZE_MAX_AFL;

	if (max < MUTATE_SIZE_MIN) {
		*out_buf = buf;
		return buf_size < max ? buf_size : max;
	}
	*out_buf = a->out;
	a->seed++;
	if (add_buf != NULL && add_buf_size > 0 && a->seed % 4 == 0)
		return mutate_cross(&mutator, buf, buf_size, add_buf, add_buf_size, a->out, max, a->seed);
	if (buf_size > max)
		buf_size = max;
	memcpy(a->out, buf, buf_size);
	return mutate(&mutator, a->out, buf_size, max, a->seed);
}

void
afl_custom_deinit(void *data)
{
	free(data);
}
