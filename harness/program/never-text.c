/* SPDX-License-Identifier: BSD-2-Clause */
/* never-text.c - see never.h. */
#include "harness/program/never.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/lex.h"
#include "harness/program/optext.h"
#include "harness/program/state.h"
#include "harness/program/vmt-inside.h"
#include "harness/program/vmt.h"

#define ANY "*"
#define UNMAPPED "-" /* stands for the attributes of an unmapped page */

/* --- making and freeing --- */

void
never_free(struct program_never *n)
{
	free(n->results);
	free(n->state);
	*n = (struct program_never){ 0 };
}

bool
never_equal(const struct program_never *a, const struct program_never *b)
{
	if (a->nr_results != b->nr_results || (a->state == NULL) != (b->state == NULL) ||
	    (a->state != NULL && strcmp(a->state, b->state) != 0))
		return false;
	for (size_t i = 0; i < a->nr_results; i++)
		if (a->results[i].thread != b->results[i].thread || a->results[i].op != b->results[i].op ||
		    !vm_result_equal(&a->results[i].result, &b->results[i].result))
			return false;
	return true;
}

void
never_copy_all(struct program *to, const struct program *from)
{
	for (size_t i = 0; i < from->nr_nevers; i++) {
		struct program_never n = from->nevers[i];

		if (n.nr_results > 0) {
			n.results = memory_resize(NULL, n.nr_results, sizeof(*n.results), "a program");
			memcpy(n.results, from->nevers[i].results, n.nr_results * sizeof(*n.results));
		}
		if (n.state != NULL)
			n.state = memory_text(n.state, "a program");
		n.line = 0;
		*MEMORY_APPEND(to->nevers, to->nr_nevers, "a program") = n;
	}
}

/* --- reading --- */

/* Adds a result in ascending order of threads, which may differ from the order in the text. */
static void
never_add_result(struct program_never *n, unsigned thread, unsigned op, const struct vm_result *result)
{
	size_t i = n->nr_results;

	(void)MEMORY_APPEND(n->results, n->nr_results, "a program");
	for (; i > 0 && n->results[i - 1].thread > thread; i--)
		n->results[i] = n->results[i - 1];
	n->results[i] = (struct program_never_result){ (uint8_t)thread, (uint8_t)op, *result };
}

/* Parses "R,*,R" for thread @t, from the current word. */
static bool
never_parse_results(struct lex *l, const struct program_thread *thread, unsigned t, struct program_never *n)
{
	const char *at = l->word, *end = l->word + l->word_len;
	unsigned i = 0;

	for (; at <= end && !lex_at_end(l); i++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t len = (size_t)((comma != NULL ? comma : end) - at);
		struct vm_result r;

		if (i < thread->nr_ops && !lex_equal(at, len, ANY)) {
			if (!optext_parse_result(
			        l, at, len, &thread->ops[i], OPTEXT_MAY_BE_NONE | OPTEXT_MAY_BE_ANY, &r))
				return false;
			never_add_result(n, t, i, &r);
		}
		at += len + 1;
	}
	if (i != thread->nr_ops)
		return lex_complain(
		    l, l->word, "%u result%s of T%u, found %u", thread->nr_ops, plural(thread->nr_ops), t, i);
	lex_next(l);
	return true;
}

/* Parses "S-E:" at the start of a word. *ret is what follows it. */
static bool
never_parse_pages(const char *text, size_t len, uint64_t *start, uint64_t *end, const char **ret)
{
	const char *colon = memchr(text, ':', len), *dash = memchr(text, '-', len);
	lex_wide from, to;

	if (colon == NULL || dash == NULL || dash > colon || colon + 1 == text + len ||
	    lex_number(text, (size_t)(dash - text), VM_OP_PAGE_MAX, &from) != LEX_NUMBER_OK ||
	    lex_number(dash + 1, (size_t)(colon - dash - 1), VM_OP_PAGE_MAX, &to) != LEX_NUMBER_OK || from >= to)
		return false;
	*start = (uint64_t)from;
	*end = (uint64_t)to;
	*ret = colon + 1;
	return true;
}

