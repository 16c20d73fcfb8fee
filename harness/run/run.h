/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.h - the room run: executions of a program on a target, and strategies that choose the next thread.
 *
 * For: opening, stepping and ending a run; replaying a schedule; strategies; sequential runs.
 * Includes: base/, program/, sim/, target/, check/.
 * Start reading: execution.h, then replay.h and strategy.h.
 */
#ifndef HARNESS_RUN_RUN_H
#define HARNESS_RUN_RUN_H

#include "harness/run/execution.h"
#include "harness/run/replay.h"
#include "harness/run/run-step.h"
#include "harness/run/seqrun.h"
#include "harness/run/strategy.h"

#endif
