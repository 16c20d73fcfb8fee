/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * optext.h - operations and results as words, driven by the tables of engine/ops.h. Private to the text files of
 * harness/. A new operation of known kinds needs nothing here; a new kind needs a case where -Wswitch-enum says so.
 */
#ifndef HARNESS_PROGRAM_OPTEXT_H
#define HARNESS_PROGRAM_OPTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/ops.h"

struct lex;
struct strbuf;

/*
 * An operation, from its name on; stops at the first word behind it. *ret_optional is the optional word that could have
 * stood there, or NULL: it belongs into the message about whatever stands there instead.
 */
bool optext_parse(struct lex *l, struct vm_op *op, const char **ret_optional);

/* What a result may be besides the results of the operation's kind. */
#define OPTEXT_MAY_BLOCK 0x1   /* "BLOCKED" */
#define OPTEXT_MAY_BE_NONE 0x2 /* "-" */
#define OPTEXT_MAY_BE_ANY 0x4  /* "*", which the caller reads itself */

/* The @len bytes at @at as a result of @op. */
bool optext_parse_result(
    const struct lex *l, const char *at, size_t len, const struct vm_op *op, unsigned may, struct vm_result *r);

/* The number of the KERN_ code with this name, or -1. */
int optext_kern_code(const char *text, size_t len);

/* Words by their number: VM_INHERIT_*; NULL for a number that is none. */
const char *optext_inherit(unsigned inherit);

/* "none" or the letters; "r-x". */
void optext_print_prot(uint8_t prot, struct strbuf *out);
void optext_print_prot_mask(uint8_t prot, struct strbuf *out);

#endif
