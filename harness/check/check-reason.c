/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check-reason.c - which codes have a reason in a state, by docs/engine.md and docs/returns.md. It is written from
 * these documents, in terms of pages: no entries, no flags of the engine, no timestamps.
 */
#include <assert.h>
#include <inttypes.h>

#include "engine/vm.h"
#include "harness/check/check-inside.h"

#define BIT(code) (1u << KERN_##code)

/* Facts about the pages of a range. */
struct facts {
	bool start_mapped;
	bool hole;           /* some page is not mapped */
	bool occupied;       /* some page is mapped */
	bool no_access;      /* a wire lacks access to some page */
	bool no_system_wire; /* some mapped page is not wired by the system */
	bool must_unwire;    /* no_system_wire, of the pages that the operation cannot skip */
	uint16_t must_fault; /* codes of the poisoned pages that the operation cannot skip, as bits */
	bool user_wired;     /* some page is wired by a user */
	bool guarded;        /* some page is a guard, which may be a gap */
	bool beyond_max;     /* the requested protection exceeds the maximum of some page */
};

bool
check_lacks_access(const struct vm_run *run, const struct vm_op *op)
{
	return (run->prot & (VM_PROT_READ | VM_PROT_EXECUTE)) == 0 ||
	       ((op->flags & VM_OPF_WRITE) != 0 && (run->prot & VM_PROT_WRITE) == 0);
}

/* The codes of the poisoned pages in [start, end), as bits. */
static uint16_t
reason_poison_in(const struct program_config *cfg, uint64_t start, uint64_t end)
{
	uint16_t codes = 0;

	for (size_t i = 0; i < cfg->nr_poison; i++)
		if (cfg->poison[i].page >= start && cfg->poison[i].page < end)
			codes |= (uint16_t)(1u << cfg->poison[i].code);
	return codes;
}

/*
 * Facts about pages [page, until), which are @run, that the operation cannot skip. While an operation that allows holes
 * sleeps, other threads may map pages that it has passed already. So it may skip pages that other threads changed
 * during the call.
 */
static void
facts_look_at_duties(
    const struct check_call *call, const struct vm_run *run, uint64_t page, uint64_t until, struct facts *f)
{
	bool holes_ok = (call->op->flags & VM_OPF_HOLESOK) != 0, lacks = check_lacks_access(run, call->op);
	uint64_t next;

	assert(run->start <= page && until <= run->end);
	for (; page < until; page = next) {
		const struct check_effect *e = check_effect_at(call->state, page, until, &next);

		if (holes_ok && e != NULL && e->others)
			continue;
		f->must_unwire |= run->wired_count - run->user_wired == 0;
		if (!lacks)
			f->must_fault |= reason_poison_in(&call->r->program->config, page, next);
	}
}

static struct facts
facts_look(const struct check_call *call, const struct vm_state *s, uint64_t start, uint64_t end)
{
	const struct vm_op *op = call->op;
	struct facts f = { 0 };
	uint64_t page = start; /* all pages below it are done */

	for (size_t i = 0; i < s->nr_runs && s->runs[i].start <= start; i++)
		f.start_mapped |= s->runs[i].end > start;
	for (size_t i = 0; i < s->nr_runs && s->runs[i].start < end && page < end; i++) {
		const struct vm_run *run = &s->runs[i];
		uint64_t until = run->end < end ? run->end : end;

		if (run->end <= page)
			continue;
		if (run->start > page) {
			f.hole = true;
			page = run->start;
		}
		f.occupied = true;
		f.no_access |= check_lacks_access(run, op);
		f.no_system_wire |= run->wired_count - run->user_wired == 0;
		f.user_wired |= run->user_wired;
		f.guarded |= run->guard;
		f.beyond_max |= !run->guard && (op->prot & ~run->max) != 0;
		if (op->code == VM_OP_wire || op->code == VM_OP_unwire)
			facts_look_at_duties(call, run, page, until, &f);
		page = until;
	}
	f.hole |= page < end;
	return f;
}

