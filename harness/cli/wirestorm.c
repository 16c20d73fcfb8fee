/* SPDX-License-Identifier: BSD-2-Clause */
/* wirestorm.c - the one command-line tool: finds the subcommand. See wirestorm.h. */
#include "harness/wirestorm.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/cli/command.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/show/show.h"
#include "harness/sim/sim.h"

#ifndef WS_VERSION
#error "WS_VERSION is set by the build"
#endif

static const struct {
	const char *name;
	int (*function)(int argc, char **argv);
	const char *summary;
} commands[] = {
#define COMMAND(name, function, summary) { (name), (function), (summary) },
#include "harness/cli/commands.def"
#undef COMMAND
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What "help" has besides the commands. */
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
print_help(FILE *f)
{
	fprintf(f, "usage: wirestorm COMMAND [OPTION...] [FILE...]\n\n"
	           "Finds the interleavings of wire, unwire, clip and delete that a VM map gets wrong.\n"
	           "A program (.vmt) is a few threads with a few operations each, on a small map.\n\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(f, "  %-9s %s\n", commands[i].name, commands[i].summary);
	fprintf(f, "\nWhat can be under test, --target (the first is the default):\n\n");
	for (size_t i = 0; target_at(i) != NULL; i++)
		fprintf(f, "  %-9s %s\n", target_at(i)->name, target_at(i)->summary);
	fprintf(f, "\nwirestorm COMMAND --help explains a command.\n"
	           "Exit status: 0 ok, 1 a mismatch or a finding, 2 wrong usage or an unusable file, 3 a hang.\n\n"
	           "Try:\n"
	           "  wirestorm check corpus/freebsd\n"
	           "  wirestorm explore corpus/litmus/wire-gone-after-wait.vmt\n"
	           "  wirestorm run -v corpus/litmus/wire-gone-after-wait.vmt\n");
}

/* What it says about itself begins with "wirestorm run: ", by err(3) and getopt_long alike. */
static int
run_command(size_t i, int argc, char **argv)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), "%s %s", getprogname(), commands[i].name);
	program_invocation_short_name = name;
	argv[0] = name;
	return commands[i].function(argc, argv);
}

/* The command that was probably meant. */
static const char *
hint_command(const char *name, struct nearest *n)
{
	nearest_begin(n, name, strlen(name));
	for (size_t i = 0; i < NR_COMMANDS; i++)
		nearest_offer(n, commands[i].name);
	return nearest_hint(n);
}

/* The command or the list that was probably meant. */
static int
unknown_help(const char *name)
{
	struct strbuf lists = { 0 };
	struct nearest n;

	(void)hint_command(name, &n);
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		nearest_offer(&n, references[i].name);
		strbuf_printf(&lists, "\"%s\", ", references[i].name);
	}
	warnx("expected %s\"edges\" or a command, found \"%s\"%s", strbuf_text(&lists), name, nearest_hint(&n));
	strbuf_free(&lists);
	return EXIT_USAGE;
}

int
cmd_help(int argc, char **argv)
{
	struct strbuf text = { 0 };

	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return EXIT_OK;
	}
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		if (strcmp(argv[1], references[i].name) != 0 || argc != 2)
			continue;
		references[i].print(&text, false);
		fputs(strbuf_text(&text), stdout);
		strbuf_free(&text);
		return EXIT_OK;
	}
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0 && commands[i].function != cmd_help)
			return run_command(i, 2, (char *[]){ argv[1], (char[]){ "--help" }, NULL });
	return unknown_help(argv[1]);
}

static int
dispatch(int argc, char **argv)
{
	struct nearest n;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("wirestorm %s\n", WS_VERSION);
		return EXIT_OK;
	}
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run_command(i, argc - 1, argv + 1);
	warnx("no command \"%s\"; wirestorm --help lists them%s", argv[1], hint_command(argv[1], &n));
	return EXIT_USAGE;
}

/* Else what is printed could go into a file that gets the number of a closed one. They still cannot be used. */
static void
open_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* A panic has said what it is about: it is a finding. */
static void
on_abort(int sig)
{
	(void)sig;
	_exit(EXIT_FINDING);
}

static void *
json_memory(size_t size)
{
	return memory_need(malloc(size > 0 ? size : 1), "the JSON");
}

int
wirestorm_main(int argc, char **argv, const struct vm_target *const *extra)
{
	int rv;

	target_extra = extra;
	open_standard_files();
	escape_streams();
	json_set_alloc_funcs(json_memory, free);
	(void)signal(SIGABRT, on_abort);
	env_sim_catch_crashes();
	rv = dispatch(argc, argv);
	/* What could not be written was not said. */
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		warn("standard output");
		return EXIT_USAGE;
	}
	return rv;
}
