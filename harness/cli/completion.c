/* SPDX-License-Identifier: BSD-2-Clause */
/* completion.c - see completion.h. */
#include "harness/cli/completion.h"

#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/options.h"

/* A line that OPTIONS_LIST prints: letter or "-", name, kind of value, text. The parts point into the listing. */
struct completion_row {
	struct completion_part {
		const char *text;
		int len;
	} letter, name, value, help;
};

/* The name of the program to complete. The name of this process is "PROGRAM completion". */
static const char *
completion_program_name(void)
{
	static char name[64];

	(void)strlcpy(name, getprogname(), sizeof(name));
	name[strcspn(name, " ")] = '\0';
	return name;
}

/* The next row of the listing at *@at; false: there is none. */
static bool
completion_next_row(const char **at, struct completion_row *row)
{
	struct completion_part *parts[] = { &row->letter, &row->name, &row->value, &row->help };

	if (**at == '\0')
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t len = strcspn(*at, i < 3 ? "\t" : "\n");

		*parts[i] = (struct completion_part){ *at, (int)len };
		*at += len + ((*at)[len] != '\0');
	}
	return true;
}

/* Appends the option list of the command. False: the error was reported. */
static bool
completion_list_options(const char *command, int (*run)(int argc, char **argv), struct strbuf *listing)
{
	int fds[2], status = 0;
	char block[4096];
	ssize_t got;
	pid_t pid;

	(void)fflush(stdout);
	if (pipe(fds) != 0 || (pid = fork()) < 0) {
		warn("%s", command);
		return false;
	}
	if (pid == 0) {
		char name[64], list[] = OPTIONS_LIST;

		(void)strlcpy(name, command, sizeof(name));
		if (dup2(fds[1], STDOUT_FILENO) < 0)
			_exit(EXIT_USAGE);
		(void)close(fds[0]);
		(void)close(fds[1]);
		status = run(2, (char *[]){ name, list, NULL });
		_exit(fflush(stdout) == 0 ? status : EXIT_USAGE);
	}
	(void)close(fds[1]);
	while ((got = read(fds[0], block, sizeof(block))) > 0)
		strbuf_addn(listing, block, (size_t)got);
	(void)close(fds[0]);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OK)
		return true;
	warnx("%s: cannot list its options", command);
	return false;
}

/* --- bash --- */

static void
completion_print_bash_value(const struct completion_row *row)
{
	printf("\t\t");
	if (row->letter.text[0] != '-')
		printf("-%.*s | ", row->letter.len, row->letter.text);
	printf("%.*s) value='%.*s' ;;\n", row->name.len, row->name.text, row->value.len, row->value.text);
}

static void
completion_print_bash_command(const char *command, const char *listing)
{
	struct completion_row row;

	printf("\t%s)\n\t\toptions='", command);
	for (const char *at = listing; completion_next_row(&at, &row);) {
		if (row.name.len == 0)
			continue;
		if (row.letter.text[0] != '-')
			printf("-%.*s ", row.letter.len, row.letter.text);
		printf("%.*s ", row.name.len, row.name.text);
	}
	printf("--help'\n\t\tcase $prev in\n");
	for (const char *at = listing; completion_next_row(&at, &row);)
		if (row.name.len > 0 && row.value.len > 0)
			completion_print_bash_value(&row);
	for (const char *at = listing; completion_next_row(&at, &row);)
		if (row.name.len == 0)
			printf("\t\t*) operand='%.*s' ;;\n", row.value.len, row.value.text);
	printf("\t\tesac\n\t\t;;\n");
}

