/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt-loop.c - the main loop of a hunt: generations of programs, which programs are kept, which findings are shrunk.
 */
#include "harness/hunt/hunt.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/base/base.h"
#include "harness/expect/expect.h"
#include "harness/gen/gen.h"
#include "harness/hunt/hunt-inside.h"
#include "harness/program/program.h"

#define GENERATION 256 /* programs; limits what a kill loses; must not depend on the number of workers */
#define GENERATION_MIN                                                                                                 \
	64                 /* the first generations are smaller, because most findings come at once and are reported   \
	                    * sooner */
#define SMALL_OPS 2        /* operations of a thread in a small program */
#define PROGRAM_COST 1500  /* cost of a program besides its steps, in steps: printing, parsing, init steps */
#define CROSSED_PERCENT 20 /* percentage of mutated programs that have two parents */
#define INIT_MAX 6         /* init steps of a mutated program */
#define POISON_MAX 3       /* poisoned pages of a mutated program */
#define ROUGH_MAX 2        /* findings of one rough kind that are shrunk */
#define ROUGH_DIFFERENCES_MAX 16 /* the same for differences, which may turn out to be of another kind */
#define SAVE_SECONDS 60.0        /* between updates of the --pool directory */
#define RETRY_SECONDS 1.0        /* between attempts to write a finding after an error */
#define HANG_SECONDS 30.0        /* processor seconds without progress after which a worker hangs */

/*
 * Three sorts of program share the time equally, not the number of programs: a mutated program can cost as much as a
 * thousand new ones. Small programs have few threads and few operations; most bugs show in them, and a second runs
 * many. Large programs find bugs that need more of everything. Mutated programs find bugs that need unlikely events in
 * sequence, by mutating programs that have some of them.
 */
enum sort { SORT_SMALL, SORT_LARGE, SORT_CHANGED, SORTS, SORT_STORED = SORTS };

static const struct {
	uint64_t share; /* of the total cost */
	uint64_t guess; /* initial cost, as if one program had run */
} sorts[SORTS] = { { 25, 1500 }, { 40, 3500 }, { 35, 2500 } };

/* A finding before it is shrunk. */
struct raw {
	char *rough, *text;
};

struct course {
	const struct hunt_options *o;
	struct hunt_report *report;
	struct workers *workers;
	struct hunt_files *files;
	struct hunt_store *store; /* NULL: no --pool */
	double saved;             /* time of the last update */
	double began, retried;    /* retried: time of the last attempt to write unwritten findings */
	bool full;                /* a finding could not be written, so the hunt ends */
	uint64_t nr_begun;        /* programs */
	struct hunt_pool *pool;
	struct genome_limits changing;
	struct spent {
		uint64_t programs, cost;
	} spent[SORTS + 1];          /* the last one: programs of --pool, which have no share */
	enum sort sorts[GENERATION]; /* of the programs in this generation */
	size_t nr_rough;
	struct rough {
		char *key;
		unsigned nr;
	} * rough;
	size_t nr_raw;
	struct raw *raw; /* of this generation, to be shrunk */
};

static bool
course_is_stopped(const struct course *c)
{
	return c->o->stop != NULL && *c->o->stop != 0;
}

/* Writes findings that could not be written before, if there is space now. */
static void
course_retry_writes(struct course *c)
{
	struct hunt_report *r = c->report;

	c->retried = clock_seconds();
	for (size_t i = 0; i < r->nr_findings && r->nr_unwritten > 0; i++) {
		struct hunt_finding *f = &r->findings[i];

		if (f->error == 0)
			continue;
		hunt_files_retry(c->files, f);
		if (f->error != 0)
			return; /* there is no space for the others */
		r->nr_unwritten--;
		if (c->o->on_written != NULL)
			c->o->on_written(c->o->arg, f);
	}
}

