/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model-target.c - the page-array reference model as a target: tests compare the engine with it.
 *
 * It is written from docs/engine.md and knows nothing of the engine but its numbers (ops.h, vm.h). It is sequential:
 * one operation after the other, without waiting. Where the engine would sleep forever, the result is
 * VM_OUTCOME_BLOCKED, and the state is the one in which the engine sleeps. It has no mutants, so that a mutant differs
 * from it.
 *
 * model.h says how a map is represented. model-entry.c cuts and merges. model-map.c, model-wire.c, model-attr.c and
 * model-stack.c have the operations, each called model_<its name in ops.def>. A missing one does not compile.
 */
#include "harness/target/model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/target/target.h"

#define MODEL_OBJECTS_MIN 64 /* first size; it grows */

static struct vm_result (*const model_ops[VM_OP_CODE_MAX + 1])(struct model *, const struct vm_op *) = {
#define VM_OP(name, code, result, args, summary) [code] = model_##name,
#include "engine/ops.def"
#undef VM_OP
};

struct vm_result
model_done(int code)
{
	return (struct vm_result){ .outcome = VM_OUTCOME_DONE, .code = code };
}

static const char *
model_config_reason(const struct program_config *cfg)
{
	if (cfg->frames != 0)
		return "the model has no page frames that run short";
	if (cfg->max <= cfg->min)
		return "the map is empty";
	if (cfg->max - cfg->min > MODEL_PAGES_MAX)
		return "the model holds at most 2^20 pages";
	return NULL;
}

static const char *
model_op_reason(const struct program_config *cfg, const struct vm_op *op)
{
	(void)cfg;
	return op->code <= VM_OP_CODE_MAX && model_ops[op->code] != NULL ? NULL : "no such operation";
}

static void
model_state_create(struct model_state *s, uint64_t pages)
{
	s->pages = memory_new(pages, sizeof(*s->pages), "the model");
	s->charged = memory_new(MODEL_OBJECTS_MIN, sizeof(*s->charged), "the model");
	s->nr_objects_max = MODEL_OBJECTS_MIN;
	s->nr_objects = MODEL_OBJECT_NONE + 1;
}

static void
model_state_destroy(struct model_state *s)
{
	free(s->pages);
	free(s->charged);
}

static void
target_destroy(void *self)
{
	struct model *m = self;

	model_state_destroy(&m->now);
	model_state_destroy(&m->saved);
	free(m);
}

static void *
target_create(const struct program_config *cfg, struct sim *sim)
{
	struct model *m = memory_new(1, sizeof(*m), "the model");

	(void)sim; /* unused, because the model never waits */
	m->cfg = cfg;
	m->min = cfg->min;
	m->max = cfg->max;
	model_state_create(&m->now, m->max - m->min);
	return m;
}

static void
model_copy_state(struct model_state *to, const struct model_state *from, uint64_t pages)
{
	if (to->nr_objects_max < from->nr_objects_max) {
		to->charged = memory_resize(to->charged, from->nr_objects_max, sizeof(*to->charged), "the model");
		to->nr_objects_max = from->nr_objects_max;
	}
	memcpy(to->pages, from->pages, pages * sizeof(*to->pages));
	memcpy(to->charged, from->charged, from->nr_objects * sizeof(*to->charged));
	to->nr_objects = from->nr_objects;
	to->anon_loc = from->anon_loc;
	to->uw = from->uw;
	to->wire_future = from->wire_future;
}

static bool
target_save(void *self)
{
	struct model *m = self;

	if (m->saved.pages == NULL)
		model_state_create(&m->saved, m->max - m->min);
	model_copy_state(&m->saved, &m->now, m->max - m->min);
	return true;
}

static void
target_restore(void *self)
{
	struct model *m = self;

	assert(m->saved.pages != NULL);
	model_copy_state(&m->now, &m->saved, m->max - m->min); /* now has at least as much room as saved */
}

static struct vm_result
target_apply(void *self, unsigned thread, const struct vm_op *op)
{
	(void)thread;
	assert(model_op_reason(NULL, op) == NULL);
	return model_ops[op->code](self, op);
}

