/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate.h - mutation and crossover of fuzz inputs by what they mean: operations, threads, directives, choices.
 *
 * Both take and give the byte form (docs/bytes.md), always canonical and never empty, and are functions of the bytes
 * and the seed alone. libFuzzer's side of it is mutate-libfuzzer.c, AFL++'s mutate-afl.c.
 *
 * Of the mutations 45 % change operations and what is under them, 35 % choices, 10 % both, and 10 % bytes: as the
 * engine's own mutator would, then made canonical. Sizes are bounded here, because libFuzzer's own schedule of sizes is
 * off for targets with a mutator.
 */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/gen/gen.h"

#define MUTATE_THREADS_MAX 4
#define MUTATE_SIZE_MIN 8 /* the least @max below: an empty program has room in it */

struct mutator {
	bool schedules; /* the target runs threads: at least two of them, and choices mean something */
	/* Mutates bytes in place, giving the new length of at most @max; NULL: something simple. */
	size_t (*bytes)(uint8_t *data, size_t len, size_t max, unsigned seed);
};

/* By mutator.schedules. */
extern const struct genome_limits mutate_limits[2];

/* @data has room for @max bytes, @max >= MUTATE_SIZE_MIN. Returns the new length. */
size_t mutate(const struct mutator *m, uint8_t *data, size_t len, size_t max, uint64_t seed);
/* Threads, init steps, directives and choices, each of one or the other, or the head of one and the other's tail. */
size_t mutate_cross(const struct mutator *m, const uint8_t *a, size_t len_a, const uint8_t *b, size_t len_b,
    uint8_t *out, size_t max, uint64_t seed);

#endif
