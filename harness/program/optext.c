/* SPDX-License-Identifier: BSD-2-Clause */
/* optext.c - operations and results as words: what each kind of argument and of result looks like. See optext.h. */
#include "harness/program/optext.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/lex.h"
#include "harness/program/vmt.h"

/* Names of operations that may come later. The error about one says that it is not supported yet. */
static const char *const reserved[] = { "fork", "cow", "submap" };

static const char *const inherit_words[VM_INHERIT_COUNT] = {
	[VM_INHERIT_SHARE] = "share",
	[VM_INHERIT_COPY] = "copy",
	[VM_INHERIT_NONE] = "none",
	[VM_INHERIT_ZERO] = "zero",
};

static const char *const advice_words[VM_MADV_COUNT] = {
	[VM_MADV_NORMAL] = "normal",
	[VM_MADV_SEQUENTIAL] = "sequential",
	[VM_MADV_RANDOM] = "random",
	[VM_MADV_NOSYNC] = "nosync",
	[VM_MADV_AUTOSYNC] = "autosync",
	[VM_MADV_NOCORE] = "nocore",
	[VM_MADV_CORE] = "core",
	[VM_MADV_WILLNEED] = "willneed",
	[VM_MADV_DONTNEED] = "dontneed",
	[VM_MADV_FREE] = "free",
};

static const struct {
	char letter;
	uint8_t bit;
} prot_letters[] = { { 'r', VM_PROT_READ }, { 'w', VM_PROT_WRITE }, { 'x', VM_PROT_EXECUTE } };

/*
 * A kind of argument as text: two functions, and what they have to know of the kind. The table of all kinds, arg_texts,
 * is made from args.def; a kind without a row TEXT_KIND does not compile.
 */
struct arg_text {
	/* Reads the current word, sets fields of *op, and goes to the next word. False: the error is set. */
	bool (*parse)(struct lex *l, const struct arg_text *a, struct vm_op *op);
	/* Appends a blank and the word. */
	void (*print)(const struct vm_op *op, const struct arg_text *a, struct strbuf *out);
	const char *expected; /* of args.def */
	size_t field, ref;    /* numbers, protections: the field of struct vm_op, and its reference; 0: none */
	uint64_t number_max;  /* numbers */
	const char *prefix;   /* protections: may come before the letters */
	const char *const
	    *words; /* choices: the words by number; two words: the one that clears the flag, and the other */
	size_t nr_words;
	uint8_t flag;  /* VM_OPF_* */
	bool optional; /* may be left out: the flag is then not set */
};
enum {
	ARG_KINDS = 1 /* VM_ARG_NONE, and the rows of args.def */
#define VM_ARG(kind, letter, expected, meaning) +1
#include "engine/args.def"
#undef VM_ARG
};
static const struct arg_text arg_texts[ARG_KINDS];

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

const char *
optext_inherit(unsigned inherit)
{
	return inherit < VM_INHERIT_COUNT ? inherit_words[inherit] : NULL;
}

static uint64_t *
optext_arg_number(struct vm_op *op, const struct arg_text *a)
{
	return (uint64_t *)((char *)op + a->field);
}

static struct vm_op_ref *
optext_arg_ref(struct vm_op *op, const struct arg_text *a)
{
	return (struct vm_op_ref *)((char *)op + a->ref);
}

/*
 * Reading arguments. Each function reads the current word, sets its fields, and goes to the next word. False: the error
 * is set.
 */

static bool
optext_parse_choice(struct lex *l, const struct arg_text *a, struct vm_op *op)
{
	struct nearest n;

	for (size_t i = 0; i < a->nr_words; i++) {
		if (lex_is(l, a->words[i])) {
			op->choice = (uint8_t)i;
			lex_next(l);
			return true;
		}
	}
	nearest_begin(&n, l->word, l->word_len);
	for (size_t i = 0; i < a->nr_words; i++)
		nearest_offer(&n, a->words[i]);
	(void)lex_fail(l, "%s", a->expected);
	return lex_hint(l, &n, NULL);
}

/* Reads one of two words, one of which is required: the second sets the flag. */
static bool
optext_parse_either(struct lex *l, const struct arg_text *a, struct vm_op *op)
{
	if (lex_is(l, a->words[1]))
		op->flags |= a->flag;
	else if (!lex_is(l, a->words[0]))
		return lex_fail(l, "%s", a->expected);
	lex_next(l);
	return true;
}

/* Reads an optional word. */
static bool
optext_parse_optional(struct lex *l, const struct arg_text *a, struct vm_op *op)
{
	if (lex_is(l, a->expected)) {
		op->flags |= a->flag;
		lex_next(l);
	}
	return true;
}

