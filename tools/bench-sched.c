/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-sched.c - the scheduler loop: each of T threads locks, increments and unlocks N times on one map lock of the
 * engine, which makes T * N scheduling points. The target is as small as possible, so that the figure is that of the
 * simulated world.
 */
#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/map.h"
#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "harness/explore/explore.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"
#include "tools/bench.h"

struct counter {
	struct vm_map *map; /* for its lock */
	uint64_t value, saved;
	struct vm_thread threads[SIM_FIBERS_MAX];
};

static void
counter_destroy(void *self)
{
	struct counter *c = self;

	vm_map_destroy(c->map);
	free(c);
}

static void *
counter_create(const struct program_config *cfg, struct sim *sim)
{
	struct counter *c = memory_new(1, sizeof(*c), "an instance of the target");

	c->map = vm_map_create(&(struct vm_config){
	    .env = &vm_env_sim, .min = cfg->min << VM_PAGE_SHIFT, .max = cfg->max << VM_PAGE_SHIFT });
	if (c->map == NULL) {
		free(c);
		return NULL;
	}
	for (unsigned i = 0; i < SIM_FIBERS_MAX; i++)
		c->threads[i] = (struct vm_thread){ .id = i, .env = &vm_env_sim, .world = sim };
	return c;
}

static bool
counter_save(void *self)
{
	struct counter *c = self;

	c->saved = c->value;
	return true;
}

static void
counter_restore(void *self)
{
	struct counter *c = self;

	c->value = c->saved;
}

static struct vm_result
counter_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct counter *c = self;

	(void)op;
	vm_curthread = &c->threads[thread];
	vm_map_lock(c->map);
	c->value++;
	vm_map_unlock(c->map);
	return (struct vm_result){ .outcome = VM_OUTCOME_DONE };
}

static void
counter_dump(void *self, struct vm_state *out)
{
	struct counter *c = self;

	state_clear(out);
	out->user_wired = (int64_t)c->value;
}

static void
counter_key(void *self, unsigned nr_threads, struct keybuf *k)
{
	struct counter *c = self;

	(void)nr_threads;
	keybuf_num(k, c->value);
}

static const struct vm_target target_counter = {
	VM_TARGET_INIT,
	.name = "counter",
	.summary = "lock, increment, unlock",
	.create = counter_create,
	.destroy = counter_destroy,
	.save = counter_save,
	.restore = counter_restore,
	.apply = counter_apply,
	.dump = counter_dump,
	.key = counter_key,
};

static void
bench_measure_strategy(
    const struct strategy *strategy, const struct bench_options *o, struct run *r, struct bench_report *report)
{
	uint64_t executions = 0, steps = 0;
	struct strategy_view view;
	double start, spent;

	strategy_view_init(&view, r);
	start = bench_now();
	do {
		for (unsigned i = 0; i < 1024; i++)
			steps += strategy->function(r, &view, o->seed + executions++, NULL, NULL);
		spent = bench_now() - start;
	} while (spent < o->seconds && cli_stop == 0);
	bench_figure(report, "executions_per_s", (double)executions / spent);
	bench_figure(report, "steps_per_execution", (double)steps / (double)executions);
	bench_figure(report, "ns_per_step", spent * 1e9 / (double)steps);
	strategy_view_free(&view);
}

static void
bench_measure_explore(struct run *r, struct bench_report *report)
{
	const struct explore_options options = { 0 };
	struct explore_result x;
	double start = bench_now();

	explore(r, &options, &x);
	bench_figure(report, "ms", (bench_now() - start) * 1e3);
	bench_figure(report, "complete", x.end == EXPLORE_COMPLETE && !x.livelock);
	bench_figure(report, "states", (double)x.states);
	bench_figure(report, "transitions", (double)x.transitions);
	bench_figure(report, "schedules", (double)x.schedules);
	explore_result_free(&x);
}

int
bench_sched(const struct bench_options *o, struct bench_report *report)
{
	const struct strategy *strategy;
	struct sim *sim = sim_create();
	struct program p;
	struct run r;

	assert(o->threads > 0 && o->threads <= PROGRAM_THREADS_MAX && o->ops <= PROGRAM_OPS_MAX);
	program_init(&p);
	p.threads = memory_new(o->threads, sizeof(*p.threads), "the program");
	p.nr_threads = o->threads;
	for (unsigned t = 0; t < o->threads; t++) {
		p.threads[t].nr_ops = o->ops;
		for (unsigned i = 0; i < o->ops; i++)
			p.threads[t].ops[i] = (struct vm_op){ .code = VM_OP_clip };
	}
	if (run_open(&r, &p, &target_counter, sim) != RUN_OPENED)
		errx(EXIT_USAGE, "%s", strbuf_text(&r.error));
	strategy = strategy_find(o->strategy);
	if (strategy != NULL)
		bench_measure_strategy(strategy, o, &r, report);
	else
		bench_measure_explore(&r, report);
	run_close(&r);
	program_free(&p);
	sim_destroy(sim);
	return EXIT_OK;
}
