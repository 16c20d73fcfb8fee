/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * native.h - the world of real threads: pthreads that sleep on ck event counts.
 *
 * A thread that is to call the engine makes itself known with vm_native_thread_init(), once; its struct vm_thread lives
 * as long as it calls. Who wants to see what the threads do gives them a world of his own that calls this one
 * (stress/world.c). The hook is set while no thread runs.
 */
#ifndef ENGINE_NATIVE_H
#define ENGINE_NATIVE_H

#include "engine/env.h"
#include "engine/thread.h"

extern const struct vm_env vm_env_native;

/* Makes the running thread @td, number @id. @td is reset. */
void vm_native_thread_init(struct vm_thread *td, unsigned id);

/*
 * Called by a panic after its message; may leave by longjmp, or return, and then the process aborts. @td may be NULL.
 * NULL, as at the start: nothing.
 */
void vm_native_set_panic_hook(void (*hook)(struct vm_thread *td, const char *what, const char *file, int line));

#endif
