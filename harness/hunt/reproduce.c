/* SPDX-License-Identifier: BSD-2-Clause */
/* reproduce.c - see reproduce.h. */
#include "harness/hunt/reproduce.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/expect/expect.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

#define STEPS_MAX 20000 /* a longer run is abandoned */
#define NEAR_SHARE 0.2  /* share of the time for orders near the observed one */
#define TAILS_SHARE 0.5 /* tails are explored up to this share of the time */
#define TAIL_SHARE 0.1  /* the most for one tail */
#define TAIL_STATES_MAX 200000
#define MOVES_MAX 4 /* steps that are moved in an order near the observed one */
#define MOVE_MAX 6  /* how far a step is moved */
#define PROGRESS_RUNS 256

/* An operation that ended, in the observed order. */
struct finish {
	uint8_t thread;
	uint16_t op;
};

struct search {
	const struct program *whole;
	const struct reproduce_options *options;
	struct reproduce_result *result;
	struct sim *sim;
	double began;
	struct prng prng;
	enum reproduce_phase phase;
	struct schedule path;    /* the present run */
	struct finish *finishes; /* operations in the order in which they ended, by the observed order */
	size_t nr_finishes, nr_ops;
	unsigned done[PROGRAM_THREADS_MAX]; /* operations of each thread that ended, in the observed order */
};

const char *
reproduce_phase_text(enum reproduce_phase phase)
{
	switch (phase) {
	case REPRODUCE_NOTHING:
		break;
	case REPRODUCE_OBSERVED:
		return "by the observed order";
	case REPRODUCE_NEAR:
		return "by an order near the observed one";
	case REPRODUCE_TAILS:
		return "by exploring a tail of it";
	case REPRODUCE_RANDOM:
		return "at random";
	}
	return "not at all";
}

/* Has the search used this share of its time, or was it stopped? */
static bool
search_over(const struct search *s, double share)
{
	return s->result->same || (s->options->stop != NULL && *s->options->stop != 0) ||
	       clock_seconds() - s->began >= s->options->seconds * share;
}

static void
search_tell(struct search *s)
{
	if (s->options->progress != NULL && s->result->runs % PROGRESS_RUNS == 0)
		s->options->progress(s->options->progress_arg, reproduce_phase_text(s->phase), s->result->runs);
}

/* --- comparing verdicts --- */

/* Is it the same assertion? Compares the condition in "panic: COND (FILE:LINE)" without the rest. */
static bool
search_same_assertion(const char *detail, const char *text)
{
	size_t len;

	if (strncmp(detail, "panic: ", 7) == 0)
		detail += 7;
	len = strcspn(text, "(") < strlen(text) ? (size_t)(strrchr(text, '(') - text) : strlen(text);
	return len == 0 || strncmp(detail, text, len) == 0;
}

static bool
search_is_verdict(const struct program *p, const struct finding *f)
{
	const struct program_verdict_line *v = program_verdict(p);
	const char *detail = v->detail != NULL ? v->detail : "";
	enum check_id named = check_find(detail, strcspn(detail, " :"));

	if (f->quirk)
		return false;
	if (named != CHECK_NONE)
		return finding_is(f, check_table[named].verdict, detail);
	/* The details from real threads are worded differently, so only the kind is compared. */
	if (v->kind == PROGRAM_VERDICT_INVARIANT && finding_is(f, PROGRAM_VERDICT_MODEL, NULL))
		return true;
	return finding_is(f, v->kind, NULL) &&
	       (v->kind != PROGRAM_VERDICT_PANIC || search_same_assertion(detail, f->text));
}

/* The run's finding that is the verdict, or else the first one that no quirk explains; NULL: none. */
static const struct finding *
search_best_finding(const struct search *s, const struct checker *c, bool *same)
{
	for (size_t i = 0; i < c->nr_findings; i++) {
		*same = search_is_verdict(s->whole, &c->findings[i]);
		if (*same)
			return &c->findings[i];
	}
	return checker_first(c);
}

/* --- one run --- */

