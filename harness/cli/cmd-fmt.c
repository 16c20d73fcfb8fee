/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-fmt.c - wirestorm fmt: rewrites programs as canonical text. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/program/program.h"

static const char help_head[] =
    "usage: wirestorm fmt [--check] PATH...\n"
    "\n"
    "Rewrites programs in canonical form; comments stay where they are. A file is replaced as a whole or\n"
    "not at all. \"-\" reads standard input and writes standard output. A program from a pipe also goes to\n"
    "standard output.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 ok; 1 with --check: some file would change; 2 wrong usage, an unusable file, or no\n"
    "file.\n";

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
	if (!check && !file_replaces(path)) { /* a pipe, for example */
		cli_print_vmt(strbuf_text(&text));
	} else if (strcmp(strbuf_text(&before), strbuf_text(&text)) != 0) {
		if (check) {
			rv = EXIT_FINDING;
		} else if (!cli_write_text(path, &text)) {
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

struct fmt_command {
	bool check;
	const char *files_from;
};

#define TO(type, field) OPTION_TO(struct fmt_command, type, field)
static const struct option_row rows[] = {
	OPTION_FLAG("--check", TO(bool, check), "change nothing; list the files that are not in canonical form"),
	OPTION_FILES_FROM(TO(const char *, files_from)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_SOME, "file or directory" };

int
cmd_fmt(int argc, char **argv)
{
	struct fmt_command c = { 0 };
	struct inputs files = { 0 };
	int worst = options_parse(argc, argv, &usage, &c);

	if (worst >= 0)
		return worst;
	worst = EXIT_OK;
	if (!cli_files_take(&files, INPUTS_VMT, c.files_from, argc - optind, argv + optind))
		worst = EXIT_USAGE;
	cli_catch_signals();
	for (size_t i = 0; i < files.nr && cli_stop == 0; i++) {
		int rv = fmt_file(files.names[i], c.check);

		worst = rv > worst ? rv : worst;
	}
	if (cli_stop != 0) {
		warnx("interrupted: the remaining files are unchanged");
		worst = worst > EXIT_FINDING ? worst : EXIT_FINDING;
	}
	inputs_free(&files);
	return worst;
}
