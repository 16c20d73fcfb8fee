/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * toy-map.c - a map under the harness that is not the engine: an array of pages, one lock, user wirings only. It is the
 * worked example of docs/bring-your-own-engine.md, which quotes it by the marks "quote NAME" to "end".
 *
 * Everything that a run changes is in struct toy_state, without a pointer: so save and restore are assignments, and
 * whatever an abandoned operation was doing is gone with them.
 *
 * Invariants: T1 an unmapped page is nothing else; T2 a wired page is resident; T3 the user-wire counter is the number
 * of wired pages; T4 the lock is free between steps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/sim/sim.h"
#include "harness/wirestorm.h"

#define TOY_PAGES_MAX 64

enum { CHANNEL_LOCK = 1, CHANNEL_TRANSITION };

/* Where a suspended operation is. */
enum toy_place { PLACE_NONE = 0, PLACE_LOCK, PLACE_SLEEP, PLACE_REGISTER, PLACE_FAULT, PLACE_DONE };

/* quote state */
struct toy_state {
	bool locked;
	bool waiters; /* somebody sleeps until a page leaves its transition */
	int32_t user_wired;
	struct toy_page {
		bool mapped, resident, wired;
		uint8_t prot, max;
		uint8_t owner; /* of the transition: thread + 1; 0: none */
	} pages[TOY_PAGES_MAX];
	struct toy_op {
		uint8_t place;  /* enum toy_place */
		uint8_t cursor; /* the page it is about */
	} ops[SIM_FIBERS_MAX];
};

struct toy {
	struct sim *sim;
	uint64_t min, max;
	bool lost_wakeup; /* the bug of toy-lost-wakeup */
	struct toy_state now, saved;
};
/* end */

/* --- the lock, and sleeping --- */

/* quote lock */
static void
toy_lock(struct toy *t, enum toy_place place)
{
	t->now.ops[sim_self(t->sim)].place = (uint8_t)place;
	sim_point(t->sim);
	while (t->now.locked)
		sim_block(t->sim, CHANNEL_LOCK);
	t->now.locked = true;
}

static void
toy_unlock(struct toy *t)
{
	t->now.locked = false;
	sim_wakeup(t->sim, CHANNEL_LOCK);
}
/* end */

/* quote sleep */
/* Waits until nobody has a page of [s, e) in transition. The lock is dropped meanwhile: look at the map again. */
static void
wait_transition(struct toy *t, unsigned s, unsigned e)
{
	struct toy_op *op = &t->now.ops[sim_self(t->sim)];

	for (unsigned i = s; i < e; i++) {
		if (t->now.pages[i].owner == 0)
			continue;
		op->cursor = (uint8_t)i;
		if (t->lost_wakeup) { /* the bug: a wakeup in this gap sees no waiter */
			toy_unlock(t);
			toy_lock(t, PLACE_REGISTER);
		}
		t->now.waiters = true;
		toy_unlock(t);
		op->place = PLACE_SLEEP;
		sim_sleep(t->sim, CHANNEL_TRANSITION);
		toy_lock(t, PLACE_SLEEP);
		i = s - 1; /* from the start again */
	}
}
/* end */

/* --- operations: pages [s, e) of the array, the lock held --- */

static int
toy_insert(struct toy *t, const struct vm_op *op, unsigned s, unsigned e)
{
	if (op->start >= op->end || op->start < t->min || op->end > t->max)
		return KERN_INVALID_ADDRESS;
	if ((op->prot & ~op->max) != 0)
		return KERN_INVALID_ARGUMENT;
	for (unsigned i = s; i < e; i++)
		if (t->now.pages[i].mapped)
			return KERN_NO_SPACE;
	for (unsigned i = s; i < e; i++)
		t->now.pages[i] = (struct toy_page){ .mapped = true, .prot = op->prot, .max = op->max };
	return KERN_SUCCESS;
}

static int
toy_remove(struct toy *t, unsigned s, unsigned e)
{
	wait_transition(t, s, e);
	for (unsigned i = s; i < e; i++) {
		t->now.user_wired -= t->now.pages[i].wired;
		t->now.pages[i] = (struct toy_page){ 0 };
	}
	return KERN_SUCCESS;
}

static bool
toy_check_range(const struct toy *t, unsigned s, unsigned e, uint8_t prot)
{
	for (unsigned i = s; i < e; i++)
		if (!t->now.pages[i].mapped || (t->now.pages[i].prot & prot) != prot)
			return false;
	return true;
}

