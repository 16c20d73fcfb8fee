/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain-difference.h - wirestorm check --explain-difference: which switches of a profile make a program go as it
 * expects?
 *
 * The question concerns the profile of --profile, and the switches in which it differs from the program's own profile.
 * Without --profile, or if these explain nothing, it concerns all switches of the profile. The answer is every smallest
 * set of switches with which all results, states, outcomes and numbers of schedules are as expected. Findings do not
 * count.
 */
#ifndef HARNESS_EXPECT_EXPLAIN_DIFFERENCE_H
#define HARNESS_EXPECT_EXPLAIN_DIFFERENCE_H

#include "harness/expect/checkfile.h"

/* A set of more switches is found only if no switch of it can be left out. */
#define EXPLAIN_SIZE_MAX 3

/*
 * Appends one line about the file to *out. CHECKFILE_PASSED: there is no difference. CHECKFILE_FAILED: there is one,
 * and the line names the switches, or says that none explain it. CHECKFILE_BAD: the program cannot be run.
 */
struct checkfile_report explain_difference(
    const char *path, const struct checkfile_options *options, struct sim *sim, struct strbuf *out);

#endif
