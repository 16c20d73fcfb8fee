/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random-program.h - random sequential programs for tests: the same seed is the same program, on every machine.
 *
 * Addresses are drawn from what the program has named before (edges of mappings, their neighbours, the holes between
 * them, the whole map), so that entries are hit at their edges more often than chance would. Half of the programs are
 * of profile freebsd12, half strict; some switch quirks one by one, some switch any.
 */
#ifndef HARNESS_RANDOM_PROGRAM_H
#define HARNESS_RANDOM_PROGRAM_H

#include <stdint.h>

#include "harness/program.h"

/* *p is program_init'ed here; program_free it. Ends the program if memory runs out. */
void random_program(uint64_t seed, struct program *p);

#endif
