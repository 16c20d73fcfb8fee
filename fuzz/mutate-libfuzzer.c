/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate-libfuzzer.c - libFuzzer's side of mutate.c, and our own line in its output. Compiled for each target with
 * FUZZ_SCHEDULES: 1 if it runs threads by choices, else 0.
 *
 * WS_FUZZ_MUTATOR=bytes leaves mutation to libFuzzer, to measure what mutate.c buys. With WS_FUZZ_EDGES set, the
 * program prints at its end the first run of each named return.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/edge.h"
#include "fuzz/fuzz.h"
#include "fuzz/icov.h"
#include "fuzz/mutate.h"

static size_t
mutate_by_libfuzzer(uint8_t *data, size_t len, size_t max, unsigned seed)
{
	(void)seed;
	return LLVMFuzzerMutate(data, len, max);
}

static const struct mutator mutator = { .schedules = FUZZ_SCHEDULES, .bytes = mutate_by_libfuzzer };

static bool
mutate_bytes_only(void)
{
	static int answer = -1;
	const char *text;

	if (answer < 0) {
		text = getenv("WS_FUZZ_MUTATOR");
		answer = text != NULL && strcmp(text, "bytes") == 0;
	}
	return answer == 1;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	if (mutate_bytes_only() || max_size < MUTATE_SIZE_MIN)
		return LLVMFuzzerMutate(data, size, max_size);
	return mutate(&mutator, data, size, max_size, seed);
}

/* It must not call LLVMFuzzerMutate. */
size_t
LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
    size_t max_out_size, unsigned seed)
{
	if (mutate_bytes_only() || max_out_size < MUTATE_SIZE_MIN) {
		size_t nr = size1 < max_out_size ? size1 : max_out_size;

		memcpy(out, data1, nr);
		return nr;
	}
	return mutate_cross(&mutator, data1, size1, data2, size2, out, max_out_size, seed);
}

#if FUZZ_SCHEDULES
/* libFuzzer's "cov:" does not include the extra counters. */
static void
icov_print_fill(void)
{
	struct icov_fill f = icov_fill();

	if (LLVMFuzzerMutate == NULL) /* the program replays stored inputs */
		return;
	/* With -fork, the runs are in other processes, which have printed it. */
	if (f.runs == 0)
		return;
	fprintf(stderr, "icov: %u of %d interleavings; %.1f in a run; %lu runs\n", f.ever, ICOV_SIZE, f.set_per_run,
	    f.runs);
	if (getenv("WS_FUZZ_EDGES") == NULL)
		return;
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++)
		fprintf(stderr, "edge: %s %lu\n", vm_edge_table[i].name, icov_first_run(i));
}

__attribute__((constructor)) static void
icov_print_fill_at_exit(void)
{
	(void)atexit(icov_print_fill);
}
#endif
