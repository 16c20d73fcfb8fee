/* SPDX-License-Identifier: BSD-2-Clause */
/* program-edit.c - see program-edit.h. */
#include "harness/gen/program-edit.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/gen/random-draw.h"
#include "harness/program/program.h"

static void *
sized(void *at, size_t nr, size_t size)
{
	at = memory_resize(at, nr > 0 ? nr : 1, size, "a program");
	return at;
}

static void *
copied(const void *from, size_t nr, size_t size)
{
	void *to = NULL;

	if (nr > 0) {
		to = sized(NULL, nr, size);
		memcpy(to, from, nr * size);
	}
	return to;
}

void
program_copy_bare(struct program *to, const struct program *from)
{
	program_init(to);
	to->config = from->config;
	to->config.poison = copied(from->config.poison, from->config.nr_poison, sizeof(*to->config.poison));
	to->nr_init = from->nr_init;
	to->init = copied(from->init, from->nr_init, sizeof(*to->init));
	for (size_t i = 0; i < to->nr_init; i++)
		to->init[i] = (struct program_step){ .op = from->init[i].op };
	to->nr_threads = from->nr_threads;
	to->threads = copied(from->threads, from->nr_threads, sizeof(*to->threads));
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
change_ref(const struct ref_change *c, struct vm_op_ref *ref, uint64_t *number, uint64_t instead)
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
change_refs(struct program *p, const struct ref_change *c)
{
	for (unsigned i = 0; i < program_nr_ops(p); i++) {
		struct vm_op *op = program_op(p, i);

		if (!vm_op_has_refs(op))
			continue;
		change_ref(c, &op->ref_start, &op->start, p->config.min);
		change_ref(c, &op->ref_end, &op->end, p->config.min);
		change_ref(c, &op->ref_value, &op->value, 0);
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

bool
program_refers_to(struct program *p, unsigned number)
{
	struct vm_op_ref it = { VM_OP_REF_INIT, (uint8_t)number };

	if (number >= p->nr_init) {
		unsigned t = 0;

		for (number -= (unsigned)p->nr_init; number >= p->threads[t].nr_ops; t++)
			number -= p->threads[t].nr_ops;
		it = (struct vm_op_ref){ (uint8_t)(1 + t), (uint8_t)number };
	}
	for (unsigned i = 0; i < program_nr_ops(p); i++) {
		const struct vm_op *op = program_op(p, i);

		if ((op->ref_start.from == it.from && op->ref_start.op == it.op) ||
		    (op->ref_end.from == it.from && op->ref_end.op == it.op) ||
		    (op->ref_value.from == it.from && op->ref_value.op == it.op))
			return true;
	}
	return false;
}

void
program_drop_thread(struct program *p, unsigned thread)
{
	p->nr_threads--;
	for (unsigned t = thread; t < p->nr_threads; t++)
		p->threads[t] = p->threads[t + 1];
	never_thread_dropped(p, thread);
	change_refs(p, &(struct ref_change){ .from = (uint8_t)(1 + thread), .whole = true });
}

bool
program_drop_op(struct program *p, unsigned thread, unsigned op)
{
	struct program_thread *t = &p->threads[thread];

	t->nr_ops--;
	for (unsigned i = op; i < t->nr_ops; i++) {
		t->ops[i] = t->ops[i + 1];
		t->line[i] = t->line[i + 1];
	}
	never_op_dropped(p, thread, op);
	change_refs(p, &(struct ref_change){ .from = (uint8_t)(1 + thread), .at = op, .by = -1 });
	if (t->nr_ops == 0)
		program_drop_thread(p, thread);
	else
		return false;
	return true;
}

void
program_drop_init(struct program *p, size_t i)
{
	unsigned at = (unsigned)i;

	free(p->init[i].state);
	p->nr_init--;
	for (; i < p->nr_init; i++)
		p->init[i] = p->init[i + 1];
	change_refs(p, &(struct ref_change){ .from = VM_OP_REF_INIT, .at = at, .by = -1 });
}

bool
program_insert_op(struct program *p, unsigned thread, unsigned at, const struct vm_op *op)
{
	struct program_thread *t = &p->threads[thread];

	if (t->nr_ops == PROGRAM_OPS_MAX)
		return false;
	for (unsigned i = t->nr_ops++; i > at; i--) {
		t->ops[i] = t->ops[i - 1];
		t->line[i] = t->line[i - 1];
	}
	t->ops[at] = *op;
	t->line[at] = 0;
	never_op_inserted(p, thread, at);
	change_refs(p, &(struct ref_change){ .from = (uint8_t)(1 + thread), .at = at, .by = 1 });
	return true;
}

void
program_insert_init(struct program *p, size_t at, const struct vm_op *op)
{
	p->init = sized(p->init, p->nr_init + 1, sizeof(*p->init));
	for (size_t i = p->nr_init++; i > at; i--)
		p->init[i] = p->init[i - 1];
	p->init[at] = (struct program_step){ .op = *op };
	change_refs(p, &(struct ref_change){ .from = VM_OP_REF_INIT, .at = (unsigned)at, .by = 1 });
}

bool
program_add_thread(struct program *p, const struct vm_op *op)
{
	if (p->nr_threads == PROGRAM_THREADS_MAX)
		return false;
	p->threads = sized(p->threads, p->nr_threads + 1, sizeof(*p->threads));
	p->threads[p->nr_threads] = (struct program_thread){ .nr_ops = 1, .ops = { *op } };
	p->nr_threads++;
	return true;
}

static void
init_ref_to_thread(struct vm_op_ref *ref)
{
	if (ref->from == VM_OP_REF_INIT)
		ref->from = 1;
}

bool
program_init_as_thread(struct program *p)
{
	if (p->nr_init == 0 || p->nr_init > PROGRAM_OPS_MAX)
		return false;
	p->threads = sized(p->threads, 1, sizeof(*p->threads));
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

		init_ref_to_thread(&op->ref_start);
		init_ref_to_thread(&op->ref_end);
		init_ref_to_thread(&op->ref_value);
	}
	return true;
}

unsigned
program_nr_ops(const struct program *p)
{
	unsigned nr = (unsigned)p->nr_init;

	for (unsigned t = 0; t < p->nr_threads; t++)
		nr += p->threads[t].nr_ops;
	return nr;
}

struct vm_op *
program_op(struct program *p, unsigned number)
{
	unsigned t = 0;

	if (number < p->nr_init)
		return &p->init[number].op;
	number -= (unsigned)p->nr_init;
	for (; number >= p->threads[t].nr_ops; t++)
		number -= p->threads[t].nr_ops;
	return &p->threads[t].ops[number];
}

/* --- pages --- */

/* Visits every page number of a program. */
typedef void page_function(void *arg, uint64_t *page);

static void
for_each_page(struct program *p, page_function *function, void *arg)
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
add_page(void *arg, uint64_t *page)
{
	struct pages *all = arg;

	all->pages[all->nr++] = *page;
}

static int
compare_pages(const void *a, const void *b)
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
	all.pages = sized(NULL, 2 * program_nr_ops(p) + p->config.nr_poison, sizeof(*all.pages));
	for_each_page(&copy, add_page, &all);
	program_free(&copy);
	qsort(all.pages, all.nr, sizeof(*all.pages), compare_pages);
	for (size_t i = 0; i < all.nr; i++)
		if (nr == 0 || all.pages[nr - 1] != all.pages[i])
			all.pages[nr++] = all.pages[i];
	*ret = all.pages;
	return nr;
}

struct shift {
	uint64_t from, by;
};

static void
shift_page(void *arg, uint64_t *page)
{
	const struct shift *s = arg;

	if (*page >= s->from)
		*page += s->by;
}

void
program_shift_pages(struct program *p, uint64_t from, uint64_t by)
{
	struct shift s = { from, by };

	for_each_page(p, shift_page, &s);
}
