/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - the options of a command. One table gives the input of getopt_long, --help, and the parsing.
 *
 *	#define TO(type, field) OPTION_TO(struct gen_command, type, field)
 *	static const struct option_row rows[] = {
 *		OPTION_NUMBER("-j, --jobs N", TO(unsigned, jobs), 1, 64, "worker processes"),
 *		OPTION_FLAG("--check", TO(bool, check), "change nothing"),
 *		{ 0 },
 *	};
 *
 * The first string of a row is shown in --help: a letter if there is one, the name, and a name for the value if the
 * option takes one. --help itself is in no table; every command has it.
 */
#ifndef HARNESS_CLI_OPTIONS_H
#define HARNESS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

enum option_kind {
	OPTION_IS_NONE = 0,
	OPTION_IS_FLAG,    /* bool */
	OPTION_IS_TEXT,    /* const char * */
	OPTION_IS_LIST,    /* const char *: a file with names, so that no operand is needed */
	OPTION_IS_NUMBER,  /* unsigned */
	OPTION_IS_COUNT,   /* uint64_t */
	OPTION_IS_SEED,    /* uint64_t, any value */
	OPTION_IS_SECONDS, /* double */
	OPTION_IS_PROFILE, /* struct cli_target: these four */
	OPTION_IS_TARGET,
	OPTION_IS_NO_CHECKS,
	OPTION_IS_MUTANT,
	OPTION_IS_DRAW, /* struct cli_which: these two */
	OPTION_IS_STRATEGY,
	OPTION_IS_CALL,
};

struct option_row {
	const char *synopsis, *help;
	enum option_kind kind;
	size_t offset; /* offset of the field in the command's struct */
	long long min, max;
	void (*take)(void *command, const char *text); /* NULL: the value goes into the field */
};

/* The field of an option. A type other than the field's does not compile. */
#define OPTION_TO(command, type, field)                                                                                \
	(offsetof(command, field) + 0 * sizeof((type *)NULL == &((command *)NULL)->field))

/* All members of a row. */
#define OPTION_ROW(synopsis, help, kind, to, min, max, take)                                                           \
	{                                                                                                              \
		(synopsis), (help), (kind), (to), (min), (max), (take)                                                 \
	}
#define OPTION_FLAG(synopsis, to, help) OPTION_ROW(synopsis, help, OPTION_IS_FLAG, to, 0, 0, NULL)
#define OPTION_TEXT(synopsis, to, help) OPTION_ROW(synopsis, help, OPTION_IS_TEXT, to, 0, 0, NULL)
#define OPTION_NUMBER(synopsis, to, min, max, help) OPTION_ROW(synopsis, help, OPTION_IS_NUMBER, to, min, max, NULL)
#define OPTION_COUNT(synopsis, to, min, max, help) OPTION_ROW(synopsis, help, OPTION_IS_COUNT, to, min, max, NULL)
/* @function gets the command's struct and the value, or NULL if the option takes no value. */
#define OPTION_CALL(synopsis, function, help) OPTION_ROW(synopsis, help, OPTION_IS_CALL, 0, 0, 0, function)

/* Options that many commands have. */
#define OPTION_FILES_FROM(to)                                                                                          \
	OPTION_ROW("--files-from FILE",                                                                                \
	    "also read the files and directories that FILE lists, one per line or each ending in NUL (\"-\": "         \
	    "standard input)",                                                                                         \
	    OPTION_IS_LIST, to, 0, 0, NULL)
