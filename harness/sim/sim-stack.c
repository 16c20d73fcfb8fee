/* SPDX-License-Identifier: BSD-2-Clause */
/* sim-stack.c - the stacks of suspended threads as bytes: see simulator.h. */
#include <assert.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/sim/sim-inside.h"

#define STACK_UNSANITIZED __attribute__((no_sanitize("address")))
#define STACK_NOINLINE __attribute__((noinline))
#define WIPED 4096 /* bytes: what the code between two points uses, or leaves */

/* Copies what a sanitizer takes for unused, too. */
STACK_UNSANITIZED static void
stack_add(struct keybuf *out, const void *from, size_t size)
{
	const volatile uint8_t *at = from;

	keybuf_reserve(out, size);
	for (size_t i = 0; i < size; i++)
		out->bytes[out->len++] = at[i];
}

const void *
sim_stack(const struct sim *sim, unsigned thread, size_t *size)
{
	const struct fiber *f = &sim->threads[thread].fiber;
	const void *registers;
	const char *sp;

	assert(sim->current == NULL && sim->threads[thread].status != SIM_IDLE);
	sp = fiber_sp(f, &registers, size);
	if (sim->now.panic != NULL) /* the run is over; a signal handler may have left its own stack there */
		sp = f->stack + f->size;
	*size = (size_t)(f->stack + f->size - sp);
	return sp;
}

void
sim_stack_key(const struct sim *sim, unsigned thread, const void *top, struct keybuf *out)
{
	const void *registers;
	size_t nr_registers, size;
	const char *sp = sim_stack(sim, thread, &size);

	if (size == 0)
		return;
	assert((const char *)top >= sp && (const char *)top <= sp + size);
	(void)fiber_sp(&sim->threads[thread].fiber, &registers, &nr_registers);
	stack_add(out, registers, nr_registers);
	stack_add(out, sp, (size_t)((const char *)top - sp));
}

STACK_NOINLINE void
sim_stack_wipe(void)
{
	volatile char below[WIPED];

	for (size_t i = 0; i < sizeof(below); i++)
		below[i] = 0;
}
