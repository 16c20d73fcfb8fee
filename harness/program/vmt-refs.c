/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-refs.c - results as arguments, "$T1.0": checks that the operation exists and gives such a result. See
 * vmt-inside.h.
 */
#include <assert.h>
#include <string.h>

#include "engine/ops.h"
#include "harness/program/vmt-inside.h"
#include "harness/program/vmt.h"

/* The next word of the line that starts with '$', from @at on. */
static const char *
refs_next(const struct lex *l, const char *at, size_t *len)
{
	while (*at != '$' || !lex_is_blank(at[-1]))
		at++;
	*len = 0;
	while (at + *len < l->line_end && !lex_is_blank(at[*len]))
		(*len)++;
	return at;
}

void
vmt_keep_refs(struct vmt_parser *ps, const struct vm_op *parsed, uint8_t who, unsigned op)
{
	assert(who != 0);
	/* In the order in which they stand in a line. */
	const struct vm_op_ref refs[] = { parsed->ref_start, parsed->ref_end, parsed->ref_value };
	const struct lex *l = &ps->lex;
	const char *at = l->line_at + 1;

	for (unsigned i = 0; i < 3; i++) {
		struct vmt_ref r = { .ref = refs[i], .tag = i == 2, .who = who, .op = op, .line = l->line };

		if (refs[i].from == 0)
			continue;
		r.word = refs_next(l, at, &r.word_len);
		r.column = (unsigned)(r.word - l->line_at) + 1;
		at = r.word + r.word_len;
		*MEMORY_APPEND(ps->refs, ps->nr_refs, "a program") = r;
	}
}

static bool
refs_fail(const struct vmt_parser *ps, const struct vmt_ref *r, const char *expected)
{
	return lex_complain_of(&ps->lex, r->line, r->column, "%s, found \"%.*s\"", expected, (int)r->word_len, r->word);
}

/* Does the named operation always end after the other one starts? */
static bool
refs_come_later(const struct vmt_ref *r)
{
	if (r->ref.from == r->who)
		return r->ref.op >= r->op;
	if (r->who == VM_OP_REF_INIT)
		return true;
	return r->ref.from == VM_OP_REF_FINAL;
}

bool
vmt_finish_refs(struct vmt_parser *ps)
{
	for (size_t i = 0; i < ps->nr_refs; i++) {
		const struct vmt_ref *r = &ps->refs[i];
		const struct vm_op *op = program_op_at(ps->p, (struct program_place){ r->ref.from, r->ref.op });

		if (refs_come_later(r))
			return refs_fail(ps, r, "the result of an operation that can come before this one");
		if (op == NULL)
			return refs_fail(ps, r, "the result of an operation of the program");
		if (vm_op_table[op->code].result != (r->tag ? VM_RESULT_KERN_TAG : VM_RESULT_KERN_ADDR))
			return lex_complain_of(&ps->lex, r->line, r->column,
			    "the result of an operation that gives a %s, and %s does not, found \"%.*s\"",
			    r->tag ? "tag (read)" : "page (find)", vm_op_table[op->code].name, (int)r->word_len,
			    r->word);
	}
	return true;
}
