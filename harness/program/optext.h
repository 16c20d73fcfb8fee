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
 * Parses an operation from its name on, and stops at the first word after it. *ret_optional is the optional word that
 * could stand at that place, or NULL; the error about the word that stands there names it.
 */
bool optext_parse(struct lex *l, struct vm_op *op, const char **ret_optional);

/* Words that may stand in place of a result. */
#define OPTEXT_MAY_BLOCK 0x1   /* "BLOCKED" */
#define OPTEXT_MAY_BE_NONE 0x2 /* "-" */
#define OPTEXT_MAY_BE_ANY 0x4  /* "*", which the caller reads itself */

/* Parses the @len bytes at @at as a result of @op. */
bool optext_parse_result(
    const struct lex *l, const char *at, size_t len, const struct vm_op *op, unsigned may, struct vm_result *r);

/* The number of the KERN_ code with this name, or -1. */
int optext_kern_code(const char *text, size_t len);

/* The word for a VM_INHERIT_* number; NULL: no such number. */
const char *optext_inherit(unsigned inherit);

/* "none" or the letters; "r-x". */
void optext_print_prot(uint8_t prot, struct strbuf *out);
void optext_print_prot_mask(uint8_t prot, struct strbuf *out);

#endif
