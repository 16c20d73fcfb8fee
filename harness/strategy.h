/* SPDX-License-Identifier: BSD-2-Clause */
/* strategy.h - who makes the next step, when no schedule says so. Each is a function of its seed alone. */
#ifndef HARNESS_STRATEGY_H
#define HARNESS_STRATEGY_H

#include <stdint.h>

#include "harness/replay.h"

/* Begins the run and brings it to its end: uniformly among the enabled threads. on_step may be NULL. Returns the steps. */
size_t strategy_random(struct run *r, uint64_t seed, replay_step_fn *on_step, void *arg);

#endif