/* Can frames have run short? Only wired pages cannot be evicted, including those that a wire is about to fault in. */
static bool
reason_frames_short(const struct program_config *cfg, const struct vm_state *s)
{
	uint64_t frames = cfg->frames != 0 ? cfg->frames : VM_FRAMES_AMPLE, wired = 0;

	for (size_t i = 0; i < s->nr_runs; i++)
		if (s->runs[i].wired_count > 0)
			wired += s->runs[i].end - s->runs[i].start;
	return wired >= frames;
}

/* For wire and unwire: does the range, or the start of an empty range, have a hole? */
static bool
reason_range_invalid(const struct check_call *call, const struct facts *f)
{
	if ((call->op->flags & VM_OPF_HOLESOK) != 0 || call->op->start == call->op->end)
		return false;
	return call->range.start < call->range.end ? f->hole : !f->start_mapped;
}

static uint16_t
wire_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must)
{
	const struct program_config *cfg = &call->r->program->config;
	struct facts f = facts_look(call, s, call->range.start, call->range.end);
	bool holes_ok = (call->op->flags & VM_OPF_HOLESOK) != 0;
	int64_t wanted = s->user_wired + (int64_t)(call->range.end - call->range.start);
	uint16_t seen = BIT(SUCCESS);

	if (reason_range_invalid(call, &f) || (!holes_ok && f.no_access))
		*must = BIT(INVALID_ADDRESS);
	/* Whether an inverted range is rejected depends on where entries meet, and pages do not show that. */
	if (*must != 0 || call->op->start > call->op->end)
		seen |= BIT(INVALID_ADDRESS);
	*must |= f.must_fault;
	seen |= reason_poison_in(cfg, call->range.start, call->range.end);
	if (((call->op->flags & VM_OPF_USER) != 0 && wanted > (int64_t)cfg->limit) || reason_frames_short(cfg, s))
		seen |= BIT(RESOURCE_SHORTAGE);
	return seen;
}

static uint16_t
unwire_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must)
{
	struct facts f = facts_look(call, s, call->range.start, call->range.end);
	uint16_t seen = BIT(SUCCESS);

	if (reason_range_invalid(call, &f))
		*must |= BIT(INVALID_ADDRESS);
	if ((call->op->flags & VM_OPF_USER) == 0 && f.must_unwire)
		*must |= BIT(INVALID_ARGUMENT);
	seen |= *must;
	if ((call->op->flags & VM_OPF_USER) == 0 && f.no_system_wire)
		seen |= BIT(INVALID_ARGUMENT);
	if (call->op->start > call->op->end)
		seen |= BIT(INVALID_ADDRESS);
	return seen;
}

static uint16_t
insert_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must)
{
	const struct program_config *cfg = &call->r->program->config;
	const struct vm_op *op = call->op;
	struct facts f = facts_look(call, s, op->start, op->end);

	if (op->start >= op->end || op->start < cfg->min || op->end > cfg->max)
		*must = BIT(INVALID_ADDRESS);
	else if (f.occupied)
		*must = BIT(NO_SPACE);
	return *must != 0 ? *must : BIT(SUCCESS);
}

/* Has another thread mapped into the range while the operation slept? */
static bool
reason_overtaken(const struct check_op *o)
{
	for (size_t i = 0; i < o->nr_effects; i++)
		if (o->effects[i].others)
			return true;
	return false;
}

static uint16_t
fixed_reasons(const struct check_call *call, uint16_t *must)
{
	if (call->range.start == call->range.end)
		return *must = BIT(INVALID_ADDRESS);
	return (uint16_t)(BIT(SUCCESS) | (reason_overtaken(call->state) ? BIT(NO_SPACE) : 0));
}

static uint16_t
sync_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must)
{
	/* An empty range means the entry that contains it. */
	uint64_t end = call->range.start == call->range.end ? call->range.start + 1 : call->range.end;
	struct facts f = facts_look(call, s, call->range.start, end);
	uint16_t seen = BIT(SUCCESS);

	if (!f.start_mapped || f.hole)
		*must |= BIT(INVALID_ADDRESS);
	if ((call->op->flags & VM_OPF_INVALIDATE) != 0 && f.user_wired)
		*must |= BIT(INVALID_ARGUMENT);
	return seen | *must;
}

