/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model-map.c - the reference model's insert, fixed, find and remove: docs/engine.md sections 4 and 5.
 */
#include "harness/target/model.h"

#include <assert.h>
#include <string.h>

struct model_mapping
model_mapping_of(const struct vm_op *op)
{
	struct model_mapping w = { .prot = op->prot, .max = op->max, .guard = (op->flags & VM_OPF_GUARD) != 0 };

	w.charged = (w.prot & VM_PROT_WRITE) != 0 && !w.guard;
	return w;
}

/*
 * The kernel asserts this of its callers. At the public entry a violation gives KERN_INVALID_ARGUMENT before all else.
 */
static bool
map_within_max(const struct vm_op *op)
{
	return (op->prot & ~op->max) == 0;
}

/* Do the flags and the charge of the page before allow a new mapping to continue that entry's object? */
static bool
map_continues(const struct model *m, const struct model_page *p, const struct model_mapping *w)
{
	if (w->gap && !model_quirk(m, VM_BEHAVIOUR_BIT(Q10)))
		return false;
	if (p->stack || p->gap != w->gap || p->guard != w->guard || p->needs_wakeup || p->nosync || p->nocore ||
	    p->marked || p->skipped || p->behaviour != VM_MADV_NORMAL)
		return false;
	return p->own_charged == w->charged ||
	       (p->object != MODEL_OBJECT_NONE && m->now.charged[p->object] == w->charged);
}

void
model_fill(struct model *m, uint64_t s, uint64_t e, const struct model_page *like)
{
	for (uint64_t a = s; a < e; a++) {
		struct model_page *p = model_at(m, a);

		*p = *like;
		p->head = false;
		p->tag = 0;
		p->offset = like->offset + (a - s);
	}
}

int
model_insert_range(struct model *m, uint64_t s, uint64_t e, const struct model_mapping *w)
{
	struct model_page new = { .mapped = true,
		.guard = w->guard,
		.gap = w->gap,
		.floor = w->gap ? s : 0,
		.gap_prot = w->gap ? VM_PROT_READ | VM_PROT_WRITE : 0,
		.gap_max = w->gap ? VM_PROT_ALL : 0,
		.prot = w->prot,
		.max = w->max,
		.inherit = VM_INHERIT_COPY,
		.behaviour = VM_MADV_NORMAL,
		.own_charged = w->charged };

	if (s < m->min || e > m->max || s >= e)
		return KERN_INVALID_ADDRESS;
	if (model_mapped(m, s) || model_entry_from(m, s) < e)
		return KERN_NO_SPACE;
	if (s > m->min && model_mapped(m, s - 1) && map_continues(m, model_at(m, s - 1), w)) {
		const struct model_page *p = model_at(m, s - 1);

		if (p->inherit == VM_INHERIT_COPY && p->prot == w->prot && p->max == w->max && p->wired == 0) {
			struct model_page more = *p;

			more.offset++;
			model_fill(m, s, e, &more);
			if (w->gap) {
				uint64_t gap = model_entry_start(m, s);

				MODEL_ENTRY_SET(m, gap, floor, s);
				MODEL_ENTRY_SET(m, gap, gap_prot, VM_PROT_READ | VM_PROT_WRITE);
				MODEL_ENTRY_SET(m, gap, gap_max, VM_PROT_ALL);
			}
			if (model_quirk(m, VM_BEHAVIOUR_BIT(M6)))
				model_merge(m, e);
			else
				model_simplify(m, model_entry_start(m, s));
			return KERN_SUCCESS;
		}
		new.object = p->object;
		new.offset = p->offset + 1;
		new.own_charged = w->charged && !(p->object != MODEL_OBJECT_NONE && m->now.charged[p->object]);
	}
	model_fill(m, s, e, &new);
	model_at(m, s)->head = true;
	model_simplify(m, s);
	return KERN_SUCCESS;
}

struct vm_result
model_insert(struct model *m, const struct vm_op *op)
{
	struct model_mapping w = model_mapping_of(op);

	if (!map_within_max(op))
		return model_done(KERN_INVALID_ARGUMENT);
	return model_done(model_insert_range(m, op->start, op->end, &w));
}

