/* SPDX-License-Identifier: BSD-2-Clause */
/* fiber.c - see fiber.h. */
#include "harness/fiber.h"

#include <sys/mman.h>

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define STACK_SIZE ((size_t)512 << 10)
#else
#define STACK_SIZE ((size_t)128 << 10)
#endif

bool
fiber_init(struct fiber *f)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, STACK_SIZE + guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return false;
	if (mprotect(p, guard, PROT_NONE) != 0) {
		(void)munmap(p, STACK_SIZE + guard);
		return false;
	}
	*f = (struct fiber){ .stack = p + guard, .size = STACK_SIZE, .mapping = p, .mapping_size = STACK_SIZE + guard };
	return true;
}

void
fiber_fini(struct fiber *f)
{
	if (f->mapping != NULL)
		(void)munmap(f->mapping, f->mapping_size);
	*f = (struct fiber){ 0 };
}

/* Before leaving for @to. */
static inline void
leaving(struct fiber *from, struct fiber *to)
{
#ifdef WITH_ASAN
	__sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->size);
#else
	(void)from;
	(void)to;
#endif
}

/* After coming back to @f; fake is what it left with, NULL at its start. */
static inline void
arrived(struct fiber *f, void *fake, struct fiber *came_from)
{
#ifdef WITH_ASAN
	const void *bottom;
	size_t size;

	__sanitizer_finish_switch_fiber(fake, &bottom, &size);
	/* The context that called first has no stack of its own making: this is where its bounds become known. */
	if (came_from != NULL && came_from->mapping == NULL) {
		came_from->stack = (char *)(uintptr_t)bottom;
		came_from->size = size;
	}
	(void)f;
#else
	(void)f;
	(void)fake;
	(void)came_from;
#endif
}

/* Who switched last, and whom it entered: how a fresh fiber learns who it is. */
static _Thread_local struct fiber *last_from, *last_to;

static void
fiber_main(void)
{
	struct fiber *f = last_to;

	arrived(f, NULL, last_from);
	f->entry(f->arg);
	abort(); /* entry never returns */
}

#ifdef WS_FIBER_UCONTEXT

void
fiber_start(struct fiber *f, void (*entry)(void *arg), void *arg)
{
#ifdef WITH_ASAN
	ASAN_UNPOISON_MEMORY_REGION(f->stack, f->size);
#endif
	f->entry = entry;
	f->arg = arg;
	f->fake_stack = NULL;
	(void)getcontext(&f->context);
	f->context.uc_stack.ss_sp = f->stack;
	f->context.uc_stack.ss_size = f->size;
	f->context.uc_link = NULL;
	makecontext(&f->context, fiber_main, 0);
}

void
fiber_switch(struct fiber *from, struct fiber *to)
{
	last_from = from;
	last_to = to;
	leaving(from, to);
	(void)swapcontext(&from->context, &to->context);
	arrived(from, from->fake_stack, NULL);
}

#else

/*
 * void switch_stack(void **save, void *load): the callee-saved registers and the return address go on the old stack, and
 * come from the new one. Leaving by jmp and not by ret: the processor's return predictor knows nothing of the new stack,
 * and a mispredicted ret costs 5 ns.
 */
void ws_switch_stack(void **save, void *load);
__asm__(".text\n"
	".p2align 4\n"
	".hidden ws_switch_stack\n"
	".globl ws_switch_stack\n"
	".type ws_switch_stack, @function\n"
	"ws_switch_stack:\n"
	"	popq %rcx\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	pushq %rcx\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %rcx\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	jmpq *%rcx\n"
	".size ws_switch_stack, . - ws_switch_stack\n"
	".section .note.GNU-stack,\"\",@progbits\n"
	".text\n");

void
fiber_start(struct fiber *f, void (*entry)(void *arg), void *arg)
{
	/* The ABI wants the stack at 8 mod 16 on entry to a function, as if a return address had been pushed. */
	uintptr_t *top = (uintptr_t *)(void *)(f->stack + f->size) - 8;

#ifdef WITH_ASAN
	ASAN_UNPOISON_MEMORY_REGION(f->stack, f->size);
#endif
	f->entry = entry;
	f->arg = arg;
	f->fake_stack = NULL;
	top[0] = (uintptr_t)fiber_main;
	for (int i = 1; i <= 7; i++)
		top[i] = 0; /* registers, and a return address that is none */
	f->sp = top;
}

void
fiber_switch(struct fiber *from, struct fiber *to)
{
	last_from = from;
	last_to = to;
	leaving(from, to);
	ws_switch_stack(&from->sp, to->sp);
	arrived(from, from->fake_stack, NULL);
}

#endif
