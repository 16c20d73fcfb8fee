/* SPDX-License-Identifier: BSD-2-Clause */
/* wirestorm.c - the command-line tool: finds and runs the subcommand. See command.h. */
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/cli/command.h"
#include "harness/cli/completion.h"
#include "harness/cli/external.h"
#include "harness/cli/options.h"
#include "harness/cli/version.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/show/show.h"

static const struct cli_command own_commands[] = {
#define COMMAND(name, function, summary) { (name), (function), (summary), NULL },
#define EXTERNAL(name, summary) { (name), NULL, (summary), NULL },
#include "harness/cli/commands.def"
#undef COMMAND
#undef EXTERNAL
};
#define NR_OWN_COMMANDS (sizeof(own_commands) / sizeof(own_commands[0]))
#define COMMANDS_MAX (NR_OWN_COMMANDS + 16)

/* All commands, in the order of the help. */
static const struct cli_command *commands[COMMANDS_MAX];
static size_t nr_commands;

/* The lists that "help" offers besides the commands. */
static const struct {
	const char *name;
	void (*print)(struct strbuf *out, bool markdown);
} references[] = {
	{ "ops", opsdoc_print },
	{ "checks", checks_doc },
	{ "verdicts", explain_verdicts },
	{ "quirks", explain_quirks },
	{ "profiles", explain_profiles },
	{ "mutants", explain_mutants },
	{ "strategies", strategies_doc },
};

static void
cli_print_help(FILE *f)
{
	fprintf(f, "usage: wirestorm COMMAND [OPTION...] [FILE...]\n\n"
	           "Finds the interleavings of wire, unwire, clip and delete that a VM map gets wrong.\n"
	           "A program (.vmt) is a few threads with a few operations each, on a small map.\n\n");
	for (size_t i = 0; i < nr_commands; i++)
		fprintf(f, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(f, "\nThe targets for --target (the first is the default):\n\n");
	for (size_t i = 0; target_at(i) != NULL; i++)
		fprintf(f, "  %-9s %s\n", target_at(i)->name, target_at(i)->summary);
	fprintf(f, "\nwirestorm COMMAND --help explains a command.\n"
	           "Exit status: 0 ok, 1 a mismatch or a finding, 2 wrong usage or an unusable file, 3 a hang.\n\n"
	           "Try:\n"
	           "  wirestorm check corpus/freebsd\n"
	           "  wirestorm explore corpus/litmus/wire-gone-after-wait.vmt\n"
	           "  wirestorm run -v corpus/litmus/wire-gone-after-wait.vmt\n");
}

/* Inserts each command of @more before the one that it names. */
static void
cli_collect_commands(const struct cli_command *const *more)
{
	size_t nr_more = 0;

	while (more[nr_more] != NULL)
		nr_more++;
	assert(NR_OWN_COMMANDS + nr_more <= COMMANDS_MAX);
	for (size_t i = 0; i < NR_OWN_COMMANDS; i++) {
		for (size_t m = 0; m < nr_more; m++)
			if (strcmp(more[m]->before, own_commands[i].name) == 0)
				commands[nr_commands++] = more[m];
		commands[nr_commands++] = &own_commands[i];
	}
	assert(nr_commands == NR_OWN_COMMANDS + nr_more);
}

static const struct cli_command *
cli_find_command(const char *name)
{
	for (size_t i = 0; i < nr_commands; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/*
 * Replaces this process by the program of the command that argv[0] names. Returns only on failure: -1 if @command, its
 * row, is NULL; otherwise EXIT_USAGE after a message.
 */
static int
cli_run_external(const struct cli_command *command, char **argv)
{
	const char *name = argv[0];
	char shown[64];

	(void)snprintf(shown, sizeof(shown), "%s %s", getprogname(), name);
	argv[0] = shown;
	(void)external_exec(name, argv);
	argv[0] = (char *)(uintptr_t)name;
	if (command == NULL)
		return -1;
	if (errno == ENOENT)
		warnx("expected the program wirestorm-%s beside this one, in ../tools, ../libexec/wirestorm, in %s or "
		      "in PATH: found none",
		    name, WS_LIBEXEC_DIR);
	else
		warn("wirestorm-%s", name);
	return EXIT_USAGE;
}

/* The exit status of the command that argv[0] names; -1: there is no such command. */
static int
cli_run_command(int argc, char **argv)
{
	const struct cli_command *command = cli_find_command(argv[0]);

	if (command == NULL || command->function == NULL)
		return cli_run_external(command, argv);
	/* Messages of err(3) and getopt_long start with "wirestorm run: ". */
	cli_name_process(getprogname(), command->name, argv);
	return command->function(argc, argv);
}

/* The command that was probably meant. */
static const char *
cli_hint_command(const char *name, struct nearest *n)
{
	nearest_begin(n, name, strlen(name));
	for (size_t i = 0; i < nr_commands; i++)
		nearest_offer(n, commands[i]->name);
	return nearest_hint(n);
}

/* Reports an unknown argument of help, with the command or list that was probably meant. */
static int
cli_unknown_help(const char *name)
{
	struct strbuf lists = { 0 };
	struct nearest n;

	(void)cli_hint_command(name, &n);
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		nearest_offer(&n, references[i].name);
		strbuf_printf(&lists, "\"%s\", ", references[i].name);
	}
	warnx("expected %s\"edges\" or a command, found \"%s\"%s", strbuf_text(&lists), name, nearest_hint(&n));
	strbuf_free(&lists);
	return EXIT_USAGE;
}

/* For completion: help takes a command or a list. */
static int
cli_list_help(void)
{
	printf("-\t\t=edges");
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
		printf(" %s", references[i].name);
	for (size_t i = 0; i < nr_commands; i++)
		if (strcmp(commands[i]->name, "edges") != 0)
			printf(" %s", commands[i]->name);
	printf("\t\n");
	return EXIT_OK;
}

int
cmd_help(int argc, char **argv)
{
	struct strbuf text = { 0 };
	int rv;

	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		cli_print_help(stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[1], OPTIONS_LIST) == 0)
		return cli_list_help();
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		if (strcmp(argv[1], references[i].name) != 0 || argc != 2)
			continue;
		references[i].print(&text, false);
		fputs(strbuf_text(&text), stdout);
		strbuf_free(&text);
		return EXIT_OK;
	}
	rv = strcmp(argv[1], "help") == 0 ? -1 : cli_run_command(2, (char *[]){ argv[1], (char[]){ "--help" }, NULL });
	return rv >= 0 ? rv : cli_unknown_help(argv[1]);
}

