/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink-loop.c - makes a program with the same finding smaller: see shrink.h. The passes are in shrink-passes.c. */
#include <assert.h>
#include <stdlib.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/run/run.h"
#include "harness/shrink/shrink-inside.h"

#define ROUNDS_MAX 100 /* more than are ever needed, because each round makes the program smaller */

static void
shrink_all_passes(struct shrink *s)
{
	assert(!s->over || s->report->end != SHRINK_FIXED_POINT);
	do {
		s->kept_any = false;
		s->report->rounds++;
		shrink_threads(s);
		shrink_ops(s);
		shrink_directives(s);
		shrink_arguments(s);
		shrink_ranges(s);
		shrink_pages(s);
	} while (s->kept_any && !shrink_over(s) && s->report->rounds < ROUNDS_MAX);
}

static unsigned
shrink_nr_directives(const struct program_config *c)
{
	return (unsigned)c->nr_poison + (c->profile.on != 0) + (c->mutant != NULL) + c->kernel + (c->frames != 0) +
	       (c->growsize != 0) + (c->limit != VM_WIRE_LIMIT_DEFAULT) +
	       (c->min != PROGRAM_MIN_DEFAULT || c->max != PROGRAM_MAX_DEFAULT);
}

static struct shrink_size
shrink_size_of(const struct program *p)
{
	uint64_t *pages;
	size_t nr = program_pages(p, &pages);
	struct shrink_size size = {
		.threads = p->nr_threads,
		.init = (unsigned)p->nr_init,
		.ops = program_nr_ops(p) - (unsigned)p->nr_init,
		.directives = shrink_nr_directives(&p->config),
		.pages = nr > 0 ? pages[nr - 1] - pages[0] + 1 : 0,
	};

	free(pages);
	return size;
}

/* Starts from the program's own schedule, or from any trail to the wanted finding. */
static bool
shrink_begin(struct shrink *s, const struct program *p)
{
	struct schedule hint = { 0 };
	struct run r;
	bool found;

	assert(p->nr_threads > 0);
	program_copy_bare(&s->best, p);
	s->report->before = shrink_size_of(p);
	if (s->options->wanted->endless) {
		s->at_random = true;
		if (shrink_find_endless(s, p))
			return true;
		s->at_random = false;
		return shrink_find_endless(s, p);
	}
	if (s->options->wanted->whole != NULL)
		return shrink_find(s, p, &hint, &s->trail);
	if (p->has_schedule && shrink_open(s, &r, &s->best) == RUN_OPENED)
		trail_follow(&p->schedule, &r, &hint);
	if (p->has_schedule)
		run_close(&r);
	found = shrink_find(s, &s->best, &hint, &s->trail);
	schedule_free(&hint);
	if (found) {
		s->report->before.steps = (unsigned)s->trail.nr_steps;
		s->report->before.preemptions = s->trail.preemptions;
	}
	return found;
}

/* Makes *p the best program. Keeps the parts of *p that do not depend on it. */
static void
shrink_finish(struct shrink *s, struct program *p)
{
	assert(s->best.nr_threads > 0);
	shrink_settle(s);
	s->best.head = p->head;
	s->best.nr_verdicts = p->nr_verdicts;
	s->best.verdicts = p->verdicts;
	p->head = NULL;
	p->verdicts = NULL;
	p->nr_verdicts = 0;
	program_free(p);
	*p = s->best;
	program_init(&s->best);
}

bool
shrink(struct program *p, const struct shrink_options *options, struct shrink_report *report)
{
	struct shrink s = { .options = options, .report = report };
	bool found;

	assert(options->target != NULL && options->sim != NULL && options->wanted != NULL);
	*report = (struct shrink_report){ .end = SHRINK_FIXED_POINT };
	s.until = options->seconds > 0 ? clock_seconds() + options->seconds : 0;
	s.used_max = options->processor > 0 ? clock_processor_seconds(0) + options->processor : 0;
	found = p->nr_threads > 0 && shrink_begin(&s, p);
	if (found) {
		struct shrink_size after;

		shrink_all_passes(&s);
		shrink_schedule(&s);
		shrink_finish(&s, p);
		after = shrink_size_of(p);
		after.steps = report->after.steps;
		after.preemptions = report->after.preemptions;
		report->after = after;
	} else {
		report->end = SHRINK_LOST;
	}
	assert(found == (report->end != SHRINK_LOST));
	schedule_free(&s.trail);
	program_free(&s.best);
	return found;
}
