/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-edges.c - wirestorm edges: the edges that programs reach, each with the smallest such program. */
#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "harness/show/show.h"

static const char help_head[] =
    "usage: wirestorm edges [OPTION...] PATH...\n"
    "       wirestorm edges --hunt S [OPTION...] [PATH...]\n"
    "\n"
    "Explores programs (.vmt files, or all in a directory), and lists the edges that their operations\n"
    "pass: the named returns below. Edges of KERN_INVALID_ADDRESS come first, then those of other codes.\n"
    "For each edge it prints how often and in how many programs it is reached, the smallest program, the\n"
    "schedule with the fewest preemptions, what the man page says, and the checker's judgement.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 no finding; 1 a finding that no quirk explains; 2 wrong usage or an unusable file.\n"
    "\n"
    "Examples:\n"
    "  wirestorm edges corpus/litmus\n"
    "  wirestorm edges --hunt 10 --profile freebsd12\n"
    "\n"
    "The edges (wirestorm explain NAME tells more of one):\n"
    "\n";

#define STATES_MAX_DEFAULT 100000

/* A program from standard input or a pipe, which can be read only once. */
struct kept {
	struct kept *next;
	const char *name;
	struct program program;
};

struct edges_command {
	struct cli_target target;
	struct inputs files;
	struct explore_options options;
	struct edges_report report;
	double hunt;
	uint64_t seed, nr_programs; /* nr_programs 0: as many as the time allows */
	const char *html, *files_from;
	struct kept *kept;
	size_t nr_notes; /* programs with notes about init steps */
	bool markdown, json;
	struct sim *sim;
	struct strbuf command; /* the command line, as documents show it */
};

static bool
edges_command_wants_random(const struct edges_command *c)
{
	return c->hunt > 0 || c->nr_programs > 0;
}

static void
edges_command_show_progress(struct edges_command *c)
{
	if (progress_due())
		progress_say("%llu programs, %llu states", (unsigned long long)c->report.nr_programs,
		    (unsigned long long)c->report.states);
}

static void
edges_command_show_exploring(void *arg, uint64_t states, uint64_t schedules)
{
	(void)states;
	(void)schedules;
	edges_command_show_progress(arg);
}

/* --- programs --- */

static bool
edges_command_load(const struct edges_command *c, const char *path, struct program *p)
{
	if (!vmt_read(path, p))
		return false;
	cli_configure(&c->target, &p->config);
	return true;
}

static bool
edges_command_add(struct edges_command *c, const struct program *p, const char *name)
{
	struct strbuf error = { 0 };
	bool good = edges_report_add(&c->report, p, name, c->sim, &error);

	if (!good)
		say_about(name, 0, "%s", strbuf_text(&error));
	strbuf_free(&error);
	edges_command_show_progress(c);
	return good;
}

/* Must the program be kept for find_witnesses, because its file cannot be read again? */
static bool
edges_command_read_once(const char *path)
{
	struct stat st;

	return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
}

static void
edges_command_keep(struct edges_command *c, const char *path, const struct program *p)
{
	struct kept *k = memory_resize(NULL, sizeof(*k), 1, "a program");

	*k = (struct kept){ c->kept, path, *p };
	c->kept = k;
}

static const struct program *
edges_command_kept(const struct edges_command *c, const char *path)
{
	const struct kept *k = c->kept;

	while (k != NULL && strcmp(k->name, path) != 0)
		k = k->next;
	return k != NULL ? &k->program : NULL;
}

static void
edges_command_free_kept(struct edges_command *c)
{
	while (c->kept != NULL) {
		struct kept *k = c->kept;

		c->kept = k->next;
		program_free(&k->program);
		free(k);
	}
	assert(c->kept == NULL);
}

