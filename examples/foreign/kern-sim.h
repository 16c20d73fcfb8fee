/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kern-sim.h - the kernel of kern.h in the simulated world, for shim.c. One struct kern is a kernel with its memory; a
 * target has one in each instance. Call kern_enter before the engine runs outside of a fiber.
 */
#ifndef EXAMPLES_FOREIGN_KERN_SIM_H
#define EXAMPLES_FOREIGN_KERN_SIM_H

#include "harness/wirestorm.h"

/* The names that the build gives to what the engine uses. */
#define curthread kern_curthread
#define malloc kern_malloc
#define free kern_free
#include "examples/foreign/kern.h"
#undef malloc
#undef free

#define ARENA_SIZE ((size_t)32 << 10)
#define GLOBALS_MAX 256

/* All that the engine changes in memory. Pointers into the arena stay valid: it never moves. */
struct memory {
	_Alignas(16) char arena[ARENA_SIZE];
	size_t used;
	struct block *freed;
	char globals[GLOBALS_MAX];
};

struct kern {
	struct sim *sim;
	struct thread threads[SIM_FIBERS_MAX];
	const char *tops[SIM_FIBERS_MAX]; /* of the stack of a running operation; NULL: none runs */
	struct memory now, saved;
};

/* False: the global variables of the engine need more than GLOBALS_MAX bytes. */
bool kern_init(struct kern *k, struct sim *sim);
void kern_fini(struct kern *k);
/* Puts the global variables of @k into those of the engine; NULL: of no kernel. */
void kern_enter(struct kern *k);
/* Call it on a fiber whenever it continues. */
void kern_resume(struct kern *k, unsigned self);
void kern_save(struct kern *k);
void kern_restore(struct kern *k);
/* For the state key: the memory of the engine, and the stacks of its suspended operations. */
void kern_key(struct kern *k, unsigned nr_threads, struct keybuf *out);
/* Has nobody written to a freed block? */
bool kern_freed_is_intact(const struct kern *k);

#endif
