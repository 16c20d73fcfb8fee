/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random-draw.h - single operations by chance: the part of random-program.c that knows the kinds of argument.
 *
 * Behaviour hangs on the kind (engine/args.def), never on the operation: a new operation of known kinds is drawn
 * without a word here. Addresses are drawn from what the program has named before: the edges of its ranges, their
 * neighbours, the holes between them, the whole map.
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

/* What a program likes. Chances are percentages. */
struct draw {
	struct prng prng;
	const struct program_config *cfg;
	const struct vm_target *target;          /* only what it can do; NULL: anything */
	uint64_t lo, hi;                         /* most of what happens, happens here: a part of the map */
	uint64_t span;                           /* pages that most ranges have at most */
	uint64_t wide_span;                      /* the rest */
	unsigned wide;                           /* chance of it */
	unsigned focus;                          /* chance that a range is about one of the first in seen */
	size_t nr_focus;                         /* so many of them */
	unsigned user, holes;                    /* chances of user and holesok */
	unsigned weights[VM_OP_CODE_MAX + 1];    /* of the operations; 0: switched off */
	struct draw_range seen[DRAW_RANGES_MAX]; /* that operations have named */
	size_t nr_seen;
};

/*
 * Swarm testing (Groce and others, ISSTA 2012): some operations are switched off, the others like each other more or
 * less than usual by the given factors, so that programs differ more from one another. One operation at least is on.
 */
void draw_weights(struct draw *d, const unsigned *factors, unsigned nr_factors);
uint8_t draw_code(struct draw *d);
/* An operation of that code, or of another one if the target cannot do it. */
struct vm_op draw_op(struct draw *d, uint8_t code);
bool draw_has_kind(uint8_t code, enum vm_arg_kind kind);

#endif
