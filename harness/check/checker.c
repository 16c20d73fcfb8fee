/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checker.c - the main part of the checker: finds the operation of each step, and when an operation begins and ends.
 * See check.h.
 *
 * A step holds the map lock once, for one operation: the thread's first operation, from its place before the step, that
 * takes the lock at all (docs/engine.md section 11). Operations that end in the same step without the lock have not
 * seen the map; they are judged by the state after the step.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/check/check-inside.h"
#include "harness/program/program.h"

/* --- findings --- */

const struct finding *
checker_first(const struct checker *c)
{
	for (size_t i = 0; i < c->nr_findings; i++)
		if (!c->findings[i].quirk)
			return &c->findings[i];
	return NULL;
}

/* --- the states --- */

static void
checker_swap_states(struct checker *c)
{
	struct vm_state *s = c->before;

	c->before = c->now;
	c->now = s;
}

static void
checker_copy_tags(struct check_tags *to, const struct check_tags *from)
{
	assert(to != from);
	MEMORY_GROW(to->tags, to->cap, from->nr, "the checker");
	if (from->nr > 0)
		memcpy(to->tags, from->tags, from->nr * sizeof(*to->tags));
	to->nr = from->nr;
	assert(to->nr <= to->cap);
}

/* --- opening and closing --- */

void
checker_init(struct checker *c)
{
	memset(c, 0, sizeof(*c));
}

void
checker_free(struct checker *c)
{
	state_free(&c->states[0]);
	state_free(&c->states[1]);
	state_free(&c->start);
	free(c->tags.tags);
	free(c->start_tags.tags);
	free(c->starts);
	for (unsigned i = 0; i < SIM_FIBERS_MAX; i++)
		free(c->ops[i].effects);
	checker_init(c);
}

void
checker_open(struct checker *c, struct run *r)
{
	assert(r->self != NULL && r->checker == c);
	c->opened = c->quiet = false;
	c->step = 0;
	c->nr_findings = c->nr_init = 0;
	c->tags.nr = 0;
	c->hidden = (struct check_hidden){ 0 };
	c->running = 0;
	c->now = &c->states[0];
	c->before = &c->states[1];
	r->target->dump(r->self, c->now);
	assert(c->now != c->before);
}

void
checker_saved(struct checker *c)
{
	assert(!c->opened);
	c->opened = true;
	c->nr_init = c->nr_findings;
	state_copy(&c->start, c->now);
	checker_copy_tags(&c->start_tags, &c->tags);
	c->start_hidden = c->hidden;
}

void
checker_begin(struct checker *c)
{
	assert(c->opened && c->nr_init <= c->nr_findings);
	c->step = 0;
	c->nr_findings = c->nr_init;
	c->running = 0;
	state_copy(c->now, &c->start);
	checker_copy_tags(&c->tags, &c->start_tags);
	c->hidden = c->start_hidden;
	assert(c->nr_findings <= FINDINGS_MAX);
}

/* --- operations --- */

/* The number of operations of a thread; the init thread has only the running one. */
static unsigned
checker_nr_ops(const struct run *r, unsigned thread)
{
	return thread == SIM_INIT_THREAD ? 1 : r->program->threads[thread].nr_ops;
}

/* Are the operation's arguments still unknown? */
static bool
checker_op_waits(const struct run *r, unsigned thread, unsigned index)
{
	return thread != SIM_INIT_THREAD && run_op_waits(r, thread, index);
}

static unsigned
checker_nr_done(const struct run *r, unsigned thread)
{
	if (thread == SIM_INIT_THREAD)
		return sim_status(r->sim, SIM_INIT_THREAD) == SIM_DONE;
	return r->threads[thread].nr_done;
}

/*
 * Operations that return before they take the lock if their range is empty or malformed: docs/engine.md sections 4, 6,
 * 9 and 10.
 */
#define OPS_IF_EMPTY (CHECK_OP(unwire) | CHECK_OP(protect) | CHECK_OP(inherit) | CHECK_OP(madvise))
#define OPS_IF_MALFORMED (CHECK_OP(find) | CHECK_OP(fixed) | CHECK_OP(mmap) | CHECK_OP(stack))
#define OPS_NEVER                                                                                                      \
	(CHECK_OP(insert) | CHECK_OP(remove) | CHECK_OP(wire) | CHECK_OP(sync) | CHECK_OP(check) | CHECK_OP(lookup) |  \
	    CHECK_OP(clip) | CHECK_OP(fault) | CHECK_OP(read) | CHECK_OP(write) | CHECK_OP(pageout) |                  \
	    CHECK_OP(wirefuture) | CHECK_OP(grow))

_Static_assert((OPS_IF_EMPTY | OPS_IF_MALFORMED | OPS_NEVER) == CHECK_OPS_ALL, "does an operation take the lock?");

