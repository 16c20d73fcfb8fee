/* SPDX-License-Identifier: BSD-2-Clause */
/* book.c - see book.h. */
#include "stress/book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/map.h"
#include "harness/base/base.h"
#include "stress/relaxed.h"

/* A tag: page, then thread, then a number. */
#define TAG_PAGE_SHIFT 40
#define TAG_THREAD_SHIFT 32

#define BUMP(field) ((void)atomic_fetch_add_explicit(&(field), 1, memory_order_relaxed))

void
book_init(struct book *b, uint64_t min, uint64_t max, unsigned nr_threads)
{
	uint64_t nr = max - min;

	assert(min < max && nr_threads > 0);
	*b = (struct book){ .min = min, .max = max, .nr_threads = nr_threads };
	b->threads = memory_new(nr_threads, sizeof(*b->threads), "the book");
	b->unmaps = memory_new(nr, sizeof(*b->unmaps), "the book");
	b->contents = memory_new(nr, sizeof(*b->contents), "the book");
	b->counts = memory_new(nr, sizeof(*b->counts), "the book");
	b->sums = memory_new(nr, sizeof(*b->sums), "the book");
	for (unsigned i = 0; i < nr_threads; i++)
		b->threads[i].bounds = memory_new(nr, sizeof(*b->threads[i].bounds), "the book");
}

void
book_free(struct book *b)
{
	for (unsigned i = 0; i < b->nr_threads && b->threads != NULL; i++)
		free(b->threads[i].bounds);
	free(b->threads);
	free(b->unmaps);
	free(b->contents);
	free(b->counts);
	free(b->sums);
	*b = (struct book){ 0 };
}

void
book_clear(struct book *b)
{
	uint64_t nr = b->max - b->min;

	memset(b->counts, 0, nr * sizeof(*b->counts));
	memset(b->contents, 0, nr * sizeof(*b->contents));
	for (unsigned i = 0; i < b->nr_threads; i++)
		memset(b->threads[i].bounds, 0, nr * sizeof(*b->threads[i].bounds));
}

/* --- content --- */

static inline unsigned
book_owner(const struct book *b, uint64_t page)
{
	return (unsigned)((page - b->min) % b->nr_threads);
}

static bool
book_may_unmap(const struct vm_op *op)
{
	return op->code == VM_OP_remove || op->code == VM_OP_fixed;
}

/* Call it before the operation accesses its page's content. */
static void
book_begin_content(struct book *b, struct book_page *me, uint64_t page)
{
	struct book_unmaps *u = &b->unmaps[page - b->min];
	uint32_t ended = LOAD(u->ended);

	assert(page >= b->min && page < b->max);
	me->nr_unmapped = LOAD(u->begun);
	me->exact = me->nr_unmapped == ended;
}

static void
book_end_write(struct book *b, const struct book_page *me, const struct vm_op *op)
{
	assert(op->code == VM_OP_write && op->start >= b->min && op->start < b->max);
	b->contents[op->start - b->min] = (struct book_content){
		.tag = op->value,
		.nr_unmapped = me->nr_unmapped,
		.exact = me->exact,
	};
}

static const char *
book_end_read(struct book *b, unsigned thread, uint64_t page, uint64_t tag)
{
	struct book_content *c = &b->contents[page - b->min];

	assert(thread < b->nr_threads && page >= b->min && page < b->max);
	if (tag != 0 && tag >> TAG_PAGE_SHIFT != page)
		return "content: a page has what was written to another one";
	if (book_owner(b, page) != thread || tag == c->tag)
		return NULL;
	if (tag != 0)
		return "content: a page has what was written to it before the last write";
	if (c->exact && LOAD(b->unmaps[page - b->min].begun) == c->nr_unmapped)
		return "content: a page has lost what was written to it, though no thread unmapped it";
	c->tag = 0;
	return NULL;
}

/* --- system wirings --- */

/* Records a successful system wire (@by 1) or unwire (@by -1). */
static void
book_count_wiring(struct book *b, unsigned thread, const struct vm_op *op, int by)
{
	bool sure = (op->flags & VM_OPF_HOLESOK) == 0;

	assert(op->start >= b->min && op->end <= b->max && (by == 1 || by == -1));
	for (uint64_t page = op->start; page < op->end; page++) {
		struct book_bounds *bounds = &b->threads[thread].bounds[page - b->min];

		if (sure || by < 0)
			bounds->low += by;
		if (sure || by > 0)
			bounds->high += by;
	}
}

