/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env-direct.h - the least world the engine runs in: one OS thread, which may play several threads by turns.
 *
 * A scheduling point does nothing and a sleep fails the test, unless the test sets a hook below: the hook runs as
 * another thread, then the caller continues. A panic ends the test program, unless it is expected.
 */
#ifndef TESTS_ENV_DIRECT_H
#define TESTS_ENV_DIRECT_H

#include <setjmp.h>
#include <stdbool.h>

#include "engine/env.h"
#include "engine/thread.h"

#define DIRECT_THREADS 4

extern const struct vm_env env_direct;

struct direct {
	struct vm_thread threads[DIRECT_THREADS];
	unsigned points, sleeps, wakeups; /* calls since direct_begin */
	/* Hooks for the next scheduling point and the next sleep, each called once. NULL: no action, or a failure. */
	void (*at_point)(void *arg);
	void (*at_sleep)(void *arg);
	void *arg;
	bool panic_expected;
	sigjmp_buf panic_jump;
	char panic_text[200]; /* of the last expected panic */
};
extern struct direct direct;

/* All threads are new, thread 0 is the running one. */
void direct_begin(void);
/* Thread @thread is the running one. */
void direct_be(unsigned thread);

/*
 * True if @statement panicked with a text that contains @text. The locks stay as they were then: begin again with a new
 * map.
 */
#define direct_panics(statement, text)                                                                                 \
	(sigsetjmp(direct.panic_jump, 0) == 0 ? (direct.panic_expected = true, (void)(statement), false)               \
	                                      : direct_panicked(text))
bool direct_panicked(const char *text);

#endif
