/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bugs-loops.c - the code of each engine of bug-engines.def in the process of a trial. Each loop ends at its first
 * finding.
 */
#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "harness/expect/expect.h"
#include "harness/explore/explore.h"
#include "harness/gen/gen.h"
#include "harness/hunt/hunt.h"
#include "stress/stress-main.h"
#include "tools/bugs.h"

#define STATES_MAX 50000    /* limit for one program */
#define STILL_SECONDS_MAX 5 /* processor seconds without a new state, after which a step counts as endless */
#define STATES_OF_A_BEAT 256
#define STRESS_HANG_S "3"

struct loop {
	const struct bugs_trial *trial;
	struct bugs_shared *shared;
	struct sim *sim;
	volatile int stop; /* stops the exploration of the present program */
	uint64_t nr_states;
};

/* Records a finding of the trial; only the first one counts. */
static void
loop_found(struct loop *l, const char *check, const char *text)
{
	struct bugs_shared *s = l->shared;

	if (s->found)
		return;
	(void)strlcpy(s->check, check, sizeof(s->check));
	(void)strlcpy(s->text, text, sizeof(s->text));
	s->found_at = clock_processor_seconds(0);
	s->found = true;
}

/*
 * Notes progress. An endless step is a panic of its run (sim-watch.h). Where steps are not watched, as with
 * ThreadSanitizer, SIGPROF ends the process.
 */
static void
loop_beat(void)
{
	struct itimerval timer = { .it_value.tv_sec = STILL_SECONDS_MAX };

	(void)setitimer(ITIMER_PROF, &timer, NULL);
}

/* Counts a program. */
static void
loop_begin_program(struct loop *l)
{
	loop_beat();
	l->shared->programs++;
}

static bool
loop_is_over(const struct loop *l)
{
	return l->shared->found || clock_processor_seconds(0) >= l->trial->seconds;
}

/* --- explore, twin --- */

/* Records the checker's first finding, if there is one. */
static void
loop_found_finding(struct loop *l, const struct finding *f)
{
	char label[FINDING_TEXT_MAX];

	loop_found(l, finding_label(f, label), f->text);
}

/* Stops the exploration at the first finding. */
static bool
loop_stop_at_finding(void *arg, struct run *r)
{
	struct loop *l = arg;
	const struct finding *f = r->checker != NULL ? checker_first(r->checker) : NULL;

	if (++l->nr_states % STATES_OF_A_BEAT == 0)
		loop_beat();
	if (f != NULL)
		loop_found_finding(l, f);
	l->stop = f != NULL;
	return false;
}

/* Explores @p, with checker @c if it is not NULL. False: its init steps do not end. */
static bool
loop_explore_program(struct loop *l, const struct program *p, struct checker *c, struct explore_result *x)
{
	struct explore_options o = {
		.states_max = STATES_MAX, .on_state = loop_stop_at_finding, .on_state_arg = l, .stop = &l->stop
	};
	struct run r;
	bool opened = run_open_checked(&r, p, &target_engine, l->sim, c) == RUN_OPENED;

	*x = (struct explore_result){ 0 };
	if (opened)
		explore(&r, &o, x);
	run_close(&r);
	l->shared->transitions += x->steps;
	return opened;
}

/* The first seed of a trial: it runs the programs that wirestorm gen makes of this and the next seeds. */
static uint64_t
loop_first_program(const struct bugs_trial *t)
{
	return t->seed * 1000000000;
}

static void
loop_draw_program(struct loop *l, uint64_t number, struct program *p)
{
	random_concurrent(&(struct random_params){ .seed = number }, p);
	p->config.mutant = vm_mutant_table[l->trial->mutant].name;
	(void)snprintf(l->shared->where, sizeof(l->shared->where), "gen --seed %llu", (unsigned long long)number);
	loop_begin_program(l);
}

