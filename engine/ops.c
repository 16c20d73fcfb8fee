/* SPDX-License-Identifier: BSD-2-Clause */
/* ops.c - the tables of operations, of argument kinds and of codes, made from their .def files. */
#include "engine/ops.h"

#include <stddef.h>

#include "engine/edge.h"
#include "engine/vm.h"

/* clang-format off */
#define ARGS(...) EXPAND(ARGS_, __VA_ARGS__, 5, 4, 3, 2, 1)(__VA_ARGS__)
#define EXPAND(p, a, b, c, d, e, n, ...) p##n
#define ARGS_1(a) { VM_ARG_##a }
#define ARGS_2(a, b) { VM_ARG_##a, VM_ARG_##b }
#define ARGS_3(a, b, c) { VM_ARG_##a, VM_ARG_##b, VM_ARG_##c }
#define ARGS_4(a, b, c, d) { VM_ARG_##a, VM_ARG_##b, VM_ARG_##c, VM_ARG_##d }
#define ARGS_5(a, b, c, d, e) { VM_ARG_##a, VM_ARG_##b, VM_ARG_##c, VM_ARG_##d, VM_ARG_##e }

/* clang-format on */

const struct vm_op_desc vm_op_table[VM_OP_CODE_MAX + 1] = {
#define VM_OP(opname, code, res, arglist, text)                                                                        \
	[code] = { .name = #opname, .summary = (text), .result = VM_RESULT_##res, .args = arglist },
#include "engine/ops.def"
#undef VM_OP
};

const struct vm_op_alias vm_op_alias_table[] = {
#define VM_OP_ALIAS(alias, operation) { #alias, VM_OP_##operation },
#include "engine/op-aliases.def"
#undef VM_OP_ALIAS
	{ 0 },
};

const struct vm_arg_desc vm_arg_table[] = {
	[VM_ARG_NONE] = { "", "nothing", "" },
#define VM_ARG(kind, let, exp, mean) [VM_ARG_##kind] = { (let), (exp), (mean) },
#include "engine/args.def"
#undef VM_ARG
};

/* The codes that edges.def names. */
enum {
#define VM_KERN(name, number, text) CODE_##name = (number),
#include "engine/kern.def"
#undef VM_KERN
	CODE_VERBATIM = VM_EDGE_VERBATIM,
};

const struct vm_edge_desc vm_edge_table[VM_EDGE_COUNT] = {
#define VM_EDGE(id, who, ret, syscall_errno, rule, manual, condition, behind, says, program)                           \
	[VM_EDGE_##id] = { #id, (who), CODE_##ret, (syscall_errno), (rule), VM_EDGE_MAN_##manual, (condition),         \
		(behind), (says), (program) },
#include "engine/edges.def"
#undef VM_EDGE
};

const char *
vm_kern_name(int code)
{
	static const char *const names[VM_KERN_COUNT] = {
#define VM_KERN(name, number, text) [number] = "KERN_" #name,
#include "engine/kern.def"
#undef VM_KERN
	};

	return code >= 0 && code < VM_KERN_COUNT ? names[code] : NULL;
}