static bool
checker_is_lockless(const struct run *r, const struct vm_op *op)
{
	unsigned bit = 1u << op->code;

	if ((bit & OPS_IF_EMPTY) != 0)
		return op->start == op->end;
	if ((bit & OPS_IF_MALFORMED) != 0)
		return check_malformed(&r->program->config, op);
	return false;
}

/* Fills *call with all that is known of operation @index of @thread, except its result. */
static void
checker_call(struct check_call *call, struct checker *c, struct run *r, unsigned thread, unsigned index)
{
	struct check_op *o = &c->ops[thread];

	call->c = c;
	call->r = r;
	call->thread = thread;
	call->index = thread == SIM_INIT_THREAD ? r->init_index : index;
	call->op = check_op_at(r, thread, index);
	call->result = NULL;
	call->state = o;
	if (check_is_running(c, thread) && o->op == index) {
		call->range.start = o->start;
		call->range.end = o->end;
	} else {
		check_clamp(&r->program->config, call->op, &call->range);
	}
}

/* The operation sees the present state. */
static void
checker_watch(struct checker *c, const struct check_call *call)
{
	struct check_op *o = call->state;
	uint16_t must = 0;

	o->seen |= check_reasons(call, c->now, &must);
	o->always &= must;
}

static void
checker_begin_op(struct checker *c, struct run *r, unsigned thread, unsigned index)
{
	struct check_op *o = &c->ops[thread];
	struct check_call call;

	assert(!check_is_running(c, thread) && index < checker_nr_ops(r, thread));
	checker_call(&call, c, r, thread, index);
	c->running |= (uint32_t)1 << thread;
	o->start = call.range.start;
	o->end = call.range.end;
	o->seen = 0;
	o->always = UINT16_MAX;
	o->op = (uint16_t)index;
	o->since = c->step + 1;
	o->charged = 0;
	o->future = c->hidden.wire_future;
	c->hidden.stacks |= call.op->code == VM_OP_stack;
	o->synced = call.range.start;
	o->nr_effects = 0;
	checker_watch(c, &call);
	assert(check_is_running(c, thread));
}

/*
 * Does the operation have an empty range, and leave all entries as they are in that case? docs/engine.md sections 5 and
 * 6. Under M5, wire and unwire merge there.
 */
static bool
checker_leaves_entries(const struct check_op *o, const struct run *r, const struct vm_op *op)
{
	unsigned ops = CHECK_OP(remove) | CHECK_OP(fixed);

	if (!check_behaves(r, M5))
		ops |= CHECK_OP(wire) | CHECK_OP(unwire);
	return o->start == o->end && r->target->entries != NULL && (1u << op->code & ops) != 0;
}

void
checker_before_step(struct checker *c, struct run *r, unsigned thread)
{
	unsigned nr = checker_nr_ops(r, thread), index = checker_nr_done(r, thread);

	c->nr_done_before = index;
	if (!r->target->judged)
		return;
	if (!check_is_running(c, thread)) {
		while (index < nr && !checker_op_waits(r, thread, index) &&
		       checker_is_lockless(r, check_op_at(r, thread, index)))
			index++;
		if (index == nr || checker_op_waits(r, thread, index)) /* a lookup of results takes no lock */
			return;
		checker_begin_op(c, r, thread, index);
	}
	/* At each of its steps, because other threads change entries between them. */
	if (checker_leaves_entries(&c->ops[thread], r, check_op_at(r, thread, c->ops[thread].op)))
		c->nr_entries_before = r->target->entries(r->self, NULL, 0);
}

/* An operation has ended in this step without looking at the map: it has one instant and no effect. */
static void
checker_end_lockless(struct checker *c, struct run *r, unsigned thread, unsigned index, const struct vm_result *result)
{
	struct check_op *o = &c->ops[thread], saved = *o;
	struct check_call call;

	assert(result != NULL && thread < SIM_FIBERS_MAX);
	checker_call(&call, c, r, thread, index);
	call.result = result;
	/* The thread may have a running operation: the next one, which also began in this step. */
	*o = (struct check_op){ .always = UINT16_MAX, .since = c->step };
	checker_watch(c, &call);
	check_code(&call);
	*o = saved;
}

/* wirefuture has set the flag to @on. */
static void
checker_note_flag(struct checker *c, bool on)
{
	c->hidden.wire_future = on;
	for (uint32_t left = c->running; left != 0 && !on; left &= left - 1)
		c->ops[__builtin_ctz(left)].future = 0;
}

