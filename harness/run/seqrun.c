/* SPDX-License-Identifier: BSD-2-Clause */
/* seqrun.c - running and comparing sequential programs, see seqrun.h. */
#include "harness/run/seqrun.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/run/execution.h"
#include "harness/sim/sim.h"

#define SEQDIFF_ENTRIES_MAX 256

const char *
seqrun_reason(const struct vm_target *target, const struct program *p)
{
	const char *reason = target_config_reason(target, &p->config);

	if (reason == NULL && program_has_refs(p))
		reason = "results as arguments";
	for (size_t i = 0; reason == NULL && i < p->nr_init; i++)
		reason = target_op_reason(target, &p->config, &p->init[i].op);
	return reason;
}

void
seqrun_flatten(struct program *p)
{
	size_t nr = p->nr_init;

	for (unsigned t = 0; t < p->nr_threads; t++)
		nr += p->threads[t].nr_ops;
	p->init = memory_resize(p->init, nr + 1, sizeof(*p->init), "a program");
	for (unsigned t = 0; t < p->nr_threads; t++)
		for (unsigned i = 0; i < p->threads[t].nr_ops; i++)
			p->init[p->nr_init++] = (struct program_step){ .op = p->threads[t].ops[i] };
	free(p->threads);
	p->threads = NULL;
	p->nr_threads = 0;
	assert(p->nr_init == nr);
}

size_t
seqrun_trim(const struct vm_target *target, struct program *p)
{
	size_t nr = p->nr_init, kept = 0;

	for (size_t i = 0; i < nr; i++) {
		if (target_op_reason(target, &p->config, &p->init[i].op) == NULL)
			p->init[kept++] = p->init[i];
		else
			free(p->init[i].state);
	}
	p->nr_init = kept;
	assert(kept <= nr);
	return nr - kept;
}

void
seqrun_open(struct seqrun *r, const struct vm_target *target, const struct program_config *cfg, struct sim *sim)
{
	assert(target != NULL && cfg->min < cfg->max);
	*r = (struct seqrun){ .target = target, .sim = sim };
	r->self = memory_need(target->create(cfg, sim), "an instance of the target");
}

void
seqrun_close(struct seqrun *r)
{
	assert(r->self != NULL);
	r->target->destroy(r->self);
	r->self = NULL;
}

static void
seqrun_body(void *arg, unsigned thread)
{
	struct seqrun *r = arg;

	r->result = r->target->apply(r->self, thread, r->op);
}

struct vm_result
seqrun_step(struct seqrun *r, const struct vm_op *op)
{
	assert(r->self != NULL);
	r->op = op;
	r->result = (struct vm_result){ .outcome = VM_OUTCOME_BLOCKED };
	sim_begin_init(r->sim, seqrun_body, r);
	for (uint64_t n = 0; sim_status(r->sim, SIM_INIT_THREAD) == SIM_READY && n < RUN_ALONE_STEPS_MAX; n++)
		sim_step(r->sim, SIM_INIT_THREAD);
	return r->result;
}

void
seqdiff_free(struct seqdiff *d)
{
	state_free(&d->state[0]);
	state_free(&d->state[1]);
	strbuf_free(&d->text);
	strbuf_free(&d->scratch);
}

/* Appends a line of a report: "  engine  KERN_SUCCESS". */
static void
seqdiff_report_result(struct strbuf *out, const char *who, const struct vm_op *op, const struct vm_result *r)
{
	strbuf_printf(out, "  %-8s ", who);
	vmt_print_result(op, r, out);
	strbuf_addc(out, '\n');
}

static void
seqdiff_report_state(struct strbuf *out, const char *who, const struct vm_state *s)
{
	strbuf_printf(out, "  %-8s ", who);
	state_print(s, out);
	strbuf_addc(out, '\n');
}

static void
seqdiff_report_step(struct seqdiff *d, const struct vm_op *op)
{
	strbuf_printf(&d->text, "step %zu, ", d->step + 1);
	vmt_print_op(op, &d->text);
	strbuf_addc(&d->text, '\n');
}

static bool
seqdiff_invariant_holds(struct seqdiff *d, const struct seqrun *r, const struct vm_op *op)
{
	uint32_t excuse;
	const char *broken = target_check(r->target, r->self, true, &excuse);

	if (broken == NULL)
		return true;
	seqdiff_report_step(d, op);
	strbuf_printf(&d->text, "  %-8s %s\n", r->target->name, broken);
	return false;
}

static void
seqdiff_report_entries(struct strbuf *out, const char *who, const uint64_t *starts, size_t nr)
{
	strbuf_printf(out, "  %-8s entries at", who);
	for (size_t i = 0; i < nr; i++)
		strbuf_printf(out, " %" PRIu64, starts[i]);
	strbuf_addc(out, '\n');
}

