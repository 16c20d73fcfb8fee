/* SPDX-License-Identifier: BSD-2-Clause */
/* env-direct.c - see env-direct.h. */
#include "tests/engine/env-direct.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sync.h"

struct direct direct;

void
direct_begin(void)
{
	memset(&direct, 0, sizeof(direct));
	for (unsigned i = 0; i < DIRECT_THREADS; i++)
		direct.threads[i] = (struct vm_thread){ .id = i, .env = &env_direct };
	direct_be(0);
}

void
direct_be(unsigned thread)
{
	vm_curthread = &direct.threads[thread];
}

/* Runs a hook, once. */
static void
happen(void (**hook)(void *arg))
{
	struct vm_thread *me = vm_curthread;
	void (*now)(void *arg) = *hook;

	*hook = NULL;
	now(direct.arg);
	vm_curthread = me;
}

static void
direct_point(struct vm_thread *td)
{
	(void)td;
	direct.points++;
	if (direct.at_point != NULL)
		happen(&direct.at_point);
}

static void
direct_sleep(struct vm_thread *td, struct vm_waitq *q, uint32_t seen)
{
	direct.sleeps++;
	if (direct.at_sleep == NULL)
		errx(1, "thread %u sleeps on queue %u, and nobody would wake it", td->id, q->id);
	happen(&direct.at_sleep);
	if (vm_waitq_sample(q) == seen)
		errx(1, "thread %u sleeps on queue %u, and was not woken", td->id, q->id);
}

static void
direct_wakeup(struct vm_waitq *q)
{
	direct.wakeups++;
	vm_waitq_advance(q);
}

VM_NORETURN static void
direct_panic(struct vm_thread *td, const char *what, const char *file, int line)
{
	(void)td;
	if (!direct.panic_expected)
		errx(1, "%s:%d: panic: %s", file, line, what);
	snprintf(direct.panic_text, sizeof(direct.panic_text), "%s", what);
	siglongjmp(direct.panic_jump, 1);
}

bool
direct_panicked(const char *text)
{
	direct.panic_expected = false;
	if (strstr(direct.panic_text, text) != NULL)
		return true;
	fprintf(stderr, "panicked with \"%s\", expected \"%s\"\n", direct.panic_text, text);
	return false;
}

const struct vm_env env_direct = {
	.name = "direct",
	.point = direct_point,
	.sleep = direct_sleep,
	.wakeup = direct_wakeup,
	.panic = direct_panic,
};