/* The operation that has looked at the map has ended in this step. */
static void
checker_end_op(const struct check_call *call)
{
	assert(check_is_running(call->c, call->thread) && call->result != NULL);
	check_code(call);
	check_result(call);
	check_content(call);
	call->c->running &= ~((uint32_t)1 << call->thread);
	if (call->op->code == VM_OP_wirefuture && call->result->code == KERN_SUCCESS)
		checker_note_flag(call->c, (call->op->flags & VM_OPF_ON) != 0);
}

/* The running operations see the state after this step. */
static void
checker_watch_all(struct checker *c, struct run *r)
{
	for (uint32_t left = c->running; left != 0; left &= left - 1) {
		unsigned t = (unsigned)__builtin_ctz(left);
		struct check_call call;

		checker_call(&call, c, r, t, c->ops[t].op);
		checker_watch(c, &call);
	}
}

/* Has an operation on an empty range changed something, or does it wait for the lock instead of returning? */
static void
check_early(struct checker *c, struct run *r, unsigned thread, unsigned done)
{
	struct check_op *o = &c->ops[thread];
	bool running = check_is_running(c, thread);

	if (done < checker_nr_ops(r, thread) && !(running && o->op == done) && !checker_op_waits(r, thread, done) &&
	    checker_is_lockless(r, check_op_at(r, thread, done))) {
		struct check_call call;

		checker_call(&call, c, r, thread, done);
		check_report(c, r, CHECK_early, &call, 0, 0, "it waits for the lock instead of returning at once");
	}
	if (running && checker_leaves_entries(o, r, check_op_at(r, thread, o->op)) &&
	    r->target->entries(r->self, NULL, 0) != c->nr_entries_before) {
		struct check_call call;

		checker_call(&call, c, r, thread, o->op);
		check_report(c, r, CHECK_early, &call, 0, 0, "its range is empty, but it changed where entries start");
	}
}

static void
checker_judge_step(struct checker *c, struct run *r, unsigned thread)
{
	const struct vm_result *results = thread == SIM_INIT_THREAD ? &r->init_result : r->threads[thread].results;
	unsigned done = checker_nr_done(r, thread), op = c->ops[thread].op;
	bool running = check_is_running(c, thread), changed;

	struct check_call call;

	checker_swap_states(c);
	r->target->dump(r->self, c->now);
	changed = !state_equal(c->before, c->now);
	if (running) {
		checker_call(&call, c, r, thread, op);
		call.result = done > op ? &results[op] : NULL;
		if (changed)
			check_step_effects(&call);
		if (call.op->code == VM_OP_sync)
			check_cleaned(&call);
	}
	check_early(c, r, thread, done);
	for (unsigned i = c->nr_done_before; i < done; i++) {
		if (running && i == op)
			checker_end_op(&call);
		else if (thread == SIM_INIT_THREAD || !run_op_refused(r, thread, i))
			checker_end_lockless(c, r, thread, i, &results[i]);
	}
	if (changed)
		checker_watch_all(c, r);
}

/* Reports "I12: ..." of a target. */
static void
checker_report_broken(struct checker *c, struct run *r, unsigned thread, const char *broken, uint32_t excuse)
{
	size_t len = strcspn(broken, ":");
	enum check_id id = check_find(broken, len);
	unsigned index = c->nr_done_before;
	struct check_call call;
	uint64_t start = 0, end = 0;
	char where[48] = "";

	assert(broken != NULL);
	if (r->target->broken_at != NULL && r->target->broken_at(r->self, &start, &end))
		(void)snprintf(where, sizeof(where), ", in pages %" PRIu64 "-%" PRIu64, start, end);
	if (id == CHECK_NONE || broken[len] == '\0')
		id = CHECK_target;
	else
		broken += len + 1 + strspn(broken + len + 1, " ");
	if (index >= checker_nr_ops(r, thread))
		index = checker_nr_ops(r, thread) - 1;
	checker_call(&call, c, r, thread, index);
	c->excuse = excuse;
	check_report(c, r, id, &call, start, end, "%s%s", broken, where);
	c->excuse = 0;
}

void
checker_after_step(struct checker *c, struct run *r, unsigned thread)
{
	const char *broken;
	uint32_t excuse;

	c->step++;
	if (sim_panic_text(r->sim) != NULL) {
		struct check_call call;

		checker_call(&call, c, r, thread, checker_nr_done(r, thread));
		check_report(c, r, CHECK_assertion, &call, 0, 0, "%s", sim_panic_text(r->sim));
		return;
	}
	if (r->target->judged)
		checker_judge_step(c, r, thread);
	if (c->quiet)
		return;
	broken = target_check(r->target, r->self, false, &excuse);
	if (broken != NULL)
		checker_report_broken(c, r, thread, broken, excuse);
}

/* --- the end --- */

