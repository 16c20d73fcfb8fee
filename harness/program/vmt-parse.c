/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-parse.c - parses a program from its text, line by line. See vmt.h; docs/vmt.md has the grammar.
 *
 * A file has three parts in this order: directives, steps, expectations. vmt-lines.def has the words that start a line.
 * The functions that parse the rest of a line are in vmt-config.c, vmt-steps.c and vmt-expect.c. Every array doubles
 * when it grows and every byte is read a bounded number of times, so parsing takes linear time.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/optext.h"
#include "harness/program/state.h"
#include "harness/program/vmt-inside.h"
#include "harness/program/vmt.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const struct line_word {
	const char *word;
	bool (*parse)(struct vmt_parser *ps);
	enum vmt_part part;
	bool repeats;
} line_words[] = {
#define VMT_LINE(word, part, repeats) { #word, vmt_line_##word, VMT_PART_##part, (repeats) },
#include "harness/program/vmt-lines.def"
#undef VMT_LINE
};

/* Enters part @part. A file cannot go back to an earlier part. */
static bool
parse_enter_part(struct vmt_parser *ps, enum vmt_part part)
{
	if (part < ps->part)
		return lex_fail(&ps->lex, "%s",
		    part == VMT_PART_DIRECTIVES ? "a step or an expectation, as directives come first"
		                                : "an expectation, as steps come before them");
	if (part > ps->part && part == VMT_PART_EXPECTATIONS && !vmt_finish_threads(ps))
		return false;
	ps->part = part;
	ps->state_of = VMT_STATE_OF_NOTHING;
	return true;
}

static bool
parse_listed(struct vmt_parser *ps, size_t i)
{
	const struct line_word *w = &line_words[i];
	struct lex *l = &ps->lex;

	assert(i < PROGRAM_LINES);
	if (!parse_enter_part(ps, w->part))
		return false;
	if (ps->p->lines[i] == 0)
		ps->p->lines[i] = l->line;
	else if (!w->repeats)
		return lex_complain(l, l->word, "one \"%s\" line, found another", w->word);
	lex_next(l);
	return w->parse(ps) && (lex_at_end(l) || lex_fail(l, "end of line"));
}

/*
 * Adds a hint to the error about a line's first word: the word is an operation without a thread, or it is like a known
 * word.
 */
static bool
parse_hint_line(const struct lex *l)
{
	struct nearest n;

	nearest_begin(&n, l->word, l->word_len);
	vmt_offer_ops(&n);
	if (n.distance == 0 || vmt_op_alias(l->word, l->word_len, 0) != VM_OP_INVALID) {
		n.word = NULL;
		return lex_hint(l, &n, "an operation stands after \"init\", \"final\" or a thread such as \"T0\"");
	}
	nearest_begin(&n, l->word, l->word_len);
	for (size_t i = 0; i < COUNT_OF(line_words); i++)
		nearest_offer(&n, line_words[i].word);
	nearest_offer(&n, "state");
	return lex_hint(l, &n, NULL);
}

static bool
parse_line(struct vmt_parser *ps)
{
	struct lex *l = &ps->lex;

	if (lex_is(l, "state"))
		return vmt_line_state(ps);
	if (ps->blocked)
		return lex_fail(l, "nothing after a step that blocks");
	for (size_t i = 0; i < COUNT_OF(line_words); i++) {
		if (lex_is(l, line_words[i].word))
			return parse_listed(ps, i);
	}
	if (l->word_len > 1 && l->word[0] == 'T' && l->word[1] >= '0' && l->word[1] <= '9')
		return parse_enter_part(ps, VMT_PART_STEPS) && vmt_line_thread_op(ps);
	(void)lex_fail(l, "a directive, a step or an expectation");
	return parse_hint_line(l);
}

static bool
parse_lines(struct vmt_parser *ps)
{
	for (;;) {
		switch (lex_line(&ps->lex)) {
		case LEX_BAD:
			return false;
		case LEX_END:
			return true;
		case LEX_LINE:
			break;
		}
		if (!lex_at_end(&ps->lex)) {
			vmt_settle_comments(ps);
			if (!parse_line(ps))
				return false;
		} else if (ps->lex.comment != NULL) {
			vmt_keep_comment_line(ps);
		}
	}
}

/* Checks that need all lines. */
static bool
parse_finish(struct vmt_parser *ps)
{
	if (ps->part != VMT_PART_EXPECTATIONS && !vmt_finish_threads(ps))
		return false;
	if (!vmt_finish_poison(ps) || !vmt_finish_outcomes(ps) || !vmt_finish_verdicts(ps))
		return false;
	vmt_finish_notes(ps);
	return true;
}

bool
vmt_parse(const char *text, size_t len, struct program *p, struct vmt_error *e)
{
	struct vmt_parser ps = { .p = p };
	bool good;

	*e = (struct vmt_error){ 0 };
	program_init(p);
	lex_begin(&ps.lex, text, len, e);
	good = parse_lines(&ps) && parse_finish(&ps);
	strbuf_free(&ps.head);
	free(ps.poison);
	free(ps.refs);
	state_free(&ps.state);
	assert(good || e->line > 0);
	if (!good)
		program_free(p);
	return good;
}

bool
vmt_parse_op(const char *text, struct vm_op *op, struct vmt_error *e)
{
	const char *optional;
	struct lex l;

	if (!lex_begin_piece(&l, text, e) || !optext_parse(&l, op, &optional))
		return false;
	return lex_at_end(&l) ? lex_end_piece(&l) : vmt_fail_after_op(&l, optional, false);
}

bool
vmt_parse_op_result(const char *text, const struct vm_op *op, struct vm_result *r)
{
	struct vmt_error e;
	struct lex l;

	return lex_begin_piece(&l, text, &e) && optext_parse_result(&l, text, strlen(text), op, 0, r);
}
