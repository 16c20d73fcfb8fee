/* SPDX-License-Identifier: BSD-2-Clause */
/* parting.c - see parting.h. */
#include "harness/expect/parting.h"

#include <assert.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

#define PARTING_ENTRIES_MAX 256

/* The two runs. */
struct pair {
	struct program programs[2];
	struct run runs[2];
	struct parting *ret;
	uint64_t step;
	bool open;
};

static void
pair_open(struct pair *pair, struct parting *ret, const struct program *p, const struct behaviour_side sides[2],
    struct sim *const sims[2])
{
	assert(sims[0] != sims[1]);
	*ret = (struct parting){ 0 };
	pair->ret = ret;
	pair->open = true;
	for (unsigned i = 0; i < 2; i++) {
		behaviour_program(&pair->programs[i], p, &sides[i]);
		pair->open &= run_open(&pair->runs[i], &pair->programs[i], sides[i].target, sims[i]) == RUN_OPENED;
	}
}

static void
pair_close(struct pair *pair)
{
	for (unsigned i = 0; i < 2; i++) {
		run_close(&pair->runs[i]);
		behaviour_program_free(&pair->programs[i]);
	}
}

static void
pair_begin(struct pair *pair)
{
	pair->step = 0;
	for (unsigned i = 0; i < 2; i++)
		run_begin(&pair->runs[i]);
}

static void
pair_step(struct pair *pair, unsigned thread)
{
	pair->step++;
	for (unsigned i = 0; i < 2; i++)
		run_step(&pair->runs[i], thread);
}

/* --- what differs --- */

/* Appends "T0 T1 can run", or "no thread can run". */
static void
parting_print_enabled(const struct run *r, struct strbuf *out)
{
	uint32_t left = run_enabled(r);

	if (left == 0)
		strbuf_add(out, "no thread");
	for (const char *before = ""; left != 0; left &= left - 1, before = " and ")
		strbuf_printf(out, "%sT%d", before, __builtin_ctz(left));
	strbuf_add(out, " can run");
}

/* Appends "T0.0 KERN_SUCCESS, T1.0 ...": the results so far. */
static void
parting_print_results(const struct run *r, struct strbuf *out)
{
	const char *before = "";

	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		for (unsigned i = 0; i < r->threads[t].nr_done; i++) {
			strbuf_printf(out, "%sT%u.%u ", before, t, i);
			vmt_print_result(&r->program->threads[t].ops[i], &r->threads[t].results[i], out);
			before = ", ";
		}
	}
	if (run_panic(r) != NULL)
		strbuf_printf(out, "%sPANIC(%s)", before, run_panic(r));
	else if (before[0] == '\0')
		strbuf_add(out, "no operation has returned");
}

static void
parting_print_state(struct run *r, struct strbuf *out)
{
	r->target->dump(r->self, &r->state);
	state_print(&r->state, out);
}

/* Sets what differs, if these texts do. */
static bool
parting_texts_differ(struct parting *x, const char *what, struct strbuf text[2])
{
	bool differ = strcmp(strbuf_text(&text[0]), strbuf_text(&text[1])) != 0;

	for (unsigned i = 0; i < 2; i++) {
		if (differ)
			x->saw[i] = strbuf_take(&text[i]);
		strbuf_clear(&text[i]);
	}
	x->what = differ ? what : NULL;
	return differ;
}

static void
parting_print_entries(const struct run *r, struct strbuf *out)
{
	uint64_t starts[PARTING_ENTRIES_MAX];
	size_t nr = r->target->entries != NULL ? r->target->entries(r->self, starts, PARTING_ENTRIES_MAX) : 0;

	for (size_t i = 0; i < nr && i < PARTING_ENTRIES_MAX; i++)
		strbuf_printf(out, "%s%" PRIu64, i > 0 ? " " : "", starts[i]);
}

/* Notes the first step after which entries start at other pages. */
static void
pair_look_at_entries(struct pair *pair)
{
	struct strbuf text[2] = { 0 };

	if (pair->ret->entries[0] != NULL || pair->runs[0].target->entries == NULL ||
	    pair->runs[1].target->entries == NULL)
		return;
	for (unsigned i = 0; i < 2; i++)
		parting_print_entries(&pair->runs[i], &text[i]);
	if (strcmp(strbuf_text(&text[0]), strbuf_text(&text[1])) != 0) {
		pair->ret->entries_step = pair->step;
		for (unsigned i = 0; i < 2; i++)
			pair->ret->entries[i] = strbuf_take(&text[i]);
	}
	strbuf_free(&text[0]);
	strbuf_free(&text[1]);
}

/* Do the runs differ now? */
static bool
pair_parts(struct pair *pair)
{
	struct strbuf text[2] = { 0 };
	bool differ;

	for (unsigned i = 0; i < 2; i++)
		parting_print_results(&pair->runs[i], &text[i]);
	differ = parting_texts_differ(pair->ret, "result", text);
	for (unsigned i = 0; i < 2 && !differ; i++)
		parting_print_state(&pair->runs[i], &text[i]);
	differ = differ || parting_texts_differ(pair->ret, "state", text);
	for (unsigned i = 0; i < 2 && !differ; i++)
		parting_print_enabled(&pair->runs[i], &text[i]);
	differ = differ || parting_texts_differ(pair->ret, "choice", text);
	strbuf_free(&text[0]);
	strbuf_free(&text[1]);
	return differ;
}

/* --- one schedule --- */

