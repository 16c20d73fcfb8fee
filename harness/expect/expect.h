/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect.h - the room expect: compares programs with what they expect.
 *
 * For: checking a file, writing the expectations of a program, asking whether a finding is fixed, comparing two sides.
 * Includes: base/, program/, sim/, target/, check/, run/, explore/.
 * Start reading: checkfile.h, then expect-run.h, fixed.h, explain-difference.h, behaviour.h and
 * parting.h.
 */
#ifndef HARNESS_EXPECT_EXPECT_H
#define HARNESS_EXPECT_EXPECT_H

#include "harness/expect/behaviour.h"
#include "harness/expect/checkfile.h"
#include "harness/expect/expect-run.h"
#include "harness/expect/explain-difference.h"
#include "harness/expect/fixed.h"
#include "harness/expect/parting.h"

#endif