/* Do both targets have entries that start at the same pages? Only the lowest entries of very many are compared. */
static bool
seqdiff_entries_equal(struct seqdiff *d, struct seqrun run[2], const struct vm_op *op)
{
	uint64_t starts[2][SEQDIFF_ENTRIES_MAX];
	size_t nr[2];

	if (run[0].target->entries == NULL || run[1].target->entries == NULL)
		return true;
	for (unsigned i = 0; i < 2; i++) {
		nr[i] = run[i].target->entries(run[i].self, starts[i], SEQDIFF_ENTRIES_MAX);
		if (nr[i] > SEQDIFF_ENTRIES_MAX)
			nr[i] = SEQDIFF_ENTRIES_MAX;
	}
	if (nr[0] == nr[1] && memcmp(starts[0], starts[1], nr[0] * sizeof(starts[0][0])) == 0)
		return true;
	seqdiff_report_step(d, op);
	for (unsigned i = 0; i < 2; i++)
		seqdiff_report_entries(&d->text, run[i].target->name, starts[i], nr[i]);
	return false;
}

/* Runs one step on both targets. *ret_blocked: no other step may follow. */
static bool
seqdiff_compare_step(struct seqdiff *d, struct seqrun run[2], const struct vm_op *op, bool *ret_blocked)
{
	struct vm_result result[2];
	bool equal;

	for (unsigned i = 0; i < 2; i++) {
		result[i] = seqrun_step(&run[i], op);
		run[i].target->dump(run[i].self, &d->state[i]);
	}
	*ret_blocked = result[0].outcome != VM_OUTCOME_DONE;
	d->nr_steps++;
	equal = vm_result_equal(&result[0], &result[1]) && state_equal(&d->state[0], &d->state[1]);
	if (equal)
		return seqdiff_entries_equal(d, run, op) &&
		       (*ret_blocked ||
		           (seqdiff_invariant_holds(d, &run[0], op) && seqdiff_invariant_holds(d, &run[1], op)));
	seqdiff_report_step(d, op);
	for (unsigned i = 0; i < 2; i++)
		seqdiff_report_result(&d->text, run[i].target->name, op, &result[i]);
	for (unsigned i = 0; i < 2; i++)
		seqdiff_report_state(&d->text, run[i].target->name, &d->state[i]);
	return false;
}

bool
seqdiff_targets(
    struct seqdiff *d, const struct vm_target *a, const struct vm_target *b, const struct program *p, struct sim *sim)
{
	struct seqrun run[2];
	bool equal = true, blocked = false;

	assert(p->nr_threads == 0);
	strbuf_clear(&d->text);
	seqrun_open(&run[0], a, &p->config, sim);
	seqrun_open(&run[1], b, &p->config, sim);
	for (d->step = 0; d->step < p->nr_init && !blocked; d->step++) {
		equal = seqdiff_compare_step(d, run, &p->init[d->step].op, &blocked);
		if (!equal)
			break;
	}
	seqrun_close(&run[0]);
	seqrun_close(&run[1]);
	return equal;
}

/* Runs one step, and compares it with what the program expects. */
static bool
seqdiff_recorded_step(struct seqdiff *d, struct seqrun *run, const struct program_step *step)
{
	struct vm_result result = seqrun_step(run, &step->op);
	bool equal;

	run->target->dump(run->self, &d->state[0]);
	strbuf_clear(&d->scratch);
	state_print(&d->state[0], &d->scratch);
	d->nr_steps++;
	equal = (!step->has_result || vm_result_equal(&result, &step->result)) &&
	        (step->state == NULL || strcmp(step->state, strbuf_text(&d->scratch)) == 0);
	if (equal)
		return result.outcome != VM_OUTCOME_DONE || seqdiff_invariant_holds(d, run, &step->op);
	seqdiff_report_step(d, &step->op);
	if (step->has_result)
		seqdiff_report_result(&d->text, "expected", &step->op, &step->result);
	seqdiff_report_result(&d->text, run->target->name, &step->op, &result);
	if (step->state != NULL)
		strbuf_printf(&d->text, "  %-8s %s\n", "expected", step->state);
	seqdiff_report_state(&d->text, run->target->name, &d->state[0]);
	return false;
}

bool
seqdiff_recorded(struct seqdiff *d, const struct vm_target *target, const struct program *p, struct sim *sim)
{
	struct seqrun run;
	bool equal = true;

	assert(p->nr_threads == 0);
	strbuf_clear(&d->text);
	seqrun_open(&run, target, &p->config, sim);
	for (d->step = 0; d->step < p->nr_init; d->step++) {
		equal = seqdiff_recorded_step(d, &run, &p->init[d->step]);
		if (!equal)
			break;
	}
	seqrun_close(&run);
	return equal;
}
