/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env.h - the interface between the engine and the world that it runs in. The engine makes no other outside calls.
 *
 * There are two worlds. Native (native.h): pthreads that sleep on ck event counts. Simulated (the harness): fibers,
 * where point() and sleep() switch to a scheduler. The engine's code and the ck lock words are the same in both. No
 * engine code prints, exits, allocates from the heap during an operation, or reads a clock.
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
	/* A scheduling point: @td is about to acquire the map lock. Returns when @td may try. */
	void (*point)(struct vm_thread *td);
	/*
	 * Puts @td to sleep on @q, unless @q's count differs from @seen. The caller sampled @seen with the lock held,
	 * so no wakeup is lost. May return early only if the count has changed.
	 */
	void (*sleep)(struct vm_thread *td, struct vm_waitq *q, uint32_t seen);
	/* Changes @q's count and wakes all its sleepers. */
	void (*wakeup)(struct vm_waitq *q);
	/* An assertion has failed. @td may be NULL. */
	VM_NORETURN void (*panic)(struct vm_thread *td, const char *what, const char *file, int line);
};

#endif
