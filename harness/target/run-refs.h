/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run-refs.h - results as arguments: "write $T1.0 7" writes to the page that operation 0 of T1 has found.
 *
 * An operation with such an argument takes one extra step at its start. That step looks the results up, and from then
 * on the arguments are numbers. The operation ends in that step with KERN_INVALID_ARGUMENT (lookup and check: FALSE) if
 * a result does not exist yet, is not a page or tag, or the target does not support the operation with these numbers;
 * the target never sees the operation then. So targets and the checker see only numbers: run_op() is the operation as
 * it is known now.
 */
#ifndef HARNESS_TARGET_RUN_REFS_H
#define HARNESS_TARGET_RUN_REFS_H

#include <stdbool.h>

#include "harness/program/program.h"

struct run;

struct run_refs {
	struct vm_op ops[PROGRAM_THREADS_MAX][PROGRAM_OPS_MAX]; /* with numbers; valid if known */
	uint64_t known[PROGRAM_THREADS_MAX];                    /* bit i: the results of ops[t][i] have been looked
	                                                         * up */
	uint64_t refused[PROGRAM_THREADS_MAX];                  /* bit i: that lookup failed */
};

#define RUN_REFS_STEPS (UINT8_MAX + 1) /* the most init steps, and final steps, whose results can be arguments */

/* Results of init and final steps. Callers that run them one by one (run_alone) keep them, too. */
struct run_refs_steps {
	struct vm_op op;                        /* the running step, with numbers */
	struct vm_result init[RUN_REFS_STEPS];  /* struct run's nr_init_run results */
	struct vm_result final[RUN_REFS_STEPS]; /* results of the final steps that have run */
};

/* Call it before the init steps. Leaves r->refs NULL if no thread's operation has such an argument. */
void run_refs_open(struct run *r);
void run_refs_close(struct run *r);
/* Call it when the threads start. */
void run_refs_begin(struct run *r);
/* Looks the results up, on the thread's fiber. NULL: the lookup failed, and *refused is the operation's result. */
const struct vm_op *run_refs_look_up(struct run *r, unsigned thread, unsigned i, struct vm_result *refused);
/* The same for an init or final step, outside fibers. */
const struct vm_op *run_refs_look_up_alone(struct run *r, const struct vm_op *op, struct vm_result *refused);
/* Keeps the result of @op: the next init step of the program, or a final step. */
void run_refs_keep(struct run *r, const struct vm_op *op, const struct vm_result *result);

/* Implements run_op. */
const struct vm_op *run_refs_op(const struct run *r, unsigned thread, unsigned i);

#endif
