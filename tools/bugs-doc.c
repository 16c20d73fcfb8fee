/* SPDX-License-Identifier: BSD-2-Clause */
/* bugs-doc.c - the bug bank as text: the list, one bug, and docs/bug-bank.md. */
#include <string.h>

#include "harness/show/show.h"
#include "tools/bugs.h"

static const char head[] =
    "# The bug bank\n"
    "\n"
    "This page lists real bugs of VM map code, and rules that such code depends on. Each can be put back into\n"
    "the engine, one at a time, in a build with `-Dmutants=true`: by a line `mutant NAME` in a program, or by\n"
    "`--mutant NAME` of hunt, stress and triage. They measure what is found, and how soon\n"
    "(`wirestorm bugs --help`). The harness is not tuned to them.\n"
    "`wirestorm bugs list --markdown` makes this page from engine/mutants.def.\n"
    "\n"
    "| class | means |\n"
    "|---|---|\n"
    "| historical | the bug itself |\n"
    "| invariant | a broken rule, or a variant of a historical bug |\n"
    "| equivalent | a control: it behaves as the original, and must not be found; `wirestorm bugs equivalent` "
    "compares both |\n"
    "\n"
    "| evidence | means |\n"
    "|---|---|\n"
    "| A | the fix or its message was read |\n"
    "| B | a secondary source |\n"
    "| C | common knowledge |\n"
    "| R | the bug was seen in present code |\n"
    "| DESIGN | a rule that such code enforces or explains |\n";

static const char later_head[] = "\n"
                                 "## Not yet\n"
                                 "\n"
                                 "The engine lacks the code in which these bugs were.\n"
                                 "\n"
                                 "| bank | whose, when | the bug | missing here |\n"
                                 "|---|---|---|---|\n";

static void
bugs_list_markdown(struct strbuf *out)
{
	strbuf_add(out, head);
	strbuf_add(out, "\n## The mutants\n\n");
	strbuf_add(out,
	    "| mutant | bank | whose, when | evidence | class | what the engine does wrong | what there is to see |\n");
	strbuf_add(out, "|---|---|---|---|---|---|---|\n");
	for (enum vm_mutant m = bugs_next(VM_MUTANT_none); m != VM_MUTANT_none; m = bugs_next(m)) {
		const struct vm_mutant_desc *d = &vm_mutant_table[m];

		strbuf_printf(out, "| `%s` | %s | %s%s%s | %s | %s | %s | %s |\n", d->name, d->bank, d->system,
		    d->when[0] == '\0' ? "" : ", ", d->when, d->evidence, vm_mutant_class_name(d->class), d->sentence,
		    d->symptom);
	}
	strbuf_add(out, later_head);
	for (const struct vm_mutant_later *l = vm_mutant_later_table; l->bank != NULL; l++)
		strbuf_printf(out, "| %s | %s | %s | %s |\n", l->bank, l->system, l->what, l->missing);
}

void
bugs_list(bool markdown, struct strbuf *out)
{
	if (markdown) {
		bugs_list_markdown(out);
		return;
	}
	for (enum vm_mutant m = bugs_next(VM_MUTANT_none); m != VM_MUTANT_none; m = bugs_next(m)) {
		const struct vm_mutant_desc *d = &vm_mutant_table[m];

		strbuf_printf(
		    out, "%-28s %-4s %-11s %s\n", d->name, d->bank, vm_mutant_class_name(d->class), d->sentence);
	}
	strbuf_add(out, "\nthe engine lacks the code for these:\n");
	for (const struct vm_mutant_later *l = vm_mutant_later_table; l->bank != NULL; l++)
		strbuf_printf(out, "%-4s %s (%s; missing: %s)\n", l->bank, l->what, l->system, l->missing);
}

void
bugs_describe(enum vm_mutant mutant, struct strbuf *out)
{
	const struct vm_mutant_desc *d = &vm_mutant_table[mutant];
	const char *litmus;

	(void)explain(d->name, out, &litmus);
	strbuf_printf(out, "class     %s; evidence %s\n", vm_mutant_class_name(d->class), d->evidence);
	strbuf_printf(out, "code      grep -rn 'VM_MUTATED(map, %s)' engine\n", d->name);
	strbuf_printf(out, "shown by  corpus/bugs/%s.vmt, if it was found\n", d->name);
}
