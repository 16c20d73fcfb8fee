/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check-result.c - checks what an operation has left behind when it has ended.
 *
 * The effects of an operation that fails must cancel out. An operation that succeeds must have done what docs/engine.md
 * says. This is a model of the operations over an array of pages, as far as it does not depend on where entries meet.
 */
#include <assert.h>
#include <inttypes.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/check/check-inside.h"

/* Has a stack that the operation has grown kept what it got? */
static bool
result_has_grown(const struct check_op *o)
{
	for (size_t i = 0; i < o->nr_effects; i++)
		if (o->effects[i].grown > 0)
			return true;
	return false;
}

/* The operation has failed: nothing of it may remain. */
static void
check_rollback(const struct check_call *call)
{
	const struct check_op *o = call->state;
	bool fixed = call->op->code == VM_OP_fixed;
	/* What could not be wired stays mapped. */
	bool stays = call->op->code == VM_OP_mmap || call->op->code == VM_OP_stack;

	assert(call->result->code != KERN_SUCCESS);
	for (size_t i = 0; i < o->nr_effects; i++) {
		const struct check_effect *e = &o->effects[i];
		/* A fault that has grown and wired a stack can still be refused for its access. */
		int grown = call->result->code == KERN_PROTECTION_FAILURE ? e->grown : 0;

		if (fixed
		        ? e->mapped <= 0
		        : ((e->wired == 0 && e->user == 0) || grown > 0) && (e->mapped == 0 || stays) && !e->attributes)
			continue;
		check_report(call->c, call->r, CHECK_rollback, call, e->start, e->end,
		    "it failed and did not undo its changes to pages %" PRIu64 "-%" PRIu64
		    ": wirings %+d, the user's %+d%s",
		    e->start, e->end, e->wired, e->user,
		    e->mapped != 0  ? ", mapped or unmapped"
		    : e->attributes ? ", attributes"
		                    : "");
		return;
	}
	if (!fixed && o->charged != 0 && !result_has_grown(o))
		check_report(call->c, call->r, CHECK_rollback, call, call->range.start, call->range.end,
		    "it failed, but its changes to the user-wire counter add up to %+" PRId64 " pages", o->charged);
}

/* A stretch of equal pages, for check_pages. */
struct stretch {
	uint64_t start, end;
	const struct vm_run *run;          /* as it is now; NULL: unmapped */
	const struct check_effect *effect; /* the operation's effect on it; NULL: none */
};

typedef const char *stretch_fn(const struct check_call *call, const struct stretch *s);

/* Calls @wrong for each stretch of [start, end), and reports the first complaint. */
static void
check_pages(const struct check_call *call, enum check_id id, uint64_t start, uint64_t end, stretch_fn *wrong)
{
	uint64_t next;

	assert(id > CHECK_NONE && id < CHECK_COUNT);
	for (uint64_t page = start; page < end; page = next) {
		struct stretch s = { .start = page };
		const char *text;
		uint64_t until;

		s.run = check_run_at(call->c->now, page, end, &until);
		s.effect = check_effect_at(call->state, page, until, &next);
		s.end = next;
		text = wrong(call, &s);
		if (text == NULL)
			continue;
		check_report(call->c, call->r, id, call, s.start, s.end, "pages %" PRIu64 "-%" PRIu64 " %s", s.start,
		    s.end, text);
		return;
	}
}

static bool
stretch_had_others(const struct stretch *s)
{
	return s->effect != NULL && s->effect->others;
}

static const char *
result_not_wired_by(const struct check_call *call, const struct stretch *s, bool user, bool holes_ok)
{
	int wired = s->effect != NULL ? s->effect->wired : 0, users = s->effect != NULL ? s->effect->user : 0;

	if (wired == 0 && users == 0) {
		bool already = user && s->run != NULL && s->run->user_wired;
		bool skipped =
		    holes_ok && (s->run == NULL || stretch_had_others(s) || check_lacks_access(s->run, call->op));

		return already || skipped ? NULL : "are not wired by it, though it succeeded";
	}
	if (wired != 1 || users != (user ? 1 : 0))
		return "were not wired exactly once by it";
	if (s->run == NULL || s->run->wired_count < 1 || (user && !s->run->user_wired))
		return "are not wired, though it succeeded and wired them";
	return NULL;
}

static const char *
result_not_wired(const struct check_call *call, const struct stretch *s)
{
	return result_not_wired_by(
	    call, s, (call->op->flags & VM_OPF_USER) != 0, (call->op->flags & VM_OPF_HOLESOK) != 0);
}

/* The second lock hold of mmap and stack. */
static const char *
result_not_wired_as_new(const struct check_call *call, const struct stretch *s)
{
	return result_not_wired_by(call, s, true, call->op->code == VM_OP_stack);
}

/* If wirefuture was on all the time, an mmap or stack that succeeds has wired its range. */
static void
result_check_future(const struct check_call *call)
{
	if (call->state->future != 0)
		check_pages(call, CHECK_future, call->range.start, call->range.end, result_not_wired_as_new);
}

static const char *
result_not_unwired(const struct check_call *call, const struct stretch *s)
{
	bool user = (call->op->flags & VM_OPF_USER) != 0, holes_ok = (call->op->flags & VM_OPF_HOLESOK) != 0;
	int wired = s->effect != NULL ? s->effect->wired : 0, users = s->effect != NULL ? s->effect->user : 0;

	if (wired == 0 && users == 0) {
		bool skipped = holes_ok && (s->run == NULL || stretch_had_others(s));

		/* A stack may have grown between the marks of the unwire. */
		skipped |= s->effect != NULL && s->effect->others_grew;
		if (user && s->run != NULL && s->run->user_wired && !skipped)
			return "are still wired by the user, though it succeeded";
		return user || skipped ? NULL : "kept their wiring, though it succeeded";
	}
	if (wired != -1 || users != (user ? -1 : 0))
		return "did not lose exactly one wiring by it";
	return NULL;
}

static const char *
result_not_mapped(const struct check_call *call, const struct stretch *s)
{
	const struct vm_op *op = call->op;
	bool guard = (op->flags & VM_OPF_GUARD) != 0;

	if (s->run == NULL)
		return "are not mapped, though it succeeded";
	if (s->run->guard != guard ||
	    (!guard && (s->run->prot != op->prot || s->run->max != op->max || s->run->inherit != VM_INHERIT_COPY)))
		return "are not mapped with the requested attributes";
	if (s->run->wired_count != 0 || s->run->user_wired || s->run->transition)
		return "are wired or in transition, though they are new";
	return NULL;
}

static const char *
result_not_removed(const struct check_call *call, const struct stretch *s)
{
	(void)call;
	return s->run == NULL || stretch_had_others(s) ? NULL : "are still mapped, though it succeeded";
}

static const char *
result_not_protected(const struct check_call *call, const struct stretch *s)
{
	const struct vm_op *op = call->op;

	if (s->run == NULL || s->run->guard)
		return NULL;
	if ((op->flags & VM_OPF_SETMAX) != 0)
		return s->run->max == op->prot ? NULL : "do not have that maximum, though it succeeded";
	return s->run->prot == op->prot ? NULL : "do not have that protection, though it succeeded";
}

static const char *
result_not_inherited(const struct check_call *call, const struct stretch *s)
{
	if (s->run == NULL || s->run->guard || s->run->inherit == call->op->choice)
		return NULL;
	return "do not have that inheritance, though it succeeded";
}

/* Does the operation leave a page in transition? */
static void
check_unmarked(const struct check_call *call)
{
	const struct check_op *o = call->state;

	for (size_t i = 0; i < o->nr_effects; i++) {
		const struct check_effect *e = &o->effects[i];

		if (e->transition == 0)
			continue;
		check_report(call->c, call->r, CHECK_marks, call, e->start, e->end,
		    "pages %" PRIu64 "-%" PRIu64 " are still in transition by it, though it has ended", e->start,
		    e->end);
		return;
	}
}

/* Do two entries that could be merged meet between @start and @end? */
static void
check_joints(const struct check_call *call, enum check_id id, uint64_t start, uint64_t end)
{
	const struct vm_target *t = call->r->target;
	uint64_t page;

	if (t->mergeable != NULL && t->mergeable(call->r->self, start, end, &page))
		check_report(call->c, call->r, id, call, page, page,
		    "the entries that meet at page %" PRIu64 " could be merged, but it did not merge them", page);
}

/*
 * Do two entries that could be merged meet in the range? A wire or unwire must have merged at its edges, too. A protect
 * need not have looked again at what it merged. If holes are allowed, some pages may be other threads'.
 */
static void
check_merged(const struct check_call *call)
{
	uint64_t start = call->range.start, end = call->range.end;

	assert(call->result->code == KERN_SUCCESS && call->range.start <= call->range.end);
	if (call->op->code != VM_OP_protect && start < end) {
		start -= start > 0;
		end++;
	}
	if ((call->op->flags & VM_OPF_HOLESOK) == 0)
		check_joints(call, CHECK_merged, start, end);
}

/*
 * Do two entries that could be merged meet at @start, in the range, or at @end? An inherit or madvise need not have
 * looked again at what it merged at its end, except under M5.
 */
static void
check_fragments(const struct check_call *call, uint64_t start, uint64_t end, bool at_end)
{
	if (start < end)
		check_joints(call, CHECK_fragments, start - (start > 0), end + at_end);
}

/*
 * An access that succeeds has waited for the end of any transition. The only transition of its own is that of a stack
 * which it has grown.
 */
static void
check_waited(const struct check_call *call)
{
	uint64_t until;
	const struct check_effect *e = check_effect_at(call->state, call->range.start, call->range.end, &until);
	const struct vm_run *run = check_run_at(call->c->before, call->range.start, call->range.end, &until);

	assert(call->range.end == call->range.start + 1);
	if (run != NULL && run->transition && (e == NULL || e->grown <= 0))
		check_report(call->c, call->r, CHECK_held, call, call->range.start, call->range.end,
		    "page %" PRIu64 " was in transition, but it did not wait", call->range.start);
}

/* Does an entry start where the operation has clipped? */
static void
check_clipped(const struct check_call *call)
{
	const struct vm_target *t = call->r->target;
	struct checker *c = call->c;
	size_t nr;

	assert(call->op->code == VM_OP_clip);
	if (t->entries == NULL)
		return;
	nr = t->entries(call->r->self, NULL, 0);
	MEMORY_GROW(c->starts, c->cap_starts, nr, "the checker");
	(void)t->entries(call->r->self, c->starts, nr);
	for (size_t i = 0; i < nr; i++)
		if (c->starts[i] == call->range.start)
			return;
	check_report(c, call->r, CHECK_attributes, call, call->range.start, call->range.end,
	    "no entry starts at page %" PRIu64 ", though it succeeded", call->range.start);
}

/* Pages of a stack are the stack or its gap. */
static const char *
result_not_stacked(const struct check_call *call, const struct stretch *s)
{
	if (s->run == NULL)
		return stretch_had_others(s) ? NULL : "are not mapped, though it succeeded";
	if (stretch_had_others(s) || s->run->guard)
		return NULL;
	if (s->run->prot != (VM_PROT_READ | VM_PROT_WRITE) || s->run->max != VM_PROT_ALL ||
	    s->run->inherit != VM_INHERIT_COPY)
		return "are not mapped as a stack";
	(void)call;
	return NULL;
}

/* An mmap, unless another thread has changed the pages between its lock holds. */
static const char *
result_not_mmapped(const struct check_call *call, const struct stretch *s)
{
	const struct vm_op *op = call->op;
	bool guard = (op->flags & VM_OPF_GUARD) != 0;

	if (stretch_had_others(s))
		return NULL;
	if (s->run == NULL)
		return "are not mapped, though it succeeded";
	if (s->run->guard != guard || (!guard && (s->run->prot != op->prot || s->run->max != op->max)))
		return "are not mapped with the requested attributes";
	return NULL;
}

static void
result_check_mmap(const struct check_call *call, stretch_fn *wrong)
{
	check_pages(call, CHECK_mapped, call->range.start, call->range.end, wrong);
	result_check_future(call);
}

static void
result_check_grown(const struct check_call *call)
{
	uint64_t until;
	const struct vm_run *run = check_run_at(call->c->now, call->range.start, call->range.end, &until);

	if (run == NULL || run->guard)
		check_report(call->c, call->r, CHECK_growth, call, call->range.start, call->range.end,
		    "page %" PRIu64 " is %s, though it succeeded", call->range.start,
		    run == NULL ? "not mapped" : "still a guard");
}

/* What an operation that succeeds has grown while wirefuture was on is wired, once. */
static void
result_check_growth_wired(const struct check_call *call)
{
	uint64_t until;
	const struct check_effect *e = check_effect_at(call->state, call->range.start, call->range.end, &until);

	if (e != NULL && e->grown > 0 && call->state->future != 0 && (e->wired != 1 || e->user != 1))
		check_report(call->c, call->r, CHECK_growth, call, e->start, e->end,
		    "wirefuture is on, and the stack has grown to pages %" PRIu64 "-%" PRIu64
		    ", which it has wired %+d times, as a user %+d times",
		    e->start, e->end, e->wired, e->user);
}

/*
 * An operation that fails after it has grown a stack. A fault may be refused because of its access, or fail because of
 * its own page; if the new part cannot be wired, nothing stays of it.
 */
static void
result_check_growth_failed(const struct check_call *call)
{
	uint64_t until;
	const struct check_effect *e = check_effect_at(call->state, call->range.start, call->range.end, &until);
	const struct vm_run *run = check_run_at(call->c->now, call->range.start, call->range.end, &until);
	uint8_t type = call->op->code == VM_OP_read    ? VM_PROT_READ
	               : call->op->code == VM_OP_write ? VM_PROT_WRITE
	                                               : call->op->prot;

	if (e == NULL || e->grown <= 0 || run == NULL)
		return;
	if (call->op->code == VM_OP_grow)
		check_report(call->c, call->r, CHECK_growth, call, e->start, e->end,
		    "it failed, but the stack has grown to pages %" PRIu64 "-%" PRIu64 ", which are not wired",
		    e->start, e->end);
	else if (call->result->code == KERN_PROTECTION_FAILURE && run->prot != VM_PROT_NONE && (type & ~run->prot) == 0)
		check_report(call->c, call->r, CHECK_growth, call, e->start, e->end,
		    "it is refused, although the stack has grown and page %" PRIu64
		    " permits the access: pages %" PRIu64 "-%" PRIu64 " could not be wired",
		    call->range.start, e->start, e->end);
}

/* Has another thread's stack grown in the range meanwhile? */
static bool
result_others_grew(const struct check_op *o)
{
	for (size_t i = 0; i < o->nr_effects; i++)
		if (o->effects[i].others_grew)
			return true;
	return false;
}

/* Has the unwire met an entry that is not its own? Only a stack that grew may have put one there, and with Q11 not even
 * that. */
static void
result_check_alien(const struct check_call *call)
{
	bool grew = result_others_grew(call->state);

	if ((call->result->edges & VM_EDGE_BIT(unwire_grown)) == 0 || (grew && !check_behaves(call->r, Q11)))
		return;
	check_report(call->c, call->r, CHECK_alien, call, call->range.start, call->range.end,
	    "%s: with INVARIANTS the kernel panics, because an entry is new or changed although holes are not allowed",
	    grew ? "a stack has grown between its marks" : "it has met an entry that is not its own");
}

static void
check_success(const struct check_call *call)
{
	uint64_t at = call->result->value;

	assert(call->result->code == KERN_SUCCESS);
	switch ((enum vm_op_code)call->op->code) {
	case VM_OP_wire:
		check_pages(call, CHECK_wired, call->range.start, call->range.end, result_not_wired);
		check_merged(call);
		break;
	case VM_OP_unwire:
		check_pages(call, CHECK_unwired, call->range.start, call->range.end, result_not_unwired);
		result_check_alien(call);
		check_merged(call);
		break;
	case VM_OP_insert:
	case VM_OP_fixed:
		check_pages(call, CHECK_mapped, call->range.start, call->range.end, result_not_mapped);
		check_fragments(call, call->range.start, call->range.end, true);
		break;
	case VM_OP_mmap:
		result_check_mmap(call, result_not_mmapped);
		break;
	case VM_OP_stack:
		result_check_mmap(call, result_not_stacked);
		break;
	case VM_OP_grow:
		result_check_grown(call);
		result_check_growth_wired(call);
		break;
	case VM_OP_find:
		check_pages(call, CHECK_mapped, at, at + call->op->end, result_not_mapped);
		check_fragments(call, at, at + call->op->end, true);
		break;
	case VM_OP_remove:
		check_pages(call, CHECK_removed, call->range.start, call->range.end, result_not_removed);
		break;
	case VM_OP_protect:
		check_pages(call, CHECK_attributes, call->range.start, call->range.end, result_not_protected);
		check_merged(call);
		break;
	case VM_OP_inherit:
		check_pages(call, CHECK_attributes, call->range.start, call->range.end, result_not_inherited);
		check_fragments(call, call->range.start, call->range.end, check_behaves(call->r, M5));
		break;
	case VM_OP_madvise:
		if (call->op->choice < VM_MADV_WILLNEED)
			check_fragments(call, call->range.start, call->range.end, check_behaves(call->r, M5));
		break;
	case VM_OP_fault:
	case VM_OP_read:
	case VM_OP_write:
		check_waited(call);
		result_check_growth_wired(call);
		break;
	case VM_OP_clip:
		check_clipped(call);
		break;
	case VM_OP_wirefuture:
	case VM_OP_sync:
	case VM_OP_check:
	case VM_OP_lookup:
	case VM_OP_pageout:
	case VM_OP_INVALID:
		break;
	}
}

static void
result_check_failure(const struct check_call *call)
{
	check_rollback(call);
	if ((1u << call->op->code & (CHECK_OP(grow) | CHECK_OP(fault) | CHECK_OP(read) | CHECK_OP(write))) != 0)
		result_check_growth_failed(call);
}

void
check_result(const struct check_call *call)
{
	assert(call->result != NULL);
	if (call->result->outcome != VM_OUTCOME_DONE)
		return;
	check_unmarked(call);
	if (vm_op_table[call->op->code].result == VM_RESULT_BOOL)
		return;
	if (call->result->code == KERN_SUCCESS)
		check_success(call);
	else
		result_check_failure(call);
}