/* Has the operation mapped its range itself? */
static bool
reason_has_mapped(const struct check_op *o)
{
	for (size_t i = 0; i < o->nr_effects; i++)
		if (o->effects[i].mapped > 0)
			return true;
	return false;
}

/* The codes of a wire of [start, end) for the user that an operation makes because of wirefuture. */
static uint16_t
future_reasons(const struct check_call *call, const struct vm_state *s, uint64_t start, uint64_t end)
{
	const struct program_config *cfg = &call->r->program->config;
	uint16_t seen = (uint16_t)(BIT(INVALID_ADDRESS) | reason_poison_in(cfg, start, end));

	if (s->user_wired + (int64_t)(end - start) > (int64_t)cfg->limit || reason_frames_short(cfg, s))
		seen |= BIT(RESOURCE_SHORTAGE);
	return seen;
}

/* mmap and stack. Quirk Q8 throws the result of the wire away. */
static uint16_t
mmap_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must)
{
	struct facts f = facts_look(call, s, call->op->start, call->op->end);
	uint16_t seen = BIT(SUCCESS);

	if (reason_has_mapped(call->state))
		seen |= future_reasons(call, s, call->op->start, call->op->end);
	else if (call->op->code == VM_OP_stack && call->op->end - call->op->start == 1)
		return *must = BIT(INVALID_ARGUMENT);
	else if (f.occupied)
		return *must = BIT(NO_SPACE);
	return seen;
}

/*
 * A stack that has to grow at the page of @run, which is a guard. Whether it is a gap, and how long, no state shows: so
 * growth can fail, but need not.
 */
static uint16_t
growth_reasons(const struct check_call *call, const struct vm_state *s, const struct vm_run *run)
{
	return call->c->hidden.wire_future ? future_reasons(call, s, run->start, run->end) : 0;
}

static uint16_t
grow_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must)
{
	uint64_t until;
	const struct vm_run *run = check_run_at(s, call->range.start, call->range.end, &until);
	const struct program_config *cfg = &call->r->program->config;

	if (run == NULL)
		return *must = BIT(FAILURE);
	if (!run->guard)
		return (uint16_t)(BIT(SUCCESS) | (reason_frames_short(cfg, s) ? BIT(RESOURCE_SHORTAGE) : 0));
	return (uint16_t)(BIT(SUCCESS) | BIT(FAILURE) | BIT(NO_SPACE) | growth_reasons(call, s, run));
}

static uint16_t
fault_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must)
{
	const struct program_config *cfg = &call->r->program->config;
	uint8_t type = call->op->code == VM_OP_read    ? VM_PROT_READ
	               : call->op->code == VM_OP_write ? VM_PROT_WRITE
	                                               : call->op->prot;
	uint16_t seen = (uint16_t)(BIT(SUCCESS) | reason_poison_in(cfg, call->range.start, call->range.end));
	uint64_t until;
	const struct vm_run *run = check_run_at(s, call->range.start, call->range.end, &until);

	if (run == NULL)
		*must = BIT(INVALID_ADDRESS);
	else if (run->guard && call->c->hidden.stacks)
		seen |= (uint16_t)(BIT(PROTECTION_FAILURE) | growth_reasons(call, s, run));
	else if ((type & ~run->prot) != 0 || run->prot == VM_PROT_NONE)
		*must = BIT(PROTECTION_FAILURE);
	else
		*must = reason_poison_in(cfg, call->range.start, call->range.end);
	seen |= *must;
	if (reason_frames_short(cfg, s))
		seen |= BIT(RESOURCE_SHORTAGE);
	return seen;
}