/* quote wire */
/* Marks the pages, releases the lock for each page fault, and wires: no thread removes a page in transition. */
static int
toy_wire(struct toy *t, unsigned s, unsigned e)
{
	unsigned self = sim_self(t->sim);

	wait_transition(t, s, e);
	if (!toy_check_range(t, s, e, VM_PROT_READ))
		return KERN_INVALID_ADDRESS;
	for (unsigned i = s; i < e; i++)
		t->now.pages[i].owner = (uint8_t)(self + 1);
	for (unsigned i = s; i < e; i++) {
		t->now.ops[self].cursor = (uint8_t)i;
		toy_unlock(t);
		toy_lock(t, PLACE_FAULT);
		t->now.pages[i].resident = true;
	}
	toy_unlock(t);
	toy_lock(t, PLACE_DONE);
	for (unsigned i = s; i < e; i++) {
		t->now.user_wired += !t->now.pages[i].wired;
		t->now.pages[i].wired = true;
		t->now.pages[i].owner = 0;
	}
	if (t->now.waiters)
		sim_wakeup(t->sim, CHANNEL_TRANSITION);
	t->now.waiters = false;
	return KERN_SUCCESS;
}
/* end */

static int
toy_unwire(struct toy *t, unsigned s, unsigned e)
{
	wait_transition(t, s, e);
	if (!toy_check_range(t, s, e, VM_PROT_NONE))
		return KERN_INVALID_ADDRESS;
	for (unsigned i = s; i < e; i++) {
		t->now.user_wired -= t->now.pages[i].wired;
		t->now.pages[i].wired = false;
	}
	return KERN_SUCCESS;
}

/* The page's place in the array; what is outside of the map counts as its nearer end. */
static unsigned
index_of(const struct toy *t, uint64_t page)
{
	return (unsigned)((page < t->min ? t->min : page > t->max ? t->max : page) - t->min);
}

static int
toy_dispatch(struct toy *t, const struct vm_op *op)
{
	unsigned s = index_of(t, op->start), e = index_of(t, op->end);

	switch (op->code) {
	case VM_OP_insert:
		return toy_insert(t, op, s, e);
	case VM_OP_remove:
		return toy_remove(t, s, e);
	case VM_OP_wire:
		return toy_wire(t, s, e);
	case VM_OP_unwire:
		return toy_unwire(t, s, e);
	case VM_OP_check:
		return toy_check_range(t, s, e, op->prot);
	case VM_OP_lookup:
		return op->start >= t->min && op->start < t->max && t->now.pages[s].mapped;
	default:
		return KERN_FAILURE; /* op_reason lets none come here */
	}
}

/* quote apply */
static struct vm_result
toy_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct toy *t = self;
	struct vm_result result = { .outcome = VM_OUTCOME_DONE };

	toy_lock(t, PLACE_LOCK);
	result.code = toy_dispatch(t, op);
	toy_unlock(t);
	t->now.ops[thread] = (struct toy_op){ 0 }; /* what is over decides nothing: threads may meet in one state */
	return result;
}
/* end */

/* --- the rest of struct vm_target --- */

/* quote reasons */
static const char *
toy_config_reason(const struct program_config *cfg)
{
	if (cfg->max - cfg->min > TOY_PAGES_MAX)
		return "the map has more than 64 pages";
	if (cfg->nr_poison != 0 || cfg->limit_given || cfg->frames != 0)
		return "no poison, limit or frames";
	return cfg->kernel || cfg->mutant != NULL ? "no kernel map, no mutants" : NULL;
}

static const char *
toy_op_reason(const struct program_config *cfg, const struct vm_op *op)
{
	(void)cfg;
	switch (op->code) {
	case VM_OP_insert:
		return (op->flags & VM_OPF_GUARD) != 0 ? "no guards" : NULL;
	case VM_OP_wire:
	case VM_OP_unwire:
		return op->flags != VM_OPF_USER ? "wirings are for the user, without holes, for reading" : NULL;
	case VM_OP_remove:
	case VM_OP_check:
	case VM_OP_lookup:
		return NULL;
	default:
		return "only insert, remove, wire, unwire, check and lookup";
	}
}
/* end */

static void *
toy_create(const struct program_config *cfg, struct sim *sim)
{
	struct toy *t = calloc(1, sizeof(*t));

	if (t != NULL)
		*t = (struct toy){ .sim = sim, .min = cfg->min, .max = cfg->max };
	return t;
}

static void *
toy_create_lost_wakeup(const struct program_config *cfg, struct sim *sim)
{
	struct toy *t = toy_create(cfg, sim);

	if (t != NULL)
		t->lost_wakeup = true;
	return t;
}

/* quote save */
static bool
toy_save(void *self)
{
	struct toy *t = self;

	t->saved = t->now;
	return true;
}

static void
toy_restore(void *self)
{
	struct toy *t = self;

	t->now = t->saved;
}
/* end */

