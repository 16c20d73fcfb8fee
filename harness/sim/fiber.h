/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fiber.h - a stack that can be left and entered again, on one OS thread. sim-run.c decides which fiber runs.
 *
 * On x86-64 the switch is a few inline instructions without a system call. It makes no function call either: that would
 * put the processor's return predictor out of step for all later returns. Elsewhere, or with -Dfibers=ucontext, it is
 * swapcontext(3). Each stack has a guard page below it. AddressSanitizer and ThreadSanitizer are told of each switch.
 */
#ifndef HARNESS_SIM_FIBER_H
#define HARNESS_SIM_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#if !defined(__x86_64__) && !defined(WS_FIBER_UCONTEXT)
#define WS_FIBER_UCONTEXT 1
#endif

#ifdef WS_FIBER_UCONTEXT
#include <ucontext.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WS_FIBER_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WS_FIBER_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WS_FIBER_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define WS_FIBER_TSAN 1
#endif

/*
 * ThreadSanitizer keeps a call stack for each fiber. A function must not enter on one fiber and return on another, so
 * the function that switches must do neither. Only this attribute removes all instrumentation.
 */
#ifdef WS_FIBER_TSAN
#if defined(__has_attribute)
#if __has_attribute(disable_sanitizer_instrumentation)
#define WS_FIBER_UNINSTRUMENTED __attribute__((no_sanitize("thread"), disable_sanitizer_instrumentation))
#endif
#endif
#ifndef WS_FIBER_UNINSTRUMENTED
#define WS_FIBER_UNINSTRUMENTED __attribute__((no_sanitize("thread")))
#endif
#else
#define WS_FIBER_UNINSTRUMENTED
#endif

struct fiber {
	void *sp, *ip, *bp; /* saved while the fiber is suspended; fiber_jump knows their offsets */
	char *stack;        /* lowest usable address; NULL for the first context */
	size_t size;        /* usable bytes */
	void *mapping;
	size_t mapping_size;
	void *fake_stack; /* AddressSanitizer's */
	void (*entry)(void *arg);
	void *arg;
#ifdef WS_FIBER_TSAN
	void *tsan; /* ThreadSanitizer's fiber; NULL before the first start */
	const char *name;
#endif
#ifdef WS_FIBER_UCONTEXT
	ucontext_t context;
#endif
};

/* Gives @f a stack with a guard page. False with errno set. */
bool fiber_init(struct fiber *f);
void fiber_fini(struct fiber *f);
/* The name of @f in reports of ThreadSanitizer, from the next start on. @name is not copied. */
static inline void
fiber_name(struct fiber *f, const char *name)
{
#ifdef WS_FIBER_TSAN
	f->name = name;
#else
	(void)f;
	(void)name;
#endif
}
/*
 * For ThreadSanitizer. fiber_meet orders @f and the caller: all that either has done so far happens before all that the
 * other does next. Accesses between fiber_unseen_begin and fiber_unseen_end are ignored.
 */
#ifdef WS_FIBER_TSAN
void fiber_meet(struct fiber *f);
void fiber_unseen_begin(void);
void fiber_unseen_end(void);
#else
static inline void
fiber_meet(struct fiber *f)
{
	(void)f;
}

static inline void
fiber_unseen_begin(void)
{
}

static inline void
fiber_unseen_end(void)
{
}
#endif
/* The lowest used address of the stack of suspended @f, and its registers, if they are not on the stack. */
const void *fiber_sp(const struct fiber *f, const void **registers, size_t *size);
/*
 * Makes the next switch to @f call entry(arg) on an empty stack. The suspended work of @f is forgotten. entry never
 * returns.
 */
void fiber_start(struct fiber *f, void (*entry)(void *arg), void *arg);
#ifndef WS_FIBER_UCONTEXT
/*
 * Saves stack pointer, frame pointer and address by hand; the compiler saves the other registers that are in use here.
 * Nothing is pushed, so a red zone stays intact. A fiber that starts finds its address in rsi.
 */
WS_FIBER_UNINSTRUMENTED static inline void
fiber_jump(struct fiber *from, struct fiber *to)
{
	__asm__ volatile("leaq 1f(%%rip), %%rax\n"
	                 "	movq %%rsp, 0(%0)\n"
	                 "	movq %%rax, 8(%0)\n"
	                 "	movq %%rbp, 16(%0)\n"
	                 "	movq 0(%1), %%rsp\n"
	                 "	movq 16(%1), %%rbp\n"
	                 "	jmpq *8(%1)\n"
	                 "1:\n"
	                 : "+D"(from), "+S"(to)
	                 :
	                 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
	                 "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
	                 "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
}
#endif

/* Leaves @from, which must be running, and continues @to. Returns when another fiber switches back to @from. */
#if defined(WS_FIBER_UCONTEXT) || defined(WS_FIBER_ASAN) || defined(WS_FIBER_TSAN)
void fiber_switch(struct fiber *from, struct fiber *to);
#else
#define fiber_switch fiber_jump
#endif

#endif
