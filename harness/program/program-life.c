/* SPDX-License-Identifier: BSD-2-Clause */
/* program-life.c - makes, frees and compares programs. See program-data.h; the text form is in vmt-*.c. */
#include "harness/program/program-data.h"

#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/never.h"

void
program_init(struct program *p)
{
	*p = (struct program){
		.config = {
			.profile = vm_profile(VM_PROFILE_strict),
			.min = PROGRAM_MIN_DEFAULT,
			.max = PROGRAM_MAX_DEFAULT,
			.limit = VM_WIRE_LIMIT_DEFAULT,
		},
	};
}

static void
free_steps(struct program_step *steps, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(steps[i].state);
	free(steps);
}

void
program_free(struct program *p)
{
	free(p->config.poison);
	free_steps(p->init, p->nr_init);
	free_steps(p->final, p->nr_final);
	free(p->threads);
	for (size_t i = 0; i < p->nr_outcomes; i++)
		free(p->outcomes[i].text);
	free(p->outcomes);
	for (size_t i = 0; i < p->nr_nevers; i++)
		never_free(&p->nevers[i]);
	free(p->nevers);
	program_drop_verdicts(p);
	free(p->result);
	schedule_free(&p->order);
	schedule_free(&p->schedule);
	free(p->head);
	for (size_t i = 0; i < p->nr_notes; i++)
		free(p->notes[i].text);
	free(p->notes);
	program_init(p);
}

static bool
ref_equal(struct vm_op_ref a, struct vm_op_ref b)
{
	return a.from == b.from && a.op == b.op;
}

static bool
refs_equal(const struct vm_op *a, const struct vm_op *b)
{
	return ref_equal(a->ref_start, b->ref_start) && ref_equal(a->ref_end, b->ref_end) &&
	       ref_equal(a->ref_value, b->ref_value);
}

bool
vm_op_equal(const struct vm_op *a, const struct vm_op *b)
{
	return refs_equal(a, b) && a->code == b->code && a->prot == b->prot && a->max == b->max &&
	       a->choice == b->choice && a->flags == b->flags && a->start == b->start && a->end == b->end &&
	       a->value == b->value;
}

static bool
text_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
result_equal(const struct vm_result *a, const struct vm_result *b)
{
	return a->outcome == b->outcome && a->code == b->code && a->value == b->value;
}

static bool
poison_equal(const struct program_config *a, const struct program_config *b)
{
	if (a->nr_poison != b->nr_poison)
		return false;
	for (size_t i = 0; i < a->nr_poison; i++) {
		if (a->poison[i].page != b->poison[i].page || a->poison[i].code != b->poison[i].code)
			return false;
	}
	return true;
}

/* Are the directives equal in effect? A line that gives a default value equals no line. */
static bool
config_equal(const struct program_config *a, const struct program_config *b)
{
	return vm_profile_equal(a->profile, b->profile) && text_equal(a->mutant, b->mutant) && a->min == b->min &&
	       a->max == b->max && a->kernel == b->kernel && a->limit == b->limit && a->frames == b->frames &&
	       poison_equal(a, b);
}

static bool
steps_equal(const struct program_step *a, size_t nr_a, const struct program_step *b, size_t nr_b)
{
	if (nr_a != nr_b)
		return false;
	for (size_t i = 0; i < nr_a; i++) {
		if (!vm_op_equal(&a[i].op, &b[i].op) || a[i].has_result != b[i].has_result)
			return false;
		if (a[i].has_result && !result_equal(&a[i].result, &b[i].result))
			return false;
		if (!text_equal(a[i].state, b[i].state))
			return false;
	}
	return true;
}

static bool
threads_equal(const struct program *a, const struct program *b)
{
	if (a->nr_threads != b->nr_threads)
		return false;
	for (unsigned t = 0; t < a->nr_threads; t++) {
		const struct program_thread *x = &a->threads[t], *y = &b->threads[t];

		if (x->nr_ops != y->nr_ops)
			return false;
		for (unsigned i = 0; i < x->nr_ops; i++) {
			if (!vm_op_equal(&x->ops[i], &y->ops[i]))
				return false;
		}
	}
	return true;
}

static bool
outcomes_equal(const struct program *a, const struct program *b)
{
	if (a->nr_outcomes != b->nr_outcomes)
		return false;
	for (size_t i = 0; i < a->nr_outcomes; i++) {
		if (strcmp(a->outcomes[i].text, b->outcomes[i].text) != 0)
			return false;
	}
	return true;
}

static bool
nevers_equal(const struct program *a, const struct program *b)
{
	if (a->nr_nevers != b->nr_nevers)
		return false;
	for (size_t i = 0; i < a->nr_nevers; i++)
		if (!never_equal(&a->nevers[i], &b->nevers[i]))
			return false;
	return true;
}

static bool
verdicts_equal(const struct program *a, const struct program *b)
{
	if (a->nr_verdicts != b->nr_verdicts)
		return false;
	for (size_t i = 0; i < a->nr_verdicts; i++)
		if (a->verdicts[i].kind != b->verdicts[i].kind ||
		    !text_equal(a->verdicts[i].detail, b->verdicts[i].detail))
			return false;
	return true;
}

