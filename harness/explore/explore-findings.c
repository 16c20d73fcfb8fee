/* SPDX-License-Identifier: BSD-2-Clause */
/* explore-findings.c - keeps each finding of the checker once, with the place where it was seen. */

#include "harness/base/base.h"

#include <assert.h>

#include "harness/explore/explore-graph.h"

uint32_t
findings_intern(struct explore_result *result, const struct finding *f)
{
	struct explore_finding *all;

	for (size_t i = 0; i < result->nr_findings; i++)
		if (finding_same(&result->findings[i].f, f))
			return (uint32_t)i;
	all = memory_resize(result->findings, result->nr_findings + 1, sizeof(*all), "the findings");
	result->findings = all;
	all[result->nr_findings] = (struct explore_finding){ .f = *f };
	return (uint32_t)result->nr_findings++;
}

static void
findings_sight(struct graph *g, struct explore_result *result, const struct finding *f, uint32_t from, uint8_t thread)
{
	assert(from < g->nr_nodes);
	g->sightings =
	    memory_grow(g->sightings, &g->cap_sightings, g->nr_sightings + 1, sizeof(*g->sightings), "the states");
	g->sightings[g->nr_sightings++] =
	    (struct sighting){ .finding = findings_intern(result, f), .from = from, .thread = thread };
}

void
findings_see(struct graph *g, struct explore_result *result, const struct checker *c, size_t nr_before, uint32_t from,
    uint8_t thread)
{
	assert(nr_before <= c->nr_findings && from < g->nr_nodes);
	for (size_t i = nr_before; i < c->nr_findings; i++)
		findings_sight(g, result, &c->findings[i], from, thread);
}

void
findings_livelock(struct graph *g, struct explore_result *result)
{
	struct finding f = { .check = CHECK_circle, .thread = -1, .text = "the states form a cycle from here on" };

	assert(g->any_cycle && g->cycle < g->nr_nodes);
	findings_sight(g, result, &f, g->cycle, AT_NODE);
}

/* Looks for an equal finding in the checker, and copies it with the step numbers of the present run. */
static bool
finding_take_again(const struct checker *c, struct explore_finding *x)
{
	bool seen = false;

	for (size_t i = 0; i < c->nr_findings; i++) {
		if (finding_same(&c->findings[i], &x->f)) {
			x->f = c->findings[i];
			seen = true;
		}
	}
	return seen;
}

/*
 * Looks for the finding on its witness, where its step numbers differ from the first sighting. False: it is not there.
 */
static bool
finding_on_witness(struct run *r, struct explore_finding *x)
{
	const struct checker *c = r->checker;
	struct schedule_walk w = { &x->witness };
	struct strbuf wrong = { 0 };
	unsigned thread = 0;
	bool seen;

	assert(r->checker != NULL);
	run_begin(r);
	while (schedule_next(&w, &thread))
		if ((run_enabled(r) & (uint32_t)1 << thread) != 0)
			run_step(r, thread);
	if (run_enabled(r) == 0)
		checker_end(r->checker, r);
	if (x->f.check == CHECK_circle)
		x->f.step = x->f.since = c->step;
	seen = finding_take_again(c, x);
	if (!seen && r->program->nr_final > 0 && run_enabled(r) == 0 && !run_deadlocked(r)) {
		(void)run_final(r, &wrong);
		seen = finding_take_again(c, x);
	}
	strbuf_free(&wrong);
	/*
	 * A cycle is a fact of the graph, which no run shows. And the checker may have had no space for a finding that
	 * comes after many others.
	 */
	return seen || x->f.check == CHECK_circle || c->nr_findings >= FINDINGS_MAX / 2;
}

const struct explore_finding *
findings_on_witnesses(struct run *r, struct explore_result *result)
{
	const struct explore_finding *missing = NULL;

	assert(r->checker != NULL);
	for (size_t i = 0; i < result->nr_findings; i++)
		if (!finding_on_witness(r, &result->findings[i]) && missing == NULL)
			missing = &result->findings[i];
	return missing;
}

const struct explore_finding *
explore_first_finding(const struct explore_result *result)
{
	for (size_t i = 0; i < result->nr_findings; i++)
		if (!result->findings[i].f.quirk)
			return &result->findings[i];
	return NULL;
}
