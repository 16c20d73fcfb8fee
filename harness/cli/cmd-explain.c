/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-explain.c - wirestorm explain: explains the names in reports. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/show/show.h"

static const char help_head[] =
    "usage: wirestorm explain NAME...\n"
    "\n"
    "Explains the names in reports:\n"
    "\n"
    "  an operation  wire: its form, what it does, its edges, its section of docs/engine.md; munmap: the\n"
    "                operations that have this name elsewhere\n"
    "  an edge       wire_hole: a reason for a return. When it is passed, what is returned and left\n"
    "                behind, what the man page says, and the smallest program that shows it. The program\n"
    "                is printed if ./corpus/litmus has it. wirestorm help edges lists all.\n"
    "  a check       I19, rollback: what must hold, the kind of its verdict, the fault that is planted to\n"
    "                test it, and the quirks that break it. wirestorm help checks lists all.\n"
    "  a verdict     spurious: what it means, and which checks give it\n"
    "  a quirk       Q1: what the recorded kernel does, and what strict does\n"
    "  a code        KERN_INVALID_ADDRESS: the edges that return it\n"
    "  a mutant      wire_owner_ignored: a bug that can be put back, and how it shows\n"
    "\n";

static const char help_tail[] = "Exit status: 0 explained; 2 there is no such name.\n"
                                "\n"
                                "Examples:\n"
                                "  wirestorm explain wire_changed_but_mapped\n"
                                "  wirestorm explain unfounded I19 Q1\n"
                                "  wirestorm explain wire munmap\n";

/* Prints the program that shows it, if the current directory contains the corpus. */
static void
explain_print_litmus(const char *name)
{
	char path[256], line[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "corpus/litmus/%s.vmt", name);
	f = fopen(path, "r");
	if (f == NULL && errno == ENOMEM)
		memory_out(path);
	if (f == NULL)
		return;
	printf("\n--- %s\n", path);
	while (fgets(line, sizeof(line), f) != NULL)
		fputs(line, stdout);
	(void)fclose(f);
}

static bool
explain_print_explained(const char *name)
{
	struct strbuf text = { 0 };
	const char *litmus;
	struct nearest n;
	bool found = explain(name, &text, &litmus);

	if (!found)
		warnx("expected an operation, an edge, a check, a verdict, a quirk, a mutant or a KERN_ code, found "
		      "\"%s\"; "
		      "wirestorm help ops, edges, checks, verdicts, quirks and mutants list them%s",
		    name, explain_hint(name, &n));
	fputs(strbuf_text(&text), stdout);
	strbuf_free(&text);
	if (litmus != NULL)
		explain_print_litmus(litmus);
	return found;
}

static const struct option_row rows[] = { { 0 } };

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_SOME, "name" };

int
cmd_explain(int argc, char **argv)
{
	int rv = options_parse(argc, argv, &usage, NULL);

	if (rv >= 0)
		return rv;
	rv = EXIT_OK;
	for (int i = optind; i < argc; i++) {
		if (i > optind)
			printf("\n");
		if (!explain_print_explained(argv[i]))
			rv = EXIT_USAGE;
	}
	return rv;
}
