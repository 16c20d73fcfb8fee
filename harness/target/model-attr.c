/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model-attr.c - the reference model's fault of one page (docs/engine.md section 8), and the operations on attributes
 * (sections 9 and 10).
 */
#include "harness/target/model.h"

int
model_fault_page(struct model *m, uint64_t a, uint8_t access)
{
	const struct model_page *p;

	if (!model_mapped(m, a))
		return KERN_INVALID_ADDRESS;
	p = model_at(m, a);
	if ((access & ~p->prot) != 0 || p->prot == VM_PROT_NONE)
		return KERN_PROTECTION_FAILURE;
	if (p->object == MODEL_OBJECT_NONE)
		model_object_give(m, model_entry_start(m, a));
	return model_poison(m, a);
}

/* The content survives, and nothing else of it can be observed: section 12. */
struct vm_result
model_pageout(struct model *m, const struct vm_op *op)
{
	(void)m;
	(void)op;
	return model_done(KERN_SUCCESS);
}

/* Pass 1 of protect: does the maximum of every entry allow it? */
static bool
attr_protect_allowed(const struct model *m, uint64_t entry, uint64_t e, uint8_t prot)
{
	for (; entry < e; entry = model_entry_from(m, model_entry_end(m, entry))) {
		const struct model_page *p = model_at(m, entry);

		if (!p->guard && (prot & ~p->max) != 0)
			return false;
		if (p->gap && model_quirk(m, VM_BEHAVIOUR_BIT(MS2)) && (prot & ~p->gap_max) != 0)
			return false;
	}
	return true;
}

/* Pass 2: cut the last entry, and charge entries that become writable. */
static void
attr_protect_charge(struct model *m, uint64_t entry, uint64_t e, uint8_t prot, bool setmax)
{
	for (; entry < e; entry = model_entry_from(m, model_entry_end(m, entry))) {
		const struct model_page *p = model_at(m, entry);

		model_clip_end(m, entry, e);
		if (setmax || p->guard || (prot & ~p->prot & VM_PROT_WRITE) == 0 || model_entry_charged(m, entry))
			continue;
		if (p->object == MODEL_OBJECT_NONE)
			MODEL_ENTRY_SET(m, entry, own_charged, true);
		else
			m->now.charged[p->object] = true;
	}
}

/* Pass 3: set the protection. Guards merge only under M7. */
static void
attr_protect_set(struct model *m, uint64_t entry, struct model_range r, uint8_t prot, bool setmax)
{
	bool one_pass = model_quirk(m, VM_BEHAVIOUR_BIT(M5)), guards = model_quirk(m, VM_BEHAVIOUR_BIT(M7));

	for (; entry < r.end; entry = model_entry_from(m, model_entry_end(m, entry))) {
		const struct model_page *p = model_at(m, entry);
		uint8_t new = setmax ? prot & p->prot : prot;

		if (!p->guard) {
			MODEL_ENTRY_SET(m, entry, prot, new);
			if (setmax)
				MODEL_ENTRY_SET(m, entry, max, prot);
		} else if (p->gap && model_quirk(m, VM_BEHAVIOUR_BIT(MS2))) {
			new = setmax ? prot & p->gap_prot : prot;
			MODEL_ENTRY_SET(m, entry, gap_prot, new);
			if (setmax)
				MODEL_ENTRY_SET(m, entry, gap_max, prot);
		}
		if (!p->guard || guards)
			entry = model_walk_merge(m, entry, one_pass);
	}
	entry = model_entry_from(m, r.end);
	if (guards || entry == m->max || !model_at(m, entry)->guard)
		model_walk_end(m, r, one_pass);
}

struct vm_result
model_protect(struct model *m, const struct vm_op *op)
{
	struct model_range r = model_clamp(m, op->start, op->end);
	bool setmax = (op->flags & VM_OPF_SETMAX) != 0, found;
	uint64_t first;

	if (op->start == op->end)
		return model_done(KERN_SUCCESS);
	/* M3, and M4 for an empty range: look first, and cut when nothing can fail any more. */
	if (model_quirk(m, r.start == r.end ? VM_BEHAVIOUR_BIT(M4) : VM_BEHAVIOUR_BIT(M3)))
		first = model_entry_near(m, r.start, &found);
	else
		first = model_clip_lookup(m, r.start);
	if (!attr_protect_allowed(m, first, r.end, op->prot))
		return model_done(KERN_PROTECTION_FAILURE);
	first = model_clip_lookup(m, r.start);
	attr_protect_charge(m, first, r.end, op->prot, setmax);
	attr_protect_set(m, first, r, op->prot, setmax);
	return model_done(KERN_SUCCESS);
}

