/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seqrun.h - sequential programs: one operation after the other on a target, and what should come of it.
 *
 * Each operation runs on the init thread of a simulated world. When that thread sleeps there is nobody to wake it: the
 * result is VM_OUTCOME_BLOCKED, and no further operation may follow on this run.
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
	const struct vm_op *op; /* under way */
	struct vm_result result;
};

/* Why @target cannot run the program's directives and init steps, or NULL. */
const char *seqrun_reason(const struct vm_target *target, const struct program *p);

/* Makes the threads' operations init steps, one thread after the other: a program that is sequential. */
void seqrun_flatten(struct program *p);
/* Takes out the init steps that @target cannot run; returns how many. For programs that nobody wrote by hand. */
size_t seqrun_trim(const struct vm_target *target, struct program *p);

/* An instance of @target on @sim, whose init thread it uses. */
void seqrun_open(struct seqrun *r, const struct vm_target *target, const struct program_config *cfg, struct sim *sim);
void seqrun_close(struct seqrun *r);
struct vm_result seqrun_step(struct seqrun *r, const struct vm_op *op);

/* Memory that comparisons keep from one program to the next, and what the last one found. Zeroed is valid. */
struct seqdiff {
	struct vm_state state[2];
	struct strbuf text; /* the difference, in words */
	struct strbuf scratch;
	size_t step;     /* index of the init step that differs */
	size_t nr_steps; /* steps compared so far, over all programs */
};

void seqdiff_free(struct seqdiff *d);
/* Runs the init steps of @p on both targets and compares result, state, entries and own invariants after each. */
bool seqdiff_targets(
    struct seqdiff *d, const struct vm_target *a, const struct vm_target *b, const struct program *p, struct sim *sim);
/* Runs the init steps of @p and compares with the results and states that it has. */
bool seqdiff_recorded(struct seqdiff *d, const struct vm_target *target, const struct program *p, struct sim *sim);

#endif