static void
completion_print_bash(const struct cli_command *const *commands, size_t nr, const struct strbuf *listings)
{
	const char *name = completion_program_name();

	assert(nr > 0 && listings != NULL);
	printf("# bash completion for %s, as \"%s completion bash\" prints it.\n", name, name);
	printf(
	    "_wirestorm()\n{\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} options='' operand='' value=''\n\n"
	    "\tCOMPREPLY=()\n"
	    "\t[ \"$cur\" = = ] && cur=''\n" /* bash takes --option=value for three words */
	    "\t[ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	    "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -W '");
	for (size_t i = 0; i < nr; i++)
		printf("%s ", commands[i]->name);
	printf("--help --version' -- \"$cur\")\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < nr; i++)
		completion_print_bash_command(commands[i]->name, strbuf_text(&listings[i]));
	printf("\tesac\n"
	       "\tif [ -z \"$value\" ] && [ \"${cur:0:1}\" = - ]; then\n"
	       "\t\tvalue==$options\n"
	       "\telif [ -z \"$value\" ]; then\n"
	       "\t\tvalue=$operand\n"
	       "\tfi\n"
	       "\tcase $value in\n"
	       "\t=*) mapfile -t COMPREPLY < <(compgen -W \"${value#=}\" -- \"$cur\") ;;\n"
	       "\tdirectory) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
	       "\tfile) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
	       "\tesac\n"
	       "}\n"
	       "complete -o filenames -F _wirestorm %s\n",
	    name);
}

/* --- zsh --- */

/* Prints a text inside single quotes, for a specification of _arguments or _describe. */
static void
completion_print_zsh_text(struct completion_part part)
{
	for (int i = 0; i < part.len; i++) {
		if (part.text[i] == '\'')
			printf("'\\'");
		else if (strchr("[]:\\", part.text[i]) != NULL)
			printf("\\");
		printf("%c", part.text[i]);
	}
}

/* Prints the action of _arguments that completes a value. */
static void
completion_print_zsh_action(struct completion_part value)
{
	if (value.text[0] == '=')
		printf("(%.*s)", value.len - 1, value.text + 1);
	else if (strncmp(value.text, "file", 4) == 0)
		printf("_files");
	else if (strncmp(value.text, "directory", 9) == 0)
		printf("_files -/");
	else
		printf(" ");
}

static void
completion_print_zsh_row(const struct completion_row *row)
{
	if (row->name.len == 0) {
		if (row->value.len == 0)
			return;
		printf(" \\\n\t\t\t'*:operand:");
	} else if (row->letter.text[0] != '-') {
		printf(" \\\n\t\t\t'(-%c %.*s)'{-%c,%.*s%s}'[", row->letter.text[0], row->name.len, row->name.text,
		    row->letter.text[0], row->name.len, row->name.text, row->value.len > 0 ? "=" : "");
	} else {
		printf(" \\\n\t\t\t'%.*s%s[", row->name.len, row->name.text, row->value.len > 0 ? "=" : "");
	}
	if (row->name.len > 0) {
		completion_print_zsh_text(row->help);
		printf("]%s", row->value.len > 0 ? ":value:" : "");
	}
	if (row->value.len > 0)
		completion_print_zsh_action(row->value);
	printf("'");
}

static void
completion_print_zsh(const struct cli_command *const *commands, size_t nr, const struct strbuf *listings)
{
	const char *name = completion_program_name();
	struct completion_row row;

	assert(nr > 0 && listings != NULL);
	printf("#compdef %s\n# zsh completion for %s, as \"%s completion zsh\" prints it.\n", name, name, name);
	printf("_wirestorm()\n{\n\tlocal command=$words[2]\n\tlocal -a commands\n\n"
	       "\tif (( CURRENT == 2 )); then\n\t\tcommands=(\n");
	for (size_t i = 0; i < nr; i++) {
		printf("\t\t\t'%s:", commands[i]->name);
		completion_print_zsh_text(
		    (struct completion_part){ commands[i]->summary, (int)strlen(commands[i]->summary) });
		printf("'\n");
	}
	printf("\t\t)\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	       "\tshift words\n\t(( CURRENT-- ))\n\tcase $command in\n");
	for (size_t i = 0; i < nr; i++) {
		printf("\t%s)\n\t\t_arguments -s '--help[explain the command]'", commands[i]->name);
		for (const char *at = strbuf_text(&listings[i]); completion_next_row(&at, &row);)
			completion_print_zsh_row(&row);
		printf("\n\t\t;;\n");
	}
	printf("\tesac\n}\n\n_wirestorm \"$@\"\n");
}

int
completion_print(
    const char *shell, const struct cli_command *const *commands, size_t nr, int (*run)(int argc, char **argv))
{
	struct strbuf *listings = memory_need(calloc(nr, sizeof(*listings)), "the options");
	bool zsh = strcmp(shell, "zsh") == 0, ok = zsh || strcmp(shell, "bash") == 0;

	if (!ok)
		warnx("expected bash or zsh, found \"%s\"", shell);
	for (size_t i = 0; ok && i < nr; i++)
		ok = completion_list_options(commands[i]->name, run, &listings[i]);
	if (ok)
		(zsh ? completion_print_zsh : completion_print_bash)(commands, nr, listings);
	for (size_t i = 0; i < nr; i++)
		strbuf_free(&listings[i]);
	free(listings);
	return ok ? EXIT_OK : EXIT_USAGE;
}
