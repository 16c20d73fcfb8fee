/* SPDX-License-Identifier: BSD-2-Clause */
/* run-open.c - opens a run: see execution.h. */
#include "harness/base/base.h"
#include "harness/run/execution.h"

#include <assert.h>
#include <string.h>

#include "harness/program/program.h"
#include "harness/run/run-step.h"
#include "harness/sim/sim.h"

static void
run_thread_body(void *arg, unsigned thread)
{
	struct run *r = arg;
	const struct program_thread *pt = &r->program->threads[thread];
	struct run_thread *rt = &r->threads[thread];

	for (unsigned i = 0; i < pt->nr_ops; i++) {
		const struct vm_op *op = &pt->ops[i];

		if (r->refs != NULL && vm_op_has_refs(op)) {
			sim_point(r->sim);
			op = run_refs_look_up(r, thread, i, &rt->results[i]);
		}
		if (op != NULL)
			rt->results[i] = r->target->apply(r->self, thread, op);
		rt->nr_done = (uint16_t)(i + 1);
	}
}

static void
run_init_body(void *arg, unsigned thread)
{
	struct run *r = arg;

	r->init_result = r->target->apply(r->self, thread, r->init_op);
}

struct vm_result
run_alone(struct run *r, const struct vm_op *op)
{
	uint64_t steps = 0;

	assert(r->self != NULL);
	r->init_op = run_refs_look_up_alone(r, op, &r->init_result);
	if (r->init_op == NULL) {
		run_refs_keep(r, op, &r->init_result);
		return r->init_result;
	}
	sim_begin_init(r->sim, run_init_body, r);
	while (sim_enabled(r->sim) != 0 && steps++ < RUN_ALONE_STEPS_MAX)
		run_step_here(r, SIM_INIT_THREAD);
	r->endless = sim_enabled(r->sim) != 0;
	if (r->endless && r->checker != NULL)
		checker_endless(r->checker, r);
	if (sim_unfinished(r->sim) != 0 || run_panic(r) != NULL)
		return (struct vm_result){ .outcome = VM_OUTCOME_BLOCKED };
	run_refs_keep(r, op, &r->init_result);
	return r->init_result;
}

/*
 * Compares the result and state of an init or final step with what it expects. False: *out has the difference, and
 * r->differs, r->want and r->got are set.
 */
static bool
run_step_as_expected(struct run *r, const struct program_step *s, const struct vm_result *got, struct strbuf *out)
{
	r->differs = NULL;
	if (s->has_result) {
		strbuf_clear(&r->want);
		strbuf_clear(&r->got);
		vmt_print_result(&s->op, &s->result, &r->want);
		vmt_print_result(&s->op, got, &r->got);
		r->differs = strcmp(strbuf_text(&r->want), strbuf_text(&r->got)) != 0 ? "result" : NULL;
	}
	if (r->differs == NULL && s->state != NULL) {
		strbuf_clear(&r->want);
		strbuf_clear(&r->got);
		strbuf_add(&r->want, s->state);
		r->target->dump(r->self, &r->state);
		state_print(&r->state, &r->got);
		r->differs = strcmp(strbuf_text(&r->want), strbuf_text(&r->got)) != 0 ? "state" : NULL;
	}
	if (r->differs != NULL)
		strbuf_printf(out, "expected %s %s, got %s", r->differs, strbuf_text(&r->want), strbuf_text(&r->got));
	return r->differs == NULL;
}

static bool
run_init_steps(struct run *r)
{
	const struct program *p = r->program;

	for (size_t i = 0; i < p->nr_init; i++) {
		struct vm_result got;

		r->init_index = (unsigned)i;
		got = run_alone(r, &p->init[i].op);
		r->error_line = p->init[i].line;
		if (run_panic(r) != NULL) {
			strbuf_printf(&r->error, "panic: %s", run_panic(r));
			return false;
		}
		if (r->endless) {
			strbuf_add(&r->error, "init step does not end, though no other thread runs");
			return false;
		}
		if (!run_step_as_expected(r, &p->init[i], &got, &r->error))
			return false;
		if (got.outcome == VM_OUTCOME_BLOCKED && (i + 1 < p->nr_init || p->nr_threads > 0)) {
			strbuf_add(&r->error, "init step blocks for ever: no step can run after it");
			return false;
		}
	}
	r->error_line = 0;
	return true;
}

