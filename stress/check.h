/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - checks of the map when the threads of a stress run have stopped. */
#ifndef STRESS_CHECK_H
#define STRESS_CHECK_H

#include "engine/vm.h"

struct world;

/*
 * Call it at the end of a round, when no operation runs: returns the first finding as text, or NULL. Needs
 * vm_curthread. Besides the invariants of vm_map_check, it checks that no entry is in transition, no thread is expected
 * to wait, and no system wiring is left (workload.h: all ledgers are empty). In the strict profile it also checks that
 * the user-wire counter is exact and within the limit.
 */
const char *stress_check(vm_map_t map);
/*
 * Call it in the middle of a round, when the world has stopped: checks all invariants, including those of sleeping
 * threads.
 */
const char *stress_check_stopped(const struct world *w);
/* Checks only the invariants of sleeping threads. */
const char *stress_check_sleepers(const struct world *w);

#endif
