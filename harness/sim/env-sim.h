/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env-sim.h - the env of the engine in the simulated world. A struct vm_thread in it has this env, the sim as its
 * world, and the number of its fiber as its id.
 */
#ifndef HARNESS_SIM_ENV_SIM_H
#define HARNESS_SIM_ENV_SIM_H

struct sim;
struct vm_env;
struct vm_thread;

extern const struct vm_env vm_env_sim;

/* Call it on the fiber of @td, which holds no lock: makes @td the running thread. */
void env_sim_be(struct vm_thread *td);

/* Says that the target is the engine, whose threads hold locks: call it when the run is opened (sim-watch.h). */
void env_sim_watch_engine(void);

#endif
