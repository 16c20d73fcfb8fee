/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execution.h - executions of one program on one target: opened once, then any number of runs, step by step.
 *
 * run_open runs the init steps and keeps the state after them. run_begin returns to that state, which costs one copy.
 * run_step runs one step of a thread; run_enabled says which threads can take one. A run is over when no thread is
 * enabled.
 */
#ifndef HARNESS_RUN_EXECUTION_H
#define HARNESS_RUN_EXECUTION_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/program/program.h"
#include "harness/sim/sim.h"
#include "harness/target/target.h"

enum run_open_result {
	RUN_OPENED = 0,
	RUN_UNSUPPORTED, /* the target cannot run this program */
	RUN_INIT_FAILED, /* an init step blocked, or its result or state is not the expected one */
};

/* Why the target cannot run the program (the first reason), or NULL. */
const char *run_refusal(const struct program *p, const struct vm_target *t);

/*
 * Opens a run. No other run may use @sim before run_close. Call run_close even on failure. Results and states that the
 * init steps expect are compared. On failure, r->error is the reason, one line.
 */
enum run_open_result run_open(struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim);
/*
 * As run_open, with a checker that judges the whole run from the init steps on. The checker belongs to the caller, but
 * is in use until run_close.
 */
enum run_open_result run_open_checked(
    struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim, struct checker *c);
/*
 * As run_open_checked, for one run_begin only: the state after the init steps is not kept. For callers with very many
 * programs.
 */
enum run_open_result run_open_once(
    struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim, struct checker *c);
void run_close(struct run *r);

/*
 * Runs the init steps on an instance of their own. Appends a line "PATH:LINE: init OP failed: CODE (edges)" for each
 * step that fails although the program does not expect it, or "... did nothing: ..." for a step whose range is outside
 * the map. Commands that show a program print these notes, because such a step is easily overlooked. @sim must not be
 * in use.
 */
void run_init_notes(
    const char *path, const struct program *p, const struct vm_target *t, struct sim *sim, struct strbuf *out);

/*
 * A thread that runs alone never waits for another. The longest operation is a wire: one step for each page that has a
 * frame. An operation with more steps does not end.
 */
#define RUN_ALONE_STEPS_MAX (2 * VM_FRAMES_AMPLE)

/*
 * Runs one operation on the init thread while no other thread runs. Do not call it between run_begin and the end of a
 * run. BLOCKED: the operation sleeps forever, has panicked, or does not end (r->endless).
 */
struct vm_result run_alone(struct run *r, const struct vm_op *op);

void run_begin(struct run *r);
void run_step(struct run *r, unsigned thread);

static inline uint32_t
run_enabled(const struct run *r)
{
	return sim_enabled(r->sim);
}

/* Why the run has panicked, or NULL: an assertion of the target failed, and the run is over. */
static inline const char *
run_panic(const struct run *r)
{
	return sim_panic_text(r->sim);
}

/* Is there a thread that is neither finished nor able to run? Meaningful when no thread is enabled. */
static inline bool
run_deadlocked(const struct run *r)
{
	return sim_enabled(r->sim) == 0 && sim_unfinished(r->sim) != 0;
}

/* Appends the state key of the whole system, including the checker's data. Only for targets with a key. */
void run_key(struct run *r, struct keybuf *k);
/*
 * Appends the outcome in .vmt form: "T0: R,R | T1: R | STATE", and "| DEADLOCK(...)" in a deadlock. After a panic it
 * ends with "| PANIC(...)", which no program can expect.
 */
void run_outcome(struct run *r, struct strbuf *out);
/*
 * Runs the final steps after a finished run, and compares them with what they expect. False: *out has the difference.
 * After a panic, no final step runs. Call run_begin before the next run.
 */
bool run_final(struct run *r, struct strbuf *out);
/* As run_final, and calls @each after each final step, with the step's number from 0. */
typedef void run_final_fn(void *arg, struct run *r, size_t i, const struct vm_result *got);
bool run_final_each(struct run *r, run_final_fn *each, void *arg, struct strbuf *out);

#endif
