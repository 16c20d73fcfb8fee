/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tiny-map.c - a minimal target: a map of up to 64 pages with insert, remove, lookup and user wirings, in about a
 * hundred lines. It has no state key, so programs are explored schedule by schedule. toy-map.c shows all features of a
 * target.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/sim/sim.h"
#include "harness/wirestorm.h"

#define PAGES_MAX 64

struct tiny {
	struct sim *sim;
	uint64_t min, max;
	struct tiny_page {
		bool mapped, wired;
		uint8_t prot, max;
	} now[PAGES_MAX + 1], saved[PAGES_MAX + 1]; /* by page number */
};

/* No operation holds the lock across a scheduling point, so taking the lock is only a scheduling point. */
static void
take_lock(struct tiny *t)
{
	sim_point(t->sim);
}

static int
tiny_insert(struct tiny *t, const struct vm_op *op, struct tiny_page *s, struct tiny_page *e)
{
	if (op->start < t->min || op->end > t->max || s >= e)
		return KERN_INVALID_ADDRESS;
	for (struct tiny_page *p = s; p < e; p++)
		if (p->mapped)
			return KERN_NO_SPACE;
	for (struct tiny_page *p = s; p < e; p++)
		*p = (struct tiny_page){ .mapped = true, .prot = op->prot, .max = op->max };
	return KERN_SUCCESS;
}

/* Releases the lock before each page, and does not unwire pages when it fails: explore shows the result. */
static int
tiny_wire(struct tiny *t, struct tiny_page *s, struct tiny_page *e)
{
	for (struct tiny_page *p = s; p < e; p++) {
		if (p > s)
			take_lock(t);
		if (!p->mapped)
			return KERN_INVALID_ADDRESS;
		p->wired = true;
	}
	return KERN_SUCCESS;
}

static struct vm_result
tiny_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct tiny *t = self;
	struct tiny_page *s = &t->now[op->start], *e = &t->now[op->end];
	struct vm_result r = { .outcome = VM_OUTCOME_DONE };

	(void)thread;
	take_lock(t);
	if (op->code == VM_OP_insert)
		r.code = tiny_insert(t, op, s, e);
	else if (op->code == VM_OP_wire)
		r.code = tiny_wire(t, s, e);
	else if (op->code == VM_OP_lookup)
		r.code = s->mapped;
	else
		for (struct tiny_page *p = s; p < e; p++)
			*p = (struct tiny_page){ 0 };
	return r;
}

static const char *
tiny_config_reason(const struct program_config *cfg)
{
	return cfg->max > PAGES_MAX ? "the map ends behind page 64" : NULL;
}

static const char *
tiny_op_reason(const struct program_config *cfg, const struct vm_op *op)
{
	(void)cfg;
	if (op->start > PAGES_MAX || op->end > PAGES_MAX)
		return "a page above 64";
	if (op->code == VM_OP_wire)
		return op->flags == VM_OPF_USER ? NULL : "only wire user noholes";
	return op->code == VM_OP_insert || op->code == VM_OP_remove || op->code == VM_OP_lookup
	           ? NULL
	           : "only insert, remove, lookup and wire";
}

static void *
tiny_create(const struct program_config *cfg, struct sim *sim)
{
	struct tiny *t = calloc(1, sizeof(*t));

	if (t != NULL)
		*t = (struct tiny){ .sim = sim, .min = cfg->min, .max = cfg->max };
	return t;
}

static bool
tiny_save(void *self)
{
	struct tiny *t = self;

	memcpy(t->saved, t->now, sizeof(t->saved));
	return true;
}

static void
tiny_restore(void *self)
{
	struct tiny *t = self;

	memcpy(t->now, t->saved, sizeof(t->now));
}

static void
tiny_dump(void *self, struct vm_state *out)
{
	struct tiny *t = self;

	state_clear(out);
	for (uint64_t a = t->min; a < t->max; a++) {
		struct tiny_page *p = &t->now[a];
		struct vm_run run = { .start = a, .end = a + 1, .prot = p->prot, .max = p->max };

		if (!p->mapped)
			continue;
		run.inherit = VM_INHERIT_COPY;
		run.user_wired = p->wired;
		run.wired_count = p->wired;
		out->user_wired += p->wired;
		state_add(out, &run);
	}
}

static const struct vm_target tiny = {
	VM_TARGET_INIT,
	.name = "tiny",
	.summary = "the least that works",
	.config_reason = tiny_config_reason,
	.op_reason = tiny_op_reason,
	.create = tiny_create,
	.destroy = free,
	.save = tiny_save,
	.restore = tiny_restore,
	.apply = tiny_apply,
	.dump = tiny_dump,
};

WIRESTORM_MAIN(&tiny)