/* quote dump */
static void
toy_dump(void *self, struct vm_state *out)
{
	const struct toy *t = self;

	state_clear(out);
	for (uint64_t a = t->min; a < t->max; a++) {
		const struct toy_page *p = &t->now.pages[a - t->min];

		if (p->mapped)
			state_add(out, &(struct vm_run){ .start = a,
			                   .end = a + 1,
			                   .prot = p->prot,
			                   .max = p->max,
			                   .inherit = VM_INHERIT_COPY,
			                   .user_wired = p->wired,
			                   .wired_count = p->wired,
			                   .transition = p->owner != 0 });
	}
	out->user_wired = t->now.user_wired;
}
/* end */

/* quote key */
static void
toy_key(void *self, unsigned nr_threads, struct keybuf *k)
{
	const struct toy *t = self;

	for (unsigned i = 0; i < t->max - t->min; i++) {
		const struct toy_page *p = &t->now.pages[i];

		keybuf_u8(k, (uint8_t)(p->mapped | p->resident << 1 | p->wired << 2));
		keybuf_u8(k, (uint8_t)(p->prot | p->max << 3));
		keybuf_u8(k, p->owner);
	}
	keybuf_u8(k, (uint8_t)(t->now.locked | t->now.waiters << 1)); /* user_wired follows from the pages, T3 */
	for (unsigned i = 0; i < nr_threads; i++) {
		keybuf_u8(k, t->now.ops[i].place);
		keybuf_u8(k, t->now.ops[i].cursor);
	}
}
/* end */

/* Forgets where the operations are: check --verify notices. */
static void
toy_bad_key(void *self, unsigned nr_threads, struct keybuf *k)
{
	(void)nr_threads;
	toy_key(self, 0, k);
}

static const char *
toy_check(void *self, bool excused, uint32_t *excuse)
{
	const struct toy *t = self;
	int32_t wired = 0;

	(void)excused; /* it has no switches */
	(void)excuse;
	for (unsigned i = 0; i < t->max - t->min; i++) {
		const struct toy_page *p = &t->now.pages[i];

		if (!p->mapped && (p->resident || p->wired || p->owner != 0))
			return "T1: an unmapped page is not empty";
		if (p->wired && !p->resident)
			return "T2: a wired page is not resident";
		wired += p->wired;
	}
	if (wired != t->now.user_wired)
		return "T3: the user-wire counter is not the number of wired pages";
	return t->now.locked ? "T4: the lock is held between steps" : NULL;
}

static void
toy_where(void *self, unsigned thread, char *buf, size_t size)
{
	static const char *const texts[] = { [PLACE_NONE] = "",
		[PLACE_LOCK] = "lock",
		[PLACE_SLEEP] = "sleep until page %u leaves its transition",
		[PLACE_REGISTER] = "say that page %u is awaited",
		[PLACE_FAULT] = "fault page %u",
		[PLACE_DONE] = "relock after the faults" };
	const struct toy *t = self;
	const struct toy_op *op = &t->now.ops[thread];
	const char *text = texts[op->place], *page = strstr(text, "%u");

	if (page == NULL)
		(void)snprintf(buf, size, "%s", text);
	else
		(void)snprintf(
		    buf, size, "%.*s%u%s", (int)(page - text), text, (unsigned)t->min + op->cursor, page + 2);
}

/* quote target */
#define TOY_FUNCTIONS                                                                                                  \
	.config_reason = toy_config_reason, .op_reason = toy_op_reason, .destroy = free, .save = toy_save,             \
	.restore = toy_restore, .apply = toy_apply, .dump = toy_dump, .check = toy_check, .where = toy_where

static const struct vm_target toy = {
	VM_TARGET_INIT,
	.name = "toy",
	.summary = "an array of pages under one lock",
	TOY_FUNCTIONS,
	.create = toy_create,
	.key = toy_key,
};
static const struct vm_target toy_no_key = {
	VM_TARGET_INIT,
	.name = "toy-no-key",
	.summary = "the same, explored schedule by schedule",
	TOY_FUNCTIONS,
	.create = toy_create,
};
static const struct vm_target toy_forgets = {
	VM_TARGET_INIT,
	.name = "toy-bad-key",
	.summary = "the same, its key incomplete",
	TOY_FUNCTIONS,
	.create = toy_create,
	.key = toy_bad_key,
};
static const struct vm_target toy_lost_wakeup = {
	VM_TARGET_INIT,
	.name = "toy-lost-wakeup",
	.summary = "the same, with a bug",
	TOY_FUNCTIONS,
	.create = toy_create_lost_wakeup,
	.key = toy_key,
};

WIRESTORM_MAIN(&toy, &toy_no_key, &toy_forgets, &toy_lost_wakeup)
/* end */
