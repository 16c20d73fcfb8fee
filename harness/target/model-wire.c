/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model-wire.c - the reference model's wire and unwire: docs/engine.md sections 6, 7 and 13.
 *
 * Both walk up the range to cut and mark entries, and walk it again to keep or undo the changes. The model runs alone
 * on its map, so neither waits and no other thread cuts a marked entry; otherwise the steps are the same.
 */
#include "harness/target/model.h"

#include <assert.h>

struct walk {
	bool user, holesok;
	uint8_t need;   /* access that a page must allow, besides r or x */
	uint64_t s, e;  /* after a failure, e is the end of the entry that failed */
	uint64_t first; /* the entry to start at */
	int result;     /* KERN_* */
};

/* Starts the walk. False: w->result is the result of the operation. */
static bool
walk_begin(const struct model *m, const struct vm_op *op, struct walk *w)
{
	struct model_range r = model_clamp(m, op->start, op->end);
	bool found;

	*w = (struct walk){
		.user = (op->flags & VM_OPF_USER) != 0,
		.holesok = (op->flags & VM_OPF_HOLESOK) != 0,
		.need = (op->flags & VM_OPF_WRITE) != 0 ? VM_PROT_WRITE : VM_PROT_NONE,
		.s = r.start,
		.e = r.end,
		.result = KERN_SUCCESS,
	};
	if (op->start == op->end)
		return false;
	w->first = model_entry_near(m, w->s, &found);
	if (!found && !w->holesok)
		w->result = KERN_INVALID_ADDRESS;
	/* Section 6.9: an inverted range that ends in the middle of an entry. */
	if (found && w->s == w->e && w->first < w->s)
		w->result = KERN_INVALID_ADDRESS;
	return w->result == KERN_SUCCESS;
}

static uint64_t
walk_mark(struct model *m, const struct walk *w, uint64_t entry)
{
	entry = model_clip_start(m, entry, w->s);
	model_clip_end(m, entry, w->e);
	MODEL_ENTRY_SET(m, entry, marked, true);
	return entry;
}

static bool
wire_hole_behind(const struct model *m, const struct walk *w, uint64_t entry)
{
	uint64_t end = model_entry_end(m, entry);

	return !w->holesok && end < w->e && !model_mapped(m, end);
}

/* The first walk: @step handles each entry and returns KERN_*. An error ends the range after that entry. */
static void
walk_up(struct model *m, struct walk *w, int (*step)(struct model *, const struct walk *, uint64_t entry))
{
	for (uint64_t entry = w->first; entry < w->e; entry = model_entry_from(m, model_entry_end(m, entry))) {
		entry = walk_mark(m, w, entry);
		w->result = step(m, w, entry);
		if (w->result != KERN_SUCCESS) {
			w->e = model_entry_end(m, entry);
			return;
		}
	}
}

/* The second walk: @step keeps or undoes the change, then the mark is removed and the entry merges. */
static void
walk_finish(struct model *m, const struct walk *w, void (*step)(struct model *, const struct walk *, uint64_t entry))
{
	bool found, one_pass = model_quirk(m, VM_BEHAVIOUR_BIT(M8));
	uint64_t entry = model_entry_near(m, w->s, &found);

	while (entry < w->e) {
		if (model_at(m, entry)->marked) {
			step(m, w, entry);
			MODEL_ENTRY_SET(m, entry, marked, false);
			MODEL_ENTRY_SET(m, entry, skipped, false);
			MODEL_ENTRY_SET(m, entry, needs_wakeup, false);
			entry = model_walk_merge(m, entry, one_pass);
		} else {
			assert(w->holesok);
		}
		entry = model_entry_from(m, model_entry_end(m, entry));
	}
	model_walk_end(m, (struct model_range){ w->s, w->e }, one_pass);
}

/* Do @pages more pages exceed the limit? */
static bool
wire_over_limit(const struct model *m, uint64_t pages)
{
	if (model_quirk(m, VM_BEHAVIOUR_BIT(Q3)))
		return (uint64_t)m->now.uw + pages > m->cfg->limit;
	return m->now.uw + (int64_t)pages > (int64_t)m->cfg->limit;
}

/*
 * Section 6.2f: faults all pages of an entry in. At the first failure the entry's wired count becomes -1, and the entry
 * is uncharged.
 */
static int
wire_faults(struct model *m, const struct walk *w, uint64_t entry)
{
	uint64_t end = model_entry_end(m, entry);
	int code = KERN_SUCCESS;

	for (uint64_t a = entry; a < end && code == KERN_SUCCESS; a++)
		code = model_fault_page(m, a, VM_PROT_NONE);
	if (code == KERN_SUCCESS)
		return code;
	MODEL_ENTRY_SET(m, entry, wired, -1);
	/* No other thread has cut the entry meanwhile, so Q1 and the strict rule subtract the same number. */
	if (w->user)
		m->now.uw -= (int64_t)(end - entry);
	return code;
}

