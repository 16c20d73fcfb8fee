/* SPDX-License-Identifier: BSD-2-Clause */
/* bench-corpus.c - benches over programs of a directory (exploring, resetting) and over random bytes (decoding). */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "tools/bench.h"

struct corpus {
	size_t nr;
	struct program *programs; /* the programs with threads */
};

static void
bench_unload(struct corpus *c)
{
	for (size_t i = 0; i < c->nr; i++)
		program_free(&c->programs[i]);
	free(c->programs);
}

static struct corpus
bench_load(const char *path)
{
	struct inputs files = { 0 };
	struct corpus c = { 0 };

	if (!inputs_add(&files, path, INPUTS_VMT, say_about))
		exit(EXIT_USAGE);
	c.programs = memory_new(files.nr + 1, sizeof(*c.programs), "the programs");
	for (size_t i = 0; i < files.nr; i++) {
		if (!vmt_read(files.names[i], &c.programs[c.nr]))
			exit(EXIT_USAGE);
		if (c.programs[c.nr].nr_threads > 0)
			c.nr++;
		else
			program_free(&c.programs[c.nr]);
	}
	inputs_free(&files);
	if (c.nr == 0) {
		bench_unload(&c);
		errx(EXIT_USAGE, "%s: no program with threads", path);
	}
	return c;
}

static void
bench_open_run(struct run *r, const struct program *p, struct sim *sim)
{
	if (run_open(r, p, &target_engine, sim) != RUN_OPENED)
		errx(EXIT_USAGE, "%s", strbuf_text(&r->error));
}

int
bench_explore(const struct bench_options *o, struct bench_report *report)
{
	struct corpus c = bench_load(o->corpus);
	struct sim *sim = sim_create();
	double start = bench_now(), spent, schedules = 0;
	uint64_t states = 0, transitions = 0, steps = 0, rounds = 0;

	do {
		for (size_t i = 0; i < c.nr; i++) {
			const struct explore_options options = { 0 };
			struct explore_result x;
			struct run r;

			bench_open_run(&r, &c.programs[i], sim);
			explore(&r, &options, &x);
			states += x.states;
			transitions += x.transitions;
			steps += x.steps;
			schedules += (double)x.schedules;
			explore_result_free(&x);
			run_close(&r);
		}
		rounds++;
		spent = bench_now() - start;
	} while (spent < o->seconds && cli_stop == 0);
	bench_figure(report, "programs", (double)c.nr);
	bench_figure(report, "seconds_per_round", spent / (double)rounds);
	bench_figure(report, "states_per_s", (double)states / spent);
	bench_figure(report, "transitions_per_s", (double)transitions / spent);
	bench_figure(report, "steps_per_transition", (double)steps / (double)transitions);
	bench_figure(report, "schedules_covered_per_s", schedules / spent);
	sim_destroy(sim);
	bench_unload(&c);
	return EXIT_OK;
}

int
bench_reset(const struct bench_options *o, struct bench_report *report)
{
	struct corpus c = bench_load(o->corpus);
	struct sim *sim = sim_create();
	double spent = 0;
	uint64_t resets = 0;

	for (size_t i = 0; i < c.nr && cli_stop == 0; i++) {
		double start, until = o->seconds / (double)c.nr;
		struct run r;

		bench_open_run(&r, &c.programs[i], sim);
		start = bench_now();
		do {
			for (unsigned n = 0; n < 256; n++)
				run_begin(&r);
			resets += 256;
		} while (bench_now() - start < until);
		spent += bench_now() - start;
		run_close(&r);
	}
	bench_figure(report, "reset_ns", spent * 1e9 / (double)resets);
	sim_destroy(sim);
	bench_unload(&c);
	return EXIT_OK;
}

int
bench_decode(const struct bench_options *o, struct bench_report *report)
{
	struct prng prng = { o->seed };
	uint64_t inputs = 0, nr_bytes = 0, ops = 0;
	double start = bench_now(), spent;
	uint8_t bytes[256];

	do {
		for (unsigned n = 0; n < 256; n++) {
			size_t len = 16 + prng_below(&prng, sizeof(bytes) - 16);
			struct program p;

			for (size_t i = 0; i < len; i++)
				bytes[i] = (uint8_t)prng_next(&prng);
			bytes_decode(bytes, len, &p);
			ops += p.nr_init;
			for (unsigned t = 0; t < p.nr_threads; t++)
				ops += p.threads[t].nr_ops;
			nr_bytes += len;
			program_free(&p);
		}
		inputs += 256;
		spent = bench_now() - start;
	} while (spent < o->seconds && cli_stop == 0);
	bench_figure(report, "inputs_per_s", (double)inputs / spent);
	bench_figure(report, "us_per_input", spent * 1e6 / (double)inputs);
	bench_figure(report, "ns_per_byte", spent * 1e9 / (double)nr_bytes);
	bench_figure(report, "ops_per_input", (double)ops / (double)inputs);
	return EXIT_OK;
}