/* The last run shows a finding: keeps the run unless a better one is kept. */
static void
search_keep(struct search *s, struct run *r)
{
	struct program p = *r->program;
	struct strbuf text = { 0 };
	char label[FINDING_TEXT_MAX];
	const struct finding *f;
	bool same = false;

	assert(r->checker->nr_findings > 0);
	f = run_enabled(r) == 0 ? search_best_finding(s, r->checker, &same) : NULL;
	if (f == NULL || s->result->same || (!same && s->result->phase != REPRODUCE_NOTHING))
		return;
	s->result->same = same;
	s->result->phase = s->phase;
	s->result->finding = *f;
	p.verdicts = NULL;
	p.nr_verdicts = 0;
	program_add_verdict(&p, finding_kind(f), finding_label(f, label));
	p.head = NULL;
	p.nr_notes = 0;
	p.result = NULL; /* expect_run sets it */
	p.has_schedule = true;
	p.schedule = s->path;
	p.order = (struct schedule){ 0 };
	program_free(&s->result->program);
	vmt_print(&p, &text);
	vmt_parse_own(strbuf_text(&text), "the program found", &s->result->program);
	program_drop_verdicts(&p);
	strbuf_free(&text);
}

/* Judges the run on s->path, which has ended or was abandoned. */
static void
search_ended(struct search *s, struct run *r)
{
	if (run_enabled(r) == 0)
		checker_end(r->checker, r);
	s->result->runs++;
	if (r->checker->nr_findings > 0)
		search_keep(s, r);
	search_tell(s);
}

/* Records the step. In the observed order, also notes the operations that end in it. */
static void
search_on_step(void *arg, struct run *r, size_t step, unsigned thread)
{
	struct search *s = arg;

	(void)step;
	schedule_append(&s->path, thread);
	for (; s->phase == REPRODUCE_OBSERVED && s->done[thread] < r->threads[thread].nr_done; s->done[thread]++)
		s->finishes[s->nr_finishes++] = (struct finish){ (uint8_t)thread, (uint16_t)s->done[thread] };
	assert(s->nr_finishes <= s->nr_ops);
}

/* Makes a run by this schedule, as far as it can be followed. */
static void
search_attempt(struct search *s, struct run *r, const struct schedule *schedule)
{
	struct replay how = { .lenient = true, .steps_max = STEPS_MAX, .on_step = search_on_step, .arg = s };

	schedule_begin(&s->path);
	(void)replay(r, schedule, &how);
	replay_free(&how);
	search_ended(s, r);
}

/* --- 1. the observed order, and orders near it --- */

/* Moves some steps to places nearby. */
static void
search_disturb(struct search *s, struct schedule *order)
{
	uint64_t moves = 1 + prng_below(&s->prng, MOVES_MAX);

	assert(order->nr_steps > 0);
	while (moves-- > 0) {
		uint64_t from = prng_below(&s->prng, order->nr_steps), by = 1 + prng_below(&s->prng, MOVE_MAX), to;

		to = prng_one_in(&s->prng, 2) ? from + by : from - by;
		if (to < order->nr_steps) /* wraps below 0, too */
			schedule_move_step(order, from, to);
	}
}

static void
search_orders(struct search *s, struct run *r)
{
	struct schedule_walk w = { &s->whole->order };
	struct schedule order = { 0 }, near = { 0 };
	unsigned thread = 0;

	while (order.nr_steps < STEPS_MAX && schedule_next(&w, &thread))
		schedule_append(&order, thread);
	s->phase = REPRODUCE_OBSERVED;
	search_attempt(s, r, &order);
	s->phase = REPRODUCE_NEAR;
	while (order.nr > 0 && !search_over(s, NEAR_SHARE)) {
		schedule_copy(&near, &order);
		search_disturb(s, &near);
		search_attempt(s, r, &near);
	}
	schedule_free(&near);
	schedule_free(&order);
}

/* --- 2. tails --- */

/*
 * Makes the program that starts when all operations but the last @keep have ended: these become init steps. Free it
 * with search_free_tail.
 */
static bool
search_make_tail(const struct search *s, size_t keep, struct program *p)
{
	const struct program *w = s->whole;
	size_t nr_front = s->nr_ops > keep ? s->nr_ops - keep : 0;
	unsigned first[PROGRAM_THREADS_MAX] = { 0 };

	assert(keep > 0 && keep <= s->nr_ops);
	if (nr_front > s->nr_finishes)
		return false;
	*p = *w;
	p->head = NULL;
	p->nr_notes = 0;
	p->init = memory_new(w->nr_init + nr_front + 1, sizeof(*p->init), "a search");
	for (size_t i = 0; i < w->nr_init; i++)
		p->init[i] = (struct program_step){ .op = w->init[i].op };
	for (size_t i = 0; i < nr_front; i++) {
		const struct finish *e = &s->finishes[i];

		p->init[p->nr_init++] = (struct program_step){ .op = w->threads[e->thread].ops[e->op] };
		first[e->thread] = e->op + 1u;
	}
	p->nr_threads = 0;
	p->threads = memory_new(PROGRAM_THREADS_MAX, sizeof(*p->threads), "a search");
	for (unsigned t = 0; t < w->nr_threads; t++) {
		struct program_thread *to = &p->threads[p->nr_threads];
		const struct program_thread *from = &w->threads[t];

		for (unsigned i = first[t]; i < from->nr_ops; i++)
			to->ops[to->nr_ops++] = from->ops[i];
		p->nr_threads += to->nr_ops > 0;
	}
	return p->nr_threads > 0;
}

