/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - what must hold of a map when all threads of a stress run are gone. */
#ifndef STRESS_CHECK_H
#define STRESS_CHECK_H

#include "engine/vm.h"

/*
 * The first thing that is broken, in words; NULL if all is well. Needs vm_curthread. Besides the invariants of
 * vm_map_check: nothing is under way, nobody is waited for, no system wiring is left (workload.h: all ledgers are
 * empty), and, in the strict profile, the user-wire counter is exact and within the limit.
 */
const char *stress_check(vm_map_t map);

#endif
