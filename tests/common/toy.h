/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * toy.h - a target so small that everything about it can be computed by hand: a counter, locks, a flag.
 *
 * An operation is "read A", where A is a verb and an argument in one number, TOY(verb, arg), so that programs can be
 * written as text too; its result is a number. The state is the counter, as the user-wire counter.
 */
#ifndef TESTS_TOY_H
#define TESTS_TOY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/program/program.h"
#include "harness/target/target.h"

enum toy_verb {
	TOY_STEPS,  /* arg steps that do nothing; 0 */
	TOY_ADD,    /* one step: counter += arg; the old value */
	TOY_INC,    /* two steps: read the counter, write it plus 1; the value read */
	TOY_LOCK,   /* one step, when lock arg is free; 0 */
	TOY_UNLOCK, /* no separate step; 0 */
	TOY_WAIT,   /* look at the flag, and only in the next step go to sleep until it is set: loses wakeups; 0 */
	TOY_SAFE,   /* look at the flag and go to sleep in one step: loses none; 0 */
	TOY_SIGNAL, /* one step: set the flag, wake all; 0 */
	TOY_SPIN,   /* steps until the flag is set; 0 */
	TOY_HIDE,   /* one step: hidden = arg, which toy_leaky leaves out of its key; 0 */
	TOY_PEEK,   /* one step: hidden */
	TOY_STOP,   /* one step: toy_stop = 1; 0 */
	TOY_VERBS
};
#define TOY(verb, arg) ((uint64_t)(arg)*100 + (verb))

extern const struct vm_target toy;        /* a complete key */
extern const struct vm_target toy_leaky;  /* omits the value of TOY_HIDE from its key, which --verify must find */
extern const struct vm_target toy_no_key; /* explored by schedules */

extern volatile int toy_stop;

/* A program of @nr_threads; ops[t] is thread t's, ended by TOY_END. Freed by program_free. */
#define TOY_END UINT64_MAX
void toy_program(struct program *p, unsigned nr_threads, const uint64_t *const ops[]);
void toy_add_op(struct program *p, unsigned thread, uint64_t op);

#endif
