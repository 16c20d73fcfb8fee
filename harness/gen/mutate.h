/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate.h - programs changed a little, and crossed: for whoever looks for bugs by changing what was interesting.
 *
 * New operations and arguments are drawn as for random programs (harness/gen/random-draw.h) from what the program names
 * already, so that a mutation mostly stays about the same pages. What is done how often is a table, mutate.def. A
 * mutation is a function of the genome, the limits and the seed, and takes no memory.
 */
#ifndef HARNESS_GEN_MUTATE_H
#define HARNESS_GEN_MUTATE_H

#include "harness/gen/genome.h"
#include "harness/gen/random-draw.h"

/* A genome that is being changed. */
struct mutation {
	struct genome *g;
	const struct genome_limits *limits;
	struct draw draw;
};

/* Chances are drawn from the mutation's own stream, by whoever adds something to it, too. */
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

/* To be called first: what the genome names is drawn from. */
void mutation_begin(struct mutation *m, struct genome *g, const struct genome_limits *l, struct prng prng);
/* One to three rows of mutate.def. */
void mutation_change(struct mutation *m);
/* Threads, init steps and directives: each of one or the other, or the head of the one and the tail of the other. */
void mutation_cross(struct mutation *m, const struct genome *other);
/* As many threads as there have to be: to be called last. */
void mutation_end(struct mutation *m);

#endif
