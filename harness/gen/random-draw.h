/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random-draw.h - draws single operations at random: the part of random programs that knows the kinds of argument.
 *
 * The code depends on the kind (engine/args.def), never on the operation: a new operation of known kinds needs nothing
 * here. Addresses are drawn from what the program has named before: the edges of its ranges, their neighbours, the
 * holes between them, the whole map.
 */
#ifndef HARNESS_GEN_RANDOM_DRAW_H
#define HARNESS_GEN_RANDOM_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/target/target.h"

#define DRAW_RANGES_MAX 24

struct draw_range {
	uint64_t start, end; /* pages */
};

/* The preferences of a program. Probabilities are percentages. */
struct draw {
	struct prng prng;
	const struct program_config *cfg;
	const struct vm_target *target;          /* only operations that this target supports; NULL: any */
	uint64_t lo, hi;                         /* the part of the map where most operations are */
	uint64_t span;                           /* length limit of most ranges, in pages */
	uint64_t wide_span;                      /* length limit of the other ranges, in pages */
	unsigned wide;                           /* probability of a range up to wide_span */
	unsigned focus;                          /* probability that a range is near one of the first nr_focus of
	                                          * seen */
	size_t nr_focus;                         /* number of focus ranges in seen */
	unsigned user, holes;                    /* probabilities of user and holesok */
	unsigned weights[VM_OP_CODE_MAX + 1];    /* of the operations; 0: switched off */
	struct draw_range seen[DRAW_RANGES_MAX]; /* ranges that operations have named */
	size_t nr_seen;
	struct draw_range stack; /* the last stack that was drawn; empty: none */
};

/* Does the target, if any, support the operation? */
bool draw_can_do(const struct draw *d, const struct vm_op *op);

static inline uint64_t
draw_below(struct draw *d, uint64_t n)
{
	return prng_below(&d->prng, n);
}

static inline bool
draw_percent(struct draw *d, unsigned chance)
{
	return prng_percent(&d->prng, chance);
}

/*
 * Draws weights by swarm testing (Groce and others, ISSTA 2012): switches some operations off, and multiplies the
 * weights of the others by random factors, so that programs differ more from each other. At least one operation stays
 * on.
 */
void draw_weights(struct draw *d, const unsigned *factors, unsigned nr_factors);
uint8_t draw_code(struct draw *d);
/* Does the target support it? */
bool draw_can_do(const struct draw *d, const struct vm_op *op);
/* Draws an operation with this code, or another one if the target does not support it. */
/* Draws the pages by which stacks grow: few, so that a small map has room for growth. */
void draw_growsize(struct draw *d, struct program_config *cfg);
struct vm_op draw_op(struct draw *d, uint8_t code);
bool draw_has_kind(uint8_t code, enum vm_arg_kind kind);

#endif