static void
attr_set_inherit(struct model *m, uint64_t entry, uint8_t inherit)
{
	if (model_at(m, entry)->guard && inherit == VM_INHERIT_ZERO)
		return;
	MODEL_ENTRY_SET(m, entry, inherit, inherit);
}

static void
attr_set_advice(struct model *m, uint64_t entry, uint8_t advice)
{
	if (advice == VM_MADV_NOSYNC || advice == VM_MADV_AUTOSYNC)
		MODEL_ENTRY_SET(m, entry, nosync, advice == VM_MADV_NOSYNC);
	else if (advice == VM_MADV_NOCORE || advice == VM_MADV_CORE)
		MODEL_ENTRY_SET(m, entry, nocore, advice == VM_MADV_NOCORE);
	else
		MODEL_ENTRY_SET(m, entry, behaviour, advice);
}

/*
 * The walk of inherit and madvise: cuts the range out, calls @set for each entry, and merges; @apart: not the first
 * entry with the one before it.
 */
static void
attr_set_range(
    struct model *m, const struct vm_op *op, void (*set)(struct model *, uint64_t entry, uint8_t choice), bool apart)
{
	struct model_range r = model_clamp(m, op->start, op->end);
	bool one_pass = model_quirk(m, VM_BEHAVIOUR_BIT(M5));
	uint64_t entry = model_clip_lookup(m, r.start);

	for (bool first = true; entry < r.end; first = false) {
		model_clip_end(m, entry, r.end);
		set(m, entry, op->choice);
		if (!first || !apart)
			entry = model_walk_merge(m, entry, one_pass);
		else if (!one_pass)
			model_merge(m, model_entry_end(m, entry));
		entry = model_entry_from(m, model_entry_end(m, entry));
	}
	model_walk_end(m, r, one_pass);
}

struct vm_result
model_inherit(struct model *m, const struct vm_op *op)
{
	if (op->start != op->end)
		attr_set_range(
		    m, op, attr_set_inherit, op->choice == VM_INHERIT_COPY && model_quirk(m, VM_BEHAVIOUR_BIT(Q7)));
	return model_done(KERN_SUCCESS);
}

struct vm_result
model_madvise(struct model *m, const struct vm_op *op)
{
	/* willneed, dontneed and free leave no trace */
	if (op->start != op->end && op->choice < VM_MADV_WILLNEED)
		attr_set_range(m, op, attr_set_advice, false);
	return model_done(KERN_SUCCESS);
}

struct vm_result
model_clip(struct model *m, const struct vm_op *op)
{
	if (!model_mapped(m, op->start))
		return model_done(KERN_INVALID_ADDRESS);
	model_clip_start(m, model_entry_start(m, op->start), op->start);
	return model_done(KERN_SUCCESS);
}

/*
 * A sync writes back what its first pass has checked. Quirk Q6 needs another thread, which makes a hole meanwhile: the
 * model has none. Content does not change, even with invalidate: the pager returns it.
 */
struct vm_result
model_sync(struct model *m, const struct vm_op *op)
{
	struct model_range r = model_clamp(m, op->start, op->end);
	bool invalidate = (op->flags & VM_OPF_INVALIDATE) != 0;

	if (!model_mapped(m, r.start))
		return model_done(KERN_INVALID_ADDRESS);
	if (r.start == r.end)
		r.end = model_entry_end(m, r.start);
	for (uint64_t entry = model_entry_start(m, r.start); entry < r.end;) {
		uint64_t end = model_entry_end(m, entry);

		if (invalidate && model_at(m, entry)->user_wired)
			return model_done(KERN_INVALID_ARGUMENT);
		if (r.end > end && !model_mapped(m, end))
			return model_done(KERN_INVALID_ADDRESS);
		entry = end;
	}
	return model_done(KERN_SUCCESS);
}

/* A range that leaves the map has a hole at the map's end, so nothing is clamped. */
struct vm_result
model_check(struct model *m, const struct vm_op *op)
{
	uint64_t a = op->start;

	do {
		if (!model_mapped(m, a))
			return model_done(false);
		if (a < op->end && (op->prot & ~model_at(m, a)->prot) != 0)
			return model_done(false);
	} while (++a < op->end);
	return model_done(true);
}

struct vm_result
model_lookup(struct model *m, const struct vm_op *op)
{
	return model_done(model_mapped(m, op->start));
}