static uint16_t
protect_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must)
{
	bool empty = call->range.start == call->range.end;
	struct facts f = facts_look(call, s, call->range.start, call->range.end);
	uint16_t seen = BIT(SUCCESS);

	if (f.beyond_max)
		*must = BIT(PROTECTION_FAILURE);
	/* MS2: a gap can refuse. No state shows which guard is a gap, nor what it remembers. */
	if (empty)
		f = facts_look(call, s, call->range.start, call->range.start + 1);
	if (f.guarded && call->c->hidden.stacks && check_behaves(call->r, MS2))
		seen |= BIT(PROTECTION_FAILURE);
	/* M4: the entry around an empty range can refuse. Whether one is around it depends on where entries meet. */
	if (empty && check_behaves(call->r, M4) && f.beyond_max)
		seen |= BIT(PROTECTION_FAILURE);
	return seen | *must;
}

bool
check_malformed(const struct program_config *cfg, const struct vm_op *op)
{
	bool mmaps = op->code == VM_OP_mmap || op->code == VM_OP_stack;
	bool maps = op->code == VM_OP_insert || op->code == VM_OP_fixed || op->code == VM_OP_find || mmaps;

	if (mmaps && (op->start >= op->end || op->start < cfg->min || op->end > cfg->max))
		return true;
	return maps && (op->prot & ~op->max) != 0;
}

uint16_t
check_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must)
{
	uint64_t until;

	*must = 0;
	if (check_malformed(&call->r->program->config, call->op))
		return *must = BIT(INVALID_ARGUMENT);
	switch ((enum vm_op_code)call->op->code) {
	case VM_OP_wire:
		return wire_reasons(call, s, must);
	case VM_OP_unwire:
		return unwire_reasons(call, s, must);
	case VM_OP_insert:
		return insert_reasons(call, s, must);
	case VM_OP_fixed:
		return fixed_reasons(call, must);
	case VM_OP_find:
		if (call->op->end == 0)
			return *must = BIT(INVALID_ADDRESS);
		return BIT(SUCCESS) | BIT(NO_SPACE); /* check-content.c decides which of them */
	case VM_OP_protect:
		return protect_reasons(call, s, must);
	case VM_OP_sync:
		return sync_reasons(call, s, must);
	case VM_OP_clip:
		if (check_run_at(s, call->range.start, call->range.end, &until) == NULL)
			return *must = BIT(INVALID_ADDRESS);
		return BIT(SUCCESS);
	case VM_OP_fault:
	case VM_OP_read:
	case VM_OP_write:
		return fault_reasons(call, s, must);
	case VM_OP_mmap:
	case VM_OP_stack:
		return mmap_reasons(call, s, must);
	case VM_OP_grow:
		return grow_reasons(call, s, must);
	case VM_OP_remove:
	case VM_OP_inherit:
	case VM_OP_madvise:
	case VM_OP_pageout:
	case VM_OP_wirefuture:
		return BIT(SUCCESS);
	case VM_OP_check:
	case VM_OP_lookup:
		return BIT(SUCCESS) | BIT(INVALID_ADDRESS); /* TRUE and FALSE */
	case VM_OP_INVALID:
		break;
	}
	return 0;
}

void
check_code(const struct check_call *call)
{
	const struct check_op *o = call->state;
	int code = call->result->code;
	enum check_id id = code == KERN_INVALID_ADDRESS     ? CHECK_unfounded
	                   : code == KERN_RESOURCE_SHORTAGE ? CHECK_shortage
	                                                    : CHECK_code;

	if (call->result->outcome != VM_OUTCOME_DONE)
		return;
	if (call->op->code == VM_OP_check || call->op->code == VM_OP_lookup)
		return;
	if (code < 0 || code >= VM_KERN_COUNT || (o->seen & 1u << code) == 0)
		check_report(call->c, call->r, id, call, call->range.start, call->range.end,
		    "at no instant of the call was there a reason for that in pages %" PRIu64 "-%" PRIu64,
		    call->range.start, call->range.end);
	else if (code == KERN_SUCCESS && o->always != 0)
		check_report(call->c, call->r, (o->always & BIT(INVALID_ADDRESS)) != 0 ? CHECK_overlooked : CHECK_code,
		    call, call->range.start, call->range.end,
		    "at each instant of the call there was a reason for %s in pages %" PRIu64 "-%" PRIu64,
		    vm_kern_name(__builtin_ctz(o->always)), call->range.start, call->range.end);
}