static void
loop_explore_loop(struct loop *l)
{
	struct checker c = { 0 };

	for (uint64_t n = loop_first_program(l->trial); !loop_is_over(l); n++) {
		const struct explore_finding *f;
		struct explore_result x;
		struct program p;
		bool opened;

		loop_draw_program(l, n, &p);
		opened = loop_explore_program(l, &p, &c, &x);
		f = explore_first_finding(&x);
		if (f != NULL)
			loop_found_finding(l, &f->f);
		else if (checker_first(&c) != NULL)
			loop_found_finding(l, checker_first(&c));
		else if (!opened)
			loop_found(l, "init", "an init step does not end");
		explore_result_free(&x);
		program_free(&p);
	}
	checker_free(&c);
}

/* Records the first outcome that only one of the two engines has. */
static void
loop_compare_outcomes(struct loop *l, const struct explore_result *got, const struct explore_result *want)
{
	size_t i = 0;
	char text[BUGS_TEXT_MAX];

	if (got->end != EXPLORE_COMPLETE || want->end != EXPLORE_COMPLETE)
		return;
	while (
	    i < got->nr_outcomes && i < want->nr_outcomes && strcmp(got->outcomes[i].text, want->outcomes[i].text) == 0)
		i++;
	if (i == got->nr_outcomes && i == want->nr_outcomes)
		return;
	(void)snprintf(text, sizeof(text), "differs from %s",
	    i < got->nr_outcomes ? got->outcomes[i].text : want->outcomes[i].text);
	loop_found(l, "outcomes", text);
}

static void
loop_twin_loop(struct loop *l)
{
	for (uint64_t n = loop_first_program(l->trial); !loop_is_over(l); n++) {
		struct explore_result got, want;
		struct program p;
		bool good;

		loop_draw_program(l, n, &p);
		good = loop_explore_program(l, &p, NULL, &got);
		p.config.mutant = NULL;
		if (loop_explore_program(l, &p, NULL, &want) && good)
			loop_compare_outcomes(l, &got, &want);
		else if (!good)
			loop_found(l, "init", "an init step does not end");
		explore_result_free(&got);
		explore_result_free(&want);
		program_free(&p);
	}
}

/* --- litmus --- */

static void
loop_litmus_loop(struct loop *l)
{
	struct checkfile_options o = {
		.target = &target_engine, .mutant = vm_mutant_table[l->trial->mutant].name, .counts = true
	};
	struct inputs files = { 0 };

	if (!inputs_add(&files, l->trial->corpus, INPUTS_VMT, say_about)) {
		l->shared->failed = true;
		return;
	}
	for (size_t i = 0; i < files.nr && !loop_is_over(l); i++) {
		struct checkfile_report report;
		struct strbuf text = { 0 };

		(void)strlcpy(l->shared->where, files.names[i], sizeof(l->shared->where));
		loop_begin_program(l);
		report = checkfile(files.names[i], &o, l->sim, &text);
		l->shared->transitions += report.steps;
		if (report.status == CHECKFILE_FAILED)
			loop_found(l, "outcomes", strbuf_text(&text));
		else if (report.status != CHECKFILE_PASSED)
			l->shared->failed = true;
		strbuf_free(&text);
	}
	inputs_free(&files);
}

/* --- hunt --- */

static void
loop_hunt_progress(void *arg, const struct hunt_report *r)
{
	struct loop *l = arg;

	l->shared->programs = r->programs;
	l->shared->transitions = r->steps;
}

/* Stops the hunt at the first finding. */
static void
loop_hunt_finding(void *arg, const struct hunt_finding *f)
{
	struct loop *l = arg;
	struct bugs_shared *s = l->shared;

	l->stop = 1;
	if (s->found)
		return;
	/* The file name is NNN-CHECK-RETURN. */
	(void)strlcpy(s->check, f->name + strcspn(f->name, "-") + 1, sizeof(s->check));
	s->check[strcspn(s->check, "-.")] = '\0';
	(void)strlcpy(s->text, f->line, sizeof(s->text));
	(void)strlcpy(s->where, "hunt", sizeof(s->where));
	s->found = true;
}

