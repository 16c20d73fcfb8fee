/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-fmt.c - wirestorm fmt: canonical text. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/strbuf.h"
#include "harness/vmt.h"

static const char help[] =
    "usage: wirestorm fmt [--check] PATH...\n\n"
    "Rewrites programs in canonical form; comments stay where they are. \"-\" reads standard input and writes\n"
    "standard output. A file is replaced as a whole or not at all.\n\n"
    "      --check   change nothing, list the files that are not in canonical form\n\n"
    "Exit status: 0 ok, 1 with --check: some file would change, 2 wrong usage, a bad file, or no file at all.\n";

static int
fmt_file(const char *path, bool check)
{
	struct program p;
	struct strbuf text = { 0 }, before = { 0 };
	int rv = EXIT_OK;

	if (!vmt_load(path, &p, &before, &text)) {
		fputs(strbuf_text(&text), stderr);
		strbuf_free(&before);
		strbuf_free(&text);
		return EXIT_USAGE;
	}
	vmt_print(&p, &text);
	if (strcmp(path, "-") == 0 && !check) {
		fputs(strbuf_text(&text), stdout);
	} else if (strcmp(strbuf_text(&before), strbuf_text(&text)) != 0) {
		if (check) {
			rv = EXIT_FINDING;
		} else if (!vmt_write(path, &p)) {
			fprintf(stderr, "%s: %s\n", path, strerror(errno));
			rv = EXIT_USAGE;
		}
		if (rv != EXIT_USAGE)
			printf("%s\n", path);
	}
	strbuf_free(&before);
	strbuf_free(&text);
	program_free(&p);
	return rv;
}

int
cmd_fmt(int argc, char **argv)
{
	enum { OPT_CHECK = 256 };
	static const struct option options[] = {
		{ "check", no_argument, NULL, OPT_CHECK },
		{ OPTION_HELP },
		{ 0 },
	};
	struct cli_files files = { 0 };
	bool check = false;
	int opt, worst = EXIT_OK;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != OPT_CHECK)
			return cli_help_or_usage(opt, "fmt", help);
		check = true;
	}
	if (optind == argc) {
		fprintf(stderr, "wirestorm fmt: expected a file or a directory\n");
		return cli_usage("fmt");
	}
	for (int i = optind; i < argc; i++)
		if (!cli_files_add(&files, argv[i]))
			worst = EXIT_USAGE;
	if (files.nr == 0) {
		fprintf(stderr, "wirestorm fmt: no .vmt file found\n");
		worst = EXIT_USAGE;
	}
	for (size_t i = 0; i < files.nr; i++) {
		int rv = fmt_file(files.names[i], check);

		worst = rv > worst ? rv : worst;
	}
	cli_files_free(&files);
	return worst;
}
