/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate.h - mutation and crossover of fuzz inputs by what they mean: operations, threads, directives, choices.
 *
 * Both take and give the byte form (docs/bytes.md), always canonical and never empty, and are functions of the bytes
 * and the seed alone. libFuzzer's side of it is mutate-libfuzzer.c, AFL++'s mutate-afl.c.
 *
 * 45 % of the mutations change operations or directives, 35 % choices, 10 % both, and 10 % bytes, as the engine's own
 * mutator does; the result is made canonical. Sizes are bounded here, because libFuzzer's own schedule of sizes is off
 * for targets with a mutator.
 */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/gen/gen.h"

#define MUTATE_THREADS_MAX 4
#define MUTATE_SIZE_MIN 8 /* the smallest @max: an empty program fits */

struct mutator {
	bool schedules; /* the target runs at least two threads, so choices have an effect */
	/* Mutates bytes in place and returns the new length, at most @max; NULL: a simple mutator. */
	size_t (*bytes)(uint8_t *data, size_t len, size_t max, unsigned seed);
};

/* Indexed by mutator.schedules. */
extern const struct genome_limits mutate_limits[2];

/* @data has room for @max bytes, @max >= MUTATE_SIZE_MIN. Returns the new length. */
size_t mutate(const struct mutator *m, uint8_t *data, size_t len, size_t max, uint64_t seed);
/* Combines threads, init steps, directives and choices: each from one parent, or the head of one and the tail of the
 * other. */
size_t mutate_cross(const struct mutator *m, const uint8_t *a, size_t len_a, const uint8_t *b, size_t len_b,
    uint8_t *out, size_t max, uint64_t seed);

#endif