/* The code of an init step that fails unexpectedly; "" if its range is outside of the map; NULL: it needs no note. */
static const char *
run_note(const struct program *p, const struct program_step *s, const struct vm_result *got)
{
	const struct vm_op_desc *d = &vm_op_table[s->op.code];
	bool ranged = op_takes_range(s->op.code) && !vm_op_has_refs(&s->op);

	if (s->has_result || got->outcome != VM_OUTCOME_DONE || d->result == VM_RESULT_BOOL)
		return NULL;
	if (got->code != KERN_SUCCESS)
		return vm_kern_name(got->code);
	if (ranged && s->op.start < s->op.end && (s->op.start >= p->config.max || s->op.end <= p->config.min))
		return "";
	return NULL;
}

void
run_init_notes(
    const char *path, const struct program *p, const struct vm_target *t, struct sim *sim, struct strbuf *out)
{
	struct program bare = *p;
	struct run r = { 0 };

	assert(path != NULL);
	bare.nr_init = 0;
	if (p->nr_init == 0 || run_refusal(p, t) != NULL)
		return;
	if (run_open(&r, &bare, t, sim) == RUN_OPENED) {
		for (size_t i = 0; i < p->nr_init; i++) {
			struct vm_result got = run_alone(&r, &p->init[i].op);
			const char *code = run_note(p, &p->init[i], &got);

			if (got.outcome == VM_OUTCOME_BLOCKED)
				break; /* opening the program reports it */
			if (code == NULL)
				continue;
			strbuf_printf(out, "%s:%u: init ", escape_path(path), p->init[i].line);
			vmt_print_op(&p->init[i].op, out);
			if (code[0] != '\0')
				strbuf_printf(out, " failed: %s", code);
			else
				strbuf_add(out, " did nothing: the map has none of its pages");
			edges_print_after(got.edges, out);
			strbuf_addc(out, '\n');
		}
	}
	run_close(&r);
}

const char *
run_refusal(const struct program *p, const struct vm_target *t)
{
	const char *why = target_config_reason(t, &p->config);

	if (t->sequential && p->nr_threads > 0)
		return "sequential programs only";
	for (size_t i = 0; i < p->nr_init && why == NULL; i++)
		why = target_op_reason(t, &p->config, &p->init[i].op);
	for (size_t i = 0; i < p->nr_final && why == NULL; i++)
		why = target_op_reason(t, &p->config, &p->final[i].op);
	for (unsigned th = 0; th < p->nr_threads; th++)
		for (unsigned i = 0; i < p->threads[th].nr_ops && why == NULL; i++)
			why = target_op_reason(t, &p->config, &p->threads[th].ops[i]);
	return why;
}

enum run_open_result
run_open(struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim)
{
	return run_open_checked(r, p, t, sim, NULL);
}

static enum run_open_result
run_open_any(struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim, struct checker *c)
{
	const char *why;

	assert(p != NULL && t != NULL && sim != NULL);
	/* Leaves the results of threads uncleared: they are 24 KiB, which takes too long for each input of a fuzzer. */
	memset(r, 0, offsetof(struct run, threads));
	for (unsigned i = 0; i < PROGRAM_THREADS_MAX; i++)
		r->threads[i].nr_done = 0;
	r->checker = c;
	r->program = p;
	r->target = t;
	r->sim = sim;
	why = run_refusal(p, t);
	if (why != NULL) {
		strbuf_printf(&r->error, "target %s cannot run this: %s", t->name, why);
		return RUN_UNSUPPORTED;
	}
	sim_watch_steps(sim, p->config.max - p->config.min);
	r->self = t->create(&p->config, sim);
	if (r->self == NULL)
		memory_out("an instance of the target");
	if (t->program != NULL)
		t->program(r->self, p);
	run_refs_open(r);
	if (c != NULL)
		checker_open(c, r);
	if (!run_init_steps(r))
		return RUN_INIT_FAILED;
	if (c != NULL)
		checker_saved(c);
	return RUN_OPENED;
}

enum run_open_result
run_open_checked(struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim, struct checker *c)
{
	enum run_open_result result = run_open_any(r, p, t, sim, c);

	if (result == RUN_OPENED && !t->save(r->self))
		memory_out("the state after the init steps");
	return result;
}