static bool
expectations_equal(const struct program *a, const struct program *b)
{
	if (a->has_schedules != b->has_schedules || (a->has_schedules && a->schedules != b->schedules))
		return false;
	return verdicts_equal(a, b) && text_equal(a->result, b->result) && outcomes_equal(a, b) && nevers_equal(a, b) &&
	       a->has_schedule == b->has_schedule && schedule_equal(&a->schedule, &b->schedule) &&
	       schedule_equal(&a->order, &b->order);
}

bool
program_equal(const struct program *a, const struct program *b)
{
	return config_equal(&a->config, &b->config) && threads_equal(a, b) &&
	       steps_equal(a->init, a->nr_init, b->init, b->nr_init) &&
	       steps_equal(a->final, a->nr_final, b->final, b->nr_final) && expectations_equal(a, b);
}

const struct program_verdict_line *
program_verdict(const struct program *p)
{
	static const struct program_verdict_line none = { .kind = PROGRAM_VERDICT_NONE };

	return p->nr_verdicts > 0 ? &p->verdicts[0] : &none;
}

const char *
program_verdict_check(const struct program_verdict_line *v, size_t *len)
{
	*len = v->detail != NULL ? strcspn(v->detail, " :") : 0;
	return *len > 0 ? v->detail : NULL;
}

bool
program_verdict_same(const struct program_verdict_line *a, const struct program_verdict_line *b)
{
	size_t len_a, len_b;
	const char *of_a = program_verdict_check(a, &len_a), *of_b = program_verdict_check(b, &len_b);

	return a->kind == b->kind && len_a == len_b && (len_a == 0 || memcmp(of_a, of_b, len_a) == 0);
}

int
program_verdict_order(const void *a, const void *b)
{
	const struct program_verdict_line *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->detail != NULL ? x->detail : "", y->detail != NULL ? y->detail : "");
}

void
program_add_verdict(struct program *p, enum program_verdict kind, const char *detail)
{
	struct program_verdict_line v = { .kind = kind };

	if (detail != NULL)
		v.detail = memory_text(detail, "a verdict");
	program_take_verdict(p, &v);
}

void
program_take_verdict(struct program *p, const struct program_verdict_line *v)
{
	p->verdicts = memory_resize(p->verdicts, p->nr_verdicts + 1, sizeof(*v), "a verdict");
	p->verdicts[p->nr_verdicts++] = *v;
	if (p->nr_verdicts > 2)
		qsort(&p->verdicts[1], p->nr_verdicts - 1, sizeof(*v), program_verdict_order);
}

void
program_drop_verdicts(struct program *p)
{
	for (size_t i = 0; i < p->nr_verdicts; i++)
		free(p->verdicts[i].detail);
	free(p->verdicts);
	p->verdicts = NULL;
	p->nr_verdicts = 0;
}

static bool
op_sees_pages(const struct vm_op *op)
{
	return op->code == VM_OP_read || op->code == VM_OP_write || op->code == VM_OP_pageout;
}

/* The pages of @op's range that are in the map, if @op brings pages in; otherwise 0. */
static uint64_t
op_wires(const struct program_config *cfg, const struct vm_op *op)
{
	uint64_t start = op->start < cfg->min ? cfg->min : op->start, end = op->end > cfg->max ? cfg->max : op->end;

	if (op->code == VM_OP_wire)
		return start < end ? end - start : 0;
	return op->code == VM_OP_fault || op->code == VM_OP_read || op->code == VM_OP_write;
}

uint64_t
program_wires(const struct program *p)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < p->nr_init; i++)
		nr += op_wires(&p->config, &p->init[i].op);
	for (size_t i = 0; i < p->nr_final; i++)
		nr += op_wires(&p->config, &p->final[i].op);
	for (unsigned t = 0; t < p->nr_threads; t++)
		for (unsigned i = 0; i < p->threads[t].nr_ops; i++)
			nr += op_wires(&p->config, &p->threads[t].ops[i]);
	return nr;
}

bool
program_sees_pages(const struct program *p)
{
	bool sees = p->config.frames != 0;

	for (size_t i = 0; i < p->nr_init && !sees; i++)
		sees = op_sees_pages(&p->init[i].op);
	for (size_t i = 0; i < p->nr_final && !sees; i++)
		sees = op_sees_pages(&p->final[i].op);
	for (unsigned t = 0; t < p->nr_threads; t++)
		for (unsigned i = 0; i < p->threads[t].nr_ops && !sees; i++)
			sees = op_sees_pages(&p->threads[t].ops[i]);
	return sees;
}

bool
program_has_refs(const struct program *p)
{
	bool has = false;

	for (size_t i = 0; i < p->nr_init && !has; i++)
		has = vm_op_has_refs(&p->init[i].op);
	for (size_t i = 0; i < p->nr_final && !has; i++)
		has = vm_op_has_refs(&p->final[i].op);
	for (unsigned t = 0; t < p->nr_threads; t++)
		for (unsigned i = 0; i < p->threads[t].nr_ops && !has; i++)
			has = vm_op_has_refs(&p->threads[t].ops[i]);
	return has;
}
