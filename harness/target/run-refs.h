/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run-refs.h - results as arguments: "write $T1.0 7" is about the page that operation 0 of T1 has found.
 *
 * An operation with such an argument makes one step more, its first: the step looks the results up, and the arguments
 * are numbers from then on. Where a result is not there yet or is no page (no tag), or the target cannot run the
 * operation with these numbers, the operation ends in that step with KERN_INVALID_ARGUMENT (lookup and check: FALSE),
 * and the target never sees it. So a target, the checker and all that draws or counts see numbers: run_op() is the
 * operation as it is known now.
 */
#ifndef HARNESS_TARGET_RUN_REFS_H
#define HARNESS_TARGET_RUN_REFS_H

#include <stdbool.h>

#include "harness/program/program.h"

struct run;

struct run_refs {
	struct vm_op ops[PROGRAM_THREADS_MAX][PROGRAM_OPS_MAX]; /* with numbers; valid if known */
	uint64_t known[PROGRAM_THREADS_MAX];                    /* bit i: ops[t][i] has been looked up */
	uint64_t refused[PROGRAM_THREADS_MAX];                  /* bit i: in vain */
};

#define RUN_REFS_STEPS (UINT8_MAX + 1) /* init steps, and final steps, of which the result can be an argument */

/* Results of init and final steps, which are kept for whoever runs them one by one, too (run_alone). */
struct run_refs_steps {
	struct vm_op op;                        /* under way, with numbers */
	struct vm_result init[RUN_REFS_STEPS];  /* struct run's nr_init_run of them */
	struct vm_result final[RUN_REFS_STEPS]; /* of those that have been run */
};

/* Before the init steps: r->refs is NULL if no thread's operation has such an argument. */
void run_refs_open(struct run *r);
void run_refs_close(struct run *r);
/* The threads begin. */
void run_refs_begin(struct run *r);
/* On the thread's fiber: looks the results up. NULL: in vain, and *refused is the operation's result. */
const struct vm_op *run_refs_look_up(struct run *r, unsigned thread, unsigned i, struct vm_result *refused);
/* The same for an init or final step, outside of fibers. */
const struct vm_op *run_refs_look_up_alone(struct run *r, const struct vm_op *op, struct vm_result *refused);
/* What the init step, the next one of the program, or the final step @op has given. */
void run_refs_keep(struct run *r, const struct vm_op *op, const struct vm_result *result);

/* For run.h. */
const struct vm_op *run_refs_op(const struct run *r, unsigned thread, unsigned i);

#endif