#define OPTION_SEED(to, help) OPTION_ROW("--seed N", help, OPTION_IS_SEED, to, 0, 0, NULL)
#define OPTION_SECONDS(to, help) OPTION_ROW("--seconds S", help, OPTION_IS_SECONDS, to, 0, 0, NULL)
#define OPTION_STATES(to, help) OPTION_COUNT("--max-states N", to, 1, 1LL << 31, help)
/* --help puts the names of the profiles before @more. */
#define OPTION_PROFILE(to, more) OPTION_ROW("--profile P", ", then +Q1 -Q2 ..." more, OPTION_IS_PROFILE, to, 0, 0, NULL)
/* These for an option that may be given twice: @function gets the command's struct and the value. */
#define OPTION_PROFILE_CALL(function, more)                                                                            \
	OPTION_ROW("--profile P", ", then +Q1 -Q2 ..." more, OPTION_IS_PROFILE, 0, 0, 0, function)
#define OPTION_TARGET_CALL(function, help) OPTION_ROW("--target T", help, OPTION_IS_TARGET, 0, 0, 0, function)
#define OPTION_MUTANT_CALL(function, help) OPTION_ROW("--mutant NAME", help, OPTION_IS_MUTANT, 0, 0, 0, function)
#define OPTION_TARGET(to)                                                                                              \
	OPTION_ROW(                                                                                                    \
	    "--target T", "the code under test; wirestorm help lists the targets", OPTION_IS_TARGET, to, 0, 0, NULL)
#define OPTION_NO_CHECKS(to) OPTION_ROW("--no-checks", "do not judge the runs", OPTION_IS_NO_CHECKS, to, 0, 0, NULL)
#define OPTION_MUTANT(to, help) OPTION_ROW("--mutant NAME", help, OPTION_IS_MUTANT, to, 0, 0, NULL)
/* Rows for all fields of struct cli_which. */
#define OPTIONS_WHICH(to, strategy_help)                                                                               \
	OPTION_ROW("--schedule 'T0*3 T1 T0'", "one choice per step", OPTION_IS_TEXT,                                   \
	    (to) + offsetof(struct cli_which, schedule), 0, 0, NULL),                                                  \
	    OPTION_ROW("--seed N", "draw the choices from this seed", OPTION_IS_DRAW, to, 0, 0, NULL),                 \
	    OPTION_ROW("--strategy S", strategy_help, OPTION_IS_STRATEGY, to, 0, 0, NULL)
#define OPTION_JSON(to) OPTION_FLAG("--json", to, "one JSON object on standard output")

/*
 * The hidden option of every command that lists its options for completion.c, a line each: letter or "-", "--name",
 * what its value is, and the text of --help, with a tab after each but the last. The value is empty without a value,
 * file, directory, text, or "=" and the words to choose from. The line without a name is about the operands.
 */
#define OPTIONS_LIST "--list-options"

/* The operands that follow the options. */
enum operands {
	OPERANDS_NONE = 0,
	OPERANDS_ONE,
	OPERANDS_SOME, /* at least one, unless --files-from is given */
	OPERANDS_ANY,
};

struct command_line {
	const char *head; /* --help: usage, and what the command does */
	const struct option_row *rows;
	const char *tail;                  /* --help: exit status, examples */
	void (*lists)(struct strbuf *out); /* NULL, or appends a list to the end of --help */
	enum operands operands;
	const char *operand; /* "file": the operand's name in messages. "verb: list or hunt": with all its values */
};

/* Fills the command's struct. Returns -1, and the operands start at argv[optind]; or an exit code after a message. */
int options_parse(int argc, char **argv, const struct command_line *line, void *command);

struct cli_target;
/* Set the profile, target or mutant of @t. A value that names none ends the process. @option: the name in the message.
 */
void option_set_profile(const char *option, struct cli_target *t, const char *text);
void option_set_target(const char *option, struct cli_target *t, const char *text);
void option_set_mutant(struct cli_target *t, const char *text);

/* The number in @text if it is within [min, max]. Otherwise reports the error in @option and exits with EXIT_USAGE. */
long long option_number(const char *option, const char *text, long long min, long long max);
double option_seconds(const char *option, const char *text);
/* Parses any 64-bit number. */
uint64_t option_seed(const char *option, const char *text);

#endif
