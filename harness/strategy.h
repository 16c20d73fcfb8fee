/* SPDX-License-Identifier: BSD-2-Clause */
/* strategy.h - who makes the next step, when no schedule says so. Each is a function of its seed or bytes alone. */
#ifndef HARNESS_STRATEGY_H
#define HARNESS_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/replay.h"

#define STRATEGY_STEPS_MAX 10000000 /* then a run is given up: somebody is still enabled */

struct keybuf;

/* Begins the run and ends it, uniformly among the enabled threads. on_step may be NULL. Returns the steps. */
size_t strategy_random(struct run *r, uint64_t seed, replay_step_fn *on_step, void *arg);

/*
 * The same by choice bytes: where several threads are enabled the next byte modulo their number says which. When the
 * bytes run out, the present thread goes on as long as it can, then the lowest.
 */
size_t strategy_bytes(struct run *r, const uint8_t *bytes, size_t nr, replay_step_fn *on_step, void *arg);
/* The same; gives up after @max steps. */
size_t strategy_bytes_upto(
    struct run *r, const uint8_t *bytes, size_t nr, size_t max, replay_step_fn *on_step, void *arg);

/*
 * The fewest choice bytes that make this schedule, but one at least, appended. False: it is no schedule of the program,
 * *error says why. Runs the program.
 */
bool strategy_bytes_of(
    struct run *r, const struct program_choice *choices, size_t nr_choices, struct keybuf *out, struct strbuf *error);

/* The n-th lowest of the enabled threads. */
static inline unsigned
strategy_nth(uint32_t enabled, unsigned n)
{
	while (n-- > 0)
		enabled &= enabled - 1;
	return (unsigned)__builtin_ctz(enabled);
}

#endif
