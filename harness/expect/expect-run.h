/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect-run.h - what the run by a program's schedule shows, and the lines of the program that say so: result and
 * verdicts.
 *
 * Whoever writes a program with a schedule calls expect_run, so that wirestorm check, which makes the same run, passes
 * the program if and only if the run shows the same again. The verdict lines are complete: each finding of the run is
 * of the kind and check of one of them, whether a quirk that is on explains the finding or not.
 */
#ifndef HARNESS_EXPECT_EXPECT_RUN_H
#define HARNESS_EXPECT_EXPECT_RUN_H

#include <stdbool.h>

#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/run/run.h"

/*
 * After the last step of a run: the checker's last findings, the result (appended), and the final steps unless the run
 * is a deadlock. False: a final step does not give what the program expects of it, *wrong says what.
 */
bool expect_end(struct run *r, struct strbuf *result, struct strbuf *wrong);

/* The verdict line of the program that lists the finding; NULL: none does. */
const struct program_verdict_line *expect_line_of(const struct program *p, const struct finding *f);

/* What the verdict lines list, without free text: "model rollback, invariant I19"; without lines "a finding". */
void expect_print(const struct program *p, struct strbuf *out);

/*
 * The verdict lines become those of a run with these findings, which may have ended in a deadlock. Lines that it shows
 * stay, the first one first; other findings are added by kind and check.
 */
void expect_findings(struct program *p, const struct finding *findings, size_t nr, bool deadlock);

/*
 * The result and the verdict lines become those of the run by the program's schedule. @sim is used. False: the schedule
 * does not fit, or the run does not show the first verdict line; *p is as it was.
 */
bool expect_run(struct program *p, const struct vm_target *t, struct sim *sim);

#endif