/* workers_do calls it repeatedly. True: no more programs start. */
static bool
course_tick(void *arg)
{
	struct course *c = arg;

	if (c->report->nr_unwritten > 0 && clock_seconds() - c->retried > RETRY_SECONDS)
		course_retry_writes(c);

	c->report->seconds = clock_seconds() - c->began;
	c->report->processor = clock_processor_seconds(0) + workers_processor_seconds(c->workers);
	if (c->o->progress != NULL)
		c->o->progress(c->o->arg, c->report);
	return course_is_stopped(c) || (c->o->seconds > 0 && c->report->seconds > c->o->seconds) ||
	       (c->o->processor > 0 && c->report->processor > c->o->processor);
}

/* --- programs --- */

static uint64_t
course_number_of(const struct course *c, uint64_t index)
{
	uint64_t seed = c->o->seed;

	if (c->o->end != 0)
		return seed + index;
	/*
	 * Hunts with different seeds have different programs in practice. The factor is odd, so two seeds never start
	 * at the same number: the lower half of the number gives the upper half of the seed, and then the rest.
	 */
	return (seed << 32 ^ (seed >> 32) * 0x9e3779b97f4a7c15u) + index;
}

static void
course_draw_program(const struct course *c, uint64_t number, bool small, struct program *p)
{
	const struct hunt_limits *l = &c->o->limits;
	struct prng prng = prng_mix(number, 0, 5);
	struct random_params params = {
		.seed = number, .profile = c->o->profile, .ops = l->ops_max, .target = l->target
	};

	assert(l->threads_min > 0 && l->threads_min <= l->threads_max);
	/* the generator's own default is 2 to 4 */
	if (l->threads_min != 2 || l->threads_max != 4)
		params.threads = l->threads_min + (unsigned)prng_below(&prng, l->threads_max - l->threads_min + 1);
	if (small) {
		params.threads = l->threads_min;
		params.ops = l->ops_max < SMALL_OPS ? l->ops_max : SMALL_OPS;
	}
	random_concurrent(&params, p);
	random_suit_target(l->target, &p->config);
	p->config.mutant = c->o->mutant;
}

static void
course_read_kept(const struct course *c, struct prng *prng, struct genome *g)
{
	const char *text = hunt_pool_choose(c->pool, prng);
	struct program p;

	vmt_parse_own(text, "a kept program", &p);
	genome_of_program(g, &c->changing, &p);
	program_free(&p);
}

/* Mutates a kept program. *p must not be freed. */
static void
course_change_program(const struct course *c, struct prng *prng, struct program *p)
{
	static struct genome genome, other;
	bool crossed = prng_percent(prng, CROSSED_PERCENT);
	struct mutation m;

	course_read_kept(c, prng, &genome);
	if (crossed)
		course_read_kept(c, prng, &other);
	mutation_begin(&m, &genome, &c->changing, prng_mix(prng_next(prng), 0, 2));
	if (crossed)
		mutation_cross(&m, &other);
	else
		mutation_change(&m);
	mutation_end(&m);
	genome_program(&genome, &c->changing, p);
}

/*
 * For a hunt for differences: in half of the programs, wires of the whole map end the last thread. Each entry takes
 * steps of its own, so they show boundaries that nothing else does.
 */
static void
course_add_observers(const struct course *c, uint64_t number, struct program *p)
{
	static const char *const words[] = { "user", "system" };
	struct prng prng = prng_mix(number, 0, 6);
	unsigned thread = p->nr_threads - 1, nr = (unsigned)prng_below(&prng, 4);

	for (unsigned i = 2; i <= nr && p->threads[thread].nr_ops + 1 < PROGRAM_OPS_MAX; i++) {
		struct strbuf text = { 0 };
		struct vmt_error e;
		struct vm_op op;

		strbuf_printf(&text, "wire %llu %llu %s holesok", (unsigned long long)p->config.min,
		    (unsigned long long)p->config.max, words[prng_below(&prng, 2)]);
		if (vmt_parse_op(strbuf_text(&text), &op, &e) &&
		    target_op_reason(c->o->limits.target, &p->config, &op) == NULL &&
		    target_op_reason(c->o->against->target, &p->config, &op) == NULL)
			(void)program_insert_op(p, thread, p->threads[thread].nr_ops, &op);
		strbuf_free(&text);
	}
}

