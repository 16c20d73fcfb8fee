/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.h - one name of a report, for a person who has met it and wonders. */
#ifndef HARNESS_EXPLAIN_H
#define HARNESS_EXPLAIN_H

#include <stdbool.h>

struct strbuf;

/*
 * Appends what @name is: an edge (edges.def), a check (checks.def), a quirk by its id or its name (quirks.def), a
 * mutant (mutants.def), a KERN_ code (kern.def); all of them, if it is several. False: none of these. *litmus is the
 * program of corpus/litmus that shows it, without ".vmt"; NULL: none in particular.
 */
bool explain(const char *name, struct strbuf *out, const char **litmus);

#endif
