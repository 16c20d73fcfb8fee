/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen.h - the room gen: random programs, and small changes to programs.
 *
 * For: random operations and programs, mutation, editing a program in place.
 * Includes: base/, program/, sim/, target/.
 * Start reading: random-program.h, then mutate.h.
 */
#ifndef HARNESS_GEN_GEN_H
#define HARNESS_GEN_GEN_H

#include "harness/gen/genome.h"
#include "harness/gen/mutate.h"
#include "harness/gen/program-edit.h"
#include "harness/gen/random-draw.h"
#include "harness/gen/random-program.h"

#endif
