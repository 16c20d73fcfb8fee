/* SPDX-License-Identifier: BSD-2-Clause */
/* thread.c - who runs, and the end of a run that went wrong. */
#include "engine/thread.h"

#include "engine/env.h"

_Thread_local struct vm_thread *vm_curthread;

void
vm_panic(const char *what, const char *file, int line)
{
	if (vm_curthread == NULL)
		__builtin_trap(); /* nobody to tell */
	vm_curthread->env->panic(vm_curthread, what, file, line);
}
