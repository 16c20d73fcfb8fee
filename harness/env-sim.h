/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env-sim.h - the engine's way out into the simulated world. A struct vm_thread there has this env, the sim as its
 * world, and the number of its fiber as its id.
 */
#ifndef HARNESS_ENV_SIM_H
#define HARNESS_ENV_SIM_H

struct vm_env;
struct vm_thread;

extern const struct vm_env vm_env_sim;

/* On the fiber of @td, which holds no lock: it is the running thread. */
void env_sim_be(struct vm_thread *td);

/*
 * From now on a wild pointer in an operation is a panic of its run, as an assertion is; and so is a step that has taken
 * seconds of processor time, for it will not end. With a sanitizer a wild pointer is left to it: it has more to say.
 * ThreadSanitizer hands a signal on at the next call of a function that it intercepts, which an endless step need not
 * make, so there nobody looks at the time.
 */
void env_sim_catch_crashes(void);
/* In each process that runs programs: a fork does not inherit what looks at the time. Cheap if it was done. */
void env_sim_watch_steps(void);

#endif