static void
loop_hunt_loop(struct loop *l)
{
	struct hunt_options o = {
		.limits = { .target = &target_engine,
		    .threads_min = 2,
		    .threads_max = 4,
		    .ops_max = RANDOM_OPS_DEFAULT },
		.mutant = vm_mutant_table[l->trial->mutant].name,
		.seed = l->trial->seed,
		.processor = l->trial->seconds,
		.jobs = 1,
		.stop = &l->stop,
		.on_finding = loop_hunt_finding,
		.progress = loop_hunt_progress,
		.arg = l,
	};
	struct hunt_report report;

	l->shared->failed = !hunt(&o, &report);
	if (!l->shared->failed)
		loop_hunt_progress(l, &report);
	if (!l->shared->failed)
		hunt_report_free(&report);
}

/* --- fuzz_sched --- */

/* Becomes the fuzzer, which starts with an empty corpus. */
static void
loop_fuzz_loop(struct loop *l)
{
	char seconds[40], seed[40];

	if (l->trial->mutant != VM_MUTANT_none)
		(void)setenv("WS_FUZZ_MUTANT", bugs_mutant_name(l->trial->mutant), 1);
	(void)snprintf(seconds, sizeof(seconds), "-max_total_time=%.0f", l->trial->seconds < 1 ? 1 : l->trial->seconds);
	(void)snprintf(seed, sizeof(seed), "-seed=%llu", (unsigned long long)l->trial->seed);
	(void)execl(l->trial->fuzzer, l->trial->fuzzer, seconds, seed, "-timeout=25", "-max_len=512",
	    "-print_final_stats=1", "-exact_artifact_path=/dev/null", (char *)NULL);
	err(EXIT_USAGE, "%s", l->trial->fuzzer);
}

/* --- stress --- */

static void
loop_stress_loop(struct loop *l)
{
	char seconds[24], seed[24];
	const char *mutant = vm_mutant_table[l->trial->mutant].name;
	const char *words[] = { "stress", "--json", "--threads", "4", "--hang-s", STRESS_HANG_S, "--window", "",
		"--target", target_engine.name, "--seconds", seconds, "--seed", seed,
		mutant == NULL ? NULL : "--mutant", mutant, NULL };
	char *argv[sizeof(words) / sizeof(words[0])] = { NULL };
	int argc = 0;

	(void)snprintf(seconds, sizeof(seconds), "%.0f", l->trial->seconds < 1 ? 1 : l->trial->seconds);
	(void)snprintf(seed, sizeof(seed), "%llu", (unsigned long long)l->trial->seed);
	for (; words[argc] != NULL; argc++)
		argv[argc] = memory_text(words[argc], "the arguments");
	exit(stress_main(argc, argv)); /* a thread that hangs is still running, so the process has to exit */
}

void
bugs_loop(const struct bugs_trial *t, struct bugs_shared *s)
{
	struct loop l = { .trial = t, .shared = s };

	assert(t->engine < BUGS_ENGINE_END && !s->found);
	if (t->engine == BUGS_ENGINE_hunt)
		loop_hunt_loop(&l);
	if (t->engine == BUGS_ENGINE_stress)
		loop_stress_loop(&l);
	if (t->engine == BUGS_ENGINE_fuzz_sched)
		loop_fuzz_loop(&l);
	if (t->engine == BUGS_ENGINE_hunt || bugs_engine_table[t->engine].clock)
		return;
	l.sim = sim_create();
	switch (t->engine) {
	case BUGS_ENGINE_explore:
		loop_explore_loop(&l);
		break;
	case BUGS_ENGINE_twin:
		loop_twin_loop(&l);
		break;
	case BUGS_ENGINE_litmus:
		loop_litmus_loop(&l);
		break;
	case BUGS_ENGINE_hunt:
	case BUGS_ENGINE_stress:
	case BUGS_ENGINE_fuzz_sched:
	case BUGS_ENGINE_END:
		break;
	}
	sim_destroy(l.sim);
}
