/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ops.h - an operation as data, and the table of all operations (ops.def, args.def).
 *
 * Units: PAGES, as in the text form; the code that applies an operation converts them to bytes. Nothing here uses a
 * map.
 */
#ifndef ENGINE_OPS_H
#define ENGINE_OPS_H

#include <stdbool.h>
#include <stdint.h>

#define VM_OP_ARGS_MAX 5
#define VM_OP_PAGE_MAX ((uint64_t)1 << 32) /* the largest page number a program may write, inclusive */

enum vm_op_code {
	VM_OP_INVALID = 0,
#define VM_OP(name, code, result, args, summary) VM_OP_##name = (code),
#include "engine/ops.def"
#undef VM_OP
};
/* The highest code, inclusive: that of the last row. */
enum {
#define VM_OP(name, code, result, args, summary) VM_OP_CODE_OF_##name = (code),
#include "engine/ops.def"
#undef VM_OP
	VM_OP_CODE_END,
	VM_OP_CODE_MAX = VM_OP_CODE_END - 1
};

enum vm_arg_kind {
	VM_ARG_NONE = 0,
#define VM_ARG(kind, letter, expected, meaning) VM_ARG_##kind,
#include "engine/args.def"
#undef VM_ARG
};

enum vm_result_kind {
	VM_RESULT_INVALID = 0,
	VM_RESULT_KERN,
	VM_RESULT_BOOL,
	VM_RESULT_KERN_ADDR,
	VM_RESULT_KERN_TAG,
};

/* vm_op.flags */
#define VM_OPF_GUARD 0x01
#define VM_OPF_USER 0x02
#define VM_OPF_HOLESOK 0x04
#define VM_OPF_SETMAX 0x08
#define VM_OPF_WRITE 0x10
#define VM_OPF_INVALIDATE 0x20
#define VM_OPF_ON 0x40

/* An argument that refers to another operation's result, "$T1.0" or "$init.2". */
struct vm_op_ref {
	uint8_t from; /* 0: no reference; else 1 + the number of a thread, or one of these */
	uint8_t op;   /* number of the thread's operation or of the init step, from 0 */
};
#define VM_OP_REF_INIT 254
#define VM_OP_REF_FINAL 255

/* One operation. Fields that its kinds of argument do not use are zero, so that equal operations compare equal. */
struct vm_op {
	uint8_t code;   /* enum vm_op_code */
	uint8_t prot;   /* VM_PROT_* bits: r 1, w 2, x 4 */
	uint8_t max;    /* VM_PROT_* bits */
	uint8_t choice; /* VM_INHERIT_* or VM_MADV_* */
	uint8_t flags;  /* VM_OPF_* */
	struct vm_op_ref ref_start, ref_end,
	    ref_value;  /* if set, that result is added to the field (harness/target/run-refs.h) */
	uint64_t start; /* page */
	uint64_t end;   /* page, exclusive; a length for kind LEN */
	uint64_t value; /* kinds TAG and COUNT */
};

static inline bool
vm_op_has_refs(const struct vm_op *op)
{
	return (op->ref_start.from | op->ref_end.from | op->ref_value.from) != 0;
}

struct vm_op_desc {
	const char *name; /* NULL: no operation has this code */
	const char *summary;
	uint8_t result;               /* enum vm_result_kind */
	uint8_t args[VM_OP_ARGS_MAX]; /* enum vm_arg_kind, VM_ARG_NONE after the last */
};

struct vm_arg_desc {
	const char *letter;   /* in a usage line */
	const char *expected; /* in "expected ..., found ..." */
	const char *meaning;
};

/* Other systems' name of an operation (op-aliases.def). The last row has a NULL name. */
struct vm_op_alias {
	const char *name;
	uint8_t code; /* enum vm_op_code */
};

extern const struct vm_op_alias vm_op_alias_table[];
extern const struct vm_op_desc vm_op_table[VM_OP_CODE_MAX + 1]; /* by enum vm_op_code */
extern const struct vm_arg_desc vm_arg_table[];                 /* by enum vm_arg_kind */

/* The result of an operation. */
enum vm_outcome_kind {
	VM_OUTCOME_NONE = 0, /* not finished: prints as "-" */
	VM_OUTCOME_DONE,
	VM_OUTCOME_BLOCKED, /* would sleep for ever: prints as "BLOCKED" */
};

struct vm_result {
	uint8_t outcome; /* enum vm_outcome_kind */
	int32_t code;    /* KERN_*; for BOOL 0 or 1 */
	uint64_t value;  /* KERN_ADDR: page; KERN_TAG: the tag; else 0 */
	uint64_t edges;  /* the edges that it passed: VM_EDGE_BIT()s, if the target reports them (edge.h) */
};

#endif
