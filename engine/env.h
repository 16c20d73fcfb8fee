/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env.h - the only way out of the engine: what it asks of the world it runs in.
 *
 * There are two worlds. Native (native.h): pthreads, and ck event counts to sleep on. Simulated (the harness): fibers,
 * where point() and sleep() hand over to a scheduler. The engine's code, and the ck lock words, are the same in both.
 * No engine code prints, exits, allocates from the heap on an operation's way, or reads a clock.
 */
#ifndef ENGINE_ENV_H
#define ENGINE_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/annotate.h"

struct vm_thread;
struct vm_waitq;

struct vm_env {
	const char *name;
	/* A scheduling point: @td is about to acquire the map lock. Returns when it may try. */
	void (*point)(struct vm_thread *td);
	/*
	 * Put @td to sleep on @q, unless @q's count has left @seen, which was sampled while the lock was held: so no
	 * wakeup can be lost. May return early only if the count moved.
	 */
	void (*sleep)(struct vm_thread *td, struct vm_waitq *q, uint32_t seen);
	/* Move @q's count and wake all its sleepers. */
	void (*wakeup)(struct vm_waitq *q);
	/* An assertion does not hold. @td may be NULL. */
	VM_NORETURN void (*panic)(struct vm_thread *td, const char *what, const char *file, int line);
};

#endif