static bool
edges_command_add_files(struct edges_command *c)
{
	bool good = true;

	for (size_t i = 0; i < c->files.nr && cli_stop == 0; i++) {
		struct program p;

		if (!edges_command_load(c, c->files.names[i], &p)) {
			good = false;
			continue;
		}
		if (p.config.mutant == NULL) /* otherwise the program is left out */
			cli_notes_say(&c->nr_notes, &c->target, c->files.names[i], &p);
		good &= edges_command_add(c, &p, c->files.names[i]);
		if (edges_command_read_once(c->files.names[i]))
			edges_command_keep(c, c->files.names[i], &p);
		else
			program_free(&p);
	}
	return good;
}

static void
edges_command_make_random(const struct edges_command *c, uint64_t seed, struct program *p)
{
	struct random_params params = { .seed = seed, .profile = c->target.profile, .target = c->target.target };

	random_concurrent(&params, p);
}

/* The command that prints a random program; it is used as the program's name. */
static void
edges_command_name_random(const struct edges_command *c, uint64_t seed, char *name, size_t size)
{
	if (c->target.profile_text == NULL)
		(void)snprintf(name, size, "gen --seed %llu", (unsigned long long)seed);
	else
		(void)snprintf(
		    name, size, "gen --profile '%s' --seed %llu", c->target.profile_text, (unsigned long long)seed);
}

static void
edges_command_add_random(struct edges_command *c)
{
	double until = clock_seconds() + c->hunt;
	char name[128];

	for (uint64_t i = 0; (c->nr_programs == 0 || i < c->nr_programs) && cli_stop == 0; i++) {
		struct program p;

		/* The time limit applies within an exploration, too. */
		if (c->hunt > 0)
			c->options.seconds = until - clock_seconds();
		if (c->options.seconds < 0)
			break;
		edges_command_make_random(c, c->seed + i, &p);
		edges_command_name_random(c, c->seed + i, name, sizeof(name));
		(void)edges_command_add(c, &p, name);
		program_free(&p);
	}
	c->options.seconds = 0;
}

/* Explores the smallest program of each edge again, to find the witness. */
static void
edges_command_find_witnesses(struct edges_command *c)
{
	for (unsigned i = 0; i < VM_EDGE_COUNT && cli_stop == 0; i++) {
		const struct edges_row *row = &c->report.rows[i];
		const char *seed = row->program != NULL && strncmp(row->program, "gen --", 6) == 0
		                       ? strstr(row->program, "--seed ")
		                       : NULL;
		const struct program *once;
		struct program p;

		if (row->program == NULL || row->part != EDGES_NOWHERE)
			continue;
		once = edges_command_kept(c, row->program);
		if (once != NULL) {
			edges_report_witness(&c->report, once, row->program, c->sim);
			continue;
		}
		if (seed != NULL)
			edges_command_make_random(c, strtoull(seed + strlen("--seed "), NULL, 10), &p);
		else if (!edges_command_load(c, row->program, &p))
			continue;
		edges_report_witness(&c->report, &p, row->program, c->sim);
		program_free(&p);
	}
}

/* --- report --- */

/* Only the engine is known to name its returns: a target of which no row was reached does not. */
static bool
edges_command_has_none(const struct edges_command *c)
{
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++)
		if (c->report.rows[i].times > 0)
			return false;
	return c->target.target != &target_engine;
}

static int
edges_command_print(struct edges_command *c)
{
	struct strbuf text = { 0 };
	bool good = true;

	assert(c->json + c->markdown + (c->html != NULL) <= 1);
	if (edges_command_has_none(c)) {
		warnx("target %s does not name its returns, so there is nothing to list", c->target.target->name);
		return EXIT_USAGE;
	}
	if (c->json) {
		json_print("edges", edges_report_json(&c->report), JSON_INDENT(1), stdout);
	} else if (c->html != NULL) {
		edges_report_html(&c->report, &text);
		good = cli_write_text(c->html, &text);
	}
	strbuf_clear(&text);
	if (c->markdown)
		edges_report_markdown(&c->report, strbuf_text(&c->command), &text);
	else if (!c->json && (c->html == NULL || !good)) /* a page that cannot be written: the work is not lost */
		edges_report_text(&c->report, &text);
	fputs(strbuf_text(&text), stdout);
	strbuf_free(&text);
	return !good ? EXIT_USAGE : c->report.findings > 0 ? EXIT_FINDING : EXIT_OK;
}