int
cmd_completion(int argc, char **argv)
{
	static const struct option_row rows[] = { { 0 } };
	static const struct command_line usage = { "usage: wirestorm completion bash|zsh\n\n"
		                                   "Prints the script by which the shell completes commands, options, "
		                                   "values and files. meson install installs it.\n"
		                                   "To try it in bash: source <(wirestorm completion bash)\n",
		rows, "\nExit status: 0 printed, 2 wrong usage, or a command is missing.\n", NULL, OPERANDS_ONE,
		"shell: bash or zsh" };
	int rv = options_parse(argc, argv, &usage, NULL);

	return rv >= 0 ? rv : completion_print(argv[optind], commands, nr_commands, cli_run_command);
}

static int
cli_dispatch(int argc, char **argv)
{
	struct nearest n;
	int rv;

	if (argc < 2) {
		cli_print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		cli_print_help(stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0)
		return version_print(argc - 1, argv + 1);
	rv = cli_run_command(argc - 1, argv + 1);
	if (rv < 0)
		warnx("no command \"%s\"; wirestorm --help lists them%s", argv[1], cli_hint_command(argv[1], &n));
	return rv < 0 ? EXIT_USAGE : rv;
}

/* Can this library use all targets of the program? False: the error was reported. */
static bool
cli_targets_usable(const struct vm_target *const *targets)
{
	bool usable = true;

	for (size_t i = 0; targets != NULL && targets[i] != NULL; i++) {
		const char *reason = target_unusable(targets[i]);

		if (reason != NULL)
			warnx("target number %zu of this program: %s", i + 1, reason);
		usable = usable && reason == NULL;
	}
	return usable;
}

int
cli_main(int argc, char **argv, const struct vm_target *const *extra, const struct cli_command *const *more)
{
	cli_begin(extra);
	if (!cli_targets_usable(extra))
		return cli_end(EXIT_USAGE);
	cli_collect_commands(more);
	return cli_end(cli_dispatch(argc, argv));
}
