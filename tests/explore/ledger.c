/* SPDX-License-Identifier: BSD-2-Clause */
/* ledger.c - see ledger.h. */
#include "tests/explore/ledger.h"

#include <stdlib.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/sim/sim.h"

#define PAGES_MAX 64 /* a set of pages is one word: bit i is page i of the map */

struct book {
	int16_t count[PAGES_MAX];
	uint64_t doubt;
	/*
	 * Per running wire or unwire: the pages that it surely treats if it succeeds. They were mapped, and for a wire
	 * accessible, when it began, and neither mapped nor protected since.
	 */
	uint64_t sure[SIM_FIBERS_MAX];
};

struct ledger {
	const struct program_config *cfg;
	void *engine;
	struct vm_state state; /* scratch */
	struct book book, saved;
};

int ledger_lie;
struct ledger_totals ledger_totals;

/* --- sets of pages --- */

/* [start, end), cut to the map. */
static uint64_t
pages_of(const struct ledger *l, uint64_t start, uint64_t end)
{
	uint64_t min = l->cfg->min, max = l->cfg->max, set;

	start = start < min ? min : start;
	end = end > max ? max : end;
	if (start >= end)
		return 0;
	set = end - start == PAGES_MAX ? UINT64_MAX : ((uint64_t)1 << (end - start)) - 1;
	return set << (start - min);
}

static void
add(struct ledger *l, uint64_t set, int by)
{
	for (; set != 0; set &= set - 1)
		l->book.count[__builtin_ctzll(set)] = (int16_t)(l->book.count[__builtin_ctzll(set)] + by);
}

/* No running operation may be sure of these pages any more. */
static void
unsure(struct ledger *l, uint64_t set)
{
	for (unsigned t = 0; t < SIM_FIBERS_MAX; t++)
		l->book.sure[t] &= ~set;
}

/* Records that these pages are mapped again. */
static void
fresh(struct ledger *l, uint64_t set)
{
	for (uint64_t rest = set; rest != 0; rest &= rest - 1)
		l->book.count[__builtin_ctzll(rest)] = 0;
	l->book.doubt &= ~set;
	unsure(l, set);
}

/* --- operations --- */

static bool
is_wiring(const struct vm_op *op)
{
	return op->code == VM_OP_wire || op->code == VM_OP_unwire;
}

static bool
accessible(const struct vm_run *run, const struct vm_op *op)
{
	if (op->code == VM_OP_unwire)
		return true;
	return (run->prot & (VM_PROT_READ | VM_PROT_EXECUTE)) != 0 &&
	       ((op->flags & VM_OPF_WRITE) == 0 || (run->prot & VM_PROT_WRITE) != 0);
}

static uint64_t
sure_pages(struct ledger *l, const struct vm_op *op)
{
	uint64_t set = 0;

	target_engine.dump(l->engine, &l->state);
	for (size_t i = 0; i < l->state.nr_runs; i++)
		if (accessible(&l->state.runs[i], op))
			set |= pages_of(l, l->state.runs[i].start, l->state.runs[i].end);
	return set & pages_of(l, op->start, op->end);
}

/* A wire or unwire for the system has succeeded. Without holes it has treated the whole range. */
static void
settle_wiring(struct ledger *l, const struct vm_op *op, uint64_t sure)
{
	uint64_t range = pages_of(l, op->start, op->end);

	if ((op->flags & VM_OPF_HOLESOK) == 0)
		sure = range;
	add(l, sure, op->code == VM_OP_wire ? 1 : -1);
	l->book.doubt |= range & ~sure;
}

/* Called in the step in which the operation released the lock for the last time. */
static void
settle(struct ledger *l, const struct vm_op *op, const struct vm_result *r, uint64_t sure)
{
	bool success = r->code == KERN_SUCCESS;

	if (op->code == VM_OP_protect)
		unsure(l, pages_of(l, op->start, op->end));
	else if ((op->code == VM_OP_insert || op->code == VM_OP_fixed) && success)
		fresh(l, pages_of(l, op->start, op->end));
	else if (op->code == VM_OP_find && success)
		fresh(l, pages_of(l, r->value, r->value + op->end));
	else if (is_wiring(op) && (op->flags & VM_OPF_USER) == 0 && success)
		settle_wiring(l, op, sure);
}

