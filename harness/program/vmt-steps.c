/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-steps.c - parses lines of init, final and thread operations, and the states after them. See vmt-inside.h;
 * optext.c parses the operations.
 */
#include "harness/base/base.h"

#include <assert.h>
#include "harness/program/optext.h"
#include "harness/program/state.h"
#include "harness/program/vmt-inside.h"
#include "harness/program/vmt.h"

/* Rejects a word after an operation; the message names the words that may stand there. */
bool
vmt_fail_after_op(const struct lex *l, const char *optional, bool may_have_result)
{
	const char *result = may_have_result ? "\"=>\" or " : "";

	if (optional == NULL)
		return lex_fail(l, "%send of line", result);
	return lex_fail(l, "\"%s\"%s %send of line", optional, may_have_result ? "," : " or", result);
}

/* Parses "=> RESULT" of @step, if there is one. */
static bool
step_parse_result(struct lex *l, struct program_step *step, const char *optional, unsigned may)
{
	if (lex_at_end(l))
		return true;
	if (!lex_is(l, "=>"))
		return vmt_fail_after_op(l, optional, true);
	lex_next(l);
	if (!optext_parse_result(l, l->word, l->word_len, &step->op, may, &step->result))
		return false;
	step->has_result = true;
	lex_next(l);
	return true;
}

static bool
step_parse(struct vmt_parser *ps, uint8_t who, struct program_step **steps, size_t *nr, unsigned may)
{
	struct lex *l = &ps->lex;
	struct program_step step = { .line = l->line };
	const char *optional;

	if (!optext_parse(l, &step.op, &optional))
		return false;
	vmt_keep_refs(ps, &step.op, who, (unsigned)*nr);
	if (!step_parse_result(l, &step, optional, may))
		return false;
	*MEMORY_APPEND(*steps, *nr, "a program") = step;
	return true;
}

/* An init step may block only in a program without threads and final steps, because nothing can follow it. */
bool
vmt_line_init(struct vmt_parser *ps)
{
	struct program *p = ps->p;
	bool alone = p->threads == NULL && p->nr_final == 0;

	if (!step_parse(ps, VM_OP_REF_INIT, &p->init, &p->nr_init, alone ? OPTEXT_MAY_BLOCK : 0))
		return false;
	ps->blocked = p->init[p->nr_init - 1].result.outcome == VM_OUTCOME_BLOCKED;
	ps->state_of = VMT_STATE_OF_INIT;
	return true;
}

bool
vmt_line_final(struct vmt_parser *ps)
{
	ps->state_of = VMT_STATE_OF_FINAL;
	return step_parse(ps, VM_OP_REF_FINAL, &ps->p->final, &ps->p->nr_final, 0);
}

static bool
step_fail_thread_op(const struct lex *l, const char *optional)
{
	if (lex_is(l, "=>"))
		return lex_complain(l, l->word, "end of line, found \"=>\": outcome lines have the results of threads");
	return vmt_fail_after_op(l, optional, false);
}

/* The table has room for the most threads: their number is known only at the end. */
static struct program_thread *
step_thread_of(struct vmt_parser *ps, unsigned t)
{
	struct program *p = ps->p;

	if (p->threads == NULL)
		p->threads = memory_new(PROGRAM_THREADS_MAX, sizeof(*p->threads), "a program");
	if (t > ps->highest_thread)
		ps->highest_thread = t;
	if (p->threads[t].nr_ops == 0) {
		ps->first_op[t].line = ps->lex.line;
		ps->first_op[t].column = (unsigned)(ps->lex.word - ps->lex.line_at) + 1;
	}
	return &p->threads[t];
}

bool
vmt_line_thread_op(struct vmt_parser *ps)
{
	struct lex *l = &ps->lex;
	int t = vmt_thread_number(l->word, l->word_len);
	struct program_thread *thread;
	const char *optional;

	if (t < 0)
		return lex_fail(l, "a thread from T0 to T%d", PROGRAM_THREADS_MAX - 1);
	thread = step_thread_of(ps, (unsigned)t);
	if (thread->nr_ops == PROGRAM_OPS_MAX)
		return lex_fail(l, "at most %d operations of T%d", PROGRAM_OPS_MAX, t);
	lex_next(l);
	ps->p->nr_threads = ps->highest_thread + 1;
	if (!optext_parse(l, &thread->ops[thread->nr_ops], &optional))
		return false;
	if (!lex_at_end(l))
		return step_fail_thread_op(l, optional);
	vmt_keep_refs(ps, &thread->ops[thread->nr_ops], (uint8_t)(1 + t), thread->nr_ops);
	thread->line[thread->nr_ops++] = l->line;
	return true;
}

/* Checks, when every operation is known, that no thread number is missing. */
bool
vmt_finish_threads(struct vmt_parser *ps)
{
	struct program *p = ps->p;
	unsigned missing = 0, next;

	while (missing < p->nr_threads && p->threads[missing].nr_ops > 0)
		missing++;
	if (missing == p->nr_threads)
		return vmt_finish_refs(ps);
	for (next = missing; p->threads[next].nr_ops == 0; next++)
		;
	assert(next < p->nr_threads && ps->first_op[next].line > 0);
	return lex_complain_of(&ps->lex, ps->first_op[next].line, ps->first_op[next].column,
	    "operations of T%u, found \"T%u\" without them", missing, next);
}

static struct program_step *
step_of_state(struct vmt_parser *ps)
{
	struct program *p = ps->p;

	switch (ps->state_of) {
	case VMT_STATE_OF_INIT:
		return &p->init[p->nr_init - 1];
	case VMT_STATE_OF_FINAL:
		return &p->final[p->nr_final - 1];
	case VMT_STATE_OF_NOTHING:
		break;
	}
	return NULL;
}

bool
vmt_line_state(struct vmt_parser *ps)
{
	struct program_step *step = step_of_state(ps);
	struct lex *l = &ps->lex;
	struct strbuf text = { 0 };
	const char *expected;
	size_t at, len;

	if (step == NULL)
		return lex_fail(l, "an init or final step before a state");
	ps->state_of = VMT_STATE_OF_NOTHING;
	lex_next(l);
	expected = state_parse(l->word, (size_t)(l->line_end - l->word), &ps->state, &at, &len);
	if (expected != NULL)
		return lex_fail_at(l, l->word + at, len, "%s", expected);
	state_print(&ps->state, &text);
	step->state = strbuf_take(&text);
	step->state_line = l->line;
	return true;
}
