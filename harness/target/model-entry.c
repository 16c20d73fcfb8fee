/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model-entry.c - pages and entries of the reference model: finding, cutting and merging (docs/engine.md section 2),
 * and charging them (section 3).
 *
 * Every function accepts any page number. Outside the map nothing is mapped.
 */
#include "harness/base/base.h"
#include "harness/target/model.h"

#include <assert.h>

bool
model_mapped(const struct model *m, uint64_t a)
{
	return a >= m->min && a < m->max && model_at(m, a)->mapped;
}

struct model_page *
model_at(const struct model *m, uint64_t a)
{
	assert(a >= m->min);
	assert(a < m->max);
	return &m->now.pages[a - m->min];
}

bool
model_quirk(const struct model *m, uint32_t bit)
{
	return (m->cfg->profile.on & bit) != 0;
}

struct model_range
model_clamp(const struct model *m, uint64_t start, uint64_t end)
{
	struct model_range r = { start, end };

	if (r.start < m->min)
		r.start = m->min;
	if (r.end > m->max)
		r.end = m->max;
	if (r.start > r.end)
		r.start = r.end;
	return r;
}

uint64_t
model_entry_start(const struct model *m, uint64_t a)
{
	while (!model_at(m, a)->head)
		a--;
	return a;
}

uint64_t
model_entry_end(const struct model *m, uint64_t a)
{
	do
		a++;
	while (model_mapped(m, a) && !model_at(m, a)->head);
	return a;
}

uint64_t
model_entry_from(const struct model *m, uint64_t a)
{
	if (a < m->min)
		a = m->min;
	while (a < m->max && !model_at(m, a)->head)
		a++;
	return a < m->max ? a : m->max;
}

uint64_t
model_entry_near(const struct model *m, uint64_t a, bool *ret_found)
{
	*ret_found = model_mapped(m, a);
	return *ret_found ? model_entry_start(m, a) : model_entry_from(m, a);
}

uint64_t
model_entry_pages(const struct model *m, uint64_t entry)
{
	return model_entry_end(m, entry) - entry;
}

/* Can the entries that meet at @a become one? */
static bool
entry_mergeable(const struct model *m, uint64_t a)
{
	const struct model_page *p, *q;

	if (!model_mapped(m, a) || a == m->min || !model_mapped(m, a - 1))
		return false;
	p = model_at(m, a - 1);
	q = model_at(m, a);
	/* Section 14.2. Without quirk Q10, a gap belongs to one stack. */
	if (p->stack || q->stack || p->gap != q->gap)
		return false;
	if (p->gap && (model_quirk(m, VM_BEHAVIOUR_BIT(MS3)) || p->gap_prot != q->gap_prot || p->gap_max != q->gap_max))
		return false;
	if (p->gap && p->floor != q->floor && !model_quirk(m, VM_BEHAVIOUR_BIT(Q10)))
		return false;
	return p->object == q->object && (p->object == MODEL_OBJECT_NONE || p->offset + 1 == q->offset) &&
	       p->guard == q->guard && p->user_wired == q->user_wired && p->needs_wakeup == q->needs_wakeup &&
	       p->nosync == q->nosync && p->nocore == q->nocore && p->behaviour == q->behaviour &&
	       p->marked == q->marked && p->skipped == q->skipped && p->prot == q->prot && p->max == q->max &&
	       p->inherit == q->inherit && p->wired == q->wired && p->own_charged == q->own_charged;
}

void
model_merge(struct model *m, uint64_t entry)
{
	if (entry_mergeable(m, entry) && !model_at(m, entry)->marked)
		model_at(m, entry)->head = false;
}

uint64_t
model_simplify(struct model *m, uint64_t entry)
{
	uint64_t end = model_entry_end(m, entry);

	assert(model_at(m, entry)->head);
	if (model_at(m, entry)->marked)
		return entry;
	model_merge(m, end);
	model_merge(m, entry);
	return model_entry_start(m, entry);
}

uint64_t
model_walk_merge(struct model *m, uint64_t entry, bool one_pass)
{
	if (!one_pass)
		return model_simplify(m, entry);
	model_merge(m, entry);
	return model_entry_start(m, entry);
}

void
model_walk_end(struct model *m, struct model_range r, bool one_pass)
{
	if (r.start == r.end)
		one_pass = model_quirk(m, VM_BEHAVIOUR_BIT(M5));
	if (one_pass)
		model_merge(m, model_entry_from(m, r.end));
}

/* Starts an entry at @a, strictly inside @entry. From here on the two halves share an object. */
static void
entry_cut(struct model *m, uint64_t entry, uint64_t a)
{
	const struct model_page *p = model_at(m, entry);

	assert(a > entry);
	assert(a < model_entry_end(m, entry));
	if (p->object == MODEL_OBJECT_NONE && !p->guard) {
		model_object_give(m, entry);
	} else if (p->object != MODEL_OBJECT_NONE && p->own_charged) {
		m->now.charged[p->object] = true;
		MODEL_ENTRY_SET(m, entry, own_charged, false);
	}
	model_at(m, a)->head = true;
}

uint64_t
model_clip_start(struct model *m, uint64_t entry, uint64_t a)
{
	if (a <= entry)
		return entry;
	entry_cut(m, model_quirk(m, VM_BEHAVIOUR_BIT(M1)) ? entry : model_simplify(m, entry), a);
	return a;
}

void
model_clip_end(struct model *m, uint64_t entry, uint64_t a)
{
	if (a < model_entry_end(m, entry))
		entry_cut(m, entry, a);
}

uint64_t
model_clip_lookup(struct model *m, uint64_t s)
{
	bool found;
	uint64_t entry = model_entry_near(m, s, &found);

	return found ? model_clip_start(m, entry, s) : entry;
}

uint32_t
model_object_new(struct model *m, bool charged)
{
	struct model_state *now = &m->now;

	if (now->nr_objects == now->nr_objects_max) {
		now->nr_objects_max *= 2;
		now->charged = memory_resize(now->charged, now->nr_objects_max, sizeof(*now->charged), "the model");
	}
	now->charged[now->nr_objects] = charged;
	return (uint32_t)now->nr_objects++;
}

/* Gives the entry an object of its own, from offset 0, and moves the entry's charge to it. */
void
model_object_give(struct model *m, uint64_t entry)
{
	uint64_t end = model_entry_end(m, entry);
	uint32_t object = model_object_new(m, model_at(m, entry)->own_charged);

	assert(!model_at(m, entry)->guard);
	for (uint64_t a = entry; a < end; a++) {
		struct model_page *p = model_at(m, a);

		p->object = object;
		p->offset = a - entry;
		p->own_charged = false;
	}
}

bool
model_entry_charged(const struct model *m, uint64_t entry)
{
	const struct model_page *p = model_at(m, entry);

	return p->own_charged || m->now.charged[p->object];
}

/* The pager's code for page @a. */
int
model_poison(const struct model *m, uint64_t a)
{
	for (size_t i = 0; i < m->cfg->nr_poison; i++)
		if (m->cfg->poison[i].page == a)
			return m->cfg->poison[i].code;
	return KERN_SUCCESS;
}
