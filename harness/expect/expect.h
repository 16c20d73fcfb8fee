/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect.h - the room expect: compares programs with what they expect.
 *
 * For: checking a file, writing the expectations of a program, asking whether a finding is fixed.
 * Includes: base/, program/, sim/, target/, check/, run/, explore/.
 * Start reading: checkfile.h, then expect-run.h, fixed.h and explain-difference.h.
 */
#ifndef HARNESS_EXPECT_EXPECT_H
#define HARNESS_EXPECT_EXPECT_H

#include "harness/expect/checkfile.h"
#include "harness/expect/expect-run.h"
#include "harness/expect/explain-difference.h"
#include "harness/expect/fixed.h"

#endif
