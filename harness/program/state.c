/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - the canonical state of a map: building, comparing, printing, parsing. See state.h. */
#include "harness/program/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ops.h"
#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/lex.h"
#include "harness/program/optext.h"

void
state_clear(struct vm_state *s)
{
	s->nr_runs = 0;
	s->user_wired = 0;
	s->busy = false;
}

void
state_free(struct vm_state *s)
{
	free(s->runs);
	*s = (struct vm_state){ 0 };
}

void
state_grow(struct vm_state *s)
{
	MEMORY_GROW(s->runs, s->nr_runs_max, s->nr_runs_max + 1, "a state");
}

void
state_copy(struct vm_state *to, const struct vm_state *from)
{
	assert(to != from);
	MEMORY_GROW(to->runs, to->nr_runs_max, from->nr_runs, "a state");
	if (from->nr_runs > 0)
		memcpy(to->runs, from->runs, from->nr_runs * sizeof(*to->runs));
	to->nr_runs = from->nr_runs;
	to->user_wired = from->user_wired;
	to->busy = from->busy;
}

bool
state_equal(const struct vm_state *a, const struct vm_state *b)
{
	if (a->nr_runs != b->nr_runs || a->user_wired != b->user_wired || a->busy != b->busy)
		return false;
	for (size_t i = 0; i < a->nr_runs; i++) {
		const struct vm_run *x = &a->runs[i], *y = &b->runs[i];

		if (x->start != y->start || x->end != y->end || !vm_run_alike(x, y))
			return false;
	}
	return true;
}

static void
state_print_run(const struct vm_run *run, struct strbuf *out)
{
	const char *inherit = optext_inherit(run->inherit);

	strbuf_add_num(out, (int64_t)run->start);
	strbuf_addc(out, '-');
	strbuf_add_num(out, (int64_t)run->end);
	strbuf_addc(out, ':');
	if (run->guard) {
		strbuf_add(out, "guard");
	} else {
		optext_print_prot_mask(run->prot, out);
		strbuf_addc(out, '/');
		optext_print_prot_mask(run->max, out);
		strbuf_addc(out, ':');
		strbuf_add(out, inherit != NULL ? inherit : "?");
		strbuf_add(out, ":w");
		strbuf_add_num(out, run->wired_count);
		if (run->user_wired)
			strbuf_addc(out, 'u');
	}
	strbuf_add(out, run->transition ? "!T " : " ");
}

static bool
state_guards_touch(const struct vm_run *a, const struct vm_run *b)
{
	return a->guard && b->guard && a->end == b->start && a->transition == b->transition;
}

void
state_print(const struct vm_state *s, struct strbuf *out)
{
	for (size_t i = 0; i < s->nr_runs; i++) {
		struct vm_run run = s->runs[i];

		/*
		 * A guard is printed without attributes. A broken guard that has some is therefore merged with its
		 * neighbour.
		 */
		for (; i + 1 < s->nr_runs && state_guards_touch(&run, &s->runs[i + 1]); i++)
			run.end = s->runs[i + 1].end;
		state_print_run(&run, out);
	}
	if (s->nr_runs == 0)
		strbuf_add(out, "(empty) ");
	strbuf_add(out, "uw=");
	strbuf_add_num(out, s->user_wired);
	if (s->busy)
		strbuf_add(out, " !busy");
}

/* Parsing one word: the part that is still unread. */
struct piece {
	const char *at, *end;
};

static bool
piece_take(struct piece *w, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(w->end - w->at) < len || memcmp(w->at, text, len) != 0)
		return false;
	w->at += len;
	return true;
}

/* A decimal number up to @max. */
static bool
state_take_number(struct piece *w, uint64_t max, uint64_t *ret)
{
	const char *from = w->at;
	lex_wide n;

	while (w->at < w->end && *w->at >= '0' && *w->at <= '9')
		w->at++;
	if (lex_number(from, (size_t)(w->at - from), max, &n) != LEX_NUMBER_OK)
		return false;
	*ret = (uint64_t)n;
	return true;
}

static bool
state_take_signed(struct piece *w, uint64_t max, int64_t *ret)
{
	bool negative = piece_take(w, "-");
	uint64_t n;

	if (!state_take_number(w, max, &n))
		return false;
	*ret = negative ? -(int64_t)n : (int64_t)n;
	return true;
}

