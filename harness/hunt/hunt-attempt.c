/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt-attempt.c - the work of a hunt's worker: runs a program in all interleavings or in many, and reports findings;
 * shrinks a finding, replays it, and describes it in words.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/expect/expect.h"
#include "harness/gen/gen.h"
#include "harness/hunt/hunt-inside.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/shrink/shrink.h"
#include "harness/sim/sim.h"

#define SHRINK_STATES_MAX 10000
#define SHRINK_SECONDS 20.0 /* processor seconds; then the smallest program so far is kept */
#define ENDLESS_MAX 4       /* an exploration is cut after so many endless steps, sampling after so many endless runs */
#define RUN_STEPS_MAX 100000 /* a longer run counts as endless */
#define REPLAYS 3
#define SILENCE_STATES_MAX 20000

struct hunter {
	const struct hunt_options *options;
	struct sim *sim;
	struct checker checker;
	struct features features;
};

void *
hunt_worker_begin(const void *arg)
{
	struct hunter *h = memory_new(1, sizeof(*h), "a worker");

	h->options = arg;
	h->sim = sim_create();
	return h;
}

/* --- an attempt --- */

/* A finding in a program, and the schedule that shows it. */
struct sighted {
	struct finding f;
	struct schedule path;
};

struct attempt {
	struct hunter *hunter;
	struct program program;
	struct run run;
	enum attempt_how how;
	uint64_t states, runs, steps;
	double schedules;
	size_t nr;
	struct sighted *sighted;
	char *wrong_key;      /* NULL, or a copy of explore_result.wrong_key */
	struct schedule path; /* the present run of a strategy */
};

static bool
attempt_on_state(void *arg, struct run *r)
{
	struct attempt *a = arg;

	features_look(&a->hunter->features, r);
	return false;
}

static void
attempt_on_step(void *arg, struct run *r, size_t step, unsigned thread)
{
	struct attempt *a = arg;

	(void)step;
	schedule_append(&a->path, thread);
	features_look(&a->hunter->features, r);
}

static bool
attempt_has_sighted(const struct attempt *a, const struct finding *f)
{
	for (size_t i = 0; i < a->nr; i++)
		if (finding_same(&a->sighted[i].f, f) && a->sighted[i].f.quirk == f->quirk)
			return true;
	return false;
}

static void
attempt_sight(struct attempt *a, const struct finding *f, const struct schedule *path)
{
	struct sighted *s;

	assert(f->check != CHECK_NONE);
	if (attempt_has_sighted(a, f))
		return;
	a->sighted = memory_resize(a->sighted, a->nr + 1, sizeof(*a->sighted), "a finding");
	s = &a->sighted[a->nr++];
	*s = (struct sighted){ .f = *f };
	schedule_copy(&s->path, path);
}

static void
attempt_explore(struct attempt *a)
{
	const struct hunt_options *ho = a->hunter->options;
	uint64_t max = ho->states_max != 0 ? ho->states_max : HUNT_STATES_MAX_DEFAULT;
	struct explore_options o = { .states_max = max,
		.schedules_max = max,
		.endless_max = ENDLESS_MAX,
		.stop = worker_over,
		.on_state = attempt_on_state,
		.on_state_arg = a };
	struct explore_result x;

	assert(a->how == ATTEMPT_REFUSED && a->nr == 0);
	explore(&a->run, &o, &x);
	a->how = x.end == EXPLORE_COMPLETE ? ATTEMPT_COMPLETE : ATTEMPT_SAMPLED;
	a->states = x.states;
	a->steps = x.steps;
	a->schedules = x.overflow ? 0 : (double)x.schedules;
	for (size_t i = 0; i < x.nr_findings; i++)
		attempt_sight(a, &x.findings[i].f, &x.findings[i].witness);
	a->wrong_key = x.wrong_key;
	x.wrong_key = NULL;
	explore_result_free(&x);
	assert(a->how != ATTEMPT_REFUSED);
}

