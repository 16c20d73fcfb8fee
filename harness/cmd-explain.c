/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-explain.c - wirestorm explain: what a word in a report is about. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/edges.h"
#include "harness/strbuf.h"

static const char help[] =
    "usage: wirestorm explain NAME...\n\n"
    "Explains what reports name: an edge (wire_hole: why an operation returned what it did). For an edge: when it\n"
    "is passed, what is returned and left behind, what the man page says of it, and the smallest program that shows\n"
    "it, which is printed if it is there. wirestorm help edges lists the edges.\n\n"
    "Exit status: 0 explained, 2 there is no such name.\n\n"
    "Examples:\n"
    "  wirestorm explain wire_changed_but_mapped\n"
    "  wirestorm explain wire_hole unwire_noop\n";

/* The program that shows it, if this is run where the corpus is. */
static void
print_litmus(const char *name)
{
	char path[256], line[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "corpus/litmus/%s.vmt", name);
	f = fopen(path, "r");
	if (f == NULL)
		return;
	printf("\n--- %s\n", path);
	while (fgets(line, sizeof(line), f) != NULL)
		fputs(line, stdout);
	(void)fclose(f);
}

static bool
explain(const char *name)
{
	enum vm_edge edge = edges_find(name);
	struct strbuf text = { 0 };

	if (edge == VM_EDGE_COUNT) {
		fprintf(stderr, "wirestorm explain: expected an edge, found \"%s\"; wirestorm help edges lists them\n",
		    name);
		return false;
	}
	edges_explain(edge, &text);
	fputs(strbuf_text(&text), stdout);
	strbuf_free(&text);
	if (vm_edge_table[edge].litmus[0] != '\0')
		print_litmus(vm_edge_table[edge].litmus);
	return true;
}

int
cmd_explain(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	int opt, rv = EXIT_OK;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'h')
			return cli_usage("explain");
		fputs(help, stdout);
		return EXIT_OK;
	}
	if (optind == argc) {
		fprintf(stderr, "wirestorm explain: expected a name\n");
		return cli_usage("explain");
	}
	for (int i = optind; i < argc; i++) {
		if (i > optind)
			printf("\n");
		if (!explain(argv[i]))
			rv = EXIT_USAGE;
	}
	return rv;
}