/* Draws expensive sorts less often, so that each gets its share of the cost. */
static enum sort
course_draw_sort(const struct course *c, struct prng *prng)
{
	uint64_t weights[SORTS], total = 0, at;
	unsigned sort = 0;

	if (c->o->end != 0)
		return SORT_LARGE;
	for (unsigned i = 0; i < SORTS; i++) {
		const struct spent *s = &c->spent[i];

		weights[i] = (sorts[i].share << 40) / ((s->cost + sorts[i].guess) / (s->programs + 1));
		if (i == SORT_CHANGED && hunt_pool_nr(c->pool) == 0)
			weights[i] = 0;
		total += weights[i];
	}
	for (at = prng_below(prng, total); sort + 1 < SORTS && at >= weights[sort]; sort++)
		at -= weights[sort];
	assert(sort < SORTS);
	return (enum sort)sort;
}

/* Writes the work for a worker: the program @text, and the seed of its runs by strategies. */
static void
course_say_work(struct work *work, uint64_t number, const char *text, size_t len)
{
	work->in.len = 0;
	keybuf_num(&work->in, JOB_ATTEMPT);
	keybuf_num(&work->in, number);
	message_text(&work->in, text, len);
}

static void
course_make_work(struct course *c, size_t i, struct work *work)
{
	uint64_t number = course_number_of(c, c->nr_begun + i);
	struct prng prng = prng_mix(number, 0, 4);
	struct strbuf text = { 0 };
	struct program p;

	assert(i < GENERATION);
	c->sorts[i] = course_draw_sort(c, &prng);
	if (c->sorts[i] == SORT_CHANGED)
		course_change_program(c, &prng, &p);
	else
		course_draw_program(c, number, c->sorts[i] == SORT_SMALL, &p);
	if (c->o->against != NULL && p.nr_threads > 0)
		course_add_observers(c, number, &p);
	vmt_print(&p, &text);
	course_say_work(work, number, strbuf_text(&text), text.len);
	strbuf_free(&text);
	if (c->sorts[i] != SORT_CHANGED)
		program_free(&p);
}

/* The program of a piece of work. */
static char *
course_text_of(const struct work *work)
{
	struct message_reader r = { .at = work->in.bytes, .end = work->in.bytes + work->in.len };

	(void)message_read_number(&r);
	(void)message_read_number(&r);
	return message_read_text(&r);
}

/* --- results --- */

/* Has an earlier finding of this hunt the same key? */
static bool
course_is_old(const struct course *c, const char *key)
{
	for (size_t i = 0; i < c->report->nr_findings; i++)
		if (strcmp(c->report->findings[i].key, key) == 0)
			return true;
	return false;
}

/* Is the finding among the first ones of its rough kind, which are shrunk? */
static bool
course_is_wanted(struct course *c, const char *key)
{
	unsigned max = c->o->against != NULL ? ROUGH_DIFFERENCES_MAX : ROUGH_MAX;

	if (c->o->against != NULL && course_is_old(c, key))
		return false;
	for (size_t i = 0; i < c->nr_rough; i++)
		if (strcmp(c->rough[i].key, key) == 0)
			return c->rough[i].nr++ < max;
	c->rough = memory_resize(c->rough, c->nr_rough + 1, sizeof(*c->rough), "a hunt");
	c->rough[c->nr_rough++] = (struct rough){ .key = memory_text(key, "a hunt"), .nr = 1 };
	return true;
}

static void
course_take_raw(struct course *c, struct message_reader *r)
{
	struct raw raw;

	raw.rough = message_read_text(r);
	raw.text = message_read_text(r);
	c->report->seen++;
	if (r->bad || !course_is_wanted(c, raw.rough)) {
		free(raw.rough);
		free(raw.text);
		return;
	}
	c->raw = memory_resize(c->raw, c->nr_raw + 1, sizeof(*c->raw), "a hunt");
	c->raw[c->nr_raw++] = raw;
}

/* --- findings --- */