static struct vm_result
ledger_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct ledger *l = self;
	struct vm_result r;

	l->book.sure[thread] = is_wiring(op) ? sure_pages(l, op) : 0;
	r = target_engine.apply(l->engine, thread, op);
	settle(l, op, &r, l->book.sure[thread]);
	l->book.sure[thread] = 0;
	return r;
}

/* --- the check --- */

static const char *
check_page(const struct ledger *l, const struct vm_run *run, uint64_t page)
{
	unsigned bit = (unsigned)(page - l->cfg->min);
	int system = run->wired_count - run->user_wired, booked = l->book.count[bit];

	if ((l->book.doubt >> bit & 1) != 0) {
		ledger_totals.doubted++;
		return NULL;
	}
	ledger_totals.pages++;
	ledger_totals.wired += system > 0;
	system += system > 0 ? ledger_lie : 0;
	if (system < booked)
		return "ledger: a system wiring was lost";
	if (system > booked + (run->transition ? 1 : 0))
		return "ledger: a system wiring was left over";
	return NULL;
}

static const char *
ledger_check(void *self, bool excused, uint32_t *excuse)
{
	struct ledger *l = self;
	const char *bad = target_engine.check(l->engine, excused, excuse);

	if (bad != NULL)
		return bad;
	target_engine.dump(l->engine, &l->state);
	for (size_t i = 0; i < l->state.nr_runs && bad == NULL; i++) {
		const struct vm_run *run = &l->state.runs[i];

		for (uint64_t page = run->start; page < run->end && bad == NULL; page++)
			bad = check_page(l, run, page);
	}
	return bad;
}

static void
ledger_key(void *self, unsigned nr_threads, struct keybuf *k)
{
	struct ledger *l = self;

	target_engine.key(l->engine, nr_threads, k);
	for (unsigned i = 0; i < PAGES_MAX; i++) {
		if (l->book.count[i] == 0)
			continue;
		keybuf_u8(k, (uint8_t)(i + 1));
		keybuf_num(k, (uint16_t)l->book.count[i]);
	}
	keybuf_u8(k, 0);
	keybuf_num(k, l->book.doubt);
	for (unsigned t = 0; t < nr_threads; t++)
		keybuf_num(k, l->book.sure[t]);
}

/* --- the rest: each function of struct vm_target that the engine has must be passed on --- */

static const char *
ledger_config_reason(const struct program_config *cfg)
{
	if (cfg->max - cfg->min > PAGES_MAX)
		return "the ledger has room for 64 pages";
	return target_engine.config_reason != NULL ? target_engine.config_reason(cfg) : NULL;
}

static const char *
ledger_op_reason(const struct program_config *cfg, const struct vm_op *op)
{
	return target_engine.op_reason != NULL ? target_engine.op_reason(cfg, op) : NULL;
}

static void
ledger_destroy(void *self)
{
	struct ledger *l = self;

	if (l->engine != NULL)
		target_engine.destroy(l->engine);
	state_free(&l->state);
	free(l);
}

static void *
ledger_create(const struct program_config *cfg, struct sim *sim)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->cfg = cfg;
	l->engine = target_engine.create(cfg, sim);
	if (l->engine == NULL) {
		ledger_destroy(l);
		return NULL;
	}
	return l;
}

static void
ledger_program(void *self, const struct program *p)
{
	if (target_engine.program != NULL)
		target_engine.program(((struct ledger *)self)->engine, p);
}

static bool
ledger_save(void *self)
{
	struct ledger *l = self;

	l->saved = l->book;
	return target_engine.save(l->engine);
}

static void
ledger_restore(void *self)
{
	struct ledger *l = self;

	l->book = l->saved;
	target_engine.restore(l->engine);
}

static void
ledger_dump(void *self, struct vm_state *out)
{
	target_engine.dump(((struct ledger *)self)->engine, out);
}

static void
ledger_where(void *self, unsigned thread, char *buf, size_t size)
{
	target_engine.where(((struct ledger *)self)->engine, thread, buf, size);
}

const struct vm_target target_ledger = {
	VM_TARGET_INIT,
	.name = "ledger",
	.summary = "the engine, and a book of its system wirings",
	.config_reason = ledger_config_reason,
	.op_reason = ledger_op_reason,
	.create = ledger_create,
	.destroy = ledger_destroy,
	.program = ledger_program,
	.save = ledger_save,
	.restore = ledger_restore,
	.apply = ledger_apply,
	.dump = ledger_dump,
	.key = ledger_key,
	.check = ledger_check,
	.where = ledger_where,
};
