/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model-stack.c - the reference model's wirefuture, mmap, stack and grow, and the faults, which may grow a stack:
 * docs/engine.md sections 8, 12 and 14.
 *
 * One thread at a time: nothing happens between the two lock holds of mmap and stack, nor while a growth is wired.
 */
#include "harness/target/model.h"

#include <assert.h>

struct vm_result
model_wirefuture(struct model *m, const struct vm_op *op)
{
	m->now.wire_future = (op->flags & VM_OPF_ON) != 0;
	return model_done(KERN_SUCCESS);
}

/* What mmap and stack check before they lock: section 14.4.1. */
static bool
stack_args_valid(const struct model *m, const struct vm_op *op)
{
	return op->start < op->end && op->start >= m->min && op->end <= m->max && (op->prot & ~op->max) == 0;
}

static int
stack_wire(struct model *m, uint64_t s, uint64_t e, uint8_t holes)
{
	struct vm_op wire = { .code = VM_OP_wire, .start = s, .end = e, .flags = (uint8_t)(VM_OPF_USER | holes) };

	return model_wire(m, &wire).code;
}

/* The second hold of mmap and stack. Quirk Q8: its result is thrown away. */
static struct vm_result
stack_second_hold(struct model *m, const struct vm_op *op, uint8_t holes)
{
	int code = KERN_SUCCESS;

	if (m->now.wire_future)
		code = stack_wire(m, op->start, op->end, holes);
	return model_done(model_quirk(m, VM_BEHAVIOUR_BIT(Q8)) ? KERN_SUCCESS : code);
}

struct vm_result
model_mmap(struct model *m, const struct vm_op *op)
{
	struct model_mapping w = model_mapping_of(op);
	int code;

	if (!stack_args_valid(m, op))
		return model_done(KERN_INVALID_ARGUMENT);
	code = model_insert_range(m, op->start, op->end, &w);
	return code == KERN_SUCCESS ? stack_second_hold(m, op, 0) : model_done(code);
}

/* An entry of its own: a part of a stack. */
static void
stack_put_part(struct model *m, uint64_t s, uint64_t e, uint8_t prot, uint8_t max)
{
	const struct model_page part = { .mapped = true,
		.stack = true,
		.prot = prot,
		.max = max,
		.inherit = VM_INHERIT_COPY,
		.behaviour = VM_MADV_NORMAL,
		.own_charged = (prot & VM_PROT_WRITE) != 0 };

	model_fill(m, s, e, &part);
	for (uint64_t a = s; a < e; a++)
		model_at(m, a)->offset = 0;
	model_at(m, s)->head = true;
}

struct vm_result
model_stack(struct model *m, const struct vm_op *op)
{
	const struct model_mapping gap = { .guard = true, .gap = true };
	uint64_t s = op->start, e = op->end, n = program_growsize(m->cfg);
	int code;

	if (!stack_args_valid(m, op) || e - s == 1)
		return model_done(KERN_INVALID_ARGUMENT);
	if (model_mapped(m, s) || model_entry_from(m, s) < e)
		return model_done(KERN_NO_SPACE);
	if (n > e - s - 1)
		n = e - s - 1;
	stack_put_part(m, e - n, e, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL);
	code = model_insert_range(m, s, e - n, &gap);
	assert(code == KERN_SUCCESS);
	return stack_second_hold(m, op, VM_OPF_HOLESOK);
}

/* The end of the gap of page @a, where its stack starts; 0: there is none. */
static uint64_t
stack_above(const struct model *m, uint64_t a)
{
	uint64_t top = model_entry_end(m, a);

	return model_mapped(m, top) && model_at(m, top)->stack ? top : 0;
}

static bool
stack_grows(const struct model *m, uint64_t a)
{
	return model_mapped(m, a) && model_at(m, a)->gap && stack_above(m, a) != 0 && a != model_entry_start(m, a);
}

/* By how many pages it grows: section 14.6.2. */
static uint64_t
stack_growth(const struct model *m, uint64_t a, uint64_t top)
{
	uint64_t step = program_growsize(m->cfg), need = top - a,
	         most = model_entry_pages(m, model_entry_start(m, a)) - 1;
	uint64_t by = 0;

	while (by < need)
		by += step;
	return by < most ? by : most;
}

static int
stack_grow(struct model *m, uint64_t a)
{
	uint64_t top, from;
	struct model_page gap;
	int code = KERN_SUCCESS;

	if (!model_mapped(m, a))
		return KERN_FAILURE;
	if (!model_at(m, a)->guard)
		return KERN_SUCCESS;
	if (!model_at(m, a)->gap || (top = stack_above(m, a)) == 0)
		return KERN_FAILURE;
	if (a == model_entry_start(m, a))
		return KERN_NO_SPACE;
	from = top - stack_growth(m, a, top);
	gap = *model_at(m, from - 1);
	if (model_quirk(m, VM_BEHAVIOUR_BIT(MS1)))
		stack_put_part(m, from, top, gap.gap_prot, gap.gap_max);
	else
		stack_put_part(m, from, top, model_at(m, top)->prot, model_at(m, top)->max);
	if (m->now.wire_future)
		code = stack_wire(m, from, top, 0);
	/* Quirk Q9: what could not be wired stays. */
	if (code != KERN_SUCCESS && !model_quirk(m, VM_BEHAVIOUR_BIT(Q9)))
		model_fill(m, from, top, &gap);
	return code;
}

struct vm_result
model_grow(struct model *m, const struct vm_op *op)
{
	return model_done(stack_grow(m, op->start));
}

/* The fault of an operation of its own. A fault in a gap grows the stack first: section 14.7. */
static int
stack_fault(struct model *m, uint64_t a, uint8_t access)
{
	bool grows = stack_grows(m, a);
	int code = KERN_SUCCESS;

	if (model_mapped(m, a) && model_at(m, a)->gap && !m->cfg->kernel)
		code = stack_grow(m, a);
	if (code == KERN_SUCCESS)
		return model_fault_page(m, a, access);
	/* Without quirk Q9, a fault returns the code of the wire that has failed. */
	return grows && !model_quirk(m, VM_BEHAVIOUR_BIT(Q9)) ? code : KERN_PROTECTION_FAILURE;
}

struct vm_result
model_fault(struct model *m, const struct vm_op *op)
{
	return model_done(stack_fault(m, op->start, op->prot));
}

struct vm_result
model_read(struct model *m, const struct vm_op *op)
{
	struct vm_result r = model_done(stack_fault(m, op->start, VM_PROT_READ));

	if (r.code == KERN_SUCCESS)
		r.value = model_at(m, op->start)->tag;
	return r;
}

struct vm_result
model_write(struct model *m, const struct vm_op *op)
{
	struct vm_result r = model_done(stack_fault(m, op->start, VM_PROT_WRITE));

	if (r.code == KERN_SUCCESS)
		model_at(m, op->start)->tag = op->value;
	return r;
}
