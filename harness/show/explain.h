/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.h - explains one name that occurs in a report. */
#ifndef HARNESS_SHOW_EXPLAIN_H
#define HARNESS_SHOW_EXPLAIN_H

#include <stdbool.h>

struct nearest;
struct strbuf;

/*
 * Appends the explanation of @name: an operation (ops.def) or its name elsewhere (op-aliases.def), an edge (edges.def),
 * a check (checks.def), a verdict (verdicts.def), a quirk by id or name (behaviours.def), a mutant (mutants.def), or a
 * KERN_ code (kern.def); each of them if it is several. False: it is none. *litmus is the program of corpus/litmus that
 * shows it, without ".vmt"; NULL: no particular one.
 */
bool explain(const char *name, struct strbuf *out, const char **litmus);
/* A hint for an unknown name, as from nearest_hint. */
const char *explain_hint(const char *name, struct nearest *n);

/* Each appends a table as text; @markdown is ignored. */
void explain_quirks(struct strbuf *out, bool markdown);
void explain_profiles(struct strbuf *out, bool markdown);
void explain_mutants(struct strbuf *out, bool markdown);
void explain_verdicts(struct strbuf *out, bool markdown);

#endif