/* Writes a new finding, then reports it. Takes ownership of the texts. */
static void
course_add_finding(struct course *c, struct hunt_finding *f)
{
	assert(f->name != NULL && f->key != NULL && f->line != NULL && f->text != NULL);
	if (course_is_old(c, f->key)) {
		hunt_finding_free(f);
		return;
	}
	f->number = (unsigned)c->report->nr_findings + 1;
	course_retry_writes(c);
	hunt_files_keep(c->files, f);
	c->report->nr_unwritten += f->error != 0;
	c->full |= f->error != 0 && !c->o->keep_going;
	c->report->findings = memory_resize(c->report->findings, c->report->nr_findings + 1, sizeof(*f), "a hunt");
	c->report->findings[c->report->nr_findings++] = *f;
	c->report->nr_new += f->known == NULL;
	if (c->o->on_finding != NULL)
		c->o->on_finding(c->o->arg, f);
}

/* Has this hunt reported such a loss? The causes are unknown, so it reports one program for each message. */
static bool
course_has_line(const struct course *c, const char *line)
{
	for (size_t i = 0; i < c->report->nr_findings; i++)
		if (strcmp(c->report->findings[i].line, line) == 0)
			return true;
	return false;
}

/* The process that ran it died or was killed. The program is kept as it is. */
static void
course_lost_program(struct course *c, const struct work *work)
{
	struct strbuf line = { 0 }, key = { 0 }, whole = { 0 };
	struct hunt_finding f = { 0 };
	char *text = course_text_of(work);
	struct program p;

	assert(work->end != WORK_DONE);
	if (work->end == WORK_HUNG)
		strbuf_printf(&line, "the process made no progress in %.0f seconds of processor time", HANG_SECONDS);
	else if (WIFSIGNALED(work->status))
		strbuf_printf(&line, "the process died of signal %d", WTERMSIG(work->status));
	else
		strbuf_printf(&line, "the process ended with status %d", WEXITSTATUS(work->status));
	strbuf_printf(&whole, "# %s\n%s", strbuf_text(&line), text);
	vmt_parse_own(text, "a hunted program", &p);
	hunt_lost_key(&p, &key);
	program_free(&p);
	f.name = memory_text(work->end == WORK_HUNG ? "hang" : "crash", "a hunt");
	f.line = strbuf_take(&line);
	f.key = strbuf_take(&key);
	f.text = strbuf_take(&whole);
	if (course_has_line(c, f.line))
		hunt_finding_free(&f);
	else
		course_add_finding(c, &f);
	free(text);
}

/* This program shows that the target's state key is incomplete. One report is enough. */
static void
course_incomplete_key(struct course *c, const struct work *work, const char *what)
{
	struct strbuf line = { 0 }, whole = { 0 };
	char *text = course_text_of(work);
	struct hunt_finding f = { .name = memory_text("key", "a hunt"),
		.key = memory_text("state key incomplete", "a hunt"),
		.replays = true };

	strbuf_printf(&line, "state key incomplete: %s", what);
	hunt_comment(strbuf_text(&line), &whole);
	strbuf_printf(
	    &whole, "# wirestorm explore shows it, and wirestorm check --fixed says if it still happens.\n%s", text);
	f.line = strbuf_take(&line);
	f.text = strbuf_take(&whole);
	course_add_finding(c, &f);
	free(text);
}

static void
course_take_attempt(struct course *c, enum sort sort, struct work *work)
{
	struct message_reader r = { .at = work->out.bytes, .end = work->out.bytes + work->out.len };
	struct hunt_report *report = c->report;
	uint64_t how = message_read_number(&r), cost;
	char *wrong_key;

	assert(work->end == WORK_DONE);
	report->complete += how == ATTEMPT_COMPLETE;
	report->sampled += how == ATTEMPT_SAMPLED;
	report->refused += how == ATTEMPT_REFUSED;
	report->states += message_read_number(&r);
	report->runs += message_read_number(&r);
	cost = message_read_number(&r);
	report->steps += cost;
	report->schedules += message_read_double(&r);
	cost += PROGRAM_COST;
	c->spent[sort].programs++;
	c->spent[sort].cost += cost;
	if (hunt_pool_look(c->pool, &r) && c->o->end == 0)
		hunt_pool_keep(c->pool, course_text_of(work), cost);
	hunt_pool_report(c->pool, report);
	for (uint64_t nr = message_read_number(&r); nr > 0 && !r.bad; nr--)
		course_take_raw(c, &r);
	wrong_key = message_read_text(&r);
	if (!r.bad && wrong_key[0] != '\0')
		course_incomplete_key(c, work, wrong_key);
	free(wrong_key);
}

