/* SPDX-License-Identifier: BSD-2-Clause */
/* run-lookup.c - see run-refs.h. */
#include "harness/target/run-refs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/target/target.h"

void
run_refs_open(struct run *r)
{
	r->refs = NULL;
	if (program_has_refs(r->program))
		r->refs = memory_new(1, sizeof(*r->refs), "the results that are arguments");
}

void
run_refs_close(struct run *r)
{
	free(r->refs);
	r->refs = NULL;
}

void
run_refs_begin(struct run *r)
{
	for (unsigned t = 0; r->refs != NULL && t < r->program->nr_threads; t++)
		r->refs->known[t] = r->refs->refused[t] = 0;
}

/* The result that @ref names; NULL: that operation has not ended. */
static const struct vm_result *
lookup_result_of(const struct run *r, struct vm_op_ref ref)
{
	const struct run_thread *thread;

	assert(ref.from != 0);
	if (ref.from == VM_OP_REF_INIT)
		return ref.op < r->nr_init_run ? &r->steps.init[ref.op] : NULL;
	if (ref.from == VM_OP_REF_FINAL)
		return &r->steps.final[ref.op]; /* an argument always names an earlier final step */
	thread = &r->threads[ref.from - 1u];
	return ref.op < thread->nr_done ? &thread->results[ref.op] : NULL;
}

/* Adds the named result to the number that follows it in the text. @max is the largest number allowed. */
static bool
lookup_one(const struct run *r, struct vm_op_ref *ref, uint64_t max, uint64_t *number)
{
	const struct vm_result *result;

	if (ref->from == 0)
		return true;
	result = lookup_result_of(r, *ref);
	if (result == NULL || result->outcome != VM_OUTCOME_DONE || result->code != KERN_SUCCESS ||
	    result->value > max || *number > max - result->value)
		return false;
	*number += result->value;
	*ref = (struct vm_op_ref){ 0 };
	return true;
}

static bool
lookup_all(const struct run *r, struct vm_op *op)
{
	return lookup_one(r, &op->ref_start, VM_OP_PAGE_MAX, &op->start) &&
	       lookup_one(r, &op->ref_end, VM_OP_PAGE_MAX, &op->end) &&
	       lookup_one(r, &op->ref_value, UINT64_MAX, &op->value) &&
	       target_op_reason(r->target, &r->program->config, op) == NULL;
}

static struct vm_result
lookup_refusal(const struct vm_op *op)
{
	bool asks = vm_op_table[op->code].result == VM_RESULT_BOOL;

	return (struct vm_result){ .outcome = VM_OUTCOME_DONE, .code = asks ? 0 : KERN_INVALID_ARGUMENT };
}

const struct vm_op *
run_refs_look_up(struct run *r, unsigned thread, unsigned i, struct vm_result *refused)
{
	struct run_refs *refs = r->refs;
	struct vm_op *op = &refs->ops[thread][i];
	bool found;

	assert(thread < r->program->nr_threads && i < r->program->threads[thread].nr_ops);
	/* The results belong to the harness, not to the engine: another thread's result is read without a lock. */
	fiber_unseen_begin();
	*op = r->program->threads[thread].ops[i];
	found = lookup_all(r, op);
	if (found) {
		refs->known[thread] |= (uint64_t)1 << i;
	} else {
		refs->refused[thread] |= (uint64_t)1 << i;
		*refused = lookup_refusal(op);
	}
	fiber_unseen_end();
	return found ? op : NULL;
}

const struct vm_op *
run_refs_look_up_alone(struct run *r, const struct vm_op *op, struct vm_result *refused)
{
	if (!vm_op_has_refs(op))
		return op;
	r->steps.op = *op;
	if (lookup_all(r, &r->steps.op))
		return &r->steps.op;
	*refused = lookup_refusal(op);
	return NULL;
}

void
run_refs_keep(struct run *r, const struct vm_op *op, const struct vm_result *result)
{
	const struct program *p = r->program;

	for (size_t i = 0; i < p->nr_final && i < RUN_REFS_STEPS; i++) {
		if (op == &p->final[i].op) {
			r->steps.final[i] = *result;
			return;
		}
	}
	if (r->nr_init_run < RUN_REFS_STEPS)
		r->steps.init[r->nr_init_run++] = *result;
}

const struct vm_op *
run_refs_op(const struct run *r, unsigned thread, unsigned i)
{
	if ((r->refs->known[thread] >> i & 1) != 0)
		return &r->refs->ops[thread][i];
	return &r->program->threads[thread].ops[i];
}

void
run_results(struct run *r, const struct vm_result *results[PROGRAM_THREADS_MAX])
{
	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		struct run_thread *rt = &r->threads[t];

		for (unsigned i = rt->nr_done; i < r->program->threads[t].nr_ops; i++)
			rt->results[i] = (struct vm_result){ .outcome = VM_OUTCOME_NONE };
		results[t] = rt->results;
	}
}
