/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-notes.c - the comments of a program: finds the line that each belongs to, so that sorting the lines loses none.
 *
 * Comments before the first other line are the head. A comment on a line of its own belongs to the next line that is
 * not a comment.
 */
#include <assert.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/program/vmt-inside.h"

static void
notes_add(struct vmt_parser *ps, unsigned line, bool beside)
{
	*MEMORY_APPEND(ps->p->notes, ps->p->nr_notes, "a program") = (struct program_note){
		.line = line,
		.beside = beside,
		.text = memory_textn(ps->lex.comment, ps->lex.comment_len, "a program"),
	};
}

/* Keeps a line with nothing but a comment: as a part of the head, or for the next line. */
void
vmt_keep_comment_line(struct vmt_parser *ps)
{
	if (ps->first_line != 0) {
		notes_add(ps, PROGRAM_NOTE_END, false);
		return;
	}
	strbuf_addn(&ps->head, ps->lex.comment, ps->lex.comment_len);
	strbuf_addc(&ps->head, '\n');
}

/* The current line is not a comment: gives it the comments that precede it. */
void
vmt_settle_comments(struct vmt_parser *ps)
{
	struct program *p = ps->p;

	assert(ps->first_pending <= p->nr_notes);
	if (ps->first_line == 0)
		ps->first_line = ps->lex.line;
	for (; ps->first_pending < p->nr_notes; ps->first_pending++)
		p->notes[ps->first_pending].line = ps->lex.line;
	if (ps->lex.comment != NULL)
		notes_add(ps, ps->lex.line, true);
	ps->first_pending = p->nr_notes;
}

/* Several "poison" lines become one: moves the notes of the current line before line @line. */
void
vmt_move_notes(struct vmt_parser *ps, unsigned line)
{
	struct program *p = ps->p;

	assert(line > 0 && line < ps->lex.line);
	for (size_t i = p->nr_notes; i > 0 && p->notes[i - 1].line == ps->lex.line; i--) {
		p->notes[i - 1].line = line;
		p->notes[i - 1].beside = false;
	}
}

static int
notes_compare(const void *a, const void *b)
{
	const struct program_note *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

void
vmt_finish_notes(struct vmt_parser *ps)
{
	struct program *p = ps->p;

	/* Stable. The notes are in order already, except those of "poison" lines. */
	if (p->nr_notes > 0 && mergesort(p->notes, p->nr_notes, sizeof(*p->notes), notes_compare) != 0)
		memory_out("a program");
	if (ps->head.len > 0)
		p->head = strbuf_take(&ps->head);
}