/* Reports a finding for which there was no time to shrink. */
static void
course_unshrunk(struct course *c, struct raw *raw)
{
	struct hunt_finding f = { .name = memory_text("unshrunk", "a hunt"),
		.key = memory_text(raw->rough, "a hunt"),
		.line = memory_text(raw->rough, "a hunt"),
		.text = memory_text(raw->text, "a hunt") };

	course_add_finding(c, &f);
}

static void
course_shrink_all(struct course *c)
{
	struct work *work = memory_new(c->nr_raw, sizeof(*work), "a hunt");

	assert(c->nr_raw > 0);
	for (size_t i = 0; i < c->nr_raw; i++) {
		keybuf_num(&work[i].in, JOB_SHRINK);
		message_text(&work[i].in, c->raw[i].text, strlen(c->raw[i].text));
		message_text(&work[i].in, c->raw[i].rough, strlen(c->raw[i].rough));
	}
	(void)workers_do(c->workers, work, c->nr_raw);
	for (size_t i = 0; i < c->nr_raw; i++) {
		struct hunt_finding f;

		if (work[i].end == WORK_DONE) {
			hunt_read_small(&work[i], &f);
			if (f.key[0] != '\0')
				course_add_finding(c, &f);
			else
				hunt_finding_free(&f);
		} else {
			course_unshrunk(c, &c->raw[i]);
		}
		free(c->raw[i].rough);
		free(c->raw[i].text);
		work_free(&work[i]);
	}
	free(work);
	free(c->raw);
	c->raw = NULL;
	c->nr_raw = 0;
}

/* --- generations --- */

static size_t
course_size_of_next(const struct course *c)
{
	uint64_t left = c->nr_begun < GENERATION_MIN ? GENERATION_MIN
	                : c->nr_begun < GENERATION   ? c->nr_begun
	                                             : GENERATION;

	if (c->o->end != 0 && c->o->end - c->o->seed - c->nr_begun < left)
		left = c->o->end - c->o->seed - c->nr_begun;
	if (c->o->programs != 0 && c->o->programs - c->nr_begun < left)
		left = c->o->programs - c->nr_begun;
	assert(left <= GENERATION);
	return (size_t)left;
}

/* Runs the work and takes the results. False: the hunt ends. */
static bool
course_do_generation(struct course *c, struct work *work, size_t nr)
{
	bool all = workers_do(c->workers, work, nr);

	assert(nr <= GENERATION);
	for (size_t i = 0; i < nr; i++) {
		if (work[i].end == WORK_LEFT)
			break;
		c->report->programs++;
		c->report->crashed += work[i].end == WORK_DIED;
		c->report->hung += work[i].end == WORK_HUNG;
		if (work[i].end == WORK_DONE)
			course_take_attempt(c, c->sorts[i], &work[i]);
		else
			course_lost_program(c, &work[i]);
	}
	if (c->nr_raw > 0)
		course_shrink_all(c);
	return all && nr > 0 && !c->full;
}

/* Runs one generation. False: it was the last one. */
static bool
course_run_generation(struct course *c, struct work *work)
{
	size_t nr = course_size_of_next(c);

	for (size_t i = 0; i < nr; i++)
		course_make_work(c, i, &work[i]);
	c->nr_begun += nr;
	return course_do_generation(c, work, nr);
}