static int
edges_command_make_report(struct edges_command *c)
{
	bool good;
	int rv;

	progress_begin();
	c->options.progress = edges_command_show_exploring;
	c->options.progress_arg = c;
	c->options.stop = &cli_stop;
	c->report.target = c->target.target;
	c->report.options = &c->options;
	c->sim = sim_create();
	cli_catch_signals();
	good = edges_command_add_files(c);
	if (edges_command_wants_random(c))
		edges_command_add_random(c);
	progress_erase();
	cli_notes_end(c->nr_notes);
	if (cli_stop != 0)
		warnx("interrupted: not all programs are in the report");
	edges_command_find_witnesses(c);
	rv = good || c->json || c->report.nr_programs > 0 ? edges_command_print(c) : EXIT_USAGE;
	sim_destroy(c->sim);
	edges_report_free(&c->report);
	edges_command_free_kept(c);
	return good ? rv : EXIT_USAGE;
}

/* --- options --- */

#define TO(type, field) OPTION_TO(struct edges_command, type, field)
static const struct option_row rows[] = {
	{ "--hunt S", "also explore random programs, for S seconds", OPTION_IS_SECONDS, TO(double, hunt), 0, 0, NULL },
	OPTION_COUNT("--programs N", TO(uint64_t, nr_programs), 1, INT64_MAX,
	    "also explore N random programs, the same ones each time"),
	OPTION_SEED(
	    TO(uint64_t, seed), "seed of the first random program (default 1); wirestorm gen --seed N prints it"),
	OPTION_STATES(TO(uint64_t, options.states_max), "limit of states for each program (default 100000)"),
	OPTION_PROFILE(TO(struct cli_target, target), ": instead of the files' profiles"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_TEXT("--html FILE", TO(const char *, html), "write a page (\"-\": to standard output)"),
	OPTION_FLAG(
	    "--missing", TO(bool, report.missing), "also list the edges that were not reached; --json always does"),
	OPTION_FLAG("--markdown", TO(bool, markdown), "the tables of docs/edges-seen.md"),
	OPTION_FILES_FROM(TO(const char *, files_from)),
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static void
edges_command_list_edges(struct strbuf *out)
{
	edges_doc(out, false);
}

static const struct command_line usage = { help_head, rows, help_tail, edges_command_list_edges, OPERANDS_ANY,
	"file or directory" };

static int
edges_command_check_options(const struct edges_command *c, int nr_paths)
{
	if (c->json + c->markdown + (c->html != NULL) > 1)
		warnx("only one of --json, --markdown and --html at a time");
	else if (nr_paths == 0 && c->files_from == NULL && !edges_command_wants_random(c))
		warnx("expected a file or a directory, --files-from, --hunt or --programs");
	else
		return -1;
	return cli_usage();
}

int
cmd_edges(int argc, char **argv)
{
	struct edges_command c = {
		.target = { .target = target_at(0) }, .options = { .states_max = STATES_MAX_DEFAULT }, .seed = 1
	};
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv < 0)
		rv = edges_command_check_options(&c, argc - optind);
	if (rv < 0 && c.html != NULL && !cli_can_write(c.html))
		rv = EXIT_USAGE;
	if (rv >= 0)
		return rv;
	strbuf_printf(&c.command, "wirestorm edges %s--markdown", c.report.missing ? "--missing " : "");
	rv = EXIT_OK;
	for (int i = optind; i < argc; i++)
		strbuf_printf(&c.command, " %s", argv[i]);
	if ((optind < argc || c.files_from != NULL) &&
	    !cli_files_take(&c.files, INPUTS_VMT, c.files_from, argc - optind, argv + optind))
		rv = EXIT_USAGE;
	if (rv == EXIT_OK)
		rv = edges_command_make_report(&c);
	inputs_free(&c.files);
	strbuf_free(&c.command);
	return rv;
}
