/* SPDX-License-Identifier: BSD-2-Clause */
/* history.c - see history.h. */
#include "stress/history.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "stress/runner.h"

#define NOT_IN_PROGRAM UINT8_MAX

/* --- the last good map --- */

void
history_base_clear(struct history_base *base)
{
	base->good = true;
	base->nr_entries = base->nr_tags = 0;
}

static bool
base_take_tags(struct history_base *base, const struct vm_map_entry *e)
{
	uint64_t first = vm_entry_page_index(e, e->start);
	struct vm_slots_walk w;

	for (vm_entry_walk(&w, e, e->start, e->end); vm_slots_walk_next(&w);) {
		const struct vm_page *p = (const struct vm_page *)w.value;
		uint64_t tag = p->resident ? p->tag : p->saved;

		if (tag == 0)
			continue;
		if (base->nr_tags == HISTORY_TAGS_MAX)
			return false;
		base->tags[base->nr_tags++] =
		    (struct history_tag){ (e->start >> VM_PAGE_SHIFT) + w.index - first, tag };
	}
	assert(base->nr_tags <= HISTORY_TAGS_MAX);
	return true;
}

void
history_base_take(struct history_base *base, vm_map_t map)
{
	history_base_clear(base);
	for (const struct vm_map_entry *e = map->header.next; e != &map->header && base->good; e = e->next) {
		base->good = base->nr_entries < HISTORY_ENTRIES_MAX && base_take_tags(base, e);
		if (base->good)
			base->entries[base->nr_entries++] = *e;
	}
	assert(base->nr_entries <= HISTORY_ENTRIES_MAX);
}

/* --- as init steps --- */

struct steps {
	struct program *p;
	size_t cap;
};

static void
steps_add(struct steps *s, struct vm_op op)
{
	struct program *p = s->p;

	MEMORY_GROW(p->init, s->cap, p->nr_init + 1, "the window");
	p->init[p->nr_init++] = (struct program_step){ .op = op };
}

static void
steps_add_advice(struct steps *s, const struct vm_map_entry *e, struct vm_op range)
{
	range.code = VM_OP_madvise;
	range.choice =
	    (e->eflags & MAP_ENTRY_BEHAV_MASK) == MAP_ENTRY_BEHAV_RANDOM ? VM_MADV_RANDOM : VM_MADV_SEQUENTIAL;
	if ((e->eflags & MAP_ENTRY_BEHAV_MASK) != MAP_ENTRY_BEHAV_NORMAL)
		steps_add(s, range);
	range.choice = VM_MADV_NOSYNC;
	if ((e->eflags & MAP_ENTRY_NOSYNC) != 0)
		steps_add(s, range);
	range.choice = VM_MADV_NOCORE;
	if ((e->eflags & MAP_ENTRY_NOCORE) != 0)
		steps_add(s, range);
}

static void
steps_add_protection(struct steps *s, const struct vm_map_entry *e, struct vm_op range)
{
	range.code = VM_OP_protect;
	range.prot = e->protection;
	if (e->protection != VM_PROT_ALL)
		steps_add(s, range);
	range.prot = e->max_protection;
	range.flags = VM_OPF_SETMAX;
	if (e->max_protection != VM_PROT_ALL)
		steps_add(s, range);
}

/*
 * Adds the steps in an order in which each one succeeds: content and wirings before the protection that would forbid
 * them.
 */
static void
steps_add_entry(struct steps *s, const struct history_base *base, const struct vm_map_entry *e)
{
	const struct vm_op range = { .start = e->start >> VM_PAGE_SHIFT, .end = e->end >> VM_PAGE_SHIFT };
	struct vm_op op = range;

	for (unsigned i = 0; i < base->nr_tags; i++)
		if (base->tags[i].page >= range.start && base->tags[i].page < range.end)
			steps_add(
			    s, (struct vm_op){
			           .code = VM_OP_write, .start = base->tags[i].page, .value = base->tags[i].tag });
	op.code = VM_OP_wire;
	op.flags = VM_OPF_USER;
	if ((e->eflags & MAP_ENTRY_USER_WIRED) != 0)
		steps_add(s, op);
	op = range;
	op.code = VM_OP_inherit;
	op.choice = e->inheritance;
	if (e->inheritance != VM_INHERIT_COPY)
		steps_add(s, op);
	steps_add_advice(s, e, range);
	steps_add_protection(s, e, range);
}

/* Are the two entries pieces of one clipped entry? Their object pointers are only compared. */
static bool
entry_continues(const struct vm_map_entry *a, const struct vm_map_entry *b)
{
	return a->end == b->start && a->object != NULL && a->object == b->object &&
	       a->offset + (a->end - a->start) == b->offset && (b->eflags & MAP_ENTRY_GUARD) == 0;
}

/* Adds the entries [@from, @to), the pieces of one mapping. A fault gives the mapping its own object. */
static void
steps_add_mapping(struct steps *s, const struct history_base *base, unsigned from, unsigned to)
{
	const struct vm_map_entry *e = &base->entries[from];
	struct vm_op op = { .code = VM_OP_insert,
		.start = e->start >> VM_PAGE_SHIFT,
		.end = base->entries[to - 1].end >> VM_PAGE_SHIFT };

	assert(from < to && to <= base->nr_entries);
	if ((e->eflags & MAP_ENTRY_GUARD) != 0) {
		op.flags = VM_OPF_GUARD;
		steps_add(s, op);
		return;
	}
	op.prot = op.max = VM_PROT_ALL;
	steps_add(s, op);
	if (e->object != NULL)
		steps_add(s, (struct vm_op){ .code = VM_OP_fault, .start = op.start, .prot = VM_PROT_READ });
	for (unsigned i = from; i < to; i++)
		steps_add_entry(s, base, &base->entries[i]);
	for (unsigned i = from + 1; i < to; i++)
		steps_add(s, (struct vm_op){ .code = VM_OP_clip, .start = base->entries[i].start >> VM_PAGE_SHIFT });
}