/* Was the program run? A target may reject a program that another target has stored. */
static bool
course_was_run(const struct work *work)
{
	struct message_reader r = { .at = work->out.bytes, .end = work->out.bytes + work->out.len };

	return work->end == WORK_DONE && message_read_number(&r) != ATTEMPT_REFUSED;
}

/* Runs the programs of --pool, before all others. False: the hunt ends. */
static bool
course_try_stored(struct course *c, struct work *work)
{
	size_t all = c->store != NULL ? hunt_store_nr(c->store) : 0;
	bool more = true;

	for (size_t from = 0; from < all && more; from += GENERATION) {
		size_t nr = all - from < GENERATION ? all - from : GENERATION;

		for (size_t i = 0; i < nr; i++) {
			const char *text = hunt_store_text(c->store, from + i);

			c->sorts[i] = SORT_STORED;
			course_say_work(&work[i], from + i, text, strlen(text));
		}
		more = course_do_generation(c, work, nr);
		for (size_t i = 0; i < nr; i++)
			if (course_was_run(&work[i]))
				hunt_store_tried(c->store, from + i);
	}
	return more;
}

/* Updates the --pool directory: repeatedly, and at the end (@last). */
static void
course_save_pool(struct course *c, bool last)
{
	if (c->store == NULL || (!last && clock_seconds() - c->saved < SAVE_SECONDS))
		return;
	c->saved = clock_seconds();
	c->report->pool.unsaved = !hunt_store_save(c->store, c->pool, c->report);
	if (last && !c->report->pool.unsaved)
		hunt_store_prune(c->store, c->pool, c->report);
}

/* Runs all generations. */
static void
course_run_all(struct course *c, struct work *work)
{
	bool more = course_try_stored(c, work);

	for (c->saved = clock_seconds(); more; course_save_pool(c, false))
		more = course_run_generation(c, work);
	course_save_pool(c, true);
}

static void
course_end(struct course *c)
{
	hunt_pool_free(c->pool);
	for (size_t i = 0; i < c->nr_rough; i++)
		free(c->rough[i].key);
	free(c->rough);
	free(c);
}

bool
hunt(const struct hunt_options *options, struct hunt_report *report)
{
	struct workers_options workers = { .nr = options->jobs,
		.hang_seconds = HANG_SECONDS,
		.begin = hunt_worker_begin,
		.work = hunt_worker_do,
		.tick = course_tick };
	struct course *c = memory_new(1, sizeof(*c), "a hunt");
	struct work *work = memory_new(GENERATION, sizeof(*work), "a hunt");
	bool good;

	assert(options->jobs > 0 && options->limits.target != NULL);
	*report = (struct hunt_report){ 0 };
	c->o = options;
	c->report = report;
	c->began = clock_seconds();
	c->pool = hunt_pool_new();
	c->changing = (struct genome_limits){ .target = options->limits.target,
		.threads_min = options->limits.threads_min > 1 ? options->limits.threads_min : 1,
		.threads_max = options->limits.threads_max,
		.explored = true,
		.ops_max = options->limits.ops_max,
		.init_max = INIT_MAX,
		.poison_max = POISON_MAX };
	workers.begin_arg = options;
	workers.arg = c;
	c->workers = workers_start(&workers);
	c->files = hunt_files_open(options, c->workers);
	if (c->files != NULL && options->pool != NULL)
		c->store = hunt_store_open(options, report);
	good = c->files != NULL && (options->pool == NULL || c->store != NULL);
	if (good)
		course_run_all(c, work);
	course_retry_writes(c);
	report->seconds = clock_seconds() - c->began;
	report->stopped = course_is_stopped(c);
	workers_stop(c->workers);
	hunt_files_close(c->files);
	hunt_store_close(c->store);
	for (size_t i = 0; i < GENERATION; i++)
		work_free(&work[i]);
	free(work);
	course_end(c);
	return good;
}

void
hunt_report_free(struct hunt_report *report)
{
	for (size_t i = 0; i < report->nr_findings; i++)
		hunt_finding_free(&report->findings[i]);
	free(report->findings);
	*report = (struct hunt_report){ 0 };
}
