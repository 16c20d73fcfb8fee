/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strategy.h - who makes the next step, when no schedule says so: the table of strategies (strategies.def).
 *
 * A run is a function of the program, the target, the strategy and the seed, and of nothing else: no run leaves
 * anything behind for the next one. What a strategy wants to know of the program beforehand is in its view, which is
 * made once for an open run and is the same each time. Whoever listens on on_step has the schedule, which replays.
 */
#ifndef HARNESS_RUN_STRATEGY_H
#define HARNESS_RUN_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/base.h"
#include "harness/run/replay.h"

#define STRATEGY_STREAK_MAX 1000 /* steps of one thread in a row, then the others are given their turn */

struct keybuf;
struct nearest;

/*
 * What strategies know of a program: its operations numbered through, how many steps they make, which of them
 * conflict. Steps are counted in two runs: one that lets each thread run on, and one that takes turns. The greater
 * number counts, so that an operation that fails early in the one is not taken for a short one.
 */
struct strategy_view {
	unsigned nr_threads, nr_ops;                /* operations of all threads */
	unsigned first[PROGRAM_THREADS_MAX + 1];    /* the number of thread t's operation 0 */
	uint32_t nr_choices;                        /* steps at which several threads are enabled */
	uint32_t thread_steps[PROGRAM_THREADS_MAX]; /* >= 1 */
	uint32_t *op_steps;                         /* by number */
	size_t nr_words;                            /* of a row of conflicts */
	uint64_t *conflicts;                        /* nr_ops rows of bits by number: a row's bit of itself is set */
	uint32_t *weights;                          /* by number: threads that its row is about, 0 if only one */
	uint32_t weights_sum;
};

/* Makes the view of an open run; runs it twice. Ends the program if memory runs out. */
void strategy_view_init(struct strategy_view *v, struct run *r);
void strategy_view_free(struct strategy_view *v);

/*
 * Do the two conflict, so that their order can matter? Their pages overlap, and one of them at least does more than
 * ask (docs/hunting.md). An operation that names no range, as find, is about all pages.
 */
bool strategy_ops_conflict(const struct vm_op *a, const struct vm_op *b);
/* The pages that an operation is about: [*start, *end), never empty. */
void strategy_op_pages(const struct vm_op *op, uint64_t *ret_start, uint64_t *ret_end);

/*
 * Begins the run and ends it. on_step may be NULL. Returns the steps; somebody is still enabled if they were
 * STRATEGY_STEPS_MAX. Those that look at no view take NULL for it: random, bytes.
 */
typedef size_t strategy_function(
    struct run *r, const struct strategy_view *v, uint64_t seed, replay_step_fn *on_step, void *arg);

#define STRATEGY(name, function, share, text) strategy_function function;
#include "harness/run/strategies.def"
#undef STRATEGY

struct strategy {
	const char *name;
	strategy_function *function;
	unsigned share;
	const char *text;
};

/* The strategies in the order of the table; NULL behind the last. */
const struct strategy *strategy_at(size_t i);
/* NULL: there is none of that name. */
const struct strategy *strategy_find(const char *name);
/* Their names, for an error about another one. */
void strategy_offer(struct nearest *n);
/* The one that run number @seed of a mix is made by, in proportion to the shares. */
const struct strategy *strategy_of_mix(uint64_t seed);
/* One line for each, for --help. */
void strategy_print_list(struct strbuf *out);
/* The same for `wirestorm help strategies`; @markdown is not made. */
void strategies_doc(struct strbuf *out, bool markdown);

/* The probabilistic concurrency testing of a given depth: depth - 1 priority changes. strategy_pct draws the depth. */
size_t strategy_pct_depth(
    struct run *r, const struct strategy_view *v, unsigned depth, uint64_t seed, replay_step_fn *on_step, void *arg);

/*
 * Begins the run and ends it by the given choices: where several threads are enabled the next byte modulo their number
 * says which. When the bytes run out, the present thread goes on as long as it can, then the lowest.
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

/* For strategies: begins the run and lets @pick choose at each step. It may look at the run, but not at the sim. */
size_t strategy_drive(struct run *r, sim_pick *pick, void *pick_arg, replay_step_fn *on_step, void *arg);

/* The n-th lowest of the enabled threads. */
static inline unsigned
strategy_nth(uint32_t enabled, unsigned n)
{
	while (n-- > 0)
		enabled &= enabled - 1;
	return (unsigned)__builtin_ctz(enabled);
}

/* A thread of @among, in proportion to its weight; one of them at least has one. */
static inline unsigned
strategy_weighted(struct prng *prng, const uint32_t *weights, uint32_t among)
{
	unsigned t = (unsigned)__builtin_ctz(among);
	uint64_t sum = 0, at;

	for (uint32_t rest = among; rest != 0; rest &= rest - 1)
		sum += weights[__builtin_ctz(rest)];
	for (at = prng_below(prng, sum); at >= weights[t]; t = (unsigned)__builtin_ctz(among)) {
		at -= weights[t];
		among &= among - 1;
	}
	return t;
}

/* The number of the operation that thread @thread, which is not finished, is in or before. */
static inline unsigned
strategy_pending(const struct run *r, const struct strategy_view *v, unsigned thread)
{
	return v->first[thread] + r->threads[thread].nr_done;
}

static inline const uint64_t *
strategy_row(const struct strategy_view *v, unsigned op)
{
	return &v->conflicts[op * v->nr_words];
}

static inline bool
strategy_in_row(const uint64_t *row, unsigned op)
{
	return (row[op / 64] >> op % 64 & 1) != 0;
}

#endif
