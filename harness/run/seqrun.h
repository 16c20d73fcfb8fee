/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seqrun.h - sequential programs: one operation after the other on a target, compared with expected results.
 *
 * Each operation runs on the init thread of a simulated world. If that thread sleeps, no other thread can wake it: the
 * result is VM_OUTCOME_BLOCKED, and no operation may follow on this run.
 */
#ifndef HARNESS_RUN_SEQRUN_H
#define HARNESS_RUN_SEQRUN_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/ops.h"
#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/target/target.h"

struct sim;

struct seqrun {
	const struct vm_target *target;
	void *self;
	struct sim *sim;
	const struct vm_op *op; /* the running operation */
	struct vm_result result;
};

/* Why @target does not support the program's directives and init steps, or NULL. */
const char *seqrun_reason(const struct vm_target *target, const struct program *p);

/* Turns the threads' operations into init steps, one thread after the other. The program is then sequential. */
void seqrun_flatten(struct program *p);
/* Removes the init steps that @target does not support, and returns their number. For generated programs. */
size_t seqrun_trim(const struct vm_target *target, struct program *p);

/* Makes an instance of @target on @sim, and uses its init thread. */
void seqrun_open(struct seqrun *r, const struct vm_target *target, const struct program_config *cfg, struct sim *sim);
void seqrun_close(struct seqrun *r);
struct vm_result seqrun_step(struct seqrun *r, const struct vm_op *op);

/* The result of the last comparison, and memory that is reused from one comparison to the next. Zeroed is valid. */
struct seqdiff {
	struct vm_state state[2];
	struct strbuf text; /* the difference, as text */
	struct strbuf scratch;
	size_t step;     /* index of the init step that differs */
	size_t nr_steps; /* steps compared so far, over all programs */
};

void seqdiff_free(struct seqdiff *d);
/* Runs the init steps of @p on both targets and compares result, state, entries and own invariants after each. */
bool seqdiff_targets(
    struct seqdiff *d, const struct vm_target *a, const struct vm_target *b, const struct program *p, struct sim *sim);
/* Runs the init steps of @p, and compares with the results and states in @p. */
bool seqdiff_recorded(struct seqdiff *d, const struct vm_target *target, const struct program *p, struct sim *sim);

#endif