/* Too many states to explore: makes some runs, each by a strategy of the mix. */
static void
attempt_sample(struct attempt *a, uint64_t seed)
{
	const struct hunt_options *ho = a->hunter->options;
	unsigned runs = ho->runs != 0 ? ho->runs : HUNT_RUNS_DEFAULT;
	struct checker *c = &a->hunter->checker;
	uint64_t thrown_max = sim_watch_thrown() + ENDLESS_MAX;
	struct strategy_view view;
	unsigned endless = 0;

	assert(a->how == ATTEMPT_SAMPLED);
	a->run.steps_max = RUN_STEPS_MAX;
	strategy_view_init(&view, &a->run);
	for (unsigned i = 0; i < runs && *worker_over == 0 && sim_watch_thrown() < thrown_max && endless < ENDLESS_MAX;
	     i++) {
		uint64_t one = prng_mix(seed, i, 3).state;

		schedule_begin(&a->path);
		a->steps += strategy_of_mix(one)->function(&a->run, &view, one, attempt_on_step, a);
		if (run_enabled(&a->run) != 0) {
			endless++;
			continue;
		}
		checker_end(c, &a->run);
		for (size_t n = 0; n < c->nr_findings; n++)
			attempt_sight(a, &c->findings[n], &a->path);
		a->runs++;
	}
	a->schedules += (double)a->runs;
	strategy_view_free(&view);
}

/*
 * Writes the program with the schedule that shows the finding, all verdicts of that run, this finding first, and the
 * result.
 */
static void
attempt_finding_text(const struct attempt *a, const struct sighted *s, struct strbuf *out)
{
	const struct hunter *h = a->hunter;
	struct program p = a->program;
	char label[FINDING_TEXT_MAX];

	assert(a->program.nr_verdicts == 0 && !a->program.has_schedule);
	program_add_verdict(&p, finding_kind(&s->f), finding_label(&s->f, label));
	p.has_schedule = s->f.check != CHECK_circle;
	p.schedule = s->path;
	if (p.has_schedule)
		(void)expect_run(&p, h->options->limits.target, h->sim);
	vmt_print(&p, out);
	program_drop_verdicts(&p);
	free(p.result);
}

/* Appends the rough key of a finding before it is shrunk. Of the findings with the same rough key, a few are shrunk. */
static void
attempt_rough_key(const struct attempt *a, const struct finding *f, struct strbuf *out)
{
	char label[FINDING_TEXT_MAX];
	unsigned code = 0;

	if (f->thread == SIM_INIT_THREAD)
		code = f->op < a->program.nr_init ? a->program.init[f->op].op.code : 0;
	else if (f->thread >= 0)
		code = a->program.threads[f->thread].ops[f->op].code;
	strbuf_printf(out, "%s%s %u ", finding_label(f, label), f->quirk ? " quirk" : "", code);
	edges_print(f->edges, out);
}

static void
attempt_say(struct attempt *a, struct keybuf *out)
{
	struct features *f = &a->hunter->features;
	struct strbuf text = { 0 };

	assert(a->nr == 0 || a->sighted != NULL);
	keybuf_num(out, a->how);
	keybuf_num(out, a->states);
	keybuf_num(out, a->runs);
	keybuf_num(out, a->steps);
	message_double(out, a->schedules);
	keybuf_num(out, f->edges);
	keybuf_num(out, f->nr);
	for (size_t i = 0; i < f->nr; i++)
		keybuf_num(out, f->list[i]);
	keybuf_num(out, a->nr);
	for (size_t i = 0; i < a->nr; i++) {
		strbuf_clear(&text);
		attempt_rough_key(a, &a->sighted[i].f, &text);
		message_text(out, strbuf_text(&text), text.len);
		strbuf_clear(&text);
		attempt_finding_text(a, &a->sighted[i], &text);
		message_text(out, strbuf_text(&text), text.len);
	}
	message_text(out, a->wrong_key != NULL ? a->wrong_key : "", a->wrong_key != NULL ? strlen(a->wrong_key) : 0);
	strbuf_free(&text);
}

static enum run_open_result
attempt_open(struct attempt *a)
{
	struct hunter *h = a->hunter;

	return run_open_checked(&a->run, &a->program, h->options->limits.target, h->sim, &h->checker);
}

