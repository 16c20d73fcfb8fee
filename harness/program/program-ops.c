/* SPDX-License-Identifier: BSD-2-Clause */
/* program-ops.c - the operations of a program: finding and comparing them, and what they can do. See program-data.h. */
#include <assert.h>
#include <stddef.h>

#include "engine/vm.h"
#include "harness/program/program-data.h"

static bool
ops_refs_equal(struct vm_op_ref a, struct vm_op_ref b)
{
	return a.from == b.from && a.op == b.op;
}

bool
vm_result_equal(const struct vm_result *a, const struct vm_result *b)
{
	return a->outcome == b->outcome &&
	       (a->outcome == VM_OUTCOME_NONE || (a->code == b->code && a->value == b->value));
}

bool
vm_op_equal(const struct vm_op *a, const struct vm_op *b)
{
	return ops_refs_equal(a->ref_start, b->ref_start) && ops_refs_equal(a->ref_end, b->ref_end) &&
	       ops_refs_equal(a->ref_value, b->ref_value) && a->code == b->code && a->prot == b->prot &&
	       a->max == b->max && a->choice == b->choice && a->flags == b->flags && a->start == b->start &&
	       a->end == b->end && a->value == b->value;
}

struct program_place
program_place(const struct program *p, size_t number)
{
	if (number < p->nr_init)
		return (struct program_place){ VM_OP_REF_INIT, number };
	number -= p->nr_init;
	for (unsigned t = 0; t < p->nr_threads; t++) {
		if (number < p->threads[t].nr_ops)
			return (struct program_place){ (uint8_t)(1 + t), number };
		number -= p->threads[t].nr_ops;
	}
	return (struct program_place){ VM_OP_REF_FINAL, number };
}

struct vm_op *
program_op_at(const struct program *p, struct program_place at)
{
	assert(at.from != 0);
	if (at.from == VM_OP_REF_INIT)
		return at.op < p->nr_init ? &p->init[at.op].op : NULL;
	if (at.from == VM_OP_REF_FINAL)
		return at.op < p->nr_final ? &p->final[at.op].op : NULL;
	return at.from <= p->nr_threads && at.op < p->threads[at.from - 1].nr_ops ? &p->threads[at.from - 1].ops[at.op]
	                                                                          : NULL;
}

struct vm_op *
program_op(const struct program *p, size_t number)
{
	return program_op_at(p, program_place(p, number));
}

unsigned
program_nr_ops(const struct program *p)
{
	unsigned nr = (unsigned)p->nr_init;

	assert(p->nr_threads <= PROGRAM_THREADS_MAX);
	for (unsigned t = 0; t < p->nr_threads; t++)
		nr += p->threads[t].nr_ops;
	return nr;
}

static bool
ops_sees_pages(const struct vm_op *op)
{
	return op->code == VM_OP_read || op->code == VM_OP_write || op->code == VM_OP_pageout;
}

/* The pages of @op's range that are in the map, if @op brings pages in; otherwise 0. */
static uint64_t
ops_wires(const struct program *p, const struct vm_op *op)
{
	const struct program_config *cfg = &p->config;
	uint64_t start = op->start < cfg->min ? cfg->min : op->start, end = op->end > cfg->max ? cfg->max : op->end;

	if (op->code == VM_OP_wire || op->code == VM_OP_mmap || op->code == VM_OP_stack)
		return start < end ? end - start : 0;
	/* A stack that grows may be wired. */
	if (op->code != VM_OP_unwire && program_has_op(p, VM_OP_stack))
		return program_growsize(cfg);
	return op->code == VM_OP_fault || op->code == VM_OP_read || op->code == VM_OP_write;
}

uint64_t
program_wires(const struct program *p)
{
	const struct vm_op *op;
	uint64_t nr = 0;

	for (size_t i = 0; (op = program_op(p, i)) != NULL; i++)
		nr += ops_wires(p, op);
	return nr;
}

bool
program_sees_pages(const struct program *p)
{
	const struct vm_op *op;
	bool sees = p->config.frames != 0;

	for (size_t i = 0; !sees && (op = program_op(p, i)) != NULL; i++)
		sees = ops_sees_pages(op);
	return sees;
}

bool
program_has_refs(const struct program *p)
{
	const struct vm_op *op;
	bool has = false;

	for (size_t i = 0; !has && (op = program_op(p, i)) != NULL; i++)
		has = vm_op_has_refs(op);
	return has;
}

bool
program_has_op(const struct program *p, enum vm_op_code code)
{
	const struct vm_op *op;
	bool has = false;

	for (size_t i = 0; !has && (op = program_op(p, i)) != NULL; i++)
		has = op->code == code;
	return has;
}
