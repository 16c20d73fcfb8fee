/* SPDX-License-Identifier: BSD-2-Clause */
/* thread.c - the running thread, and panics. */
#include "engine/thread.h"

#include "engine/env.h"

_Thread_local struct vm_thread *vm_curthread;

void
vm_panic(const char *what, const char *file, int line)
{
	if (vm_curthread == NULL)
		__builtin_trap(); /* no world that could report it */
	vm_curthread->env->panic(vm_curthread, what, file, line);
}
