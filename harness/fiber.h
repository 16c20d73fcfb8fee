/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fiber.h - a stack that can be left and entered again. One OS thread; who may run is somebody else's business (sim.c).
 *
 * On x86-64 the switch saves the six callee-saved registers and jumps: 2 to 8 ns, no system call. Elsewhere, or with
 * -Dfibers=ucontext, it is swapcontext(3). Each stack has a guard page below it. AddressSanitizer is told of each switch.
 */
#ifndef HARNESS_FIBER_H
#define HARNESS_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#if !defined(__x86_64__) && !defined(WS_FIBER_UCONTEXT)
#define WS_FIBER_UCONTEXT 1
#endif

#ifdef WS_FIBER_UCONTEXT
#include <ucontext.h>
#endif

struct fiber {
	void *sp; /* saved stack pointer, while the fiber is left */
	char *stack; /* lowest usable address; NULL for the context that called first */
	size_t size; /* usable bytes */
	void *mapping;
	size_t mapping_size;
	void *fake_stack; /* AddressSanitizer's */
	void (*entry)(void *arg);
	void *arg;
#ifdef WS_FIBER_UCONTEXT
	ucontext_t context;
#endif
};

/* Gives @f a stack with a guard page. False with errno set. */
bool fiber_init(struct fiber *f);
void fiber_fini(struct fiber *f);
/* The next switch to @f starts entry(arg) on an empty stack; whatever it was doing is forgotten. entry never returns. */
void fiber_start(struct fiber *f, void (*entry)(void *arg), void *arg);
/* Leaves @from, which must be running, for @to. Returns when somebody switches back to @from. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif
