/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check-effect.c - what an operation's steps change: in order at each step, and all in all when it has ended.
 *
 *	before  20---------26:rw-:w0          a step of wire 22 30:     22-26  wired +1, transition +1
 *	now     20-22:rw-:w0 22-26:rw-:w1!T   the difference is         on the operation's list of effects
 *
 * An operation that fails leaves a list of zeros. One that succeeds leaves what docs/engine.md says: that is the model
 * of the operations over an array of pages, as far as it does not depend on where entries meet.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/check-inside.h"

/* --- ranges --- */

static void
set_range(struct check_call *call, uint64_t start, uint64_t end)
{
	call->start = start;
	call->end = end > start ? end : start;
}

void
check_clamp(const struct program_config *cfg, const struct vm_op *op, struct check_call *call)
{
	uint64_t s = op->start, e = op->end;

	call->inverted = false;
	switch ((enum vm_op_code)op->code) {
	case VM_OP_clip:
	case VM_OP_lookup:
	case VM_OP_fault:
	case VM_OP_read:
	case VM_OP_write:
		set_range(call, s, s + 1);
		return;
	case VM_OP_insert:
	case VM_OP_check:
		set_range(call, s, e);
		return;
	case VM_OP_find:
	case VM_OP_pageout:
	case VM_OP_INVALID:
		set_range(call, 0, 0);
		return;
	case VM_OP_fixed:
	case VM_OP_remove:
	case VM_OP_protect:
	case VM_OP_inherit:
	case VM_OP_madvise:
	case VM_OP_wire:
	case VM_OP_unwire:
	case VM_OP_sync:
		break;
	}
	call->inverted = s > e;
	s = s < cfg->min ? cfg->min : s;
	e = e > cfg->max ? cfg->max : e;
	s = s > e ? e : s;
	set_range(call, s, e);
}

/* --- the list of effects --- */

static struct check_effect *
make_room(struct check_op *o, size_t at)
{
	if (o->nr_effects == o->cap_effects) {
		o->cap_effects = o->cap_effects == 0 ? 16 : o->cap_effects * 2;
		o->effects = reallocarray(o->effects, o->cap_effects, sizeof(*o->effects));
		if (o->effects == NULL)
			abort();
	}
	memmove(&o->effects[at + 1], &o->effects[at], (o->nr_effects - at) * sizeof(*o->effects));
	o->nr_effects++;
	return &o->effects[at];
}

/* Cuts the effect that contains @page, so that one begins there. */
static void
cut_at(struct check_op *o, uint64_t page)
{
	for (size_t i = 0; i < o->nr_effects; i++) {
		struct check_effect *e = &o->effects[i];

		if (e->start >= page || e->end <= page)
			continue;
		e = make_room(o, i + 1);
		*e = o->effects[i];
		e->start = page;
		o->effects[i].end = page;
		return;
	}
}

static void
add_to(struct check_effect *e, const struct check_effect *d)
{
	e->wired = (int16_t)(e->wired + d->wired);
	e->user = (int16_t)(e->user + d->user);
	e->transition = (int16_t)(e->transition + d->transition);
	e->mapped = (int16_t)(e->mapped + d->mapped);
	e->attributes |= d->attributes;
	e->others |= d->others;
}

static bool
is_nothing(const struct check_effect *e)
{
	return e->wired == 0 && e->user == 0 && e->transition == 0 && e->mapped == 0 && !e->attributes && !e->others;
}

static bool
is_alike(const struct check_effect *a, const struct check_effect *b)
{
	return a->wired == b->wired && a->user == b->user && a->transition == b->transition && a->mapped == b->mapped &&
	       a->attributes == b->attributes && a->others == b->others;
}

/* Lists of equal effects are equal: no zeros, and neighbours that are alike are one. */
static void
tidy(struct check_op *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->nr_effects; i++) {
		const struct check_effect *e = &o->effects[i];

		if (is_nothing(e))
			continue;
		if (n > 0 && o->effects[n - 1].end == e->start && is_alike(&o->effects[n - 1], e))
			o->effects[n - 1].end = e->end;
		else
			o->effects[n++] = *e;
	}
	o->nr_effects = n;
}

static void
effects_add(struct check_op *o, const struct check_effect *d)
{
	uint64_t page = d->start;
	size_t i = 0;

	cut_at(o, d->start);
	cut_at(o, d->end);
	while (page < d->end) {
		while (i < o->nr_effects && o->effects[i].end <= page)
			i++;
		if (i < o->nr_effects && o->effects[i].start == page) {
			add_to(&o->effects[i], d);
			page = o->effects[i].end;
		} else {
			struct check_effect *e = make_room(o, i);

			*e = *d;
			e->start = page;
			if (i + 1 < o->nr_effects && o->effects[i + 1].start < e->end)
				e->end = o->effects[i + 1].start;
			page = e->end;
		}
	}
	tidy(o);
}

const struct check_effect *
check_effect_at(const struct check_op *o, uint64_t page, uint64_t end, uint64_t *until)
{
	*until = end;
	for (size_t i = 0; i < o->nr_effects && o->effects[i].start < end; i++) {
		const struct check_effect *e = &o->effects[i];

		if (e->end <= page)
			continue;
		if (e->start > page) {
			*until = e->start;
			return NULL;
		}
		*until = e->end < end ? e->end : end;
		return e;
	}
	return NULL;
}

/* --- a step --- */

/* What an operation may change. */
enum { MAY_NOTHING = 0, MAY_WIRE = 1, MAY_PROTECT = 2, MAY_INHERIT = 4, MAY_MAP = 8, MAY_UNMAP = 16 };

static unsigned
may_change(const struct vm_op *op)
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
	case VM_OP_madvise:
	case VM_OP_sync:
	case VM_OP_check:
	case VM_OP_lookup:
	case VM_OP_clip:
	case VM_OP_fault:
	case VM_OP_read:
	case VM_OP_write:
	case VM_OP_pageout:
	case VM_OP_INVALID:
		break;
	}
	return MAY_NOTHING;
}

/* What has become of pages that were @a and are @b; either may be NULL. As MAY_ bits. */
static unsigned
changes(const struct vm_run *a, const struct vm_run *b, unsigned may, struct check_effect *d)
{
	unsigned did = 0;

	if (a == NULL || b == NULL) {
		d->mapped = a == NULL ? 1 : -1;
		return a == NULL ? MAY_MAP : MAY_UNMAP;
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
		/* Deleted and mapped anew in one hold of the lock. */
		*d = (struct check_effect){ .start = d->start, .end = d->end, .attributes = true };
		did = MAY_MAP | MAY_UNMAP;
	}
	return did;
}

/* The other operations under way have had these pages changed under them. */
static void
tell_others(const struct check_call *call, uint64_t start, uint64_t end)
{
	struct checker *c = call->c;

	for (unsigned t = 0; t < call->r->program->nr_threads; t++) {
		struct check_effect d = { .start = start, .end = end, .others = true };
		struct check_call other = { .thread = t };

		if (t == call->thread || !c->ops[t].running)
			continue;
		check_clamp(&call->r->program->config, &call->r->program->threads[t].ops[c->ops[t].op], &other);
		d.start = start > other.start ? start : other.start;
		d.end = end < other.end ? end : other.end;
		if (d.start < d.end)
			effects_add(&c->ops[t], &d);
	}
}

/*
 * Pages that were @a and that a step has unmapped, mapped anew or protected: was that to be waited for? A protect waits
 * for every wire that faults pages in, wherever that is: docs/engine.md section 9.
 */
