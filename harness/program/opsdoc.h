/* SPDX-License-Identifier: BSD-2-Clause */
/* opsdoc.h - the reference of all operations, made from engine/ops.def and args.def. */
#ifndef HARNESS_PROGRAM_OPSDOC_H
#define HARNESS_PROGRAM_OPSDOC_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/ops.h"

struct strbuf;

/* Appends "wire S E (user|system) (noholes|holesok) [write]". */
void opsdoc_usage(const struct vm_op_desc *desc, struct strbuf *out);
/* "a KERN_ code" */
const char *opsdoc_result(enum vm_result_kind kind);
/* Appends "munmap, unmap", the operation's names elsewhere; nothing if it has none. */
void opsdoc_aliases(uint8_t code, struct strbuf *out);
/* Appends plain text for a terminal, or the content of docs/ops.md. */
void opsdoc_print(struct strbuf *out, bool markdown);

#endif
