/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostile.c - a target that crashes, each operation in its own way: if another thread has removed the first page
 * between its two steps. In a map from page 0 on, the first step of an operation crashes.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/wirestorm.h"

enum { PAGES_MAX = 128 };

struct hostile {
	struct sim *sim;
	const struct program_config *cfg;
	bool now[PAGES_MAX], saved[PAGES_MAX]; /* the page is mapped */
	uint8_t place[SIM_FIBERS_MAX];
};

static int *volatile nowhere;
static volatile bool forever = true;

/* Uses the whole stack. The result keeps the compiler from making a loop of it. */
static int
overflow(volatile int *above)
{
	volatile int here[256];

	here[0] = *above + 1;
	return forever ? overflow(here) + here[0] : here[0];
}

static void
crash(enum vm_op_code code)
{
	volatile int zero = 0;

	if (code == VM_OP_wire)
		*nowhere = 1;
	else if (code == VM_OP_clip)
		abort();
	else if (code == VM_OP_protect)
		__builtin_trap();
	else if (code == VM_OP_sync)
		(void)overflow(&zero);
	while (code == VM_OP_unwire && forever)
		;
}

static struct vm_result
apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct hostile *h = self;
	bool *page = &h->now[op->start % PAGES_MAX], was;

	h->place[thread] = 1;
	sim_point(h->sim);
	was = *page;
	if (op->code == VM_OP_insert || op->code == VM_OP_remove) {
		*page = op->code == VM_OP_insert;
	} else {
		if (h->cfg->min == 0)
			crash((enum vm_op_code)op->code);
		h->place[thread] = (uint8_t)(2 + was);
		sim_point(h->sim);
		if (was && !*page)
			crash((enum vm_op_code)op->code);
	}
	h->place[thread] = 0;
	return (struct vm_result){ .outcome = VM_OUTCOME_DONE };
}

static const char *
op_reason(const struct program_config *cfg, const struct vm_op *op)
{
	static const uint8_t codes[] = { VM_OP_insert, VM_OP_remove, VM_OP_wire, VM_OP_unwire, VM_OP_clip,
		VM_OP_protect, VM_OP_sync };

	(void)cfg;
	return memchr(codes, op->code, sizeof(codes)) != NULL ? NULL : "it has no way to crash";
}

static void *
create(const struct program_config *cfg, struct sim *sim)
{
	struct hostile *h = calloc(1, sizeof(*h));

	if (h != NULL) {
		h->sim = sim;
		h->cfg = cfg;
	}
	return h;
}

static bool
save(void *self)
{
	struct hostile *h = self;

	for (unsigned i = 0; i < PAGES_MAX; i++)
		h->saved[i] = h->now[i];
	return true;
}

static void
restore(void *self)
{
	struct hostile *h = self;

	for (unsigned i = 0; i < PAGES_MAX; i++)
		h->now[i] = h->saved[i];
}

static void
dump(void *self, struct vm_state *out)
{
	struct hostile *h = self;

	state_clear(out);
	for (unsigned i = 0; i < PAGES_MAX; i++)
		if (h->now[i])
			state_add(out, &(struct vm_run){ .start = i, .end = i + 1, .inherit = VM_INHERIT_COPY });
}

static void
key(void *self, unsigned nr_threads, struct keybuf *k)
{
	struct hostile *h = self;

	for (unsigned i = 0; i < PAGES_MAX; i++)
		keybuf_u8(k, h->now[i]);
	for (unsigned i = 0; i < nr_threads; i++)
		keybuf_u8(k, h->place[i]);
}

#define HOSTILE                                                                                                        \
	.op_reason = op_reason, .create = create, .destroy = free, .save = save, .restore = restore, .apply = apply,   \
	.dump = dump

static const struct vm_target hostile = {
	VM_TARGET_INIT,
	.name = "hostile",
	.summary = "crashes",
	HOSTILE,
	.key = key,
};
static const struct vm_target no_key = {
	VM_TARGET_INIT,
	.name = "hostile-no-key",
	.summary = "crashes, and has no key",
	HOSTILE,
};

WIRESTORM_MAIN(&hostile, &no_key)