static void
check_held(const struct check_call *call, uint64_t start, uint64_t end, const struct vm_run *a, unsigned did)
{
	bool system = a != NULL && a->wired_count - a->user_wired > 0 && !call->r->program->config.kernel;

	if (a == NULL || (did & (MAY_MAP | MAY_UNMAP | MAY_PROTECT)) == 0)
		return;
	if (a->transition)
		check_report(call->c, call->r, CHECK_held, call, start, end,
		    "pages %" PRIu64 "-%" PRIu64 " were in transition, and it has not waited", start, end);
	else if (system && (did & MAY_UNMAP) != 0)
		check_report(call->c, call->r, CHECK_held, call, start, end,
		    "pages %" PRIu64 "-%" PRIu64 " were wired by the system, and it has not waited", start, end);
	else if (call->op->code == VM_OP_protect && call->c->before.busy)
		check_report(call->c, call->r, CHECK_held, call, start, end, "the map was busy, and it has not waited");
}

/* Whoever ends more transitions of a page than it has begun has ended another's. */
static void
check_own_marks(const struct check_call *call, uint64_t start, uint64_t end)
{
	uint64_t until;
	const struct check_effect *e = check_effect_at(call->state, start, end, &until);

	if (e != NULL && e->transition < 0)
		check_report(call->c, call->r, CHECK_marks, call, start, end,
		    "it ends a transition of pages %" PRIu64 "-%" PRIu64 " that is not its own", start, end);
}

static void
note_change(const struct check_call *call, uint64_t start, uint64_t end, const struct vm_run *a, const struct vm_run *b)
{
	struct check_effect d = { .start = start, .end = end };
	unsigned may = may_change(call->op), did = changes(a, b, may, &d);
	bool inside = call->op->code == VM_OP_find || (start >= call->start && end <= call->end);

	if (did == 0)
		return;
	if ((did & ~may) != 0 || !inside)
		check_report(call->c, call->r, CHECK_frame, call, start, end,
		    "the step changes pages %" PRIu64 "-%" PRIu64 ", %s", start, end,
		    (did & ~may) != 0 ? "in a way that is not its operation's"
		                      : "which are not in its operation's range");
	check_held(call, start, end, a, did);
	effects_add(call->state, &d);
	check_own_marks(call, start, end);
	if ((did & ~(unsigned)MAY_WIRE) != 0)
		tell_others(call, start, end);
	if ((did & (MAY_MAP | MAY_UNMAP)) != 0)
		check_tags_clear(&call->c->tags, start, end);
}

static bool
run_alike(const struct vm_run *a, const struct vm_run *b)
{
	return a->prot == b->prot && a->max == b->max && a->inherit == b->inherit && a->guard == b->guard &&
	       a->user_wired == b->user_wired && a->transition == b->transition && a->wired_count == b->wired_count;
}

/* Where does the run or gap that @page is in end? *run is the run, or NULL; i moves on to it. */
static uint64_t
span_at(const struct vm_state *s, size_t *i, uint64_t page, const struct vm_run **run)
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
		uint64_t a_end = span_at(&c->before, &i, page, &a), b_end = span_at(&c->now, &j, page, &b);

		next = a_end < b_end ? a_end : b_end;
		if ((a == NULL) != (b == NULL) || (a != NULL && !run_alike(a, b)))
			note_change(call, page, next, a, b);
	}
	call->state->charged += c->now.user_wired - c->before.user_wired;
}

/* --- the end of an operation --- */

/* It has failed: nothing may be left of it. */
static void
check_rollback(const struct check_call *call)
{
	const struct check_op *o = call->state;
	bool fixed = call->op->code == VM_OP_fixed;

	for (size_t i = 0; i < o->nr_effects; i++) {
		const struct check_effect *e = &o->effects[i];

		if (fixed ? e->mapped <= 0 : e->wired == 0 && e->user == 0 && e->mapped == 0 && !e->attributes)
			continue;
		check_report(call->c, call->r, CHECK_rollback, call, e->start, e->end,
		    "it has failed and not taken back what it did to pages %" PRIu64 "-%" PRIu64
		    ": wirings %+d, the user's %+d%s",
		    e->start, e->end, e->wired, e->user,
		    e->mapped != 0  ? ", mapped or unmapped"
		    : e->attributes ? ", attributes"
		                    : "");
		return;
	}
	if (!fixed && o->charged != 0)
		check_report(call->c, call->r, CHECK_rollback, call, call->start, call->end,
		    "it has failed, and its changes to the user-wire counter add up to %+" PRId64 " pages", o->charged);
}

