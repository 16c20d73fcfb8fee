/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect.h - the room expect: programs against what they expect.
 *
 * For: checking a file, writing the expectations of a program, asking whether a finding is gone.
 * Includes: base/ to shrink/.
 * Start reading: checkfile.h, then expect-run.h and fixed.h.
 */
#ifndef HARNESS_EXPECT_EXPECT_H
#define HARNESS_EXPECT_EXPECT_H

#include "harness/expect/checkfile.h"
#include "harness/expect/expect-run.h"
#include "harness/expect/fixed.h"

#endif
