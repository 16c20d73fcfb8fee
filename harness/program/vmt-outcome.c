/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-outcome.c - the outcome of a run as text: "T0: R,R | T1: R | STATE | DEADLOCK(T1.0 blocked)".
 *
 * Reading parses into data (results, state) and prints these again, so the stored text is canonical whatever the
 * spacing. The deadlock list follows from the results: each thread with a "-" stands at its first "-".
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/lex.h"
#include "harness/program/optext.h"
#include "harness/program/state.h"
#include "harness/program/vmt-inside.h"
#include "harness/program/vmt.h"

struct outcome {
	struct vm_result results[PROGRAM_THREADS_MAX][PROGRAM_OPS_MAX];
	struct vm_state state;
	bool deadlock;
};

/* The first operation without a result, or nr_ops. */
static unsigned
outcome_first_unfinished(const struct program_thread *t, const struct vm_result *results)
{
	unsigned i = 0;

	while (i < t->nr_ops && results[i].outcome != VM_OUTCOME_NONE)
		i++;
	return i;
}

/* Writes "T1.0 blocked, T2.1 blocked". */
static void
outcome_print_deadlock(const struct program *p, const struct vm_result *const results[], struct strbuf *out)
{
	const char *between = "";

	for (unsigned t = 0; t < p->nr_threads; t++) {
		unsigned i = outcome_first_unfinished(&p->threads[t], results[t]);

		if (i == p->threads[t].nr_ops)
			continue;
		strbuf_printf(out, "%sT%u.%u blocked", between, t, i);
		between = ", ";
	}
}

void
vmt_print_outcome(const struct program *p, const struct vm_result *const results[], const struct vm_state *state,
    bool deadlock, struct strbuf *out)
{
	for (unsigned t = 0; t < p->nr_threads; t++) {
		strbuf_addc(out, 'T');
		strbuf_add_num(out, t);
		strbuf_add(out, ": ");
		for (unsigned i = 0; i < p->threads[t].nr_ops; i++) {
			if (i > 0)
				strbuf_addc(out, ',');
			vmt_print_result(&p->threads[t].ops[i], &results[t][i], out);
		}
		strbuf_add(out, " | ");
	}
	state_print(state, out);
	if (deadlock) {
		strbuf_add(out, " | DEADLOCK(");
		outcome_print_deadlock(p, results, out);
		strbuf_addc(out, ')');
	}
}

static size_t
outcome_comma_or_end(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] != ',')
		n++;
	return n;
}

/* Parses one result of a list. After a missing result, all others must be missing, too. */
static bool
outcome_parse_one(
    struct lex *l, const char *at, size_t len, const struct vm_op *op, bool unfinished, struct vm_result *r)
{
	if (len == 0)
		return lex_complain(l, at, "a result, found none");
	if (unfinished && !lex_equal(at, len, "-"))
		return lex_fail_at(l, at, len, "\"-\" after \"-\"");
	return optext_parse_result(l, at, len, op, OPTEXT_MAY_BE_NONE, r);
}

static unsigned
outcome_count_pieces(const char *text, size_t len)
{
	unsigned n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == ',';
	return n;
}

/* "R,R,-" for thread @t. */
static bool
outcome_parse_results(struct lex *l, const struct program_thread *thread, unsigned t, struct vm_result *results)
{
	const char *at = l->word, *end = l->word + l->word_len;
	unsigned found = outcome_count_pieces(l->word, l->word_len);
	bool unfinished = false;

	if (lex_at_end(l))
		return lex_fail(l, "%u result%s of T%u", thread->nr_ops, plural(thread->nr_ops), t);
	if (found != thread->nr_ops)
		return lex_complain(
		    l, at, "%u result%s of T%u, found %u", thread->nr_ops, plural(thread->nr_ops), t, found);
	for (unsigned i = 0; i < thread->nr_ops; i++) {
		size_t len = outcome_comma_or_end(at, (size_t)(end - at));

		if (!outcome_parse_one(l, at, len, &thread->ops[i], unfinished, &results[i]))
			return false;
		unfinished = results[i].outcome == VM_OUTCOME_NONE;
		at += len + 1;
	}
	lex_next(l);
	return true;
}