static bool
map_waits_for_ever(const struct model *m, const struct model_page *p)
{
	return !m->cfg->kernel && p->wired != (p->user_wired ? 1 : 0);
}

/*
 * Unmaps [s, e). False: it met a system wiring, which no other thread can release. The entries below are unmapped by
 * then, and the wired entry is marked for a wakeup.
 */
static bool
map_delete(struct model *m, uint64_t s, uint64_t e)
{
	uint64_t entry, end;

	if (s == e)
		return true;
	for (entry = model_clip_lookup(m, s); entry < e; entry = model_entry_from(m, end)) {
		if (map_waits_for_ever(m, model_at(m, entry))) {
			MODEL_ENTRY_SET(m, entry, needs_wakeup, true);
			return false;
		}
		model_clip_end(m, entry, e);
		if (model_at(m, entry)->wired != 0)
			model_unwire_entry(m, entry);
		end = model_entry_end(m, entry);
		if (m->now.anon_loc == end && !model_quirk(m, VM_BEHAVIOUR_BIT(M9)))
			m->now.anon_loc = entry;
		memset(model_at(m, entry), 0, (end - entry) * sizeof(struct model_page));
	}
	return true;
}

static struct vm_result
map_blocked(void)
{
	return (struct vm_result){ .outcome = VM_OUTCOME_BLOCKED };
}

struct vm_result
model_fixed(struct model *m, const struct vm_op *op)
{
	struct model_mapping w = model_mapping_of(op);
	struct model_range r = model_clamp(m, op->start, op->end);

	if (!map_within_max(op))
		return model_done(KERN_INVALID_ARGUMENT);
	if (!map_delete(m, r.start, r.end))
		return map_blocked();
	return model_done(model_insert_range(m, r.start, r.end, &w));
}

struct vm_result
model_remove(struct model *m, const struct vm_op *op)
{
	struct model_range r = model_clamp(m, op->start, op->end);

	return map_delete(m, r.start, r.end) ? model_done(KERN_SUCCESS) : map_blocked();
}

/* The lowest address from @from on at which @len pages are free; the map's end if there is none. */
static uint64_t
map_first_fit(const struct model *m, uint64_t from, uint64_t len)
{
	uint64_t a = model_mapped(m, from) ? model_entry_end(m, from) : from;

	while (a < m->max) {
		uint64_t next = model_entry_from(m, a);

		if (next - a >= len)
			return a;
		if (next == m->max)
			break;
		/*
		 * Q4: @from lies in a gap that is too small, and the last entry follows the gap. The space after that
		 * entry is not searched.
		 */
		if (a == from && model_quirk(m, VM_BEHAVIOUR_BIT(Q4)) &&
		    model_entry_from(m, model_entry_end(m, next)) == m->max)
			break;
		a = model_entry_end(m, next);
	}
	return m->max;
}

struct vm_result
model_find(struct model *m, const struct vm_op *op)
{
	struct model_mapping w = model_mapping_of(op);
	struct vm_result r = model_done(KERN_SUCCESS);
	uint64_t len = op->end, a = m->max;
	bool cluster = m->min == 0 && op->prot != VM_PROT_NONE;

	if (!map_within_max(op))
		return model_done(KERN_INVALID_ARGUMENT);
	if (len == 0)
		return model_done(KERN_INVALID_ADDRESS);
	if (len > m->max - m->min)
		return model_done(KERN_NO_SPACE);
	if (cluster && m->now.anon_loc != 0)
		a = map_first_fit(m, m->now.anon_loc, len);
	if (a == m->max)
		a = map_first_fit(m, m->min, len);
	if (a == m->max)
		return model_done(KERN_NO_SPACE);
	r.code = model_insert_range(m, a, a + len, &w);
	assert(r.code == KERN_SUCCESS);
	r.value = a;
	if (cluster && !model_quirk(m, VM_BEHAVIOUR_BIT(M9)))
		m->now.anon_loc = a + len;
	else if (cluster && (m->now.anon_loc == 0 || a < m->now.anon_loc))
		m->now.anon_loc = a;
	return r;
}