/* The operation that the thread's next step is part of. */
static unsigned
pair_op(const struct pair *pair, unsigned thread)
{
	return pair->runs[0].threads[thread].nr_done;
}

/* The runs part as soon as one of them cannot follow: pair_parts has seen it then. */
static void
pair_follow(struct pair *pair, const struct schedule *path)
{
	struct parting *x = pair->ret;
	struct schedule_walk w = { path };
	unsigned thread = 0;
	bool parts;

	schedule_begin(&x->path);
	pair_begin(pair);
	pair_look_at_entries(pair);
	parts = pair_parts(pair);
	while (!parts && schedule_next(&w, &thread) && (run_enabled(&pair->runs[0]) >> thread & 1) != 0) {
		x->thread = thread;
		x->op = pair_op(pair, thread);
		pair_step(pair, thread);
		schedule_append(&x->path, thread);
		pair_look_at_entries(pair);
		parts = pair_parts(pair);
	}
}

void
parting_follow(struct parting *ret, const struct program *p, const struct behaviour_side sides[2],
    struct sim *const sims[2], const struct schedule *path)
{
	struct pair *pair = memory_new(1, sizeof(*pair), "a comparison");

	pair_open(pair, ret, p, sides, sims);
	if (pair->open)
		pair_follow(pair, path);
	pair_close(pair);
	free(pair);
}

/* --- all schedules --- */

/* A state of both runs that was reached, and the step that first led there. */
struct pair_node {
	size_t from;
	unsigned thread;
};

struct search {
	struct pair *pair;
	size_t nr, cap;
	struct pair_node *nodes; /* in the order in which they were reached: by the number of steps */
	void *seen;              /* their keys, for tsearch(3) */
	struct keybuf key;
};

struct search_key {
	size_t len;
	uint8_t bytes[];
};

static int
search_compare(const void *a, const void *b)
{
	const struct search_key *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->bytes, y->bytes, x->len);
}

/* Is the runs' state new? Without keys, every state is. */
static bool
search_is_new(struct search *s)
{
	struct search_key *key, **found;

	s->key.len = 0;
	for (unsigned i = 0; i < 2; i++) {
		if (s->pair->runs[i].target->key == NULL)
			return true;
		run_key(&s->pair->runs[i], &s->key);
	}
	key = memory_new(1, sizeof(*key) + s->key.len, "a comparison");
	key->len = s->key.len;
	memcpy(key->bytes, s->key.bytes, s->key.len);
	found = memory_need(tsearch(key, &s->seen, search_compare), "a comparison");
	if (*found == key)
		return true;
	free(key);
	return false;
}

static void
search_add(struct search *s, size_t from, unsigned thread)
{
	s->nodes = memory_grow(s->nodes, &s->cap, s->nr + 1, sizeof(*s->nodes), "a comparison");
	s->nodes[s->nr++] = (struct pair_node){ from, thread };
}

/* Appends the schedule to a node. */
static void
search_path(const struct search *s, size_t node, struct schedule *path)
{
	if (node == 0)
		return;
	search_path(s, s->nodes[node].from, path);
	schedule_append(path, s->nodes[node].thread);
}

/* Runs the steps to a node. */
static void
search_go_to(struct search *s, size_t node)
{
	if (node == 0) {
		pair_begin(s->pair);
		return;
	}
	search_go_to(s, s->nodes[node].from);
	pair_step(s->pair, s->nodes[node].thread);
}

/* Runs each thread for one step from the node. True: one of them parts the runs, and *path leads there. */
static bool
search_try(struct search *s, size_t node, struct schedule *path)
{
	uint32_t left;

	search_go_to(s, node);
	left = run_enabled(&s->pair->runs[0]);
	for (bool here = true; left != 0; left &= left - 1, here = false) {
		unsigned thread = (unsigned)__builtin_ctz(left);

		if (!here)
			search_go_to(s, node);
		pair_step(s->pair, thread);
		if (pair_parts(s->pair)) {
			search_path(s, node, path);
			schedule_append(path, thread);
			return true;
		}
		if (search_is_new(s))
			search_add(s, node, thread);
	}
	return false;
}

/* Sets *path to the shortest schedule that parts the runs. Leaves it empty if they part at once, or never. */
static void
search_all(struct search *s, uint64_t states_max, const volatile int *stop, struct schedule *path)
{
	bool found;

	schedule_begin(path);
	pair_begin(s->pair);
	found = pair_parts(s->pair);
	search_add(s, 0, 0);
	(void)search_is_new(s);
	for (size_t node = 0; !found && node < s->nr && s->nr <= states_max && (stop == NULL || *stop == 0); node++)
		found = search_try(s, node, path);
}

void
parting_search(struct parting *ret, const struct program *p, const struct behaviour_side sides[2],
    struct sim *const sims[2], uint64_t states_max, const volatile int *stop)
{
	struct pair *pair = memory_new(1, sizeof(*pair), "a comparison");
	struct search s = { .pair = pair };
	struct schedule path = { 0 };

	pair_open(pair, ret, p, sides, sims);
	if (pair->open)
		search_all(&s, states_max, stop, &path);
	pair_close(pair);
	parting_free(ret);
	parting_follow(ret, p, sides, sims, &path);
	schedule_free(&path);
	tdestroy(s.seen, free);
	keybuf_free(&s.key);
	free(s.nodes);
	free(pair);
}

void
parting_free(struct parting *x)
{
	schedule_free(&x->path);
	for (unsigned i = 0; i < 2; i++) {
		free(x->saw[i]);
		free(x->entries[i]);
	}
	*x = (struct parting){ 0 };
}
