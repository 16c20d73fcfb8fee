/* SPDX-License-Identifier: BSD-2-Clause */
/* bugs-same.c - compares the engine with and without a mutant by complete explorations of both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "harness/explore/explore.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "tools/bugs.h"

#define STATES_MAX 1000000 /* limit for one program; a larger one counts as incomplete */

/* All that can be observed of a program on one engine. */
struct view {
	bool opened;
	struct strbuf steps; /* results and states of the sequential parts */
	struct explore_result x;
};

static void
same_view_free(struct view *v)
{
	strbuf_free(&v->steps);
	explore_result_free(&v->x);
}

static void
same_view_steps(struct run *r, const struct program_step *steps, size_t nr, struct strbuf *out)
{
	for (size_t i = 0; i < nr; i++) {
		struct vm_result got = run_alone(r, &steps[i].op);

		if (got.outcome == VM_OUTCOME_BLOCKED) {
			strbuf_add(out, "blocked\n");
			return;
		}
		vmt_print_result(&steps[i].op, &got, out);
		strbuf_addc(out, ' ');
		r->target->dump(r->self, &r->state);
		state_print(&r->state, out);
		strbuf_addc(out, '\n');
	}
}

static void
same_view_program(const struct program *p, enum vm_mutant mutant, struct sim *sim, struct view *v)
{
	struct explore_options o = { .states_max = STATES_MAX };
	struct program copy = *p, bare;
	struct run r;

	*v = (struct view){ 0 };
	copy.config.mutant = vm_mutant_table[mutant].name;
	copy.config.whole_key = true; /* otherwise the numbers of states cannot be compared */
	bare = copy;
	bare.nr_init = 0;
	if (run_open(&r, &bare, &target_engine, sim) == RUN_OPENED) {
		same_view_steps(&r, p->init, p->nr_init, &v->steps);
		if (p->nr_threads == 0)
			same_view_steps(&r, p->final, p->nr_final, &v->steps);
	}
	run_close(&r);
	if (p->nr_threads == 0)
		return;
	v->opened = run_open(&r, &copy, &target_engine, sim) == RUN_OPENED;
	if (v->opened)
		explore(&r, &o, &v->x);
	run_close(&r);
}

/* The first difference, as text; NULL: none. */
static const char *
same_difference(const struct view *a, const struct view *b)
{
	if (strcmp(strbuf_text(&a->steps), strbuf_text(&b->steps)) != 0)
		return "the sequential steps";
	if (a->opened != b->opened)
		return "the init steps";
	if (a->x.nr_outcomes != b->x.nr_outcomes)
		return "the number of outcomes";
	for (size_t i = 0; i < a->x.nr_outcomes; i++) {
		const struct explore_outcome *m = &a->x.outcomes[i], *n = &b->x.outcomes[i];

		if (strcmp(m->text, n->text) != 0)
			return "the outcomes";
		if (m->count != n->count)
			return "the number of schedules that end in an outcome";
	}
	if (a->x.schedules != b->x.schedules)
		return "the number of schedules";
	if (a->x.states != b->x.states || a->x.transitions != b->x.transitions)
		return "the number of states";
	return NULL;
}

/* False: the engines differ on @p. */
static bool
same_program(const struct program *p, const char *name, enum vm_mutant mutant, struct sim *sim, struct bugs_same *same,
    struct strbuf *why)
{
	struct view with, without;
	const char *what = NULL;

	same_view_program(p, VM_MUTANT_none, sim, &without);
	same_view_program(p, mutant, sim, &with);
	if (without.x.end != EXPLORE_COMPLETE || with.x.end != EXPLORE_COMPLETE)
		same->incomplete++;
	else
		what = same_difference(&without, &with);
	same->states += without.x.states;
	if (what != NULL)
		strbuf_printf(why, "%s: %s", name, what);
	same_view_free(&with);
	same_view_free(&without);
	return what == NULL;
}

static bool
same_corpus(enum vm_mutant mutant, const char *const *corpus, size_t nr_corpus, struct sim *sim, struct bugs_same *same,
    struct strbuf *why)
{
	struct inputs files = { 0 };
	bool good = true;

	for (size_t i = 0; i < nr_corpus; i++)
		if (!inputs_add(&files, corpus[i], INPUTS_VMT, say_about))
			exit(EXIT_USAGE);
	for (size_t i = 0; i < files.nr && good && cli_stop == 0; i++) {
		struct program p;

		if (!vmt_read(files.names[i], &p))
			exit(EXIT_USAGE);
		good = same_program(&p, files.names[i], mutant, sim, same, why);
		same->files++;
		program_free(&p);
	}
	inputs_free(&files);
	return good;
}

bool
bugs_equivalent(enum vm_mutant mutant, const char *const *corpus, size_t nr_corpus, uint64_t count,
    struct bugs_same *same, struct strbuf *why)
{
	struct sim *sim = sim_create();
	bool good;

	*same = (struct bugs_same){ 0 };
	good = same_corpus(mutant, corpus, nr_corpus, sim, same, why);
	for (uint64_t seed = 1; seed <= count && good && cli_stop == 0; seed++) {
		char name[40];
		struct program p;

		(void)snprintf(name, sizeof(name), "gen --seed %llu", (unsigned long long)seed);
		random_concurrent(&(struct random_params){ .seed = seed }, &p);
		good = same_program(&p, name, mutant, sim, same, why);
		same->programs++;
		if (progress_due())
			progress_say("%llu programs", (unsigned long long)same->programs);
		program_free(&p);
	}
	progress_erase();
	sim_destroy(sim);
	return good;
}