/* Adds the mappings in descending order, because an insert above a mapping would continue it and merge with it. */
static void
steps_add_map(struct steps *s, const struct history_base *base)
{
	for (unsigned to = base->nr_entries, from; to > 0; to = from) {
		from = to - 1;
		while (from > 0 && entry_continues(&base->entries[from - 1], &base->entries[from]))
			from--;
		steps_add_mapping(s, base, from, to);
	}
}

/* --- as threads --- */

/* False: the thread has done no operation. */
static bool
window_add_thread(struct program *p, const struct history *h)
{
	struct program_thread *t = &p->threads[p->nr_threads];
	uint64_t first = h->nr_ops > HISTORY_OPS_MAX ? h->nr_ops - HISTORY_OPS_MAX : 0;

	assert(p->nr_threads < PROGRAM_THREADS_MAX);
	if (h->nr_ops == 0)
		return false;
	for (uint64_t i = first; i < h->nr_ops; i++)
		t->ops[t->nr_ops++] = h->ops[i % HISTORY_OPS_MAX].op;
	p->nr_threads++;
	assert(t->nr_ops > 0 && t->nr_ops <= PROGRAM_OPS_MAX);
	return true;
}

/* The thread with the lowest remaining point number; -1: none remains. */
static int
window_next_point(const struct window *w, const unsigned *at)
{
	int best = -1;

	for (unsigned i = 0; i < w->nr_threads; i++) {
		const struct world_thread *t = w->world->threads[i];
		unsigned nr = t->nr_points < WORLD_POINTS_MAX ? t->nr_points : WORLD_POINTS_MAX;

		if (at[i] < nr && (best < 0 || t->points[at[i]] < w->world->threads[best]->points[at[best]]))
			best = (int)i;
	}
	return best;
}

/* @number: maps a thread's number in the run to its number in the program. */
static void
window_make_order(const struct window *w, const uint8_t *number, struct schedule *order)
{
	unsigned at[WORLD_THREADS_MAX] = { 0 };

	for (int t; (t = window_next_point(w, at)) >= 0; at[t]++)
		if (number[t] != NOT_IN_PROGRAM)
			schedule_append(order, number[t]);
}

static void
window_print_head(const struct window *w, bool cut, struct strbuf *out)
{
	strbuf_printf(out, "# stress: %s\n", w->detail);
	if (w->repeat != NULL)
		strbuf_printf(out, "# by: %s\n", w->repeat);
	strbuf_add(out,
	    "# The operations from the last good map to the failure. Search a schedule: wirestorm reproduce FILE\n");
	if (w->verdict == PROGRAM_VERDICT_RACE)
		strbuf_add(out, "# Only a build with ThreadSanitizer shows it; the report ends with the schedule.\n");
	if (!w->base->good)
		strbuf_add(out, "# The map was too large to save: the window starts with an empty map.\n");
	if (cut)
		strbuf_add(out, "# The window is full: the first operations, or some threads, are missing.\n");
}

static void
window_make_threads(const struct window *w, struct program *p, uint8_t *number, bool *cut)
{
	assert(p->threads == NULL);
	p->threads = memory_new(PROGRAM_THREADS_MAX, sizeof(*p->threads), "the window");
	for (unsigned i = 0; i < w->nr_threads; i++) {
		number[i] = (uint8_t)p->nr_threads;
		*cut |= w->histories[i]->nr_ops > HISTORY_OPS_MAX || p->nr_threads == PROGRAM_THREADS_MAX;
		if (p->nr_threads == PROGRAM_THREADS_MAX || !window_add_thread(p, w->histories[i]))
			number[i] = NOT_IN_PROGRAM;
	}
	assert(p->nr_threads <= PROGRAM_THREADS_MAX);
}

static void
window_copy_config(struct program_config *to, const struct program_config *from)
{
	*to = *from;
	to->poison = NULL;
	if (from->nr_poison == 0)
		return;
	to->poison = memory_resize(NULL, from->nr_poison, sizeof(*to->poison), "the window");
	memcpy(to->poison, from->poison, from->nr_poison * sizeof(*to->poison));
}

bool
history_print(const struct window *w, struct strbuf *out)
{
	uint8_t number[WORLD_THREADS_MAX];
	struct strbuf head = { 0 };
	struct program p;
	struct steps steps = { .p = &p };
	bool good, cut = false;

	assert(w->nr_threads <= WORLD_THREADS_MAX && w->base->nr_entries <= HISTORY_ENTRIES_MAX);
	program_init(&p);
	window_copy_config(&p.config, w->config);
	if (w->base->good)
		steps_add_map(&steps, w->base);
	window_make_threads(w, &p, number, &cut);
	program_add_verdict(&p, w->verdict, w->detail);
	window_print_head(w, cut, &head);
	window_make_order(w, number, &p.order);
	p.head = strbuf_take(&head);
	good = p.nr_threads > 0;
	if (good)
		vmt_print(&p, out);
	program_free(&p);
	return good;
}