/* Section 6.2e: an entry that is not wired. */
static int
wire_first(struct model *m, const struct walk *w, uint64_t entry)
{
	uint64_t pages = model_entry_pages(m, entry);

	if (w->user && wire_over_limit(m, pages)) {
		MODEL_ENTRY_SET(m, entry, wired, -1);
		return KERN_RESOURCE_SHORTAGE;
	}
	MODEL_ENTRY_SET(m, entry, wired, 1);
	if (w->user)
		m->now.uw += (int64_t)pages;
	return wire_faults(m, w, entry);
}

/* Section 6.2d: an entry that is wired already. With quirk Q2 nothing is charged; otherwise a user wiring is. */
static int
wire_again(struct model *m, const struct walk *w, uint64_t entry)
{
	uint64_t pages = model_entry_pages(m, entry);
	int32_t wired = model_at(m, entry)->wired;

	if (w->user && model_at(m, entry)->user_wired)
		return KERN_SUCCESS;
	if (w->user && !model_quirk(m, VM_BEHAVIOUR_BIT(Q2))) {
		if (wire_over_limit(m, pages)) {
			MODEL_ENTRY_SET(m, entry, skipped, true);
			return KERN_RESOURCE_SHORTAGE;
		}
		m->now.uw += (int64_t)pages;
	}
	MODEL_ENTRY_SET(m, entry, wired, wired + 1);
	return KERN_SUCCESS;
}

static int
wire_step(struct model *m, const struct walk *w, uint64_t entry)
{
	const struct model_page *p = model_at(m, entry);
	int code = KERN_SUCCESS;

	if ((p->prot & (VM_PROT_READ | VM_PROT_EXECUTE)) == 0 || (w->need & ~p->prot) != 0) {
		MODEL_ENTRY_SET(m, entry, skipped, true);
		if (!w->holesok)
			code = KERN_INVALID_ADDRESS;
	} else if (p->wired > 0) {
		code = wire_again(m, w, entry);
	} else {
		code = wire_first(m, w, entry);
	}
	if (code == KERN_SUCCESS && wire_hole_behind(m, w, entry))
		code = KERN_INVALID_ADDRESS;
	return code;
}

/* Section 6.3: undoes what a failing wire did to an entry. */
static void
wire_undo(struct model *m, const struct walk *w, uint64_t entry)
{
	const struct model_page *p = model_at(m, entry);
	int32_t wired = p->wired;

	if (wired == -1) {
		MODEL_ENTRY_SET(m, entry, wired, 0);
		return;
	}
	if (w->user && p->user_wired)
		return;
	if (w->user && (wired == 1 || !model_quirk(m, VM_BEHAVIOUR_BIT(Q2))))
		m->now.uw -= (int64_t)model_entry_pages(m, entry);
	MODEL_ENTRY_SET(m, entry, wired, wired - 1);
}

static void
wire_finish(struct model *m, const struct walk *w, uint64_t entry)
{
	if (model_at(m, entry)->skipped)
		return;
	if (w->result != KERN_SUCCESS)
		wire_undo(m, w, entry);
	else if (w->user)
		MODEL_ENTRY_SET(m, entry, user_wired, true);
}

struct vm_result
model_wire(struct model *m, const struct vm_op *op)
{
	struct walk w;

	if (walk_begin(m, op, &w)) {
		walk_up(m, &w, wire_step);
		walk_finish(m, &w, wire_finish);
	}
	return model_done(w.result);
}

void
model_unwire_entry(struct model *m, uint64_t entry)
{
	if (model_at(m, entry)->user_wired)
		m->now.uw -= (int64_t)model_entry_pages(m, entry);
	MODEL_ENTRY_SET(m, entry, wired, 0);
}

static int
unwire_step(struct model *m, const struct walk *w, uint64_t entry)
{
	const struct model_page *p = model_at(m, entry);

	if (wire_hole_behind(m, w, entry))
		return KERN_INVALID_ADDRESS;
	if (!w->user && p->wired - (p->user_wired ? 1 : 0) == 0)
		return KERN_INVALID_ARGUMENT;
	return KERN_SUCCESS;
}

static void
unwire_finish(struct model *m, const struct walk *w, uint64_t entry)
{
	const struct model_page *p = model_at(m, entry);
	int32_t wired = p->wired;

	if (w->result != KERN_SUCCESS || (w->user && !p->user_wired))
		return;
	if (wired == 1) {
		model_unwire_entry(m, entry);
	} else {
		if (w->user && !model_quirk(m, VM_BEHAVIOUR_BIT(Q2)))
			m->now.uw -= (int64_t)model_entry_pages(m, entry);
		MODEL_ENTRY_SET(m, entry, wired, wired - 1);
	}
	if (w->user)
		MODEL_ENTRY_SET(m, entry, user_wired, false);
}

struct vm_result
model_unwire(struct model *m, const struct vm_op *op)
{
	struct walk w;

	if (walk_begin(m, op, &w)) {
		walk_up(m, &w, unwire_step);
		walk_finish(m, &w, unwire_finish);
	}
	return model_done(w.result);
}
