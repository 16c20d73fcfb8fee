/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kern.h - the kernel that fmap.c expects around it: what a real engine would include from its own system. No part of
 * it knows of wirestorm. kern-sim.c is this kernel in the simulated world.
 */
#ifndef EXAMPLES_FOREIGN_KERN_H
#define EXAMPLES_FOREIGN_KERN_H

#include <stddef.h>

struct thread {
	unsigned id;
};
extern struct thread *curthread;

/* A sleepable lock. */
struct sx {
	struct thread *owner;
};
void sx_init(struct sx *sx);
void sx_xlock(struct sx *sx);
void sx_xunlock(struct sx *sx);

/* Unlocks @sx and sleeps until a wakeup(@chan), as one action. Then locks @sx again. */
void sx_sleep(const void *chan, struct sx *sx);
void wakeup(const void *chan);

/* Makes the page resident. May sleep. */
void fault_page(unsigned long page);

void *malloc(size_t size);
void free(void *p);

#endif