static void
search_free_tail(struct program *p)
{
	free(p->init);
	free(p->threads);
}

static void
search_explore_tail(struct search *s, struct run *r)
{
	const struct explore_options o = {
		.states_max = TAIL_STATES_MAX,
		.seconds = s->options->seconds * TAIL_SHARE,
		.want_witnesses = true,
		.stop = s->options->stop,
	};
	struct explore_result x;

	explore(r, &o, &x);
	s->result->tails++;
	for (size_t i = 0; i < x.nr_findings && !s->result->same; i++)
		if (!x.findings[i].f.quirk)
			search_attempt(s, r, &x.findings[i].witness);
	explore_result_free(&x);
}

static void
search_tails(struct search *s)
{
	s->phase = REPRODUCE_TAILS;
	for (size_t keep = 1; keep <= s->nr_ops && !search_over(s, TAILS_SHARE); keep += 1 + keep / 4) {
		struct checker c = { 0 };
		struct program p;
		struct run r;

		if (!search_make_tail(s, keep, &p))
			continue;
		if (run_open_checked(&r, &p, s->options->target, s->sim, &c) == RUN_OPENED && checker_first(&c) == NULL)
			search_explore_tail(s, &r);
		run_close(&r);
		checker_free(&c);
		search_free_tail(&p);
		if (keep == s->nr_ops)
			break;
	}
}

/* --- 3. random runs --- */

/* Uses the same mix of strategies as hunt. */
static void
search_random(struct search *s, struct run *r)
{
	struct strategy_view view;

	s->phase = REPRODUCE_RANDOM;
	strategy_view_init(&view, r);
	for (uint64_t i = 0; !search_over(s, 1); i++) {
		schedule_begin(&s->path);
		(void)strategy_of_mix(i)->function(r, &view, s->options->seed + i, replay_record, &s->path);
		search_ended(s, r);
	}
	strategy_view_free(&view);
}

/* --- the search --- */

static void
search_refuse(struct reproduce_result *result, unsigned line, const char *why)
{
	result->refused_line = line;
	(void)snprintf(result->refused, sizeof(result->refused), "%s", why);
}

static void
search_all(struct search *s)
{
	struct checker c = { 0 };
	struct run r;

	if (run_open_checked(&r, s->whole, s->options->target, s->sim, &c) == RUN_OPENED) {
		search_orders(s, &r);
		if (!search_over(s, TAILS_SHARE))
			search_tails(s);
		run_close(&r);
		checker_free(&c);
		/* search_tails reused the simulator; open the run again. */
		if (run_open_checked(&r, s->whole, s->options->target, s->sim, &c) == RUN_OPENED && !search_over(s, 1))
			search_random(s, &r);
	} else {
		search_refuse(s->result, r.error_line, strbuf_text(&r.error));
	}
	run_close(&r);
	checker_free(&c);
}

void
reproduce(const struct program *p, const struct reproduce_options *options, struct reproduce_result *result)
{
	struct search s = {
		.whole = p, .options = options, .result = result, .sim = sim_create(), .prng = { options->seed }
	};

	assert(p->nr_threads > 0 && p->nr_verdicts > 0);
	*result = (struct reproduce_result){ 0 };
	program_init(&result->program);
#ifndef WS_FIBER_TSAN
	if (program_verdict(p)->kind == PROGRAM_VERDICT_RACE) {
		search_refuse(
		    result, 0, "a data race is seen only by a build with ThreadSanitizer (-Db_sanitize=thread)");
		sim_destroy(s.sim);
		return;
	}
#endif
	s.began = clock_seconds();
	for (unsigned t = 0; t < p->nr_threads; t++)
		s.nr_ops += p->threads[t].nr_ops;
	s.finishes = memory_new(s.nr_ops + 1, sizeof(*s.finishes), "a search");
	search_all(&s);
	if (result->phase != REPRODUCE_NOTHING)
		(void)expect_run(&result->program, options->target, s.sim);
	free(s.finishes);
	schedule_free(&s.path);
	sim_destroy(s.sim);
}

void
reproduce_result_free(struct reproduce_result *result)
{
	program_free(&result->program);
}
