/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixed.h - does what a program is about still happen, under any schedule? wirestorm check --fixed.
 *
 * The question is about the findings that the verdict lines list; of a program without verdict lines, about any finding
 * that no quirk explains. The program's own schedule is tried first, as far as it goes, then all schedules. Where these
 * are too many, so many runs of the strategies as well; the answer then states the bound.
 */
#ifndef HARNESS_EXPECT_FIXED_H
#define HARNESS_EXPECT_FIXED_H

#include "harness/expect/checkfile.h"

#define FIXED_RUNS 1000 /* by strategies, where not all schedules were explored */

/*
 * One line about @p, named @path, goes to *out. CHECKFILE_PASSED: it no longer happens; CHECKFILE_FAILED: it still
 * happens, and the line has a schedule; CHECKFILE_BAD: the program cannot be run.
 */
struct checkfile_report fixed_program(const char *path, const struct program *p,
    const struct checkfile_options *options, struct sim *sim, struct strbuf *out);

#endif