/* "none" or letters, each once. */
static bool
optext_prot_of(const char *text, size_t len, uint8_t *ret)
{
	uint8_t prot = 0;

	if (lex_equal(text, len, "none")) {
		*ret = 0;
		return true;
	}
	for (size_t i = 0; i < len; i++) {
		size_t k = 0;

		while (k < COUNT_OF(prot_letters) && prot_letters[k].letter != text[i])
			k++;
		if (k == COUNT_OF(prot_letters) || (prot & prot_letters[k].bit) != 0)
			return false;
		prot |= prot_letters[k].bit;
	}
	*ret = prot;
	return len > 0;
}

static bool
optext_parse_prot(struct lex *l, const struct arg_text *a, struct vm_op *op)
{
	size_t skip = strlen(a->prefix);

	if (l->word_len < skip || memcmp(l->word, a->prefix, skip) != 0)
		skip = 0;
	if (!optext_prot_of(l->word + skip, l->word_len - skip, (uint8_t *)op + a->field))
		return lex_fail(l, "%s", a->expected);
	lex_next(l);
	return true;
}

/* Reads "guard", or a protection and a maximum. */
static bool
optext_parse_mapping(struct lex *l, const struct arg_text *a, struct vm_op *op)
{
	if (lex_is(l, "guard")) {
		op->flags |= VM_OPF_GUARD;
		lex_next(l);
		return true;
	}
	return optext_parse_prot(l, a, op) && optext_parse_prot(l, &arg_texts[VM_ARG_MAX], op);
}

/* Reads "T1.0", "init.2" or "final.0", which follows a '$'. */
static bool
optext_parse_ref_name(const char *text, size_t len, struct vm_op_ref *ref)
{
	const char *dot = memchr(text, '.', len);
	size_t name = dot != NULL ? (size_t)(dot - text) : 0;
	int thread = vmt_thread_number(text, name);
	lex_wide op;

	if (name == 0 || lex_number(dot + 1, len - name - 1, UINT8_MAX, &op) != LEX_NUMBER_OK)
		return false;
	if (thread >= 0)
		ref->from = (uint8_t)(1 + thread);
	else if (lex_equal(text, name, "init"))
		ref->from = VM_OP_REF_INIT;
	else if (lex_equal(text, name, "final"))
		ref->from = VM_OP_REF_FINAL;
	ref->op = (uint8_t)op;
	return ref->from != 0;
}

static bool
optext_parse_number(struct lex *l, const struct arg_text *a, struct vm_op *op)
{
	return lex_take_number(l, a->expected, a->number_max, optext_arg_number(op, a));
}

/* Reads a number, or a result with an optional number: "$T1.0", "$T1.0+4". */
static bool
optext_parse_number_or_ref(struct lex *l, const struct arg_text *a, struct vm_op *op)
{
	const char *plus = memchr(l->word, '+', l->word_len);
	size_t name = plus != NULL ? (size_t)(plus - l->word) : l->word_len;
	lex_wide n = 0;

	if (lex_at_end(l) || *l->word != '$')
		return optext_parse_number(l, a, op);
	if (!optext_parse_ref_name(l->word + 1, name - 1, optext_arg_ref(op, a)) ||
	    (plus != NULL && lex_number(plus + 1, l->word_len - name - 1, a->number_max, &n) != LEX_NUMBER_OK))
		return lex_fail(l, "%s, or a result like $T1.0, $T1.0+4 or $init.0", a->expected);
	*optext_arg_number(op, a) = (uint64_t)n;
	lex_next(l);
	return true;
}

uint8_t
vmt_op_alias(const char *text, size_t len, unsigned i)
{
	for (const struct vm_op_alias *a = vm_op_alias_table; a->name != NULL; a++)
		if (lex_equal(text, len, a->name) && i-- == 0)
			return a->code;
	return VM_OP_INVALID;
}

void
vmt_offer_ops(struct nearest *n)
{
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++)
		if (vm_op_table[code].name != NULL)
			nearest_offer(n, vm_op_table[code].name);
}

/*
 * Adds a hint to the error about an unknown operation: the operation that has this name elsewhere, or a similar word.
 */
