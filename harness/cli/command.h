/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command.h - what the subcommands of wirestorm share: exit codes, options, numbers, files, terminals.
 *
 * A subcommand of this room is a function and one line in commands.def. It has a table of its options (options.h) and
 * returns an exit code. A command of another room is a struct cli_command that the program passes to cli_main. A
 * command that is a separate program is an EXTERNAL line (external.h).
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
#include "harness/show/show.h"

#define COMMAND(name, function, summary) int function(int argc, char **argv);
#define EXTERNAL(name, summary)
#include "harness/cli/commands.def"
#undef COMMAND
#undef EXTERNAL

struct cli_command {
	const char *name;
	int (*function)(int argc, char **argv); /* NULL: the command is the program wirestorm-NAME (external.h) */
	const char *summary;
	const char *before; /* for a command of another room: help lists it before this command */
};

struct vm_target;
/*
 * Runs the command that argv[1] names, and returns the exit status. @extra: see harness/wirestorm.h. @more: commands
 * besides those of commands.def, up to a NULL.
 */
int cli_main(int argc, char **argv, const struct vm_target *const *extra, const struct cli_command *const *more);

/* Call it before a command: prepares standard files, signals, and memory for JSON. @extra: as above. */
void cli_begin(const struct vm_target *const *extra);
/* Call it after a command: returns @status, or EXIT_USAGE if standard output could not be written. */
int cli_end(int status);
/* Makes messages of err(3) and getopt_long start with "@program @command: ". */
void cli_name_process(const char *program, const char *command, char **argv);

/* Call it after a wrong option: prints a hint to --help, and returns EXIT_USAGE. */
int cli_usage(void);
/* Is standard output a terminal? */
bool cli_stdout_tty(void);
/* For explore_options.progress. */
void cli_explore_progress(void *unused, uint64_t states, uint64_t schedules);
/* For shrink_options.progress. */
void cli_shrink_progress(void *unused, uint64_t tried, uint64_t kept);

/*
 * Adds the files of --files-from @list (NULL: none) and the operands; "-" at most once. False: the error was reported;
 * an empty list is an error, too.
 */
bool cli_files_take(struct inputs *files, enum inputs_kind kind, const char *list, int nr, char **operands);
struct keybuf;
/* Appends the contents of a file ("-": standard input). False: the error was reported. */
bool cli_read_bytes(const char *path, struct keybuf *bytes);
/* As cli_read_bytes, for an encoded program: rejects a header with an unknown version. */
bool cli_read_encoded(const char *path, struct keybuf *bytes);

struct strbuf;
/* As file_write_text (files.h). False: the error was reported. */
bool cli_write_text(const char *path, const struct strbuf *text);
/*
 * Writes the output that a command makes from the file @from. It goes to the file in @dir with the same name, but with
 * suffix @to instead of @suffix; to standard output if @dir is NULL. An existing file with other contents is kept.
 * False: the error was reported.
 */
bool cli_write_made(const char *dir, const char *from, const char *suffix, const char *to, const struct strbuf *text);

/* Makes "--out -" equal to no --out: standard output. */
void cli_take_dash(const char **out);
/* Reserves standard output for one file: later prints go to standard error. Returns the path for writing that file. */
const char *cli_split_stdout(void);
/* Can the result be written to @path? To be called before the work. False: the error was reported. */
bool cli_can_write(const char *path);
/*
 * Writes a program as vmt_write does. False: the error was reported. So that the work is not lost, the program is then
 * printed to standard output, or with @json to standard error.
 */
bool cli_save_program(const char *path, const struct program *p, bool json);
/*
 * Writes a new file. An existing file is kept: if it holds another program, this is an error. False: the error was
 * reported. A program that cannot be written goes to standard output.
 */
bool cli_save_new_program(const char *path, const struct program *p);

/* Set by the first Ctrl-C, SIGTERM or SIGHUP (unless ignored). The second one ends the process. */
extern volatile int cli_stop;
void cli_catch_signals(void);

