/* SPDX-License-Identifier: BSD-2-Clause */
/* fiber.c - see fiber.h. */
#include "harness/sim/fiber.h"

#include <sys/mman.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef WS_FIBER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define STACK_SIZE ((size_t)512 << 10)
#else
#define STACK_SIZE ((size_t)128 << 10)
#endif

#ifdef WS_FIBER_TSAN
#include <sanitizer/tsan_interface.h>
#endif

bool
fiber_init(struct fiber *f)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	char *p =
	    mmap(NULL, STACK_SIZE + guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return false;
	if (mprotect(p, guard, PROT_NONE) != 0) {
		(void)munmap(p, STACK_SIZE + guard);
		return false;
	}
	*f = (struct fiber){ .stack = p + guard, .size = STACK_SIZE, .mapping = p, .mapping_size = STACK_SIZE + guard };
	return true;
}

#ifdef WS_FIBER_TSAN
static void
fiber_tsan_forget(struct fiber *f)
{
	if (f->mapping == NULL || f->tsan == NULL) /* the stack of the first context is not ours */
		return;
	assert(f->tsan != __tsan_get_current_fiber());
	__tsan_destroy_fiber(f->tsan);
	f->tsan = NULL;
}

/* Forgets the old stack and the calls that were active on it. */
static void
fiber_tsan_renew(struct fiber *f)
{
	fiber_tsan_forget(f);
	f->tsan = __tsan_create_fiber(0);
	if (f->name != NULL)
		__tsan_set_fiber_name(f->tsan, f->name);
}
#endif

#ifdef WS_FIBER_TSAN
void
fiber_meet(struct fiber *f)
{
	void *me = __tsan_get_current_fiber();

	if (f->tsan == NULL)
		return;
	__tsan_switch_to_fiber(f->tsan, 0);
	__tsan_switch_to_fiber(me, 0);
}

void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

void
fiber_unseen_begin(void)
{
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
	AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

void
fiber_unseen_end(void)
{
	AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}
#endif

void
fiber_fini(struct fiber *f)
{
#ifdef WS_FIBER_TSAN
	fiber_tsan_forget(f);
#endif
	if (f->mapping != NULL)
		(void)munmap(f->mapping, f->mapping_size);
	*f = (struct fiber){ 0 };
}

#ifdef WS_FIBER_ASAN
static _Thread_local struct fiber *last_from; /* the fiber that switched last */
#endif

#if defined(WS_FIBER_ASAN) || defined(WS_FIBER_TSAN) || defined(WS_FIBER_UCONTEXT)
/*
 * Call it immediately before switching to @to. ThreadSanitizer must not take a switch for synchronisation: although
 * fibers take turns, two accesses are a race unless a lock orders them. fiber_meet orders what precedes or follows
 * everything.
 */
WS_FIBER_UNINSTRUMENTED static inline void
fiber_leaving(struct fiber *from, struct fiber *to)
{
#ifdef WS_FIBER_ASAN
	last_from = from;
	__sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->size);
#elif defined(WS_FIBER_TSAN)
	if (from->mapping == NULL)
		from->tsan = __tsan_get_current_fiber(); /* the first context, in whichever OS thread */
	__tsan_switch_to_fiber(to->tsan, __tsan_switch_to_fiber_no_sync);
#else
	(void)from;
	(void)to;
#endif
}
#endif

/* Call it after switching back to a fiber. @fake is what the fiber left with; NULL at its start. */
WS_FIBER_UNINSTRUMENTED static inline void
fiber_arrived(void *fake)
{
#ifdef WS_FIBER_ASAN
	const void *bottom;
	size_t size;

	__sanitizer_finish_switch_fiber(fake, &bottom, &size);
	/* The first context did not get its stack here: its bounds become known now. */
	if (last_from->mapping == NULL) {
		last_from->stack = (char *)(uintptr_t)bottom;
		last_from->size = size;
	}
#else
	(void)fake;
#endif
}

