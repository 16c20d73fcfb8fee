/* SPDX-License-Identifier: BSD-2-Clause */
/* opsdoc.h - the reference of all operations, made from engine/ops.def and args.def. */
#ifndef HARNESS_OPSDOC_H
#define HARNESS_OPSDOC_H

#include <stdbool.h>

struct strbuf;

/* Appends plain text for a terminal, or the content of docs/ops.md. */
void opsdoc_print(struct strbuf *out, bool markdown);

#endif
