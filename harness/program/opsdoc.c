/* SPDX-License-Identifier: BSD-2-Clause */
/* opsdoc.c - the reference of all operations, for `wirestorm help ops` and docs/ops.md. See opsdoc.h. */
#include "harness/program/opsdoc.h"

#include "engine/ops.h"
#include "engine/vm.h"
#include "harness/base/base.h"

const char *
opsdoc_result(enum vm_result_kind kind)
{
	switch (kind) {
	case VM_RESULT_KERN:
		return "a KERN_ code";
	case VM_RESULT_BOOL:
		return "TRUE or FALSE";
	case VM_RESULT_KERN_ADDR:
		return "KERN_SUCCESS@PAGE, or a KERN_ code";
	case VM_RESULT_KERN_TAG:
		return "the tag, or a KERN_ code";
	case VM_RESULT_INVALID:
		break;
	}
	return "";
}

void
opsdoc_usage(const struct vm_op_desc *desc, struct strbuf *out)
{
	strbuf_add(out, desc->name);
	for (unsigned i = 0; i < VM_OP_ARGS_MAX && desc->args[i] != VM_ARG_NONE; i++)
		strbuf_printf(out, " %s", vm_arg_table[desc->args[i]].letter);
}

/* Prints text for a cell of a table; a bar would end the cell. */
static void
opsdoc_print_cell(const char *text, struct strbuf *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *text);
	}
}

static void
opsdoc_print_op(const struct vm_op_desc *desc, bool markdown, struct strbuf *out)
{
	struct strbuf usage = { 0 };

	opsdoc_usage(desc, &usage);
	if (markdown) {
		strbuf_add(out, "| `");
		opsdoc_print_cell(strbuf_text(&usage), out);
		strbuf_printf(out, "` | %s | ", opsdoc_result(desc->result));
		opsdoc_print_cell(desc->summary, out);
		strbuf_add(out, " |\n");
	} else {
		strbuf_printf(
		    out, "  %s\n      %s Gives %s.\n", strbuf_text(&usage), desc->summary, opsdoc_result(desc->result));
	}
	strbuf_free(&usage);
}

static void
opsdoc_print_ops(bool markdown, struct strbuf *out)
{
	strbuf_add(out, markdown ? "| operation | result | what it does |\n|---|---|---|\n" : "Operations:\n");
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
		if (vm_op_table[code].name != NULL)
			opsdoc_print_op(&vm_op_table[code], markdown, out);
	}
}

/* Prints the meaning without its last words in brackets: they name the fields of struct vm_op, which no user needs. */
static void
opsdoc_print_meaning(const char *meaning, struct strbuf *out)
{
	for (; *meaning != '\0' && !(meaning[0] == ' ' && meaning[1] == '['); meaning++) {
		if (*meaning == '|')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *meaning);
	}
}

static void
opsdoc_print_arg(const struct vm_arg_desc *arg, bool markdown, struct strbuf *out)
{
	if (markdown) {
		strbuf_add(out, "| `");
		opsdoc_print_cell(arg->letter, out);
		strbuf_add(out, "` | ");
		opsdoc_print_cell(arg->expected, out);
		strbuf_add(out, " | ");
		opsdoc_print_meaning(arg->meaning, out);
		strbuf_add(out, " |\n");
		return;
	}
	strbuf_printf(out, "  %s\n      ", arg->letter);
	opsdoc_print_meaning(arg->meaning, out);
	strbuf_printf(out, ": %s\n", arg->expected);
}

static void
opsdoc_print_args(bool markdown, struct strbuf *out)
{
	static const enum vm_arg_kind kinds[] = {
#define VM_ARG(kind, letter, expected, meaning) VM_ARG_##kind,
#include "engine/args.def"
#undef VM_ARG
	};

	strbuf_add(out, markdown ? "\n## Arguments\n\n| in the table above | write | meaning |\n|---|---|---|\n"
	                         : "\nArguments:\n");
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		opsdoc_print_arg(&vm_arg_table[kinds[i]], markdown, out);
}

void
opsdoc_aliases(uint8_t code, struct strbuf *out)
{
	const char *comma = "";

	for (const struct vm_op_alias *a = vm_op_alias_table; a->name != NULL; a++) {
		if (a->code != code)
			continue;
		strbuf_printf(out, "%s%s", comma, a->name);
		comma = ", ";
	}
}

static void
opsdoc_print_aliases(bool markdown, struct strbuf *out)
{
	strbuf_add(out,
	    markdown ? "\n## Names that others use\n\nThey are no words of a program; an error about one names the "
	               "operation.\n\n| operation | others call it |\n|---|---|\n"
	             : "\nNames that others use, which are no words of a program:\n");
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
		struct strbuf names = { 0 };

		opsdoc_aliases((uint8_t)code, &names);
		if (names.len > 0)
			strbuf_printf(out, markdown ? "| `%s` | %s |\n" : "  %-8s %s\n", vm_op_table[code].name,
			    strbuf_text(&names));
		strbuf_free(&names);
	}
}

static void
opsdoc_print_codes(bool markdown, struct strbuf *out)
{
	static const struct {
		const char *name, *text;
		int number;
	} codes[] = {
#define VM_KERN(codename, num, says) { "KERN_" #codename, (says), (num) },
#include "engine/kern.def"
#undef VM_KERN
	};

	strbuf_add(out, markdown ? "\n## Codes\n\n| code | number | what it says |\n|---|---|---|\n" : "\nCodes:\n");
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		strbuf_printf(out, markdown ? "| `%s` | %d | %s |\n" : "  %-24s %2d  %s\n", codes[i].name,
		    codes[i].number, codes[i].text);
}

void
opsdoc_print(struct strbuf *out, bool markdown)
{
	if (markdown)
		strbuf_add(out, "# Operations\n\n"
		                "Every operation that a program can have. Ranges are [S, E) in pages. Numbers are "
		                "decimal, or 0x and\n"
		                "hexadecimal. [vmt.md](vmt.md) has the rest of the text form.\n\n"
		                "This page is made from `engine/ops.def` and `engine/args.def`. Change these, then "
		                "run\n`build/tests/scripts/test-docs --write docs/ops.md`.\n\n");
	opsdoc_print_ops(markdown, out);
	opsdoc_print_args(markdown, out);
	opsdoc_print_aliases(markdown, out);
	opsdoc_print_codes(markdown, out);
}
