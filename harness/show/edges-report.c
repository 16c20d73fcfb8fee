/* SPDX-License-Identifier: BSD-2-Clause */
/* edges-report.c - see edges-report.h. */
#include "harness/show/edges-report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/show/edges-watch.h"

#define THREADS_BITS 8 /* a size is the number of operations, shifted by this, plus the number of threads */

bool
edges_report_invalid(enum vm_edge edge)
{
	return vm_edge_table[edge].code == KERN_INVALID_ADDRESS || vm_edge_table[edge].code == VM_EDGE_VERBATIM;
}

static uint64_t
edges_report_size_of(const struct program *p)
{
	uint64_t ops = p->nr_init + p->nr_final;

	for (unsigned t = 0; t < p->nr_threads; t++)
		ops += p->threads[t].nr_ops;
	return ops << THREADS_BITS | p->nr_threads;
}

/* --- one program --- */

static void
edges_report_add_counts(
    struct edges_report *e, const struct edges_counts *seen, const struct program *p, const char *name)
{
	uint64_t size = edges_report_size_of(p);

	for (unsigned i = 0; i < VM_EDGE_COUNT; i++) {
		struct edges_row *row = &e->rows[i];

		if (seen->times[i] == 0)
			continue;
		row->times += seen->times[i];
		row->invalid += seen->invalid[i];
		row->programs++;
		if (row->program != NULL && row->size <= size)
			continue;
		free(row->program);
		row->program = memory_text(name, "the edges");
		row->size = size;
	}
}

/* The findings of one program, as sets of edges. */
struct found {
	uint64_t found, quirks; /* quirks: a quirk explains the finding */
};

static void
edges_report_take_finding(struct edges_report *e, const struct finding *f, struct found *all)
{
	*(f->quirk ? &all->quirks : &all->found) |= f->edges;
	e->findings += !f->quirk;
}

static void
edges_report_add_findings(struct edges_report *e, const struct found *all)
{
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++) {
		e->rows[i].found += all->found >> i & 1;
		e->rows[i].quirks += (all->quirks & ~all->found) >> i & 1;
	}
}

static void
edges_report_explore_threads(struct edges_report *e, struct run *r)
{
	struct explore_result x;
	struct found all = { 0 };

	explore(r, e->options, &x);
	e->nr_cut += x.end != EXPLORE_COMPLETE;
	e->states += x.states;
	e->schedules =
	    x.overflow || x.schedules > UINT64_MAX - e->schedules ? UINT64_MAX : e->schedules + (uint64_t)x.schedules;
	for (size_t i = 0; i < x.nr_findings; i++)
		edges_report_take_finding(e, &x.findings[i].f, &all);
	edges_report_add_findings(e, &all);
	explore_result_free(&x);
}

static void
edges_report_run_alone_judged(struct edges_report *e, struct run *r)
{
	const struct checker *c = r->checker;
	struct strbuf wrong = { 0 };
	struct found all = { 0 };

	(void)run_final(r, &wrong);
	for (size_t i = 0; i < c->nr_findings; i++)
		edges_report_take_finding(e, &c->findings[i], &all);
	edges_report_add_findings(e, &all);
	strbuf_free(&wrong);
}

bool
edges_report_add(
    struct edges_report *e, const struct program *p, const char *name, struct sim *sim, struct strbuf *error)
{
	struct checker checker = { 0 };
	enum run_open_result opened;
	struct run r;

	assert(e->target != NULL && e->options != NULL);
	if (p->config.mutant != NULL) {
		e->nr_mutants++;
		return true;
	}
	opened = run_open_checked(&r, p, edges_watch_target(e->target, &checker), sim, &checker);
	if (opened == RUN_OPENED) {
		if (p->nr_threads > 0)
			edges_report_explore_threads(e, &r);
		else
			edges_report_run_alone_judged(e, &r);
		edges_report_add_counts(e, &edges_watch_of(&r)->seen, p, name);
		e->nr_programs++;
	} else if (opened == RUN_UNSUPPORTED) {
		e->nr_refused++;
	} else {
		strbuf_add(error, strbuf_text(&r.error));
	}
	run_close(&r);
	checker_free(&checker);
	return opened == RUN_OPENED || opened == RUN_UNSUPPORTED;
}

/* --- witnesses --- */

/* The goal: a thread has an earlier operation that passed the edge, whose bit is *arg. */
static bool
edges_report_is_goal(void *arg, struct run *r)
{
	const uint64_t *bit = arg;
	const struct edges_watch *w = edges_watch_of(r);

	for (unsigned t = 0; t < r->program->nr_threads; t++)
		if ((w->now[t] & *bit) != 0)
			return true;
	return false;
}

static void
edges_report_find_way(struct edges_report *e, struct edges_row *row, struct run *r, unsigned edge)
{
	uint64_t bit = (uint64_t)1 << edge;
	struct explore_options options = *e->options;
	struct strbuf schedule = { 0 };
	struct explore_result x;

	options.on_state = edges_report_is_goal;
	options.on_state_arg = &bit;
	explore(r, &options, &x);
	row->part = EDGES_FINAL;
	if (schedule_exists(&x.goal)) {
		row->part = EDGES_THREADS;
		row->preemptions = x.goal.preemptions;
		schedule_print(&x.goal, &schedule);
		free(row->schedule);
		row->schedule = strbuf_take(&schedule);
	}
	explore_result_free(&x);
	assert(row->part == EDGES_FINAL || row->schedule != NULL);
}

void
edges_report_witness(struct edges_report *e, const struct program *p, const char *name, struct sim *sim)
{
	struct checker checker = { 0 };
	struct run r;

	assert(name[0] != '\0');
	if (run_open_checked(&r, p, edges_watch_target(e->target, &checker), sim, &checker) == RUN_OPENED) {
		uint64_t init = edges_watch_of(&r)->now[SIM_INIT_THREAD];

		for (unsigned i = 0; i < VM_EDGE_COUNT; i++) {
			struct edges_row *row = &e->rows[i];

			if (row->program == NULL || strcmp(row->program, name) != 0 || row->part != EDGES_NOWHERE)
				continue;
			if ((init >> i & 1) != 0)
				row->part = EDGES_INIT;
			else if (p->nr_threads == 0)
				row->part = EDGES_FINAL;
			else
				edges_report_find_way(e, row, &r, i);
		}
	}
	run_close(&r);
	checker_free(&checker);
}

void
edges_report_free(struct edges_report *e)
{
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++) {
		free(e->rows[i].program);
		free(e->rows[i].schedule);
	}
	*e = (struct edges_report){ 0 };
}

void
edges_report_verdict(const struct edges_row *row, struct strbuf *out)
{
	if (row->found > 0)
		strbuf_printf(out, "FINDING in %" PRIu64 " program%s", row->found, plural(row->found));
	if (row->found > 0 && row->quirks > 0)
		strbuf_add(out, ", ");
	if (row->quirks > 0)
		strbuf_printf(out, "a quirk in %" PRIu64 " program%s", row->quirks, plural(row->quirks));
	if (row->found == 0 && row->quirks == 0)
		strbuf_add(out, "in order");
}