static bool
optext_hint_operation(const struct lex *l)
{
	struct nearest n;
	uint8_t code = vmt_op_alias(l->word, l->word_len, 0), other = vmt_op_alias(l->word, l->word_len, 1);
	char more[100] = "";

	nearest_begin(&n, l->word, l->word_len);
	if (code == VM_OP_INVALID)
		vmt_offer_ops(&n);
	else
		n.word = vm_op_table[code].name;
	if (other != VM_OP_INVALID)
		(void)snprintf(more, sizeof(more), "Or \"%s\"? ", vm_op_table[other].name);
	(void)strlcat(more, "wirestorm help ops lists all", sizeof(more));
	return lex_hint(l, &n, more);
}

static bool
optext_parse_name(struct lex *l, uint8_t *ret_code)
{
	for (size_t i = 0; i < COUNT_OF(reserved); i++) {
		if (lex_is(l, reserved[i]))
			return lex_complain(
			    l, l->word, "an operation, found \"%s\", which is not supported yet", reserved[i]);
	}
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
		if (vm_op_table[code].name != NULL && lex_is(l, vm_op_table[code].name)) {
			*ret_code = (uint8_t)code;
			lex_next(l);
			return true;
		}
	}
	(void)lex_fail(l, "an operation");
	return lex_at_end(l) ? false : optext_hint_operation(l);
}

bool
optext_parse(struct lex *l, struct vm_op *op, const char **ret_optional)
{
	*op = (struct vm_op){ 0 };
	*ret_optional = NULL;
	if (!optext_parse_name(l, &op->code))
		return false;
	assert(vm_op_table[op->code].name != NULL);
	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++) {
		const struct arg_text *a = &arg_texts[vm_op_table[op->code].args[i]];

		if (a->parse == NULL)
			break;
		if (!a->parse(l, a, op))
			return false;
		if (a->optional && (op->flags & a->flag) == 0)
			*ret_optional = a->expected;
	}
	return true;
}

/* Printing. */

void
optext_print_prot(uint8_t prot, struct strbuf *out)
{
	if ((prot & VM_PROT_ALL) == 0)
		strbuf_add(out, "none");
	for (size_t i = 0; i < COUNT_OF(prot_letters); i++) {
		if ((prot & prot_letters[i].bit) != 0)
			strbuf_addc(out, prot_letters[i].letter);
	}
}

void
optext_print_prot_mask(uint8_t prot, struct strbuf *out)
{
	for (size_t i = 0; i < COUNT_OF(prot_letters); i++)
		strbuf_addc(out, (prot & prot_letters[i].bit) != 0 ? prot_letters[i].letter : '-');
}

static void
optext_print_number(uint64_t n, struct strbuf *out)
{
	strbuf_printf(out, " %" PRIu64, n);
}

static void
optext_print_ref(uint64_t n, struct vm_op_ref ref, struct strbuf *out)
{
	if (ref.from == 0) {
		optext_print_number(n, out);
		return;
	}
	if (ref.from == VM_OP_REF_INIT)
		strbuf_add(out, " $init");
	else if (ref.from == VM_OP_REF_FINAL)
		strbuf_add(out, " $final");
	else
		strbuf_printf(out, " $T%u", ref.from - 1u);
	strbuf_printf(out, ".%u", ref.op);
	if (n != 0)
		strbuf_printf(out, "+%" PRIu64, n);
}

static void
optext_print_number_or_ref(const struct vm_op *op, const struct arg_text *a, struct strbuf *out)
{
	struct vm_op copy = *op;

	optext_print_ref(
	    *optext_arg_number(&copy, a), a->ref != 0 ? *optext_arg_ref(&copy, a) : (struct vm_op_ref){ 0 }, out);
}

static void
optext_print_prot_arg(const struct vm_op *op, const struct arg_text *a, struct strbuf *out)
{
	strbuf_addc(out, ' ');
	optext_print_prot(((const uint8_t *)op)[a->field], out);
}

static void
optext_print_word(const char *word, struct strbuf *out)
{
	strbuf_addc(out, ' ');
	strbuf_add(out, word != NULL ? word : "?");
}

static void
optext_print_mapping(const struct vm_op *op, const struct arg_text *a, struct strbuf *out)
{
	if ((op->flags & VM_OPF_GUARD) != 0) {
		optext_print_word("guard", out);
		return;
	}
	optext_print_prot_arg(op, a, out);
	optext_print_prot_arg(op, &arg_texts[VM_ARG_MAX], out);
}

static void
optext_print_choice(const struct vm_op *op, const struct arg_text *a, struct strbuf *out)
{
	optext_print_word(op->choice < a->nr_words ? a->words[op->choice] : NULL, out);
}

static void
optext_print_either(const struct vm_op *op, const struct arg_text *a, struct strbuf *out)
{
	optext_print_word(a->words[(op->flags & a->flag) != 0], out);
}

