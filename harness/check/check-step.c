/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check-step.c - checks the changes of one step. They must be changes that the operation may make, in its range, and
 * not of pages that it has to wait for. All changes belong to the stepping thread's running operation.
 */
#include <assert.h>
#include <inttypes.h>

#include "engine/vm.h"
#include "harness/check/check-inside.h"

/* What an operation may change. */
enum { MAY_NOTHING = 0, MAY_WIRE = 1, MAY_PROTECT = 2, MAY_INHERIT = 4, MAY_MAP = 8, MAY_UNMAP = 16, MAY_GROW = 32 };

static unsigned
step_may_change(const struct vm_op *op)
{
	switch ((enum vm_op_code)op->code) {
	case VM_OP_wire:
	case VM_OP_unwire:
		return MAY_WIRE;
	case VM_OP_protect:
		return MAY_PROTECT;
	case VM_OP_inherit:
		return MAY_INHERIT;
	case VM_OP_insert:
	case VM_OP_find:
		return MAY_MAP;
	case VM_OP_fixed:
		return MAY_MAP | MAY_UNMAP;
	case VM_OP_remove:
		return MAY_UNMAP;
	case VM_OP_mmap:
	case VM_OP_stack:
		return MAY_MAP | MAY_WIRE;
	case VM_OP_fault:
	case VM_OP_read:
	case VM_OP_write:
	case VM_OP_grow:
		return MAY_GROW | MAY_WIRE; /* wires only what has grown */
	case VM_OP_wirefuture:
	case VM_OP_madvise:
	case VM_OP_sync:
	case VM_OP_check:
	case VM_OP_lookup:
	case VM_OP_clip:
	case VM_OP_pageout:
	case VM_OP_INVALID:
		break;
	}
	return MAY_NOTHING;
}

/* How pages have changed from @a to @b, as MAY_ bits. Either run may be NULL. */
static unsigned
step_changes(const struct vm_run *a, const struct vm_run *b, unsigned may, struct check_effect *d)
{
	unsigned did = 0;

	if (a == NULL || b == NULL) {
		d->mapped = a == NULL ? 1 : -1;
		return a == NULL ? MAY_MAP : MAY_UNMAP;
	}
	if (a->guard != b->guard && (may & MAY_GROW) != 0) {
		/* A mark of the gap is another operation's; that of the new part is its own. */
		d->grown = a->guard ? 1 : -1;
		d->wired = (int16_t)(b->wired_count - a->wired_count);
		d->user = (int16_t)(b->user_wired - a->user_wired);
		d->transition = a->guard ? b->transition : -(int16_t)a->transition;
		return MAY_GROW;
	}
	d->wired = (int16_t)(b->wired_count - a->wired_count);
	d->user = (int16_t)(b->user_wired - a->user_wired);
	d->transition = (int16_t)(b->transition - a->transition);
	d->attributes = a->prot != b->prot || a->max != b->max || a->inherit != b->inherit || a->guard != b->guard;
	if (d->wired != 0 || d->user != 0 || d->transition != 0)
		did |= MAY_WIRE;
	if (a->prot != b->prot || a->max != b->max)
		did |= MAY_PROTECT;
	if (a->inherit != b->inherit && !a->guard)
		did |= MAY_INHERIT;
	if (a->guard != b->guard)
		did |= MAY_MAP | MAY_UNMAP;
	if ((may & (MAY_MAP | MAY_UNMAP)) == (MAY_MAP | MAY_UNMAP) && did != 0) {
		/* Deleted and mapped again while the lock was held. */
		*d = (struct check_effect){ .start = d->start, .end = d->end, .attributes = true };
		did = MAY_MAP | MAY_UNMAP;
	}
	return did;
}

/* What a stack that the operation has grown got; empty: nothing. */
static struct check_range
step_growth_of(const struct check_op *o)
{
	struct check_range r = { .start = UINT64_MAX, .end = 0 };

	for (size_t i = 0; i < o->nr_effects; i++)
		if (o->effects[i].grown > 0) {
			r.start = o->effects[i].start < r.start ? o->effects[i].start : r.start;
			r.end = o->effects[i].end > r.end ? o->effects[i].end : r.end;
		}
	return r;
}

/* Notes for a running operation that another thread changed these pages of it; with @grown, that a stack grew. */
static void
step_tell(struct check_op *o, uint64_t start, uint64_t end, int grown)
{
	if (start >= end)
		return;
	check_effects_add(
	    o, &(struct check_effect){ .start = start, .end = end, .others = true, .others_grew = grown != 0 });
	/* What leaves a gap loses the gap's mark. */
	if (grown != 0)
		check_effects_unmark(o, start, end);
}

/* Notes for the other running operations that another thread changed these pages, in any of their ranges. */
static void
step_tell_others(const struct check_call *call, uint64_t start, uint64_t end, int grown)
{
	struct checker *c = call->c;

	for (uint32_t left = c->running & ~((uint32_t)1 << call->thread); left != 0; left &= left - 1) {
		unsigned thread = (unsigned)__builtin_ctz(left);
		struct check_op *o = &c->ops[thread];
		const struct op_ranges ranges = op_ranges(check_op_at(call->r, thread, o->op));
		const struct check_range growth = step_growth_of(o);

		for (unsigned i = 0; i < ranges.nr; i++) {
			struct op_range cut = op_range_cut(&ranges.at[i], &call->r->program->config);

			step_tell(o, start > cut.start ? start : cut.start, end < cut.end ? end : cut.end, grown);
		}
		step_tell(o, start > growth.start ? start : growth.start, end < growth.end ? end : growth.end, grown);
	}
}