const void *
fiber_sp(const struct fiber *f, const void **registers, size_t *size)
{
	*registers = NULL;
	*size = 0;
#ifndef WS_FIBER_UCONTEXT
	return f->sp;
#elif defined(__x86_64__)
	*registers = &f->context.uc_mcontext.gregs[REG_R12];
	*size = sizeof(f->context.uc_mcontext.gregs[0]) * (REG_RIP - REG_R12 + 1);
	return (const void *)(uintptr_t)f->context.uc_mcontext.gregs[REG_RSP];
#else
	*registers = &f->context.uc_mcontext;
	*size = sizeof(f->context.uc_mcontext);
	return f->stack; /* the whole stack: slow, and never wrong */
#endif
}

static void
fiber_prepare(struct fiber *f, void (*entry)(void *arg), void *arg)
{
	assert(f->stack != NULL && entry != NULL);
#ifdef WS_FIBER_ASAN
	ASAN_UNPOISON_MEMORY_REGION(f->stack, f->size);
#endif
#ifdef WS_FIBER_TSAN
	fiber_tsan_renew(f);
#endif
	f->entry = entry;
	f->arg = arg;
	f->fake_stack = NULL;
}

/* The first function on a new stack. */
void ws_fiber_main(struct fiber *f);
void
ws_fiber_main(struct fiber *f)
{
	fiber_arrived(NULL);
	f->entry(f->arg);
	abort(); /* entry never returns */
}

#ifdef WS_FIBER_UCONTEXT

/* makecontext passes only ints. */
static void
fiber_context_main(unsigned high, unsigned low)
{
	ws_fiber_main((struct fiber *)((uintptr_t)high << 32 | low));
}

void
fiber_start(struct fiber *f, void (*entry)(void *arg), void *arg)
{
	fiber_prepare(f, entry, arg);
	(void)getcontext(&f->context);
	f->context.uc_stack.ss_sp = f->stack;
	f->context.uc_stack.ss_size = f->size;
	f->context.uc_link = NULL;
	makecontext(&f->context, (void (*)(void))fiber_context_main, 2, (unsigned)((uint64_t)(uintptr_t)f >> 32),
	    (unsigned)(uintptr_t)f);
}

WS_FIBER_UNINSTRUMENTED __attribute__((noinline)) void
fiber_switch(struct fiber *from, struct fiber *to)
{
	fiber_leaving(from, to);
	(void)swapcontext(&from->context, &to->context);
	fiber_arrived(from->fake_stack);
}

#else

/* The entry point of a new stack. fiber_jump has left the fiber in rsi. */
void ws_fiber_begin(void);
__asm__(".text\n"
        ".p2align 4\n"
        ".hidden ws_fiber_begin\n"
        ".globl ws_fiber_begin\n"
        ".type ws_fiber_begin, @function\n"
        "ws_fiber_begin:\n"
        "	movq %rsi, %rdi\n"
        "	callq ws_fiber_main\n"
        "	ud2\n"
        ".size ws_fiber_begin, . - ws_fiber_begin\n"
        ".section .note.GNU-stack,\"\",@progbits\n"
        ".text\n");

void
fiber_start(struct fiber *f, void (*entry)(void *arg), void *arg)
{
	_Static_assert(
	    offsetof(struct fiber, sp) == 0 && offsetof(struct fiber, ip) == 8 && offsetof(struct fiber, bp) == 16,
	    "fiber_jump knows where they are");
	uintptr_t *top = (uintptr_t *)(void *)(f->stack + f->size) - 2;

	fiber_prepare(f, entry, arg);
	top[0] = top[1] = 0; /* no return address: it ends backtraces */
	f->sp = top;         /* 0 mod 16, as before a call */
	f->ip = (void *)ws_fiber_begin;
	f->bp = NULL;
}

#if defined(WS_FIBER_ASAN) || defined(WS_FIBER_TSAN)
WS_FIBER_UNINSTRUMENTED __attribute__((noinline)) void
fiber_switch(struct fiber *from, struct fiber *to)
{
	fiber_leaving(from, to);
	fiber_jump(from, to);
	fiber_arrived(from->fake_stack);
}
#endif

#endif