static void
target_dump(void *self, struct vm_state *out)
{
	struct model *m = self;

	state_clear(out);
	out->user_wired = m->now.uw;
	for (uint64_t a = model_entry_from(m, m->min); a < m->max; a = model_entry_from(m, model_entry_end(m, a))) {
		const struct model_page *p = model_at(m, a);
		struct vm_run run = {
			.start = a, .end = model_entry_end(m, a), .guard = p->guard, .transition = p->marked
		};

		if (!p->guard) {
			run.prot = p->prot;
			run.max = p->max;
			run.inherit = p->inherit;
			run.user_wired = p->user_wired;
			run.wired_count = p->wired;
		}
		state_add(out, &run);
	}
}

static size_t
target_entries(void *self, uint64_t *starts, size_t max)
{
	struct model *m = self;
	size_t nr = 0;

	for (uint64_t a = model_entry_from(m, m->min); a < m->max; a = model_entry_from(m, model_entry_end(m, a)), nr++)
		if (nr < max)
			starts[nr] = a;
	return nr;
}

/* Pages a - 1 and a are of one entry: do they have the attributes of one entry? */
static bool
model_same_entry(const struct model_page *p, const struct model_page *q)
{
	struct model_page next = *p;

	next.head = false;
	next.tag = q->tag;
	next.offset = p->object != MODEL_OBJECT_NONE ? p->offset + 1 : q->offset;
	return next.mapped == q->mapped && next.guard == q->guard && next.user_wired == q->user_wired &&
	       next.needs_wakeup == q->needs_wakeup && next.nosync == q->nosync && next.nocore == q->nocore &&
	       next.own_charged == q->own_charged && next.prot == q->prot && next.max == q->max &&
	       next.inherit == q->inherit && next.behaviour == q->behaviour && next.wired == q->wired &&
	       next.object == q->object && next.offset == q->offset && next.stack == q->stack && next.gap == q->gap &&
	       next.gap_prot == q->gap_prot && next.gap_max == q->gap_max;
}

static const char *
model_page_reason(const struct model *m, uint64_t a)
{
	const struct model_page *p = model_at(m, a);

	if (!p->mapped)
		return p->head ? "P1: an entry starts at an unmapped page" : NULL;
	if (!p->head && !model_mapped(m, a - 1))
		return "P2: a mapped page after a hole starts no entry";
	if (!p->head && !model_same_entry(model_at(m, a - 1), p))
		return "P3: the pages of an entry differ";
	if (p->marked || p->skipped)
		return "P4: a mark remains after its operation";
	if (p->wired < 0 || (p->user_wired && p->wired == 0))
		return "P5: a wired count cannot be";
	if (p->guard && (p->wired != 0 || p->prot != VM_PROT_NONE || p->object != MODEL_OBJECT_NONE))
		return "P6: a guard is wired, accessible or has an object";
	if ((p->gap && !p->guard) || (p->stack && p->guard))
		return "P9: a gap that is no guard, or a stack that is one";
	if (p->object >= m->now.nr_objects)
		return "P7: no such object";
	return NULL;
}

/* The model's own invariants. P8 is the accounting of the strict profile, docs/engine.md section 13. */
static const char *
model_invariants(void *self, bool excused, uint32_t *excuse)
{
	struct model *m = self;
	int64_t user_wired = 0;

	(void)excused;
	(void)excuse;
	for (uint64_t a = m->min; a < m->max; a++) {
		const char *reason = model_page_reason(m, a);

		if (reason != NULL)
			return reason;
		user_wired += model_at(m, a)->user_wired;
	}
	if (!model_quirk(m, VM_BEHAVIOUR_BIT(Q1) | VM_BEHAVIOUR_BIT(Q2)) && user_wired != m->now.uw)
		return "P8: the user-wire counter is not the number of user-wired pages";
	return NULL;
}

const struct vm_target target_model = {
	VM_TARGET_INIT,
	.name = "model",
	.summary = "the page-array reference: sequential programs only",
	.sequential = true,
	.config_reason = model_config_reason,
	.op_reason = model_op_reason,
	.create = target_create,
	.destroy = target_destroy,
	.save = target_save,
	.restore = target_restore,
	.apply = target_apply,
	.dump = target_dump,
	.entries = target_entries,
	.key = NULL,
	.check = model_invariants,
	.where = NULL,
};