static bool
never_parse_state(struct lex *l, struct program_never *n)
{
	struct strbuf text = { 0 };
	uint64_t start, end;
	const char *rest;

	if (lex_is(l, ANY)) { /* any state: the line is about the results */
		lex_next(l);
		return lex_at_end(l) || lex_fail(l, "end of line after \"*\"");
	}
	for (; !lex_at_end(l); lex_next(l)) {
		bool count = l->word_len > 3 && memcmp(l->word, "uw=", 3) == 0;

		if (!count && !lex_is(l, "!busy") && !lex_is(l, "(empty)") &&
		    !never_parse_pages(l->word, l->word_len, &start, &end, &rest)) {
			strbuf_free(&text);
			return lex_fail(l, "pages like 20-24:*w1* or 20-24:-, uw=N, !busy or (empty)");
		}
		if (text.len > 0)
			strbuf_addc(&text, ' ');
		strbuf_addn(&text, l->word, l->word_len);
	}
	n->state = strbuf_take(&text);
	return true;
}

/* Parses "T0:": the thread, or -1. */
static int
never_parse_thread(const struct lex *l)
{
	if (l->word_len < 3 || l->word[l->word_len - 1] != ':')
		return -1;
	return vmt_thread_number(l->word, l->word_len - 1);
}

static bool
never_parse_parts(struct lex *l, const struct program *p, struct program_never *n)
{
	uint32_t named = 0;
	bool more = true;

	if (lex_at_end(l))
		return lex_fail(l, "results of a thread such as \"T0:\", or a state");
	while (more) {
		int t = never_parse_thread(l);

		if (t < 0)
			return never_parse_state(l, n);
		if ((unsigned)t >= p->nr_threads || (named & (uint32_t)1 << t) != 0)
			return lex_fail(l, "each thread of the program once at most");
		named |= (uint32_t)1 << t;
		lex_next(l);
		if (!never_parse_results(l, &p->threads[t], (unsigned)t, n))
			return false;
		more = lex_is(l, "|");
		if (!more && !lex_at_end(l))
			return lex_fail(l, "\"|\" or end of line");
		lex_next(l);
		if (more && lex_at_end(l))
			return lex_fail(l, "results of a thread, or a state");
	}
	return true;
}

bool
never_parse(struct lex *l, const struct program *p, struct program_never *n)
{
	*n = (struct program_never){ .line = l->line };
	if (p->nr_threads == 0)
		return lex_fail(l, "threads in a program with never lines");
	if (never_parse_parts(l, p, n)) {
		if (n->nr_results > 0 || n->state != NULL)
			return true;
		(void)lex_complain(l, l->line_at, "a result or a state to forbid, found \"*\" alone");
	}
	never_free(n);
	assert(n->nr_results == 0 && n->state == NULL);
	return false;
}

/* --- printing --- */

void
never_print(const struct program *p, const struct program_never *n, struct strbuf *out)
{
	size_t i = 0;
	const char *bar = "";

	for (unsigned t = 0; t < p->nr_threads; t++) {
		if (i == n->nr_results || n->results[i].thread != t)
			continue;
		strbuf_printf(out, "%sT%u: ", bar, t);
		bar = " | ";
		for (unsigned op = 0; op < p->threads[t].nr_ops; op++) {
			strbuf_add(out, op > 0 ? "," : "");
			if (i < n->nr_results && n->results[i].thread == t && n->results[i].op == op)
				vmt_print_result(&p->threads[t].ops[op], &n->results[i++].result, out);
			else
				strbuf_add(out, ANY);
		}
	}
	assert(i == n->nr_results); /* each result belongs to an operation of the program */
	if (n->state != NULL)
		strbuf_printf(out, "%s%s", bar, n->state);
}

/* --- matching --- */

/* "rw-/rwx:copy:w1u!T" */
static void
never_print_attributes(const struct vm_run *run, struct strbuf *out)
{
	struct vm_run copy = *run;
	const struct vm_state one = { .nr_runs = 1, .runs = &copy };
	struct strbuf text = { 0 };
	const char *colon, *space;

	state_print(&one, &text);
	colon = strchr(strbuf_text(&text), ':') + 1;
	space = strchr(colon, ' ');
	strbuf_addn(out, colon, (size_t)(space - colon));
	strbuf_free(&text);
}