/* --- operations --- */

void
book_before(struct book *b, unsigned thread, struct vm_op *op)
{
	struct book_page *me = &b->threads[thread];

	assert(thread < b->nr_threads);
	if (book_may_unmap(op))
		for (uint64_t page = op->start; page < op->end; page++)
			BUMP(b->unmaps[page - b->min].begun);
	if (op->code == VM_OP_write)
		op->value =
		    op->start << TAG_PAGE_SHIFT | (uint64_t)thread << TAG_THREAD_SHIFT | (uint32_t)++me->nr_writes;
	if (op->code == VM_OP_write)
		book_begin_content(b, me, op->start);
}

const char *
book_after(struct book *b, unsigned thread, const struct vm_op *op, const struct vm_result *r)
{
	assert(thread < b->nr_threads && r->outcome == VM_OUTCOME_DONE);
	if (book_may_unmap(op))
		for (uint64_t page = op->start; page < op->end; page++)
			BUMP(b->unmaps[page - b->min].ended);
	if (r->code != KERN_SUCCESS)
		return NULL;
	if (op->code == VM_OP_write)
		book_end_write(b, &b->threads[thread], op);
	if (op->code == VM_OP_read)
		return book_end_read(b, thread, op->start, r->value);
	if ((op->code == VM_OP_wire || op->code == VM_OP_unwire) && (op->flags & VM_OPF_USER) == 0)
		book_count_wiring(b, thread, op, op->code == VM_OP_wire ? 1 : -1);
	return NULL;
}

/* --- the check --- */

static void
book_sum_bounds(struct book *b)
{
	uint64_t nr = b->max - b->min;

	for (uint64_t i = 0; i < nr; i++)
		b->sums[i] = (struct book_bounds){ b->counts[i], b->counts[i] };
	for (unsigned t = 0; t < b->nr_threads; t++)
		for (uint64_t i = 0; i < nr; i++) {
			b->sums[i].low += b->threads[t].bounds[i].low;
			b->sums[i].high += b->threads[t].bounds[i].high;
		}
}

/* Compares the page's count, @count, with the bounds. @transition: its entry is in transition. */
static const char *
book_settle_page(struct book *b, uint64_t i, int32_t count, bool transition)
{
	assert(i < b->max - b->min);
	if (count < b->sums[i].low)
		return "ledger: a system wiring was lost";
	if (count > b->sums[i].high + transition)
		return "ledger: a system wiring was left over";
	if (transition) /* the wire may have counted the page already; compare after it returns */
		return NULL;
	b->counts[i] = count;
	for (unsigned t = 0; t < b->nr_threads; t++)
		b->threads[t].bounds[i] = (struct book_bounds){ 0 };
	return NULL;
}

/* A page that is certainly wired must be in a frame. This checks the page itself, not the entry's wire count. */
static const char *
book_check_resident(const struct book *b, const struct vm_map_entry *e, uint64_t page)
{
	const struct vm_page *p;

	if (b->sums[page - b->min].low <= 0 || (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0)
		return NULL;
	p = e->object == NULL ? NULL
	                      : (const struct vm_page *)vm_slots_get(
	                            &e->object->pages, vm_entry_page_index(e, page << VM_PAGE_SHIFT));
	return p != NULL && p->resident && p->wire_count > 0 ? NULL : "ledger: a wired page is not in a frame, wired";
}

const char *
book_check(struct book *b, vm_map_t map)
{
	const struct vm_map_entry *e = map->header.next;
	const char *broken = NULL;

	assert(map->header.next != NULL);
	book_sum_bounds(b);
	for (uint64_t page = b->min; page < b->max && broken == NULL; page++) {
		while (e != &map->header && e->end >> VM_PAGE_SHIFT <= page)
			e = e->next;
		if (e == &map->header || e->start >> VM_PAGE_SHIFT > page) {
			broken = book_settle_page(b, page - b->min, 0, false);
			continue;
		}
		broken = book_settle_page(
		    b, page - b->min, vm_map_entry_system_wired_count(e), (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0);
		if (broken == NULL)
			broken = book_check_resident(b, e, page);
	}
	return broken;
}
