/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env-sim.h - the engine's way out into the simulated world. A struct vm_thread there has this env, the sim as its
 * world, and the number of its fiber as its id.
 */
#ifndef HARNESS_ENV_SIM_H
#define HARNESS_ENV_SIM_H

struct vm_env;

extern const struct vm_env vm_env_sim;

#endif