/* Is it a remove or fixed that sleeps for a system wiring? The caller is responsible for that wait. */
static bool
checker_may_block(const struct checker *c, const struct check_call *call)
{
	const struct program_config *cfg = &call->r->program->config;
	uint64_t until;

	if (cfg->kernel || (call->op->code != VM_OP_remove && call->op->code != VM_OP_fixed))
		return false;
	for (uint64_t page = call->range.start; page < call->range.end; page = until) {
		const struct vm_run *run = check_run_at(c->now, page, call->range.end, &until);

		if (run != NULL && run->wired_count - run->user_wired > 0)
			return true;
	}
	return false;
}

static void
checker_end_thread(struct checker *c, struct run *r, unsigned thread)
{
	struct check_call call;

	assert(thread < r->program->nr_threads);
	checker_call(&call, c, r, thread, checker_nr_done(r, thread));
	if (!r->target->judged)
		check_report(c, r, CHECK_stuck, &call, 0, 0, "it sleeps, and no thread is left that could wake it");
	else if (!checker_may_block(c, &call))
		check_report(c, r, CHECK_stuck, &call, call.range.start, call.range.end,
		    "it sleeps, no thread is left that could wake it, and it does not wait for a system wiring to end");
}

/* Checks the outcomes that the program forbids. */
static void
check_nevers(struct checker *c, struct run *r)
{
	const struct program *p = r->program;
	const struct vm_result *results[PROGRAM_THREADS_MAX];

	run_results(r, results);
	r->target->dump(r->self, &r->state);
	for (size_t i = 0; i < p->nr_nevers; i++) {
		struct strbuf text = { 0 };

		if (!never_matches(&p->nevers[i], results, &r->state))
			continue;
		never_print(p, &p->nevers[i], &text);
		check_report(c, r, CHECK_never, NULL, 0, 0, "never line %zu of %zu forbids this outcome: %s", i + 1,
		    p->nr_nevers, strbuf_text(&text));
		strbuf_free(&text);
	}
}

void
checker_end(struct checker *c, struct run *r)
{
	assert(r->checker == c);
	if (sim_panic_text(r->sim) != NULL)
		return;
	if (r->program->nr_nevers > 0)
		check_nevers(c, r);
	for (unsigned t = 0; t < r->program->nr_threads; t++)
		if (sim_status(r->sim, t) == SIM_SLEEPING)
			checker_end_thread(c, r, t);
	if (!r->target->judged)
		return;
	if (c->now->busy)
		check_report(c, r, CHECK_marks, NULL, 0, 0, "the map is still busy at the end of the run");
	for (size_t i = 0; i < c->now->nr_runs; i++)
		if (c->now->runs[i].transition)
			check_report(c, r, CHECK_marks, NULL, c->now->runs[i].start, c->now->runs[i].end,
			    "these pages are still in transition at the end of the run");
}

void
checker_endless(struct checker *c, struct run *r)
{
	struct check_call call;

	assert(r->endless);
	checker_call(&call, c, r, SIM_INIT_THREAD, 0);
	check_report(c, r, CHECK_circle, &call, 0, 0, "it does not end, though no other thread runs");
}

/* --- the key --- */

static void
checker_key_op(const struct checker *c, unsigned thread, struct keybuf *k)
{
	const struct check_op *o = &c->ops[thread];

	keybuf_u8(k, check_is_running(c, thread));
	if (!check_is_running(c, thread))
		return;
#define KEY_NUM(name) keybuf_num(k, o->name);
#define KEY_SIGNED(name) keybuf_signed(k, o->name);
#define KEY_WORDS(name)
#define CHECK_DATUM(kind, type, name) KEY_##kind(name)
	CHECK_OP_DATA(CHECK_DATUM)
#undef CHECK_DATUM
#undef KEY_WORDS
#undef KEY_SIGNED
#undef KEY_NUM
	keybuf_num(k, o->nr_effects);
	for (size_t i = 0; i < o->nr_effects; i++) {
		const struct check_effect *e = &o->effects[i];

		keybuf_num(k, e->start);
		keybuf_num(k, e->end);
		keybuf_signed(k, e->wired);
		keybuf_signed(k, e->user);
		keybuf_signed(k, e->transition);
		keybuf_signed(k, e->mapped);
		keybuf_u8(k, (uint8_t)(e->attributes | e->others << 1 | e->others_grew << 2 | e->grown << 3));
	}
}

void
checker_key(const struct checker *c, const struct run *r, struct keybuf *k)
{
	if (!r->target->judged)
		return;
	for (unsigned t = 0; t < r->program->nr_threads; t++)
		checker_key_op(c, t, k);
	keybuf_num(k, c->tags.nr);
	for (size_t i = 0; i < c->tags.nr; i++) {
		keybuf_num(k, c->tags.tags[i].page);
		keybuf_num(k, c->tags.tags[i].tag);
	}
}
