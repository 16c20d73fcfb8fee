/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * native.h - the world of real threads: pthreads that sleep on ck event counts.
 *
 * A thread calls vm_native_thread_init() once before it calls the engine. Its struct vm_thread must outlive its last
 * call. To observe the threads, give them another world that calls this one (stress/world.c). Set the hook while no
 * thread runs.
 */
#ifndef ENGINE_NATIVE_H
#define ENGINE_NATIVE_H

#include "engine/env.h"
#include "engine/thread.h"

extern const struct vm_env vm_env_native;

/* Makes @td, which it resets, the running thread, with number @id. */
void vm_native_thread_init(struct vm_thread *td, unsigned id);

/*
 * A panic calls @hook after its message. The hook may leave by longjmp; if it returns, the process aborts. @td may be
 * NULL. A NULL hook, the default, is not called.
 */
void vm_native_set_panic_hook(void (*hook)(struct vm_thread *td, const char *what, const char *file, int line));

#endif
