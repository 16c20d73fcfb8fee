/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env-sim.h - the engine's way out into the simulated world. A struct vm_thread there has this env, the sim as its
 * world, and the number of its fiber as its id.
 */
#ifndef HARNESS_SIM_ENV_SIM_H
#define HARNESS_SIM_ENV_SIM_H

#include <stdint.h>

struct sim;
struct vm_env;
struct vm_thread;

extern const struct vm_env vm_env_sim;

/* On the fiber of @td, which holds no lock: it is the running thread. */
void env_sim_be(struct vm_thread *td);

/*
 * From now on a wild pointer in an operation is a panic of its run, as an assertion is; and so is a step that has taken
 * a second of processor time, or longer in a large map: it does not end. With a sanitizer a wild pointer is left to it:
 * it has more to say. ThreadSanitizer hands a signal on at the next call of a function that it intercepts, which an
 * endless step need not make, so there nobody looks at the time.
 */
void env_sim_catch_crashes(void);
/*
 * The steps of @sim are watched from now on, in this process: a fork inherits no timer. @pages: of the map; a step in a
 * larger one may take longer. Until the sim is destroyed, or another one is watched.
 */
void env_sim_watch_steps(struct sim *sim, uint64_t pages);
/* The target is the engine. */
void env_sim_watch_engine(void);
/* So many endless steps has this process thrown away. */
uint64_t env_sim_steps_thrown(void);

#endif