enum run_open_result
run_open_once(struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim, struct checker *c)
{
	enum run_open_result result = run_open_any(r, p, t, sim, c);

	r->once = true;
	return result;
}

void
run_close(struct run *r)
{
	if (r->self != NULL)
		r->target->destroy(r->self);
	run_refs_close(r);
	state_free(&r->state);
	strbuf_free(&r->error);
	strbuf_free(&r->want);
	strbuf_free(&r->got);
	r->self = NULL;
}

static _Atomic uint64_t own_counter;
_Atomic uint64_t *heartbeat_counter = &own_counter;

void
run_begin(struct run *r)
{
	assert(r->self != NULL);
	heartbeat();
	if (!r->once)
		r->target->restore(r->self);
	assert(!r->once || !r->begun);
	r->begun = true;
	for (unsigned i = 0; i < r->program->nr_threads; i++)
		r->threads[i].nr_done = 0;
	run_refs_begin(r);
	sim_begin(r->sim, r->program->nr_threads, run_thread_body, r);
	if (r->checker != NULL)
		checker_begin(r->checker);
}

void
run_step(struct run *r, unsigned thread)
{
	assert(r->begun && thread < r->program->nr_threads);
	run_step_here(r, thread);
}

void
run_key(struct run *r, struct keybuf *k)
{
	unsigned nr = r->program->nr_threads;

	assert(r->self != NULL && r->target->key != NULL);
	for (const char *c = run_panic(r); c != NULL && *c != '\0'; c++)
		keybuf_u8(k, (uint8_t)*c);
	keybuf_u8(k, 0);
	for (unsigned t = 0; t < nr; t++) {
		const struct run_thread *rt = &r->threads[t];

		keybuf_u8(k, (uint8_t)rt->nr_done);
		keybuf_u8(k, (uint8_t)(sim_status(r->sim, t) << 4 | sim_fresh(r->sim, t)));
		keybuf_num(k, sim_channel(r->sim, t));
		if (r->refs != NULL && rt->nr_done < r->program->threads[t].nr_ops)
			keybuf_u8(k, run_op_waits(r, t, rt->nr_done));
		for (unsigned i = 0; i < rt->nr_done; i++) {
			keybuf_u8(k, (uint8_t)rt->results[i].code);
			keybuf_num(k, rt->results[i].value);
		}
	}
	r->target->key(r->self, nr, k);
	if (r->checker != NULL)
		checker_key(r->checker, r, k);
}

void
run_outcome(struct run *r, struct strbuf *out)
{
	const struct vm_result *results[PROGRAM_THREADS_MAX];

	assert(r->self != NULL);
	run_results(r, results);
	r->target->dump(r->self, &r->state);
	vmt_print_outcome(r->program, results, &r->state, sim_unfinished(r->sim) != 0, out);
	if (run_panic(r) != NULL)
		strbuf_printf(out, " | PANIC(%s)", run_panic(r));
}

bool
run_final(struct run *r, struct strbuf *out)
{
	return run_final_each(r, NULL, NULL, out);
}

bool
run_final_each(struct run *r, run_final_fn *each, void *arg, struct strbuf *out)
{
	const struct program *p = r->program;

	assert(r->self != NULL);
	if (run_panic(r) != NULL)
		return true; /* no thread finished, and the dead one may hold locks */
	r->init_is_final = true;
	for (size_t i = 0; i < p->nr_final; i++) {
		struct vm_result got;

		r->init_index = (unsigned)i;
		got = run_alone(r, &p->final[i].op);
		r->error_line = p->final[i].line;
		if (each != NULL)
			each(arg, r, i, &got);
		if (run_panic(r) != NULL) {
			strbuf_printf(out, "panic: %s (final step at line %u)", run_panic(r), p->final[i].line);
			return false;
		}
		if (!run_step_as_expected(r, &p->final[i], &got, out)) {
			strbuf_printf(out, " (final step at line %u)", p->final[i].line);
			return false;
		}
		if (got.outcome == VM_OUTCOME_BLOCKED) {
			strbuf_printf(out, "the final step at line %u %s", p->final[i].line,
			    r->endless ? "does not end" : "blocks for ever");
			return false;
		}
	}
	return true;
}