/* Are all these pages in one range of the operation? */
static bool
step_is_inside(const struct check_call *call, uint64_t start, uint64_t end)
{
	const struct op_ranges ranges = op_ranges(call->op);
	bool inside = call->op->code == VM_OP_find;

	assert(start < end);
	for (unsigned i = 0; i < ranges.nr; i++) {
		struct op_range cut = op_range_cut(&ranges.at[i], &call->r->program->config);

		inside |= start >= cut.start && end <= cut.end;
	}
	return inside;
}

/*
 * The step has unmapped, replaced or protected pages that were @a. Should it have waited? A protect waits for every
 * wire that faults pages in, anywhere in the map: docs/engine.md section 9.
 */
static void
check_held(const struct check_call *call, uint64_t start, uint64_t end, const struct vm_run *a, unsigned did)
{
	bool system = a != NULL && a->wired_count - a->user_wired > 0 && !call->r->program->config.kernel;

	if (a == NULL || (did & (MAY_MAP | MAY_UNMAP | MAY_PROTECT)) == 0)
		return;
	if (a->transition)
		check_report(call->c, call->r, CHECK_held, call, start, end,
		    "pages %" PRIu64 "-%" PRIu64 " were in transition, but it did not wait", start, end);
	else if (system && (did & MAY_UNMAP) != 0)
		check_report(call->c, call->r, CHECK_held, call, start, end,
		    "pages %" PRIu64 "-%" PRIu64 " were wired by the system, but it did not wait", start, end);
	else if (call->op->code == VM_OP_protect && call->c->before->busy)
		check_report(call->c, call->r, CHECK_held, call, start, end, "the map was busy, but it did not wait");
}

/* An operation that ends more transitions of a page than it has begun has ended another thread's. */
static void
check_own_marks(const struct check_call *call, uint64_t start, uint64_t end)
{
	uint64_t until;
	const struct check_effect *e = check_effect_at(call->state, start, end, &until);

	if (e != NULL && e->transition < 0)
		check_report(call->c, call->r, CHECK_marks, call, start, end,
		    "it ends a transition of pages %" PRIu64 "-%" PRIu64 " that is not its own", start, end);
}

/* May the operation change pages there? What grows has the operation's page, and only what has grown is wired. */
static bool
step_may_be_there(const struct check_call *call, uint64_t start, uint64_t end, unsigned may, unsigned did)
{
	const struct check_effect *e;
	uint64_t until;

	if ((may & MAY_GROW) == 0)
		return step_is_inside(call, start, end);
	if ((did & MAY_GROW) != 0 && start <= call->range.start && end > call->range.start)
		return true;
	for (uint64_t page = start; page < end; page = until) {
		e = check_effect_at(call->state, page, end, &until);
		if (e == NULL || e->grown <= 0)
			return false;
	}
	return true;
}

/* A stack has grown to page @start: is the page below a guard? */
static void
step_check_guard_page(const struct check_call *call, uint64_t start, uint64_t end)
{
	uint64_t until;
	const struct vm_run *run = start > 0 ? check_run_at(call->c->now, start - 1, start, &until) : NULL;

	if (run == NULL || !run->guard)
		check_report(call->c, call->r, CHECK_growth, call, start, end,
		    "a stack has grown to page %" PRIu64 ", and no guard page is left below it", start);
}

static void
step_note_change(
    const struct check_call *call, uint64_t start, uint64_t end, const struct vm_run *a, const struct vm_run *b)
{
	struct check_effect d = { .start = start, .end = end };
	unsigned may = step_may_change(call->op), did = step_changes(a, b, may, &d);

	if (did == 0)
		return;
	if ((did & ~may) != 0 || !step_may_be_there(call, start, end, may, did))
		check_report(call->c, call->r, CHECK_frame, call, start, end,
		    "the step changes pages %" PRIu64 "-%" PRIu64 ", %s", start, end,
		    (did & ~may) != 0 ? "in a way that its operation must not"
		                      : "which are outside its operation's range");
	check_held(call, start, end, a, did);
	check_effects_add(call->state, &d);
	check_own_marks(call, start, end);
	if (d.grown > 0)
		step_check_guard_page(call, start, end);
	if ((did & ~(unsigned)MAY_WIRE) != 0)
		step_tell_others(call, start, end, d.grown);
	if ((did & (MAY_MAP | MAY_UNMAP | MAY_GROW)) != 0)
		check_tags_clear(&call->c->tags, start, end);
}

/* The end of the run or gap that contains @page. Sets *run to the run, or NULL, and moves *i to it. */
static uint64_t
step_span_at(const struct vm_state *s, size_t *i, uint64_t page, const struct vm_run **run)
{
	while (*i < s->nr_runs && s->runs[*i].end <= page)
		++*i;
	*run = *i < s->nr_runs && s->runs[*i].start <= page ? &s->runs[*i] : NULL;
	if (*run != NULL)
		return (*run)->end;
	return *i < s->nr_runs ? s->runs[*i].start : UINT64_MAX;
}

void
check_step_effects(const struct check_call *call)
{
	struct checker *c = call->c;
	size_t i = 0, j = 0;

	for (uint64_t page = 0, next; page != UINT64_MAX; page = next) {
		const struct vm_run *a, *b;
		uint64_t a_end = step_span_at(c->before, &i, page, &a), b_end = step_span_at(c->now, &j, page, &b);

		next = a_end < b_end ? a_end : b_end;
		if ((a == NULL) != (b == NULL) || (a != NULL && !vm_run_alike(a, b)))
			step_note_change(call, page, next, a, b);
	}
	call->state->charged += c->now->user_wired - c->before->user_wired;
}