/* "rw-" */
static bool
state_take_mask(struct piece *w, uint8_t *ret)
{
	static const char letters[] = { 'r', 'w', 'x' };

	*ret = 0;
	for (unsigned i = 0; i < 3; i++) {
		if (w->at == w->end || (*w->at != letters[i] && *w->at != '-'))
			return false;
		if (*w->at++ != '-')
			*ret |= (uint8_t)(1u << i);
	}
	return true;
}

static bool
state_take_inherit(struct piece *w, uint8_t *ret)
{
	for (uint8_t i = 0; i < VM_INHERIT_COUNT; i++) {
		if (piece_take(w, optext_inherit(i))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* "rw-/rwx:copy:w1u" */
static bool
state_take_attributes(struct piece *w, struct vm_run *run)
{
	int64_t count;

	if (!state_take_mask(w, &run->prot) || !piece_take(w, "/") || !state_take_mask(w, &run->max) ||
	    !piece_take(w, ":"))
		return false;
	if (!state_take_inherit(w, &run->inherit) || !piece_take(w, ":w") || !state_take_signed(w, INT32_MAX, &count))
		return false;
	run->wired_count = (int32_t)count;
	run->user_wired = piece_take(w, "u");
	return true;
}

static bool
state_parse_run(struct piece w, struct vm_run *run)
{
	*run = (struct vm_run){ 0 };
	if (!state_take_number(&w, VM_OP_PAGE_MAX, &run->start) || !piece_take(&w, "-") ||
	    !state_take_number(&w, VM_OP_PAGE_MAX, &run->end) || !piece_take(&w, ":"))
		return false;
	run->guard = piece_take(&w, "guard");
	if (!run->guard && !state_take_attributes(&w, run))
		return false;
	run->transition = piece_take(&w, "!T");
	return w.at == w.end;
}

static struct piece
state_next_word(struct piece *rest)
{
	struct piece w;

	while (rest->at < rest->end && lex_is_blank(*rest->at))
		rest->at++;
	w.at = rest->at;
	while (rest->at < rest->end && !lex_is_blank(*rest->at))
		rest->at++;
	w.end = rest->at;
	return w;
}

static bool
state_word_is(struct piece w, const char *text)
{
	return lex_equal(w.at, (size_t)(w.end - w.at), text);
}

/* "uw=-3" */
static bool
state_parse_user_wired(struct piece w, int64_t *ret)
{
	return piece_take(&w, "uw=") && state_take_signed(&w, INT64_MAX, ret) && w.at == w.end;
}

/* Reads the runs or "(empty)". *w is the word after them. Returns NULL, or what was expected. */
static const char *
state_parse_runs(struct piece *rest, struct piece *w, struct vm_state *s)
{
	struct vm_run run;

	*w = state_next_word(rest);
	if (state_word_is(*w, "(empty)")) {
		*w = state_next_word(rest);
		return NULL;
	}
	while (w->at < w->end && *w->at != 'u') {
		if (!state_parse_run(*w, &run))
			return "a run of pages like 16-24:rw-/rwx:copy:w0 or 24-25:guard";
		if (run.start >= run.end)
			return "a run of pages that is not empty";
		if (s->nr_runs > 0 && run.start < s->runs[s->nr_runs - 1].end)
			return "runs of pages in ascending order";
		state_add(s, &run);
		*w = state_next_word(rest);
	}
	return s->nr_runs > 0 ? NULL : "\"(empty)\" or a run of pages";
}

static const char *
state_parse_words(struct piece *rest, struct piece *w, struct vm_state *s)
{
	const char *expected = state_parse_runs(rest, w, s);

	if (expected != NULL)
		return expected;
	if (!state_parse_user_wired(*w, &s->user_wired))
		return "a user-wire count like uw=0";
	*w = state_next_word(rest);
	if (state_word_is(*w, "!busy")) {
		s->busy = true;
		*w = state_next_word(rest);
	}
	return w->at == w->end ? NULL : "the end of the state";
}

const char *
state_parse(const char *text, size_t len, struct vm_state *s, size_t *ret_at, size_t *ret_len)
{
	struct piece rest = { text, text + len }, w;
	const char *expected;

	assert(ret_at != NULL && ret_len != NULL);
	state_clear(s);
	expected = state_parse_words(&rest, &w, s);
	if (expected != NULL) {
		state_clear(s);
		*ret_at = (size_t)(w.at - text);
		*ret_len = (size_t)(w.end - w.at);
	}
	return expected;
}
