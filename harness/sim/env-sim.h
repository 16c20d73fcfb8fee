/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env-sim.h - the env of the engine in the simulated world. A struct vm_thread in it has this env, the sim as its
 * world, and the number of its fiber as its id.
 */
#ifndef HARNESS_SIM_ENV_SIM_H
#define HARNESS_SIM_ENV_SIM_H

#include <stdint.h>

struct sim;
struct vm_env;
struct vm_thread;

extern const struct vm_env vm_env_sim;

/* Call it on the fiber of @td, which holds no lock: makes @td the running thread. */
void env_sim_be(struct vm_thread *td);

/*
 * Makes a wild pointer in an operation a panic of its run, as a failed assertion is. Does the same for a step that does
 * not end: one that takes a second of processor time, or longer in a large map.
 *
 * With a sanitizer, wild pointers are left to the sanitizer, whose report says more. With ThreadSanitizer, steps are
 * not timed: it delivers a signal only when the program calls a function that it intercepts, and an endless step may
 * call none.
 */
void env_sim_catch_crashes(void);
/*
 * Watches the steps of @sim in this process until the sim is destroyed or another one is watched. A fork does not
 * inherit the timer. A step in a map of more @pages may take longer.
 */
void env_sim_watch_steps(struct sim *sim, uint64_t pages);
/* Says that the target is the engine, whose threads hold locks. */
void env_sim_watch_engine(void);
/* The number of endless steps that this process has abandoned. */
uint64_t env_sim_steps_thrown(void);

#endif
