/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim-watch.h - crashes and endless steps of the code that runs on the fibers, whichever target it belongs to, as
 * panics of the run. The owner's side has no run to end: a crash there ends the process.
 */
#ifndef HARNESS_SIM_SIM_WATCH_H
#define HARNESS_SIM_SIM_WATCH_H

#include <stdint.h>

struct sim;

/*
 * Makes a wild pointer, a stack overflow, an illegal instruction and abort() in an operation a panic of its run. Does
 * the same for a step that does not end: one that takes a second of processor time, or longer in a large map.
 *
 * With a sanitizer, wild pointers and stack overflows are left to the sanitizer, whose report says more. With
 * ThreadSanitizer, nothing is watched: it delivers a signal only when the program calls a function that it intercepts,
 * and an endless step may call none.
 */
void sim_watch_crashes(void);
/*
 * Watches the steps of @sim in this process until the sim is destroyed or another one is watched. A fork does not
 * inherit the timer. A step in a map of more @pages may take longer.
 */
void sim_watch_steps(struct sim *sim, uint64_t pages);
/* Calls @abandon on the fiber whose step is abandoned, until the next sim_watch_steps. */
void sim_watch_abandon(void (*abandon)(struct sim *sim));
/* The number of endless steps that this process has abandoned. */
uint64_t sim_watch_thrown(void);

#endif
