/* SPDX-License-Identifier: BSD-2-Clause */
/* program-edit.c - see program-edit.h. */
#include "harness/gen/program-edit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/gen/random-draw.h"
#include "harness/program/program.h"

static void *
edit_copied(const void *from, size_t nr, size_t size)
{
	void *to = NULL;

	if (nr > 0) {
		to = memory_resize(NULL, nr, size, "a program");
		memcpy(to, from, nr * size);
	}
	return to;
}

void
program_copy_bare(struct program *to, const struct program *from)
{
	program_init(to);
	to->config = from->config;
	to->config.poison = edit_copied(from->config.poison, from->config.nr_poison, sizeof(*to->config.poison));
	to->nr_init = from->nr_init;
	to->init = edit_copied(from->init, from->nr_init, sizeof(*to->init));
	for (size_t i = 0; i < to->nr_init; i++)
		to->init[i] = (struct program_step){ .op = from->init[i].op };
	to->nr_threads = from->nr_threads;
	to->threads = edit_copied(from->threads, from->nr_threads, sizeof(*to->threads));
	never_copy_all(to, from);
}

/* A change of numbering: operation or step @at of @from was removed (@by -1) or inserted (@by 1). */
struct ref_change {
	uint8_t from;
	unsigned at;
	int by;
	bool whole; /* the whole thread was removed */
};

/* Renumbers a reference. The map's first page replaces a result that no longer exists. */
static void
edit_change_ref(const struct ref_change *c, struct vm_op_ref *ref, uint64_t *number, uint64_t instead)
{
	bool same = ref->from == c->from && ref->from != 0;

	if (same && (c->whole || (c->by < 0 && ref->op == c->at))) {
		*ref = (struct vm_op_ref){ 0 };
		*number += instead;
	} else if (same && ref->op >= c->at) {
		ref->op = (uint8_t)(ref->op + c->by);
	} else if (c->whole && ref->from > c->from && ref->from <= PROGRAM_THREADS_MAX) {
		ref->from--;
	}
}

static void
edit_change_refs(struct program *p, const struct ref_change *c)
{
	for (unsigned i = 0; i < program_nr_ops(p); i++) {
		struct vm_op *op = program_op(p, i);

		if (!vm_op_has_refs(op))
			continue;
		edit_change_ref(c, &op->ref_start, &op->start, p->config.min);
		edit_change_ref(c, &op->ref_end, &op->end, p->config.min);
		edit_change_ref(c, &op->ref_value, &op->value, 0);
	}
}

void
program_drop_refs(struct vm_op *op, const struct program_config *cfg)
{
	if (op->ref_start.from != 0)
		op->start += cfg->min;
	if (op->ref_end.from != 0)
		op->end += cfg->min;
	op->ref_start = op->ref_end = op->ref_value = (struct vm_op_ref){ 0 };
}

static bool
edit_names(struct vm_op_ref ref, struct program_place at)
{
	return ref.from == at.from && ref.op == at.op;
}

bool
program_refers_to(const struct program *p, unsigned number)
{
	struct program_place at = program_place(p, number);

	assert(number < program_nr_ops(p));
	for (unsigned i = 0; i < program_nr_ops(p); i++) {
		const struct vm_op *op = program_op(p, i);

		if (edit_names(op->ref_start, at) || edit_names(op->ref_end, at) || edit_names(op->ref_value, at))
			return true;
	}
	return false;
}

void
program_drop_thread(struct program *p, unsigned thread)
{
	assert(thread < p->nr_threads);
	p->nr_threads--;
	for (unsigned t = thread; t < p->nr_threads; t++)
		p->threads[t] = p->threads[t + 1];
	never_thread_dropped(p, thread);
	edit_change_refs(p, &(struct ref_change){ .from = (uint8_t)(1 + thread), .whole = true });
}

bool
program_drop_op(struct program *p, unsigned thread, unsigned op)
{
	struct program_thread *t = &p->threads[thread];

	assert(thread < p->nr_threads && op < t->nr_ops);
	t->nr_ops--;
	for (unsigned i = op; i < t->nr_ops; i++) {
		t->ops[i] = t->ops[i + 1];
		t->line[i] = t->line[i + 1];
	}
	never_op_dropped(p, thread, op);
	edit_change_refs(p, &(struct ref_change){ .from = (uint8_t)(1 + thread), .at = op, .by = -1 });
	if (t->nr_ops > 0)
		return false;
	program_drop_thread(p, thread);
	return true;
}

void
program_drop_init(struct program *p, size_t i)
{
	unsigned at = (unsigned)i;

	assert(i < p->nr_init);
	free(p->init[i].state);
	p->nr_init--;
	for (; i < p->nr_init; i++)
		p->init[i] = p->init[i + 1];
	edit_change_refs(p, &(struct ref_change){ .from = VM_OP_REF_INIT, .at = at, .by = -1 });
}

