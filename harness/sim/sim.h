/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim.h - the room sim: the simulated world, in which a program's threads are fibers of one OS thread.
 *
 * For: running fibers step by step, one at a time, as a scheduler says; the engine's env on top of that.
 * Includes: base/, and of the engine env.h.
 * Start reading: simulator.h, then env-sim.h; sim-inside.h is the fast path.
 */
#ifndef HARNESS_SIM_SIM_H
#define HARNESS_SIM_SIM_H

#include "harness/sim/env-sim.h"
#include "harness/sim/fiber.h"
#include "harness/sim/sim-inside.h"
#include "harness/sim/sim-watch.h"
#include "harness/sim/simulator.h"

#endif