/* The options --profile, --target, --mutant and --no-checks. */
struct cli_target {
	const struct vm_target *target; /* target_at(0) unless --target names another */
	const char *profile_text;       /* NULL: the file's profile */
	struct vm_profile profile;
	const char *mutant; /* a static name; NULL: no mutant, or the option is not given */
	bool mutant_given;
	struct checker *checker; /* judges the runs; NULL: --no-checks */
};

/*
 * For a command that needs the engine as target: -1, or EXIT_USAGE after a message about the other target. The message
 * starts with @does: "real threads run".
 */
int cli_engine_only(const struct cli_target *t, const char *does);
/* Gives a program the profile and the mutant of the options. */
void cli_configure(const struct cli_target *t, struct program_config *config);
struct checkfile_options;
/* Passes the options on to checks of files, which also stop at a signal. */
void cli_configure_checks(const struct cli_target *t, struct checkfile_options *o);

/* The options of a command that turns each input into a file of another form. */
struct cli_convert {
	struct cli_target target;
	const char *out;        /* a directory, which is made; NULL: standard output, for one input */
	const char *files_from; /* --files-from */
	bool raw;               /* encode */
};
/* Calls @convert for each input. Returns the highest of its exit codes, or EXIT_USAGE. */
int cli_convert_all(struct cli_convert *c, enum inputs_kind kind, int nr, char **operands,
    int (*convert)(const struct cli_convert *c, const char *path));

/* The options --schedule, --seed and --strategy, which choose a run. */
struct cli_which {
	const char *schedule;
	const struct strategy *strategy;
	uint64_t seed;
	bool drawn; /* --seed or --strategy is given */
};
/* -1, or EXIT_USAGE after a message about options that exclude each other. */
int cli_which_check(const struct cli_which *w);

/*
 * Notes about init steps that fail, or do nothing, although the program does not say so (run_init_notes). They go to
 * standard error, because standard output may be a program or JSON. *nr counts the programs that have some: only the
 * notes of the first three are printed, and cli_notes_end says how many more there are.
 */
void cli_notes_say(size_t *nr, const struct cli_target *t, const char *path, const struct program *p);
/* The same for notes that a worker has made; @notes may be NULL. */
void cli_notes_print(size_t *nr, const char *notes);
void cli_notes_end(size_t nr);

/*
 * Reads @path, applies the profile, reports init steps that fail unexpectedly, and opens a run. False: the error was
 * reported. Close *p and *r with cli_close_run.
 */
bool cli_open_run(const struct cli_target *t, const char *path, struct program *p, struct run *r);
/* Also frees the findings of the checker. */
void cli_close_run(const struct cli_target *t, struct program *p, struct run *r);
/* Prints the program's canonical text to standard output. */
void cli_print_program(const struct program *p);
/* Prints the text of a program: escaped on a terminal, unchanged to a file or a pipe. */
void cli_print_vmt(const char *text);
/* As cli_open_run, for a program in memory, which the caller keeps. @path is its name in messages. */
bool cli_open_program(const struct cli_target *t, const char *path, const struct program *p, struct run *r);
void cli_close_program(struct run *r);
/* The options for the formats of a report (report-rows.def), and the report that goes into them. */
struct cli_report {
	const char *files[REPORT_FORMATS]; /* NULL: not in this format */
	const char *standard;              /* where "-" is written: standard output as it was */
	struct report report;
};

/*
 * Call it before the work: can all files be written? With "-" among them, all other output goes to standard error.
 * False: the error was reported.
 */
bool cli_report_begin(struct cli_report *c, bool json);
/* Prints the findings as comment lines. */
void cli_print_report(const struct report *r);
/* Is there a file to write? */
bool cli_report_asked(const struct cli_report *c);
/* A schedule as the object "way" of docs/json.md; null if there is none. */
json_t *cli_json_way(const struct schedule *path);
/* Writes the report in all formats that were asked for, and frees it. False: the error was reported. */
bool cli_report_end(struct cli_report *c);

#endif
