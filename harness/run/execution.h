/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execution.h - executions of one program on one target: set up once, then as many runs as one likes, step by step.
 *
 * run_open runs the init steps and keeps the state they leave. run_begin goes back to that state, which costs one copy.
 * Then run_step lets a thread make a step; who may is run_enabled. A run is over when nobody is enabled.
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
	RUN_INIT_FAILED, /* an init step's result or state is not the expected one, or it blocked */
};

/* The first reason why the target cannot run the program, or NULL. */
const char *run_refusal(const struct program *p, const struct vm_target *t);

/*
 * @sim is used by this run alone until run_close. In any case run_close is due. If init steps have expected results or
 * states, they are compared. On failure error says why in one line.
 */
enum run_open_result run_open(struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim);
/* The same with a checker, the caller's until run_close, which judges all the run does, from the init steps on. */
enum run_open_result run_open_checked(
    struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim, struct checker *c);
/* The same, for one run_begin only: nothing is kept to go back to. For whoever has very many programs. */
enum run_open_result run_open_once(
    struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim, struct checker *c);
void run_close(struct run *r);

/*
 * Runs the init steps on an instance of their own, and appends a line "PATH:LINE: init OP failed: CODE (edges)" for
 * each that fails although the program does not say so, or "... did nothing: ..." for each whose range is outside of
 * the map. A note, for commands that show a program to a person: a step that fails has no effect, which is easily
 * overlooked. @sim must not be in use.
 */
void run_init_notes(
    const char *path, const struct program *p, const struct vm_target *t, struct sim *sim, struct strbuf *out);

/*
 * Who is alone waits for nobody, and the longest there is to do is a wire: one step for each page that has a frame.
 * What takes more steps does not end.
 */
#define RUN_ALONE_STEPS_MAX (2 * VM_FRAMES_AMPLE)

/*
 * Runs one operation on the init thread, with nobody else there. Not between run_begin and the end of a run. BLOCKED:
 * it sleeps for ever, has panicked, or does not end (endless says so).
 */
struct vm_result run_alone(struct run *r, const struct vm_op *op);

void run_begin(struct run *r);
void run_step(struct run *r, unsigned thread);

static inline uint32_t
run_enabled(const struct run *r)
{
	return sim_enabled(r->sim);
}

/* What the run has died of, or NULL: an assertion of the target did not hold. It is over then. */
static inline const char *
run_panic(const struct run *r)
{
	return sim_panic_text(r->sim);
}

/* Some thread is neither finished nor able to go on; meaningful when nobody is enabled. */
static inline bool
run_deadlocked(const struct run *r)
{
	return sim_enabled(r->sim) == 0 && sim_unfinished(r->sim) != 0;
}

/* The state key of the whole system, appended, the checker's monitors with it. Only if the target offers one. */
void run_key(struct run *r, struct keybuf *k);
/*
 * The outcome in .vmt form, appended: "T0: R,R | T1: R | STATE", and "| DEADLOCK(...)" if that is so. After a panic
 * "| PANIC(...)", which no program can expect.
 */
void run_outcome(struct run *r, struct strbuf *out);
/*
 * After a finished run: runs the final steps, and compares with what they expect. False: *out says what differs. After
 * a panic no final step runs.
 * The run must be begun again afterwards.
 */
bool run_final(struct run *r, struct strbuf *out);
/* The same, and @each is called after each final step that was run, with its number from 0. */
typedef void run_final_fn(void *arg, struct run *r, size_t i, const struct vm_result *got);
bool run_final_each(struct run *r, run_final_fn *each, void *arg, struct strbuf *out);

#endif
