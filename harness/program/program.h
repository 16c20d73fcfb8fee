/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program.h - the room program: programs, their text form (.vmt) and their byte form.
 *
 * For: reading, printing, comparing and storing programs; the reference of edges and operations as text.
 * Includes: base/, and the engine's tables and numbers.
 * Start reading: program-data.h, then vmt.h.
 */
#ifndef HARNESS_PROGRAM_PROGRAM_H
#define HARNESS_PROGRAM_PROGRAM_H

#include "harness/program/bytes.h"
#include "harness/program/edges.h"
#include "harness/program/never.h"
#include "harness/program/op-ranges.h"
#include "harness/program/opsdoc.h"
#include "harness/program/optext.h"
#include "harness/program/profile.h"
#include "harness/program/program-data.h"
#include "harness/program/schedule.h"
#include "harness/program/state.h"
#include "harness/program/vmt.h"

#endif