static void
attempt_do(struct hunter *h, struct message_reader *in, struct keybuf *out)
{
	struct attempt a = { .hunter = h };
	uint64_t seed = message_read_number(in);
	char *text = message_read_text(in);
	enum run_open_result opened;

	vmt_parse_own(text, "a hunted program", &a.program);
	features_clear(&h->features);
	opened = attempt_open(&a);
	if (opened == RUN_INIT_FAILED && h->checker.nr_findings > 0 && program_init_as_thread(&a.program)) {
		/* The finding is in an init step. */
		run_close(&a.run);
		opened = attempt_open(&a);
	}
	if (opened == RUN_OPENED)
		attempt_explore(&a);
	if (a.how == ATTEMPT_SAMPLED)
		attempt_sample(&a, seed);
	run_close(&a.run);
	attempt_say(&a, out);
	program_free(&a.program);
	for (size_t i = 0; i < a.nr; i++)
		schedule_free(&a.sighted[i].path);
	free(a.sighted);
	schedule_free(&a.path);
	free(a.wrong_key);
	free(text);
}

/* --- describing a small program --- */

/* Runs the program under its schedule, and looks for the finding of its verdict. False: the run does not show it. */
static bool
small_replay(
    struct hunter *h, const struct program *p, struct finding *ret, struct strbuf *outcome, struct shrink_verdict *v)
{
	struct replay how = { 0 };
	struct run r;
	bool found = false;

	strbuf_clear(outcome);
	if (v->wanted.open(v, &r, p, h->options->limits.target, h->sim) == RUN_OPENED &&
	    replay(&r, &p->schedule, &how)) {
		found = v->wanted.in_run(v, &r);
		run_outcome(&r, outcome);
		for (size_t i = 0; i < v->checker.nr_findings; i++)
			if (finding_kind(&v->checker.findings[i]) == v->kind &&
			    shrink_is_wanted(v, &v->checker.findings[i]))
				*ret = v->checker.findings[i];
	}
	replay_free(&how);
	run_close(&r);
	return found;
}

/* Replays several times: does each run show the same finding with the same result? */
static bool
small_replays(struct hunter *h, const struct program *p, struct finding *ret)
{
	struct strbuf first = { 0 }, again = { 0 };
	bool same = true;

	assert(p->nr_verdicts > 0);
	for (unsigned i = 0; i < REPLAYS && same; i++) {
		struct shrink_verdict v;

		shrink_verdict_init(&v, program_verdict(p)->kind, program_verdict(p)->detail);
		same = small_replay(h, p, ret, i == 0 ? &first : &again, &v) &&
		       (i == 0 || strcmp(strbuf_text(&first), strbuf_text(&again)) == 0);
		shrink_verdict_free(&v);
	}
	strbuf_free(&first);
	strbuf_free(&again);
	return same;
}

enum silence { SILENT = 1, OTHER_FOUND, SAME_FOUND, NOT_KNOWN };

/* Which findings does the program show, in all interleavings, without this quirk? */
static enum silence
small_without_quirk(struct hunter *h, const struct program *p, uint8_t check, unsigned quirk)
{
	struct explore_options o = {
		.states_max = SILENCE_STATES_MAX, .schedules_max = SILENCE_STATES_MAX, .stop = worker_over
	};
	enum silence silence = NOT_KNOWN;
	struct program other = *p;
	struct explore_result x;
	struct run r;

	other.config.profile.on ^= (uint32_t)1 << quirk;
	if (run_open_checked(&r, &other, h->options->limits.target, h->sim, &h->checker) == RUN_OPENED) {
		explore(&r, &o, &x);
		if (x.end == EXPLORE_COMPLETE)
			silence = x.nr_findings == 0 ? SILENT : OTHER_FOUND;
		for (size_t i = 0; i < x.nr_findings; i++)
			if (x.findings[i].f.check == check)
				silence = SAME_FOUND;
		explore_result_free(&x);
	}
	run_close(&r);
	return silence;
}