/* One stretch of pages that are alike, for check_pages. */
struct stretch {
	uint64_t start, end;
	const struct vm_run *run;          /* as it is now; NULL: not mapped */
	const struct check_effect *effect; /* of the operation; NULL: none */
};

typedef const char *stretch_fn(const struct check_call *call, const struct stretch *s);

/* Asks @wrong of each stretch of the range [start, end); reports the first that it says something of. */
static void
check_pages(const struct check_call *call, enum check_id id, uint64_t start, uint64_t end, stretch_fn *wrong)
{
	uint64_t next;

	for (uint64_t page = start; page < end; page = next) {
		struct stretch s = { .start = page };
		const char *text;
		uint64_t until;

		s.run = check_run_at(&call->c->now, page, end, &until);
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
others_were_there(const struct stretch *s)
{
	return s->effect != NULL && s->effect->others;
}

static const char *
not_wired(const struct check_call *call, const struct stretch *s)
{
	bool user = (call->op->flags & VM_OPF_USER) != 0, holes_ok = (call->op->flags & VM_OPF_HOLESOK) != 0;
	int wired = s->effect != NULL ? s->effect->wired : 0, users = s->effect != NULL ? s->effect->user : 0;

	if (wired == 0 && users == 0) {
		bool already = user && s->run != NULL && s->run->user_wired;
		bool skipped =
		    holes_ok &&
		    (s->run == NULL || others_were_there(s) || (s->run->prot & (VM_PROT_READ | VM_PROT_EXECUTE)) == 0 ||
		        ((call->op->flags & VM_OPF_WRITE) != 0 && (s->run->prot & VM_PROT_WRITE) == 0));

		return already || skipped ? NULL : "are not wired by it, though it has succeeded";
	}
	if (wired != 1 || users != (user ? 1 : 0))
		return "have not been wired once by it, but in some other number";
	if (s->run == NULL || s->run->wired_count < 1 || (user && !s->run->user_wired))
		return "are not wired, though it has succeeded and wired them";
	return NULL;
}

static const char *
not_unwired(const struct check_call *call, const struct stretch *s)
{
	bool user = (call->op->flags & VM_OPF_USER) != 0, holes_ok = (call->op->flags & VM_OPF_HOLESOK) != 0;
	int wired = s->effect != NULL ? s->effect->wired : 0, users = s->effect != NULL ? s->effect->user : 0;

	if (wired == 0 && users == 0) {
		bool skipped = holes_ok && (s->run == NULL || others_were_there(s));

		if (user && s->run != NULL && s->run->user_wired && !skipped)
			return "are still wired by the user, though it has succeeded";
		return user || skipped ? NULL : "have kept the wiring that it has succeeded to take";
	}
	if (wired != -1 || users != (user ? -1 : 0))
		return "have not lost one wiring by it, but some other number";
	return NULL;
}

static const char *
not_mapped(const struct check_call *call, const struct stretch *s)
{
	const struct vm_op *op = call->op;
	bool guard = (op->flags & VM_OPF_GUARD) != 0;

	if (s->run == NULL)
		return "are not mapped, though it has succeeded";
	if (s->run->guard != guard ||
	    (!guard && (s->run->prot != op->prot || s->run->max != op->max || s->run->inherit != VM_INHERIT_COPY)))
		return "are not mapped as it was asked to";
	if (s->run->wired_count != 0 || s->run->user_wired || s->run->transition)
		return "are wired or in transition, though they are new";
	return NULL;
}

static const char *
not_removed(const struct check_call *call, const struct stretch *s)
{
	(void)call;
	return s->run == NULL || others_were_there(s) ? NULL : "are still mapped, though it has succeeded";
}

static const char *
not_protected(const struct check_call *call, const struct stretch *s)
{
	const struct vm_op *op = call->op;

	if (s->run == NULL || s->run->guard)
		return NULL;
	if ((op->flags & VM_OPF_SETMAX) != 0)
		return s->run->max == op->prot ? NULL : "do not have that maximum, though it has succeeded";
	return s->run->prot == op->prot ? NULL : "do not have that protection, though it has succeeded";
}

static const char *
not_inherited(const struct check_call *call, const struct stretch *s)
{
	if (s->run == NULL || s->run->guard || s->run->inherit == call->op->choice)
		return NULL;
	return "do not have that inheritance, though it has succeeded";
}

static const char *
in_transition(const struct check_call *call, const struct stretch *s)
{
	(void)call;
	return s->effect == NULL || s->effect->transition == 0 ? NULL : "are in transition by it, though it has ended";
}

/*
 * Is there a place in the range where two entries meet that could be one? A wire or unwire has looked at its edges,
 * too; a protect need not have come back to what it has merged. With holes allowed, some may be others'.
 */
static void
check_merged(const struct check_call *call)
{
	const struct vm_target *t = call->r->target;
	uint64_t start = call->start, end = call->end, page;

	if (call->op->code != VM_OP_protect && start < end) {
		start -= start > 0;
		end++;
	}
	if (t->mergeable != NULL && (call->op->flags & VM_OPF_HOLESOK) == 0 &&
	    t->mergeable(call->r->self, start, end, &page))
		check_report(call->c, call->r, CHECK_merged, call, page, page,
		    "the entries that meet at page %" PRIu64 " could be one, and it has not merged them", page);
}

/* An access that succeeds has waited for the end of a transition; its thread has none of its own. */
static void
check_waited(const struct check_call *call)
{
	uint64_t until;
	const struct vm_run *run = check_run_at(&call->c->before, call->start, call->end, &until);

	if (run != NULL && run->transition)
		check_report(call->c, call->r, CHECK_held, call, call->start, call->end,
		    "page %" PRIu64 " was in transition, and it has not waited", call->start);
}

static void
check_success(const struct check_call *call)
{
	uint64_t at = call->result->value;

	switch ((enum vm_op_code)call->op->code) {
	case VM_OP_wire:
		check_pages(call, CHECK_wired, call->start, call->end, not_wired);
		check_merged(call);
		break;
	case VM_OP_unwire:
		check_pages(call, CHECK_unwired, call->start, call->end, not_unwired);
		check_merged(call);
		break;
	case VM_OP_insert:
	case VM_OP_fixed:
		check_pages(call, CHECK_mapped, call->start, call->end, not_mapped);
		break;
	case VM_OP_find:
		check_pages(call, CHECK_mapped, at, at + call->op->end, not_mapped);
		break;
	case VM_OP_remove:
		check_pages(call, CHECK_removed, call->start, call->end, not_removed);
		break;
	case VM_OP_protect:
		check_pages(call, CHECK_attributes, call->start, call->end, not_protected);
		check_merged(call);
		break;
	case VM_OP_inherit:
		check_pages(call, CHECK_attributes, call->start, call->end, not_inherited);
		break;
	case VM_OP_fault:
	case VM_OP_read:
	case VM_OP_write:
		check_waited(call);
		break;
	case VM_OP_madvise:
	case VM_OP_sync:
	case VM_OP_check:
	case VM_OP_lookup:
	case VM_OP_clip:
	case VM_OP_pageout:
	case VM_OP_INVALID:
		break;
	}
}

void
check_result(const struct check_call *call)
{
	if (call->result->outcome != VM_OUTCOME_DONE)
		return;
	check_pages(call, CHECK_marks, 0, UINT64_MAX, in_transition);
	if (vm_op_table[call->op->code].result == VM_RESULT_BOOL)
		return;
	if (call->result->code == KERN_SUCCESS)
		check_success(call);
	else
		check_rollback(call);
}