static bool
outcome_take_word(struct lex *l, const char *word)
{
	if (!lex_is(l, word))
		return lex_fail(l, "\"%s\"", word);
	lex_next(l);
	return true;
}

static bool
outcome_parse_threads(struct lex *l, const struct program *p, struct outcome *o)
{
	char name[16];

	for (unsigned t = 0; t < p->nr_threads; t++) {
		snprintf(name, sizeof(name), "T%u:", t);
		if (!outcome_take_word(l, name) || !outcome_parse_results(l, &p->threads[t], t, o->results[t]) ||
		    !outcome_take_word(l, "|"))
			return false;
	}
	return true;
}

/* Parses the words up to "|" or the end of the line. */
static bool
outcome_parse_state_words(struct lex *l, struct vm_state *state)
{
	const char *from = l->word, *to = l->word, *expected;
	size_t at, len;

	while (!lex_at_end(l) && !lex_is(l, "|")) {
		to = l->word + l->word_len;
		lex_next(l);
	}
	expected = state_parse(from, (size_t)(to - from), state, &at, &len);
	if (expected == NULL)
		return true;
	if (len > 0)
		return lex_fail_at(l, from + at, len, "%s", expected);
	return lex_fail(l, "%s", expected);
}

/* Parses the deadlock list, which must be the one that follows from the results. */
static bool
outcome_parse_deadlock(struct lex *l, const struct program *p, const struct vm_result *const results[])
{
	struct strbuf want = { 0 };
	const char *word = NULL, *at;
	bool right = true;

	strbuf_add(&want, "DEADLOCK(");
	outcome_print_deadlock(p, results, &want);
	strbuf_addc(&want, ')');
	for (at = want.text; right && *at != '\0'; at += strcspn(at, " ")) {
		at += *at == ' ';
		word = at;
		right = l->word_len == strcspn(word, " ") && memcmp(l->word, word, l->word_len) == 0;
		if (right)
			lex_next(l);
	}
	if (!right)
		lex_fail(l, "\"%s\", as the results say", want.text);
	strbuf_free(&want);
	return right;
}

static bool
outcome_parse(
    struct lex *l, const struct program *p, bool final, const struct vm_result *const results[], struct outcome *o)
{
	bool unfinished = false;

	if (p->nr_threads == 0)
		return lex_fail(l, "threads in a program with outcomes");
	if (!outcome_parse_threads(l, p, o) || !outcome_parse_state_words(l, &o->state))
		return false;
	for (unsigned t = 0; t < p->nr_threads; t++)
		unfinished |= outcome_first_unfinished(&p->threads[t], results[t]) < p->threads[t].nr_ops;
	o->deadlock = unfinished && (final || lex_is(l, "|"));
	if (o->deadlock && (!outcome_take_word(l, "|") || !outcome_parse_deadlock(l, p, results)))
		return false;
	return lex_at_end(l) || lex_fail(l, "end of line");
}

char *
vmt_parse_outcome(struct lex *l, const struct program *p, bool final)
{
	const struct vm_result *results[PROGRAM_THREADS_MAX];
	struct strbuf text = { 0 };
	struct outcome o;
	bool good;

	memset(&o, 0, sizeof(o));
	for (unsigned t = 0; t < PROGRAM_THREADS_MAX; t++)
		results[t] = o.results[t];
	good = outcome_parse(l, p, final, results, &o);
	if (good)
		vmt_print_outcome(p, results, &o.state, o.deadlock, &text);
	assert(good || l->error->line > 0);
	state_free(&o.state);
	return good ? strbuf_take(&text) : NULL;
}
