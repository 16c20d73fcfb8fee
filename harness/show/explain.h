/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.h - one name of a report, for a person who has met it and wonders. */
#ifndef HARNESS_SHOW_EXPLAIN_H
#define HARNESS_SHOW_EXPLAIN_H

#include <stdbool.h>

struct nearest;
struct strbuf;

/*
 * Appends what @name is: an operation (ops.def) or what others call one (op-aliases.def), an edge (edges.def), a check
 * (checks.def), a verdict (verdicts.def), a quirk by its id or its name (behaviours.def), a mutant (mutants.def), a
 * KERN_ code (kern.def); all of them, if it is several. False: none of these. *litmus is the program of corpus/litmus
 * that shows it, without ".vmt"; NULL: none in particular.
 */
bool explain(const char *name, struct strbuf *out, const char **litmus);
/* For a name that is none of these: the one that was probably meant, as nearest_hint. */
const char *explain_hint(const char *name, struct nearest *n);

/* Each is a table as text, appended; @markdown changes nothing. */
void explain_quirks(struct strbuf *out, bool markdown);
void explain_profiles(struct strbuf *out, bool markdown);
void explain_mutants(struct strbuf *out, bool markdown);
void explain_verdicts(struct strbuf *out, bool markdown);

#endif