bool
program_insert_op(struct program *p, unsigned thread, unsigned at, const struct vm_op *op)
{
	struct program_thread *t = &p->threads[thread];

	assert(thread < p->nr_threads && at <= t->nr_ops);
	if (t->nr_ops == PROGRAM_OPS_MAX)
		return false;
	for (unsigned i = t->nr_ops++; i > at; i--) {
		t->ops[i] = t->ops[i - 1];
		t->line[i] = t->line[i - 1];
	}
	t->ops[at] = *op;
	t->line[at] = 0;
	never_op_inserted(p, thread, at);
	edit_change_refs(p, &(struct ref_change){ .from = (uint8_t)(1 + thread), .at = at, .by = 1 });
	return true;
}

void
program_insert_init(struct program *p, size_t at, const struct vm_op *op)
{
	assert(at <= p->nr_init);
	p->init = memory_resize(p->init, p->nr_init + 1, sizeof(*p->init), "a program");
	for (size_t i = p->nr_init++; i > at; i--)
		p->init[i] = p->init[i - 1];
	p->init[at] = (struct program_step){ .op = *op };
	edit_change_refs(p, &(struct ref_change){ .from = VM_OP_REF_INIT, .at = (unsigned)at, .by = 1 });
}

bool
program_add_thread(struct program *p, const struct vm_op *op)
{
	if (p->nr_threads == PROGRAM_THREADS_MAX)
		return false;
	p->threads = memory_resize(p->threads, p->nr_threads + 1, sizeof(*p->threads), "a program");
	p->threads[p->nr_threads] = (struct program_thread){ .nr_ops = 1, .ops = { *op } };
	p->nr_threads++;
	return true;
}

static void
edit_init_ref_to_thread(struct vm_op_ref *ref)
{
	if (ref->from == VM_OP_REF_INIT)
		ref->from = 1;
}

bool
program_init_as_thread(struct program *p)
{
	if (p->nr_init == 0 || p->nr_init > PROGRAM_OPS_MAX)
		return false;
	p->threads = memory_resize(p->threads, 1, sizeof(*p->threads), "a program");
	p->threads[0] = (struct program_thread){ 0 };
	p->nr_threads = 1;
	for (size_t i = 0; i < p->nr_init; i++) {
		p->threads[0].ops[p->threads[0].nr_ops++] = p->init[i].op;
		free(p->init[i].state);
	}
	free(p->init);
	p->init = NULL;
	p->nr_init = 0;
	for (unsigned i = 0; i < p->threads[0].nr_ops; i++) {
		struct vm_op *op = &p->threads[0].ops[i];

		edit_init_ref_to_thread(&op->ref_start);
		edit_init_ref_to_thread(&op->ref_end);
		edit_init_ref_to_thread(&op->ref_value);
	}
	return true;
}

/* --- pages --- */

/* Visits every page number of a program. */
typedef void page_function(void *arg, uint64_t *page);

static void
edit_each_page(struct program *p, page_function *function, void *arg)
{
	for (unsigned i = 0; i < program_nr_ops(p); i++) {
		struct vm_op *op = program_op(p, i);

		if (draw_has_kind(op->code, VM_ARG_START) && op->ref_start.from == 0)
			function(arg, &op->start);
		if (op_takes_range(op->code) && op->ref_end.from == 0)
			function(arg, &op->end);
	}
	for (size_t i = 0; i < p->config.nr_poison; i++)
		function(arg, &p->config.poison[i].page);
}

struct pages {
	size_t nr;
	uint64_t *pages;
};

static void
edit_add_page(void *arg, uint64_t *page)
{
	struct pages *all = arg;

	all->pages[all->nr++] = *page;
}

static int
edit_compare_pages(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

size_t
program_pages(const struct program *p, uint64_t **ret)
{
	struct pages all = { 0 };
	struct program copy;
	size_t nr = 0;

	program_copy_bare(&copy, p);
	all.pages = memory_resize(NULL, 2 * program_nr_ops(p) + p->config.nr_poison, sizeof(*all.pages), "a program");
	edit_each_page(&copy, edit_add_page, &all);
	program_free(&copy);
	qsort(all.pages, all.nr, sizeof(*all.pages), edit_compare_pages);
	for (size_t i = 0; i < all.nr; i++)
		if (nr == 0 || all.pages[nr - 1] != all.pages[i])
			all.pages[nr++] = all.pages[i];
	assert(nr <= all.nr);
	*ret = all.pages;
	return nr;
}

struct shift {
	uint64_t from, by;
};

static void
edit_shift_page(void *arg, uint64_t *page)
{
	const struct shift *s = arg;

	if (*page >= s->from)
		*page += s->by;
}

void
program_shift_pages(struct program *p, uint64_t from, uint64_t by)
{
	struct shift s = { from, by };

	edit_each_page(p, edit_shift_page, &s);
}