static void
small_say_quirk(struct hunter *h, const struct program *p, uint8_t check, unsigned quirk, struct strbuf *head)
{
	const struct vm_behaviour_desc *d = profile_switch(p->config.profile.base, quirk);
	struct strbuf text = { 0 };

	assert(quirk < VM_BEHAVIOUR_COUNT);
	strbuf_printf(&text, "%s %s: %s. ", d->kind == VM_BEHAVIOUR_IS_QUIRK ? "Quirk" : "Rule", d->id, d->kernel);
	switch (small_without_quirk(h, p, check, quirk)) {
	case SILENT:
		strbuf_add(&text, "Without it, no interleaving of this program shows a finding.");
		break;
	case OTHER_FOUND:
		strbuf_add(
		    &text, "Without it, no interleaving of this program shows this finding, but some show another.");
		break;
	case SAME_FOUND:
		strbuf_add(&text, "Without it, this finding happens, too.");
		break;
	case NOT_KNOWN:
		strbuf_add(&text, "Whether this happens without it was not explored.");
		break;
	}
	hunt_comment(strbuf_text(&text), head);
	strbuf_free(&text);
}

static void
small_say_quirks(struct hunter *h, const struct program *p, uint8_t check, struct strbuf *head)
{
	for (uint32_t left = p->config.profile.on; left != 0; left &= left - 1)
		small_say_quirk(h, p, check, (unsigned)__builtin_ctz(left), head);
}

static void
small_say_head(struct hunter *h, const struct program *p, const struct finding *f, const struct shrink_report *r,
    struct strbuf *head)
{
	struct strbuf text = { 0 };

	finding_print(f, p, &text);
	hunt_comment(strbuf_text(&text), head);
	strbuf_clear(&text);
	strbuf_printf(&text, "What should hold: %s.", check_table[f->check].holds);
	hunt_comment(strbuf_text(&text), head);
	strbuf_clear(&text);
	small_say_quirks(h, p, f->check, head);
	if (r->end == SHRINK_LOST)
		strbuf_add(&text, "This is the program as it was found: it could not be made smaller.");
	else
		strbuf_printf(&text, "Found with %u threads and %u operations behind %u init steps, made smaller%s.",
		    r->before.threads, r->before.ops, r->before.init,
		    r->all_schedules ? "; no schedule of it has fewer preemptions" : "");
	hunt_comment(strbuf_text(&text), head);
	strbuf_free(&text);
}

static void
small_add_head(struct program *p, const struct strbuf *more)
{
	struct strbuf head = { 0 };

	strbuf_add(&head, p->head != NULL ? p->head : "");
	strbuf_add(&head, strbuf_text(more));
	free(p->head);
	p->head = strbuf_take(&head);
}

/* What wirestorm check says of the file before it is written. Empty: the file passes. */
static void
small_check(struct hunter *h, struct program *p, struct strbuf *complaint)
{
	const struct checkfile_options o = { .target = h->options->limits.target };
	struct strbuf text = { 0 }, note = { 0 };
	struct checkfile_report report;
	struct program file;

	vmt_print(p, &text);
	vmt_parse_own(strbuf_text(&text), "a hunted program", &file);
	report = checkfile_program("file", &file, &o, h->sim, complaint);
	if (report.status != CHECKFILE_PASSED) {
		complaint->len = strcspn(strbuf_text(complaint), "\n");
		strbuf_printf(&note, "wirestorm check does not pass this file: %.*s", (int)complaint->len,
		    strbuf_text(complaint));
		strbuf_clear(&text);
		hunt_comment(strbuf_text(&note), &text);
		small_add_head(p, &text);
	} else {
		strbuf_clear(complaint);
	}
	strbuf_free(&text);
	strbuf_free(&note);
}

