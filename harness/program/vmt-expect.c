/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-expect.c - parses the expectations: outcomes, schedules, verdicts. Each function starts at the word after the
 * line's name. vmt-outcome.c parses a single outcome. See vmt-inside.h.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/never.h"
#include "harness/program/vmt-inside.h"
#include "harness/program/vmt.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

bool
vmt_line_outcome(struct vmt_parser *ps)
{
	struct program *p = ps->p;
	struct program_outcome outcome = { .line = ps->lex.line };

	outcome.text = vmt_parse_outcome(&ps->lex, p, true);
	if (outcome.text == NULL)
		return false;
	*MEMORY_APPEND(p->outcomes, p->nr_outcomes, "a program") = outcome;
	return true;
}

bool
vmt_line_result(struct vmt_parser *ps)
{
	ps->p->result = vmt_parse_outcome(&ps->lex, ps->p, false);
	return ps->p->result != NULL;
}

bool
vmt_line_never(struct vmt_parser *ps)
{
	struct program *p = ps->p;
	struct program_never n;

	if (!never_parse(&ps->lex, p, &n))
		return false;
	*MEMORY_APPEND(p->nevers, p->nr_nevers, "a program") = n;
	return true;
}

bool
vmt_line_schedules(struct vmt_parser *ps)
{
	struct lex *l = &ps->lex;
	lex_wide n = 0;
	enum lex_number number = lex_number(l->word, l->word_len, ~(lex_wide)0, &n);

	if (number != LEX_NUMBER_OK)
		return lex_fail_number(l, number, "a number of schedules", "below 2^128");
	ps->p->has_schedules = true;
	ps->p->schedules = n;
	lex_next(l);
	return true;
}

static bool
expect_fail_verdict(const struct lex *l)
{
	struct nearest n;

	nearest_begin(&n, l->word, l->word_len);
#define VERDICT(name, text) nearest_offer(&n, text);
#include "harness/program/verdicts.def"
#undef VERDICT
	(void)lex_fail(l, "a verdict");
	return lex_hint(l, &n, lex_at_end(l) ? NULL : "wirestorm help verdicts lists them");
}

bool
vmt_line_verdict(struct vmt_parser *ps)
{
	static const enum program_verdict verdicts[] = {
#define VERDICT(name, text) PROGRAM_VERDICT_##name,
#include "harness/program/verdicts.def"
#undef VERDICT
	};
	struct program *p = ps->p;
	struct lex *l = &ps->lex;
	struct program_verdict_line v = { .line = l->line };
	struct strbuf detail = { 0 };

	for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
		if (lex_is(l, vmt_verdict_word(verdicts[i])))
			v.kind = verdicts[i];
	}
	if (v.kind == PROGRAM_VERDICT_NONE)
		return expect_fail_verdict(l);
	for (lex_next(l); !lex_at_end(l); lex_next(l)) {
		if (detail.len > 0)
			strbuf_addc(&detail, ' ');
		strbuf_addn(&detail, l->word, l->word_len);
	}
	if (detail.len > 0)
		v.detail = strbuf_take(&detail);
	*MEMORY_APPEND(p->verdicts, p->nr_verdicts, "a program") = v;
	return true;
}

bool
vmt_line_schedule(struct vmt_parser *ps)
{
	struct program *p = ps->p;

	p->has_schedule = true;
	return schedule_parse_words(&ps->lex, p->nr_threads, &p->schedule);
}

bool
vmt_line_order(struct vmt_parser *ps)
{
	if (lex_at_end(&ps->lex))
		return lex_fail(&ps->lex, "a choice like T0 or T0*3");
	return schedule_parse_words(&ps->lex, ps->p->nr_threads, &ps->p->order);
}

/* Bytewise; equal outcomes by line. */
static int
expect_compare_outcomes(const void *a, const void *b)
{
	const struct program_outcome *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

bool
vmt_finish_outcomes(struct vmt_parser *ps)
{
	struct program *p = ps->p;
	const struct program_outcome *first = NULL, *second = NULL;

	if (p->nr_outcomes > 0)
		qsort(p->outcomes, p->nr_outcomes, sizeof(*p->outcomes), expect_compare_outcomes);
	for (size_t i = 1; i < p->nr_outcomes; i++) {
		if (strcmp(p->outcomes[i - 1].text, p->outcomes[i].text) != 0)
			continue;
		if (second == NULL || p->outcomes[i].line < second->line) {
			first = &p->outcomes[i - 1];
			second = &p->outcomes[i];
		}
	}
	if (second == NULL)
		return true;
	assert(first != NULL && first->line < second->line);
	return lex_complain_of(
	    &ps->lex, second->line, 1, "each outcome once, found the one of line %u again", first->line);
}

/* By kind and check; equal verdicts by line. */
static int
expect_compare_verdicts(const void *a, const void *b)
{
	const struct program_verdict_line *x = *(const struct program_verdict_line *const *)a;
	const struct program_verdict_line *y = *(const struct program_verdict_line *const *)b;
	size_t len_x, len_y, len;
	const char *of_x = program_verdict_check(x, &len_x), *of_y = program_verdict_check(y, &len_y);
	int order = (x->kind > y->kind) - (x->kind < y->kind);

	len = len_x < len_y ? len_x : len_y;
	if (order == 0 && len > 0)
		order = memcmp(of_x, of_y, len);
	if (order == 0)
		order = (len_x > len_y) - (len_x < len_y);
	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* Finds the first pair of equal verdict lines, if there is one, and sets *first and *second. */
static void
expect_find_twice(
    const struct program *p, const struct program_verdict_line **first, const struct program_verdict_line **second)
{
	const struct program_verdict_line **sorted = memory_new(p->nr_verdicts + 1, sizeof(const void *), "?");

	for (size_t i = 0; i < p->nr_verdicts; i++)
		sorted[i] = &p->verdicts[i];
	qsort(sorted, p->nr_verdicts, sizeof(const void *), expect_compare_verdicts);
	for (size_t i = 1; i < p->nr_verdicts; i++) {
		if (program_verdict_same(sorted[i - 1], sorted[i]) &&
		    (*second == NULL || sorted[i]->line < (*second)->line)) {
			*first = sorted[i - 1];
			*second = sorted[i];
		}
	}
	free(sorted);
}

bool
vmt_finish_verdicts(struct vmt_parser *ps)
{
	struct program *p = ps->p;
	const struct program_verdict_line *first = NULL, *second = NULL;

	if (p->nr_verdicts < 2)
		return true;
	expect_find_twice(p, &first, &second);
	if (second != NULL)
		return lex_complain_of(&ps->lex, second->line, 1,
		    "each kind and check in one \"verdict\" line, found those of line %u again", first->line);
	qsort(&p->verdicts[1], p->nr_verdicts - 1, sizeof(*p->verdicts), program_verdict_order);
	return true;
}
