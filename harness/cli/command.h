/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command.h - what the subcommands of wirestorm share: exit codes, options, numbers, files, terminals.
 *
 * A subcommand of this room is a function and one line in commands.def. It has a table of its options (options.h) and
 * returns an exit code. A command of another room is a struct cli_command, which the program gives to cli_main; one
 * that is a program of its own is an EXTERNAL line (external.h).
 */
#ifndef HARNESS_CLI_COMMAND_H
#define HARNESS_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/base.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

#define COMMAND(name, function, summary) int function(int argc, char **argv);
#define EXTERNAL(name, summary)
#include "harness/cli/commands.def"
#undef COMMAND
#undef EXTERNAL

struct cli_command {
	const char *name;
	int (*function)(int argc, char **argv); /* NULL: the program wirestorm-NAME (external.h) */
	const char *summary;
	const char *before; /* of another room: the command of commands.def that help lists after this one */
};

struct vm_target;
/*
 * The tool: runs the command that argv[1] names and returns the exit status. @extra: see harness/wirestorm.h. @more:
 * commands besides those of commands.def, up to a NULL.
 */
int cli_main(int argc, char **argv, const struct vm_target *const *extra, const struct cli_command *const *more);

/* What a process does before its command: standard files, signals, memory for JSON. @extra: as above. */
void cli_begin(const struct vm_target *const *extra);
/* And after it: the exit status of the process, @status unless standard output could not be written. */
int cli_end(int status);
/* Messages of this process begin with "@program @command: ", those of err(3) and those of getopt_long. */
void cli_name_process(const char *program, const char *command, char **argv);

/* After a wrong option: points to --help. Returns EXIT_USAGE. */
int cli_usage(void);
/* Is standard output (error) a terminal, so that colours and progress are welcome? */
bool cli_stdout_tty(void);
/* For explore_options.progress. */
void cli_explore_progress(void *unused, uint64_t states, uint64_t schedules);
/* For shrink_options.progress. */
void cli_shrink_progress(void *unused, uint64_t tried, uint64_t kept);

/*
 * Adds what --files-from names (@list, NULL: nothing), then the operands; "-" at most once. False: said why on standard
 * error, which an empty list is, too.
 */
bool cli_files_take(struct inputs *files, enum inputs_kind kind, const char *list, int nr, char **operands);
/*
 * The same for a command that writes one file for each to the directory @out, which it makes, or without @out takes one
 * file only. EXIT_OK or EXIT_USAGE.
 */
int cli_files_for(
    struct inputs *files, enum inputs_kind kind, const char *list, const char *out, int nr, char **operands);

struct keybuf;
/* Appends what is in a file ("-": standard input). False: said why on standard error. */
bool cli_read_bytes(const char *path, struct keybuf *bytes);
/* The same for bytes that mean a program; a header's version must be one that is known. */
bool cli_read_encoded(const char *path, struct keybuf *bytes);

struct strbuf;
/* As file_write_text (files.h). False: said why on standard error. */
bool cli_write_text(const char *path, const struct strbuf *text);
/*
 * What a command makes of the file @from: with @dir as the file of that directory that has its name, with the suffix
 * @to instead of @suffix; with NULL to standard output. A file that is there with other contents stays. False: said why
 * on standard error.
 */
bool cli_write_made(const char *dir, const char *from, const char *suffix, const char *to, const struct strbuf *text);

/* --out - is as no --out: what is made goes to standard output. */
void cli_take_dash(const char **out);
/*
 * Standard output gets one file, and nothing else: what is printed from here on goes to standard error. Returns the
 * path by which the file is written.
 */
const char *cli_split_stdout(void);
/* Asks before the work whether its result can be written to @path. False: said why on standard error. */
bool cli_can_write(const char *path);
/*
 * Writes a program as vmt_write does. False: said why on standard error; so that the work is not lost the program goes
 * to standard output, or with @json, which has that for itself, to standard error.
 */
bool cli_save_program(const char *path, const struct program *p, bool json);
/*
 * As a new file, but a file that exists stays: said so, and false unless it holds this program already. A program that
 * cannot be written goes to standard output.
 */
bool cli_save_new_program(const char *path, const struct program *p);
/* The same for the text of a program. */
bool cli_save_text(const char *path, const struct strbuf *text, bool json);

/* Set by the first Ctrl-C, SIGTERM or SIGHUP (unless that is ignored); the second one ends the process. */
extern volatile int cli_stop;
void cli_catch_signals(void);

/* What --profile, --target and --no-checks say. */
struct cli_target {
	const struct vm_target *target; /* target_at(0) unless an option says otherwise */
	const char *profile_text;       /* NULL: the file's */
	struct vm_profile profile;
	struct checker *checker; /* judges what is opened; NULL: nobody does */
};

/*
 * For a command that works on the engine alone: -1, or EXIT_USAGE after a message about the other target, which begins
 * with @does, as in "real threads run".
 */
int cli_engine_only(const struct cli_target *t, const char *does);

/* The value of --mutant: a name as a program has it, or NULL for "none". Exits if there is no such mutant. */
const char *cli_mutant(const char *text, bool *none);

/* What --schedule, --seed and --strategy say: which run it is. */
struct cli_which {
	const char *schedule;
	const struct strategy *strategy;
	uint64_t seed;
	bool drawn; /* --seed or --strategy was given */
};
/* -1, or said what does not go together, and EXIT_USAGE. */
int cli_which_check(const struct cli_which *w);

/* Reads @path, applies the profile, says which init steps fail unexpectedly, and opens a run. False: said why. *p and
 * *r are to be closed by cli_close_run. */
bool cli_open_run(const struct cli_target *t, const char *path, struct program *p, struct run *r);
void cli_close_run(struct program *p, struct run *r);
/* Its canonical text, to standard output. */
void cli_print_program(const struct program *p);
/* The text of a program: a terminal gets it escaped, a file or a pipe as it is. */
void cli_print_vmt(const char *text);
/* The same for a program made in memory, which stays the caller's; @path is what messages name. */
bool cli_open_program(const struct cli_target *t, const char *path, const struct program *p, struct run *r);
void cli_close_program(struct run *r);
/*
 * Each finding of an exploration of @r, as comment lines: what, the map at that moment, a witness. Runs @r.
 */
void cli_print_findings(struct run *r, const struct explore_result *x);
/* One finding as a JSON object. */
struct json_t;
/* Those of an exploration, with map and witness: an array. */
struct json_t *cli_json_findings(struct run *r, const struct explore_result *x);

#endif