/* @shrunk: the program goes to a file. Otherwise it is only compared with others. */
static void
small_say(struct hunter *h, struct program *p, const struct shrink_report *r, bool shrunk, struct keybuf *out)
{
	struct strbuf key = { 0 }, name = { 0 }, line = { 0 }, head = { 0 }, text = { 0 }, complaint = { 0 };
	bool livelock = program_verdict(p)->kind == PROGRAM_VERDICT_LIVELOCK, good;
	struct finding f = { 0 };

	assert(p->nr_verdicts > 0);
	good = !livelock && small_replays(h, p, &f); /* no schedule shows a livelock */
	if (f.check != CHECK_NONE) {
		hunt_key(p, &f, &key);
		hunt_name(&f, &name);
		finding_print(&f, p, &line);
		small_say_head(h, p, &f, r, &head);
	} else {
		const struct program_verdict_line *v = program_verdict(p);

		strbuf_printf(&key, "%s %s", vmt_verdict_word(v->kind), v->detail != NULL ? v->detail : "");
		strbuf_add(&name, vmt_verdict_word(v->kind));
		strbuf_add(&line, strbuf_text(&key));
		strbuf_printf(&head, "# %s, as it was found: %s.\n", strbuf_text(&line),
		    livelock ? "a schedule that does not end shows it"
		             : "its schedule does not show it again: something outside the state decides");
	}
	free(p->head);
	p->head = strbuf_take(&head);
	if (shrunk && p->has_schedule)
		(void)expect_run(p, h->options->limits.target, h->sim);
	if (shrunk)
		small_check(h, p, &complaint);
	good |= livelock && complaint.len == 0;
	vmt_print(p, &text);
	keybuf_u8(out, good);
	keybuf_u8(out, f.quirk);
	keybuf_u8(out, r->end == SHRINK_FIXED_POINT);
	message_text(out, strbuf_text(&key), key.len);
	message_text(out, strbuf_text(&name), name.len);
	message_text(out, strbuf_text(&line), line.len);
	message_text(out, strbuf_text(&text), text.len);
	message_text(out, strbuf_text(&complaint), complaint.len);
	strbuf_free(&complaint);
	strbuf_free(&key);
	strbuf_free(&name);
	strbuf_free(&line);
	strbuf_free(&text);
}

static void
small_make(struct hunter *h, struct message_reader *in, struct keybuf *out, bool shrinking)
{
	struct shrink_report report = { .end = SHRINK_LOST };
	struct shrink_options o = { .target = h->options->limits.target,
		.sim = h->sim,
		.states_max = SHRINK_STATES_MAX,
		.seed = 1,
		.processor = SHRINK_SECONDS,
		.stop = worker_over };
	char *text = message_read_text(in);
	struct program p;

	vmt_parse_own(text, "a hunted program", &p);
	if (shrinking)
		(void)shrink_by_verdict(&p, &o, &report);
	small_say(h, &p, &report, shrinking, out);
	program_free(&p);
	free(text);
}

/* A job of a hunt that compares two sides. */
static void
hunter_compare(struct hunter *h, enum hunt_job job, struct message_reader *in, struct keybuf *out)
{
	char *text, *rough;

	if (job == JOB_ATTEMPT)
		(void)message_read_number(in);
	text = message_read_text(in);
	rough = job == JOB_SHRINK ? message_read_text(in) : NULL;
	features_clear(&h->features);
	if (job == JOB_ATTEMPT)
		against_attempt(h->options, h->sim, &h->features, text, out);
	else
		against_small(h->options, h->sim, text, rough, out);
	free(text);
	free(rough);
}

void
hunt_worker_do(void *state, const struct keybuf *in, struct keybuf *out)
{
	struct message_reader r = { .at = in->bytes, .end = in->bytes + in->len };
	struct hunter *h = state;
	enum hunt_job job = (enum hunt_job)message_read_number(&r);

	if (h->options->against != NULL) {
		hunter_compare(h, job, &r, out);
		return;
	}
	switch (job) {
	case JOB_ATTEMPT:
		attempt_do(h, &r, out);
		break;
	case JOB_SHRINK:
		small_make(h, &r, out, true);
		break;
	case JOB_KEY:
		small_make(h, &r, out, false);
		break;
	}
}

void
hunt_read_small(const struct work *work, struct hunt_finding *f)
{
	struct message_reader r = { .at = work->out.bytes, .end = work->out.bytes + work->out.len };

	assert(work->end == WORK_DONE);
	*f = (struct hunt_finding){ 0 };
	f->replays = message_read_number(&r) != 0;
	f->quirk = message_read_number(&r) != 0;
	f->shrunk = message_read_number(&r) != 0;
	f->key = message_read_text(&r);
	f->name = message_read_text(&r);
	f->line = message_read_text(&r);
	f->text = message_read_text(&r);
	f->complaint = message_read_text(&r);
	if (f->complaint[0] == '\0') {
		free(f->complaint);
		f->complaint = NULL;
	}
}

void
hunt_finding_free(struct hunt_finding *f)
{
	free(f->name);
	free(f->key);
	free(f->line);
	free(f->text);
	free(f->known);
	free(f->complaint);
}
