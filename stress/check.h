/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - what must hold of a map when the threads of a stress run have stopped. */
#ifndef STRESS_CHECK_H
#define STRESS_CHECK_H

#include "engine/vm.h"

struct world;

/*
 * At the end of a round, with no operation under way: the first thing that is broken, in words; NULL if all is well.
 * Needs vm_curthread. Besides the invariants of vm_map_check: nothing is under way, nobody is waited for, no system
 * wiring is left (workload.h: all ledgers are empty), and, in the strict profile, the user-wire counter is exact and
 * within the limit.
 */
const char *stress_check(vm_map_t map);
/* In the middle of a round, when the world has stopped: all invariants, those of who sleeps included. */
const char *stress_check_stopped(const struct world *w);
/* The part of it that is about who sleeps. */
const char *stress_check_sleepers(const struct world *w);

#endif
