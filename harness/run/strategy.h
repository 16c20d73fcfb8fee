/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strategy.h - strategies: rules that choose the thread of each step. strategies.def is the table.
 *
 * A run depends only on the program, the target, the strategy and the seed: no run affects the next one. What a
 * strategy knows of the program in advance is in its view, which is made once for an open run and is always the same.
 * on_step receives each step, so its steps are the schedule of the run.
 */
#ifndef HARNESS_RUN_STRATEGY_H
#define HARNESS_RUN_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/base.h"
#include "harness/run/replay.h"

#define STRATEGY_STREAK_MAX 1000 /* a thread that takes so many steps in a row must let the others run */

struct keybuf;
struct nearest;

/*
 * What strategies know of a program: a number for each operation, how many steps it takes, and which operations
 * conflict. Steps are counted in two runs: one that lets each thread run as long as it can, and one that takes turns.
 * The larger count is used, so that an operation that fails early in one run does not count as short.
 */
struct strategy_view {
	unsigned nr_threads, nr_ops;                /* operations of all threads */
	unsigned first[PROGRAM_THREADS_MAX + 1];    /* the number of thread t's operation 0 */
	uint32_t nr_choices;                        /* steps at which several threads are enabled */
	uint32_t thread_steps[PROGRAM_THREADS_MAX]; /* >= 1 */
	uint32_t *op_steps;                         /* by operation number */
	size_t nr_words;                            /* length of a row of conflicts */
	uint64_t *conflicts;                        /* nr_ops rows of bits by operation number; an operation
	                                             * conflicts with itself */
	uint32_t *weights;                          /* by operation number: number of threads in its row, 0 if only
	                                             * one */
	uint32_t weights_sum;
};

/* Makes the view of an open run; runs it twice. Ends the program if memory runs out. */
void strategy_view_init(struct strategy_view *v, struct run *r);
void strategy_view_free(struct strategy_view *v);

/*
 * Do the operations conflict, so that their order can matter? They do if their pages overlap and at least one of them
 * is not a mere query (docs/hunting.md). An operation without a range, such as find, overlaps every range.
 */
bool strategy_ops_conflict(const struct vm_op *a, const struct vm_op *b);
/* The ranges of an operation: at least one, and none is empty or inverted. What a result decides is all pages. */
struct op_ranges strategy_op_ranges(const struct vm_op *op);

/*
 * Runs from begin to end, and returns the number of steps. If it is STRATEGY_STEPS_MAX, some thread may still be
 * enabled. on_step may be NULL. The strategies random and bytes ignore the view, which may then be NULL.
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

/* The strategies in the order of the table, then NULL. */
const struct strategy *strategy_at(size_t i);
/* The strategy with this name; NULL: there is none. */
const struct strategy *strategy_find(const char *name);
/* Offers the names of strategies, for an error about an unknown one. */
void strategy_offer(struct nearest *n);
/* The strategy of run number @seed in a mix, by the shares in the table. */
const struct strategy *strategy_of_mix(uint64_t seed);
/* Appends one line for each strategy, for --help. */
void strategy_print_list(struct strbuf *out);
/* Appends the text of `wirestorm help strategies`. @markdown is not supported. */
void strategies_doc(struct strbuf *out, bool markdown);

/* Probabilistic concurrency testing with a fixed depth: depth - 1 priority changes. strategy_pct draws the depth. */
size_t strategy_pct_depth(
    struct run *r, const struct strategy_view *v, unsigned depth, uint64_t seed, replay_step_fn *on_step, void *arg);

/*
 * Runs from begin to end by the given choices. If several threads are enabled, the next byte modulo their number
 * chooses one. After the last byte, the present thread runs as long as it can, then the lowest one.
 */
size_t strategy_bytes(struct run *r, const uint8_t *bytes, size_t nr, replay_step_fn *on_step, void *arg);
/* As strategy_bytes, but gives up after @max steps. */
size_t strategy_bytes_upto(
    struct run *r, const uint8_t *bytes, size_t nr, size_t max, replay_step_fn *on_step, void *arg);

/*
 * Appends the fewest choice bytes that give this schedule, at least one. False: it is not a schedule of the program;
 * *error says why. Runs the program.
 */
bool strategy_bytes_of(struct run *r, const struct schedule *s, struct keybuf *out, struct strbuf *error);

/* For strategies: runs from begin to end, and calls @pick at each step. @pick may read the run, but not the sim. */
size_t strategy_drive(struct run *r, sim_pick *pick, void *pick_arg, replay_step_fn *on_step, void *arg);

/* The n-th lowest of the enabled threads. */
static inline unsigned
strategy_nth(uint32_t enabled, unsigned n)
{
	while (n-- > 0)
		enabled &= enabled - 1;
	return (unsigned)__builtin_ctz(enabled);
}

/* A thread of @among, drawn in proportion to the weights. At least one weight is not 0. */
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

/* The number of the operation that @thread, which is not finished, is in or before. */
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
