/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixed.h - wirestorm check --fixed: does the finding of a program still happen, under any schedule?
 *
 * The question concerns the findings that the verdict lines list; without verdict lines, any finding that no quirk
 * explains. The program's own schedule is tried first, as far as it can be followed, then all schedules. If there are
 * too many of them, runs of the strategies follow, and the answer states the bound.
 */
#ifndef HARNESS_EXPECT_FIXED_H
#define HARNESS_EXPECT_FIXED_H

#include "harness/expect/checkfile.h"

#define FIXED_RUNS 1000 /* runs by strategies if not all schedules were explored */

/*
 * Appends one line about @p, named @path, to *out. CHECKFILE_PASSED: it no longer happens. CHECKFILE_FAILED: it still
 * happens, and the line has a schedule. CHECKFILE_BAD: the program cannot be run.
 */
struct checkfile_report fixed_program(const char *path, const struct program *p,
    const struct checkfile_options *options, struct sim *sim, struct strbuf *out);

#endif
