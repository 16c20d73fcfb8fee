/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate.h - small changes to programs, and crossing two programs, for searches that change interesting programs.
 *
 * New operations and arguments are drawn as for random programs (harness/gen/random-draw.h) from ranges that the
 * program names already, so a mutated program mostly stays on the same pages. The table mutate.def has the probability
 * of each kind of change. A mutation depends only on the genome, the limits and the seed, and allocates no memory.
 */
#ifndef HARNESS_GEN_MUTATE_H
#define HARNESS_GEN_MUTATE_H

#include "harness/gen/genome.h"
#include "harness/gen/random-draw.h"

/* A genome while it changes. */
struct mutation {
	struct genome *g;
	const struct genome_limits *limits;
	struct draw draw;
};

/* Draws from the mutation's own stream. Code that adds something to a mutation uses it, too. */
static inline unsigned
mutation_below(struct mutation *m, unsigned n)
{
	return (unsigned)prng_below(&m->draw.prng, n);
}

static inline bool
mutation_percent(struct mutation *m, unsigned chance)
{
	return prng_percent(&m->draw.prng, chance);
}

/* Call it first: new arguments are drawn from the ranges that the genome names. */
void mutation_begin(struct mutation *m, struct genome *g, const struct genome_limits *l, struct prng prng);
/* Applies one to three rows of mutate.def. */
void mutation_change(struct mutation *m);
/*
 * Crosses in threads, init steps and directives of @other: takes either one, or the head of one and the tail of the
 * other.
 */
void mutation_cross(struct mutation *m, const struct genome *other);
/* Call it last: adds threads up to the minimum. */
void mutation_end(struct mutation *m);

#endif
