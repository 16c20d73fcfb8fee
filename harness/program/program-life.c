/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program-life.c - makes, frees and compares programs. See program-data.h; program-ops.c has what concerns operations,
 * and vmt-*.c the text form.
 */
#include "harness/program/program-data.h"

#include <assert.h>
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
life_free_steps(struct program_step *steps, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(steps[i].state);
	free(steps);
}

void
program_free(struct program *p)
{
	assert(p->nr_threads <= PROGRAM_THREADS_MAX);
	free(p->config.poison);
	life_free_steps(p->init, p->nr_init);
	life_free_steps(p->final, p->nr_final);
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

/* --- comparing --- */

typedef bool life_equal_fn(const void *a, const void *b);

/* Do both arrays have the same number of elements, equal in pairs? */
static bool
life_arrays_equal(const void *a, size_t nr_a, const void *b, size_t nr_b, size_t size, life_equal_fn *equal)
{
	if (nr_a != nr_b)
		return false;
	for (size_t i = 0; i < nr_a; i++)
		if (!equal((const char *)a + i * size, (const char *)b + i * size))
			return false;
	return true;
}

#define LIFE_ARRAYS_EQUAL(a, b, array, equal)                                                                          \
	life_arrays_equal((a)->array, (a)->nr_##array, (b)->array, (b)->nr_##array, sizeof(*(a)->array), (equal))

static bool
life_ops_equal(const void *a, const void *b)
{
	return vm_op_equal(a, b);
}

static bool
life_texts_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
life_poison_equal(const void *a, const void *b)
{
	const struct program_poison *x = a, *y = b;

	return x->page == y->page && x->code == y->code;
}

/* Are the directives equal in effect? A line that gives a default value equals no line. */
static bool
life_configs_equal(const struct program_config *a, const struct program_config *b)
{
	return vm_profile_equal(a->profile, b->profile) && life_texts_equal(a->mutant, b->mutant) && a->min == b->min &&
	       a->max == b->max && a->kernel == b->kernel && a->limit == b->limit && a->frames == b->frames &&
	       program_growsize(a) == program_growsize(b) && LIFE_ARRAYS_EQUAL(a, b, poison, life_poison_equal);
}

static bool
life_steps_equal(const void *a, const void *b)
{
	const struct program_step *x = a, *y = b;

	return vm_op_equal(&x->op, &y->op) && x->has_result == y->has_result &&
	       (!x->has_result || vm_result_equal(&x->result, &y->result)) && life_texts_equal(x->state, y->state);
}

static bool
life_threads_equal(const void *a, const void *b)
{
	const struct program_thread *x = a, *y = b;

	return LIFE_ARRAYS_EQUAL(x, y, ops, life_ops_equal);
}

static bool
life_outcomes_equal(const void *a, const void *b)
{
	const struct program_outcome *x = a, *y = b;

	return strcmp(x->text, y->text) == 0;
}

static bool
life_nevers_equal(const void *a, const void *b)
{
	return never_equal(a, b);
}

static bool
life_verdicts_equal(const void *a, const void *b)
{
	const struct program_verdict_line *x = a, *y = b;

	return x->kind == y->kind && life_texts_equal(x->detail, y->detail);
}

static bool
life_expectations_equal(const struct program *a, const struct program *b)
{
	return a->has_schedules == b->has_schedules && (!a->has_schedules || a->schedules == b->schedules) &&
	       a->has_schedule == b->has_schedule && schedule_equal(&a->schedule, &b->schedule) &&
	       schedule_equal(&a->order, &b->order) && life_texts_equal(a->result, b->result) &&
	       LIFE_ARRAYS_EQUAL(a, b, verdicts, life_verdicts_equal) &&
	       LIFE_ARRAYS_EQUAL(a, b, outcomes, life_outcomes_equal) &&
	       LIFE_ARRAYS_EQUAL(a, b, nevers, life_nevers_equal);
}

bool
program_equal(const struct program *a, const struct program *b)
{
	return life_configs_equal(&a->config, &b->config) && LIFE_ARRAYS_EQUAL(a, b, threads, life_threads_equal) &&
	       LIFE_ARRAYS_EQUAL(a, b, init, life_steps_equal) && LIFE_ARRAYS_EQUAL(a, b, final, life_steps_equal) &&
	       life_expectations_equal(a, b);
}

/* --- verdicts --- */

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
	assert(v->kind != PROGRAM_VERDICT_NONE);
	*MEMORY_APPEND(p->verdicts, p->nr_verdicts, "a verdict") = *v;
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
