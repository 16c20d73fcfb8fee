/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect-run.h - runs a program under its schedule, and writes the lines that describe the run: result and verdicts.
 *
 * Code that writes a program with a schedule calls expect_run. wirestorm check makes the same run, so it passes the
 * program if and only if the run shows the same again. The verdict lines are complete: each finding of the run has the
 * kind and check of one of them, whether an active quirk explains it or not.
 */
#ifndef HARNESS_EXPECT_EXPECT_RUN_H
#define HARNESS_EXPECT_EXPECT_RUN_H

#include <stdbool.h>

#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/run/run.h"

/*
 * Call it when the run has ended: no thread can take a step. Takes the checker's last findings, appends the result, and
 * runs the final steps unless the run is a deadlock. False: a final step differs from what the program expects; *wrong
 * says how.
 */
bool expect_end(struct run *r, struct strbuf *result, struct strbuf *wrong);

/* As expect_end, and calls @each after each final step, before it is compared (run_final_each). */
bool expect_end_each(struct run *r, run_final_fn *each, void *arg, struct strbuf *result, struct strbuf *wrong);

/* The verdict line that lists the finding; NULL: none does. */
const struct program_verdict_line *expect_line_of(const struct program *p, const struct finding *f);

/*
 * Appends what the verdict lines list, without free text: "model rollback, invariant I19"; "a finding" if there are no
 * lines.
 */
void expect_print(const struct program *p, struct strbuf *out);

/*
 * Makes the verdict lines those of a run with these findings, and possibly a deadlock. Lines that the run shows stay,
 * the first one first; other findings are added by kind and check.
 */
void expect_findings(struct program *p, const struct finding *findings, size_t nr, bool deadlock);

/*
 * Makes result and verdict lines those of the run under the program's schedule. Uses @sim. False: the schedule does not
 * fit, or the run does not show the first verdict line; *p is unchanged.
 */
bool expect_run(struct program *p, const struct vm_target *t, struct sim *sim);

#endif