static void
optext_print_optional(const struct vm_op *op, const struct arg_text *a, struct strbuf *out)
{
	if ((op->flags & a->flag) != 0)
		optext_print_word(a->expected, out);
}

/* The kinds: one row for each row of args.def. */

static const char *const who_words[] = { "system", "user" };
static const char *const holes_words[] = { "noholes", "holesok" };
static const char *const switch_words[] = { "off", "on" };

#define FIELD(name) .field = offsetof(struct vm_op, name)
#define REF(name) .ref = offsetof(struct vm_op, name)
#define NUMBER(name, max)                                                                                              \
	.parse = optext_parse_number, .print = optext_print_number_or_ref, FIELD(name), .number_max = (max)
#define RESULT(name, max)                                                                                              \
	.parse = optext_parse_number_or_ref, .print = optext_print_number_or_ref, FIELD(name), REF(ref_##name),        \
	.number_max = (max)
#define PROT(name) .parse = optext_parse_prot, .print = optext_print_prot_arg, .prefix = #name "=", FIELD(name)
#define CHOICE(list)                                                                                                   \
	.parse = optext_parse_choice, .print = optext_print_choice, .words = (list), .nr_words = COUNT_OF(list)
#define EITHER(list, bit) .parse = optext_parse_either, .print = optext_print_either, .words = (list), .flag = (bit)
#define OPTIONAL(bit) .parse = optext_parse_optional, .print = optext_print_optional, .flag = (bit), .optional = true

#define TEXT_START RESULT(start, VM_OP_PAGE_MAX)
#define TEXT_END RESULT(end, VM_OP_PAGE_MAX)
#define TEXT_LEN NUMBER(end, VM_OP_PAGE_MAX)
#define TEXT_PROT PROT(prot)
#define TEXT_MAX PROT(max)
#define TEXT_MAPPING .parse = optext_parse_mapping, .print = optext_print_mapping, .prefix = "prot=", FIELD(prot)
#define TEXT_INHERIT CHOICE(inherit_words)
#define TEXT_ADVICE CHOICE(advice_words)
#define TEXT_WHO EITHER(who_words, VM_OPF_USER)
#define TEXT_HOLES EITHER(holes_words, VM_OPF_HOLESOK)
#define TEXT_SETMAX OPTIONAL(VM_OPF_SETMAX)
#define TEXT_WRITE OPTIONAL(VM_OPF_WRITE)
#define TEXT_INVALIDATE OPTIONAL(VM_OPF_INVALIDATE)
#define TEXT_TAG RESULT(value, UINT64_MAX)
#define TEXT_COUNT NUMBER(value, VM_OP_PAGE_MAX)
#define TEXT_SWITCH EITHER(switch_words, VM_OPF_ON)

static const struct arg_text arg_texts[ARG_KINDS] = {
#define VM_ARG(kind, letter, what, meaning) [VM_ARG_##kind] = { .expected = (what), TEXT_##kind },
#include "engine/args.def"
#undef VM_ARG
};

void
vmt_print_op(const struct vm_op *op, struct strbuf *out)
{
	const struct vm_op_desc *desc = &vm_op_table[op->code <= VM_OP_CODE_MAX ? op->code : VM_OP_INVALID];

	strbuf_add(out, desc->name != NULL ? desc->name : "?");
	for (unsigned i = 0; i < VM_OP_ARGS_MAX && desc->args[i] != VM_ARG_NONE; i++)
		arg_texts[desc->args[i]].print(op, &arg_texts[desc->args[i]], out);
}

/* Results. */

static enum vm_result_kind
optext_result_kind(const struct vm_op *op)
{
	return op->code <= VM_OP_CODE_MAX ? vm_op_table[op->code].result : VM_RESULT_INVALID;
}

int
optext_kern_code(const char *text, size_t len)
{
	for (int code = 0; code < VM_KERN_COUNT; code++) {
		const char *name = vm_kern_name(code);

		if (name != NULL && lex_equal(text, len, name))
			return code;
	}
	return -1;
}

/* KERN_SUCCESS@page */
static bool
optext_parse_address(const char *text, size_t len, uint64_t *ret)
{
	static const char prefix[] = "KERN_SUCCESS@";
	size_t skip = sizeof(prefix) - 1;
	lex_wide n;

	if (len < skip || memcmp(text, prefix, skip) != 0)
		return false;
	if (lex_number(text + skip, len - skip, VM_OP_PAGE_MAX, &n) != LEX_NUMBER_OK)
		return false;
	*ret = (uint64_t)n;
	return true;
}

static bool
optext_parse_tag(const char *text, size_t len, uint64_t *ret)
{
	lex_wide n;

	if (lex_number(text, len, UINT64_MAX, &n) != LEX_NUMBER_OK)
		return false;
	*ret = (uint64_t)n;
	return true;
}

/* Parses a result that carries no value: where success carries one, the bare word KERN_SUCCESS is an error. */
static bool
optext_parse_failure(const char *text, size_t len, struct vm_result *r)
{
	r->code = optext_kern_code(text, len);
	return r->code > KERN_SUCCESS;
}

static bool
optext_parse_done(enum vm_result_kind kind, const char *text, size_t len, struct vm_result *r)
{
	switch (kind) {
	case VM_RESULT_KERN:
		r->code = optext_kern_code(text, len);
		return r->code >= 0;
	case VM_RESULT_BOOL:
		r->code = lex_equal(text, len, "TRUE");
		return r->code == 1 || lex_equal(text, len, "FALSE");
	case VM_RESULT_KERN_ADDR:
		return optext_parse_address(text, len, &r->value) || optext_parse_failure(text, len, r);
	case VM_RESULT_KERN_TAG:
		return optext_parse_tag(text, len, &r->value) || optext_parse_failure(text, len, r);
	case VM_RESULT_INVALID:
		break;
	}
	return false;
}

static const char *
optext_result_expected(enum vm_result_kind kind)
{
	switch (kind) {
	case VM_RESULT_KERN:
		return "a KERN_ code";
	case VM_RESULT_BOOL:
		return "TRUE or FALSE";
	case VM_RESULT_KERN_ADDR:
		return "KERN_SUCCESS@PAGE or a KERN_ code of failure";
	case VM_RESULT_KERN_TAG:
		return "a tag or a KERN_ code of failure";
	case VM_RESULT_INVALID:
		break;
	}
	return "nothing";
}

bool
optext_parse_result(
    const struct lex *l, const char *at, size_t len, const struct vm_op *op, unsigned may, struct vm_result *r)
{
	enum vm_result_kind kind = optext_result_kind(op);

	*r = (struct vm_result){ 0 };
	if ((may & OPTEXT_MAY_BE_NONE) != 0 && lex_equal(at, len, "-"))
		return true;
	if ((may & OPTEXT_MAY_BLOCK) != 0 && lex_equal(at, len, "BLOCKED")) {
		r->outcome = VM_OUTCOME_BLOCKED;
		return true;
	}
	r->outcome = VM_OUTCOME_DONE;
	if (optext_parse_done(kind, at, len, r))
		return true;
	return lex_fail_at(l, at, len, "%s%s%s", optext_result_expected(kind),
	    (may & OPTEXT_MAY_BLOCK) != 0 ? ", or BLOCKED" : "",
	    (may & OPTEXT_MAY_BE_ANY) != 0    ? ", or \"-\", or \"*\""
	    : (may & OPTEXT_MAY_BE_NONE) != 0 ? ", or \"-\""
	                                      : "");
}

static void
optext_print_kern(int code, struct strbuf *out)
{
	const char *name = vm_kern_name(code);

	/* A target under test may return any code. The code is shown, but the parser rejects it. */
	if (name != NULL)
		strbuf_add(out, name);
	else
		strbuf_printf(out, "KERN_(%d)", code);
}

static void
optext_print_done(enum vm_result_kind kind, const struct vm_result *r, struct strbuf *out)
{
	switch (kind) {
	case VM_RESULT_BOOL:
		strbuf_add(out, r->code != 0 ? "TRUE" : "FALSE");
		return;
	case VM_RESULT_KERN_ADDR:
		optext_print_kern(r->code, out);
		if (r->code == KERN_SUCCESS)
			strbuf_printf(out, "@%" PRIu64, r->value);
		return;
	case VM_RESULT_KERN_TAG:
		if (r->code == KERN_SUCCESS)
			strbuf_printf(out, "%" PRIu64, r->value);
		else
			optext_print_kern(r->code, out);
		return;
	case VM_RESULT_KERN:
	case VM_RESULT_INVALID:
		break;
	}
	optext_print_kern(r->code, out);
}

void
vmt_print_result(const struct vm_op *op, const struct vm_result *r, struct strbuf *out)
{
	switch ((enum vm_outcome_kind)r->outcome) {
	case VM_OUTCOME_NONE:
		strbuf_addc(out, '-');
		break;
	case VM_OUTCOME_BLOCKED:
		strbuf_add(out, "BLOCKED");
		break;
	case VM_OUTCOME_DONE:
		optext_print_done(optext_result_kind(op), r, out);
		break;
	}
}