/* Do all pages in [start, end) have attributes that match? */
static bool
never_match_pages(const struct vm_state *s, uint64_t start, uint64_t end, const char *pattern)
{
	uint64_t page = start;
	bool unmapped = strcmp(pattern, UNMAPPED) == 0;

	for (size_t i = 0; i < s->nr_runs && page < end; i++) {
		struct strbuf text = { 0 };
		bool matches;

		if (s->runs[i].end <= page)
			continue;
		if (s->runs[i].start >= end)
			break;
		if (unmapped || s->runs[i].start > page)
			return false;
		never_print_attributes(&s->runs[i], &text);
		matches = fnmatch(pattern, strbuf_text(&text), 0) == 0;
		strbuf_free(&text);
		if (!matches)
			return false;
		page = s->runs[i].end;
	}
	return unmapped || page >= end;
}

static bool
never_match_word(const struct vm_state *s, const char *word)
{
	uint64_t start, end;
	const char *pattern;
	char count[32];

	if (strcmp(word, "!busy") == 0)
		return s->busy;
	if (strcmp(word, "(empty)") == 0)
		return s->nr_runs == 0;
	if (never_parse_pages(word, strlen(word), &start, &end, &pattern))
		return never_match_pages(s, start, end, pattern);
	(void)snprintf(count, sizeof(count), "uw=%lld", (long long)s->user_wired);
	return fnmatch(word, count, 0) == 0;
}

static bool
never_match_state(const struct vm_state *s, const char *state)
{
	char *copy = memory_text(state, "a pattern"), *rest = copy, *word;
	bool matches = true;

	while (matches && (word = strsep(&rest, " ")) != NULL)
		matches = never_match_word(s, word);
	free(copy);
	return matches;
}

bool
never_matches(const struct program_never *n, const struct vm_result *const results[], const struct vm_state *s)
{
	for (size_t i = 0; i < n->nr_results; i++)
		if (!vm_result_equal(&n->results[i].result, &results[n->results[i].thread][n->results[i].op]))
			return false;
	return n->state == NULL || never_match_state(s, n->state);
}

/* --- after edits of the program --- */

static void
never_drop(struct program *p, size_t at)
{
	assert(at < p->nr_nevers);
	never_free(&p->nevers[at]);
	p->nr_nevers--;
	for (size_t i = at; i < p->nr_nevers; i++)
		p->nevers[i] = p->nevers[i + 1];
}

static bool
never_has(const struct program_never *n, unsigned thread, unsigned first, unsigned last)
{
	for (size_t i = 0; i < n->nr_results; i++)
		if (n->results[i].thread == thread && n->results[i].op >= first && n->results[i].op <= last)
			return true;
	return false;
}

bool
never_names(const struct program *p, unsigned number)
{
	struct program_place at = program_place(p, number);

	assert(at.from != 0);
	if (at.from == VM_OP_REF_INIT)
		return false;
	for (size_t i = 0; i < p->nr_nevers; i++)
		if (never_has(&p->nevers[i], at.from - 1u, (unsigned)at.op, (unsigned)at.op))
			return true;
	return false;
}

/* Renumbers the operations of @thread from @from on. */
static void
never_move_ops(struct program_never *n, unsigned thread, unsigned from, int by)
{
	for (size_t i = 0; i < n->nr_results; i++)
		if (n->results[i].thread == thread && n->results[i].op >= from)
			n->results[i].op = (uint8_t)(n->results[i].op + by);
}

void
never_op_dropped(struct program *p, unsigned thread, unsigned op)
{
	assert(thread < p->nr_threads);
	for (size_t i = p->nr_nevers; i-- > 0;) {
		if (never_has(&p->nevers[i], thread, op, op))
			never_drop(p, i);
		else
			never_move_ops(&p->nevers[i], thread, op, -1);
	}
}

void
never_op_inserted(struct program *p, unsigned thread, unsigned op)
{
	assert(thread < p->nr_threads && op < p->threads[thread].nr_ops);
	for (size_t i = 0; i < p->nr_nevers; i++)
		never_move_ops(&p->nevers[i], thread, op, 1);
}

void
never_thread_dropped(struct program *p, unsigned thread)
{
	for (size_t i = p->nr_nevers; i-- > 0;) {
		struct program_never *n = &p->nevers[i];

		if (never_has(n, thread, 0, PROGRAM_OPS_MAX)) {
			never_drop(p, i);
			continue;
		}
		for (size_t k = 0; k < n->nr_results; k++)
			if (n->results[k].thread > thread)
				n->results[k].thread--;
	}
}
