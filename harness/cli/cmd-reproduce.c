/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-reproduce.c - wirestorm reproduce: searches a schedule for a failure of real threads. */
#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/expect/expect.h"
#include "harness/hunt/hunt.h"
#include "harness/program/program.h"
#include "harness/shrink/shrink.h"

#define SECONDS_DEFAULT 30
#define SUFFIX ".vmt"

static const char help_head[] =
    "usage: wirestorm reproduce [OPTION...] FILE\n"
    "\n"
    "FILE is a window that wirestorm stress has written: the operations of real threads from the last\n"
    "good map to a failure. This command runs it in the simulated world until a schedule fails in the\n"
    "same way: in the observed order, in orders near it, explored from some point on, and at random. The\n"
    "program is then shrunk and written. It replays exactly: wirestorm check says whether it still fails,\n"
    "wirestorm run -v and show say how.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 reproduced; 1 not reproduced: the window stays, and a program with another failure is\n"
    "written if one was found; 2 wrong usage or an unusable file. Only a build with ThreadSanitizer can\n"
    "reproduce a data race; it ends with ThreadSanitizer's report and exit status 66. A lock that lets\n"
    "two threads in is never reproduced.\n"
    "\n"
    "Examples:\n"
    "  wirestorm reproduce stress-window.vmt\n"
    "  wirestorm reproduce --seconds 300 --out bug.vmt stress-window.vmt\n";

struct reproduce_command {
	struct cli_target target;
	struct reproduce_options options;
	struct cli_report report;
	const char *path, *out;
	bool json, no_shrink;
};

static void
reproduce_show_progress(void *arg, const char *phase, uint64_t runs)
{
	(void)arg;
	if (progress_due())
		progress_say("%s: %llu runs", phase, (unsigned long long)runs);
}

/* "DIR/NAME-reproduced.vmt" */
static char *
reproduce_default_out(const char *path)
{
	struct strbuf b = { 0 };
	size_t len = strlen(path);

	if (len > strlen(SUFFIX) && strcmp(path + len - strlen(SUFFIX), SUFFIX) == 0)
		len -= strlen(SUFFIX);
	strbuf_addn(&b, path, len);
	strbuf_add(&b, "-reproduced" SUFFIX);
	return strbuf_take(&b);
}

/* Writes to @f, because the program may be written to standard output. */
static void
reproduce_print_text(const struct reproduce_command *c, const struct reproduce_result *x, FILE *f)
{
	const char *out = file_is_stdout(c->out) ? "standard output" : c->out;
	struct strbuf text = { 0 };

	assert(!x->same || x->phase != REPRODUCE_NOTHING);
	if (x->phase != REPRODUCE_NOTHING) {
		finding_print(&x->finding, &x->program, &text);
		fprintf(f, "%s\n", strbuf_text(&text));
	}
	strbuf_clear(&text);
	strbuf_printf(&text, "%llu run%s and %llu explored tail%s", (unsigned long long)x->runs, plural(x->runs),
	    (unsigned long long)x->tails, plural(x->tails));
	if (x->same)
		fprintf(f, "reproduced %s, after %s: %s\n", reproduce_phase_text(x->phase), strbuf_text(&text), out);
	else if (x->phase != REPRODUCE_NOTHING)
		fprintf(f, "not reproduced in %s, but found: %s\n", strbuf_text(&text), out);
	else
		fprintf(f, "not reproduced in %s; the window stays in %s\n", strbuf_text(&text), c->path);
	strbuf_free(&text);
}

static void
reproduce_print_json(const struct reproduce_command *c, const struct reproduce_result *x)
{
	struct strbuf text = { 0 };
	json_t *root = json_pack("{s:b, s:s, s:I, s:I}", "reproduced", x->same, "how", reproduce_phase_text(x->phase),
	    "runs", (json_int_t)x->runs, "tails", (json_int_t)x->tails);

	if (root == NULL)
		memory_out("the JSON");
	if (x->phase != REPRODUCE_NOTHING) {
		finding_print(&x->finding, &x->program, &text);
		json_object_set_new(root, "finding", json_text(strbuf_text(&text)));
		json_object_set_new(root, "path", json_text(c->out));
	}
	json_print("reproduce", root, JSON_INDENT(1), stdout);
	strbuf_free(&text);
}

/* Shrinks the program; leaves it unchanged if that fails. */
static void
reproduce_make_smaller(const struct reproduce_command *c, struct program *p)
{
	struct shrink_options o = { .target = c->target.target,
		.seconds = c->options.seconds,
		.stop = &cli_stop,
		.progress = cli_shrink_progress };
	struct shrink_report report;

	o.sim = sim_create();
	(void)shrink_by_verdict(p, &o, &report);
	progress_erase();
	if (p->has_schedule)
		(void)expect_run(p, o.target, o.sim);
	sim_destroy(o.sim);
}

static int
reproduce_program(struct reproduce_command *c, const struct program *p)
{
	struct reproduce_result x;
	int rv;

	assert(p->nr_threads > 0 && p->nr_verdicts > 0);
	c->options.target = c->target.target;
	c->options.stop = &cli_stop;
	c->options.progress = reproduce_show_progress;
	progress_begin();
	cli_catch_signals();
	reproduce(p, &c->options, &x);
	progress_erase();
	rv = x.same ? EXIT_OK : EXIT_FINDING;
	if (x.phase != REPRODUCE_NOTHING && !c->no_shrink && !cli_stop)
		reproduce_make_smaller(c, &x.program);
	if (x.refused[0] != '\0') {
		say_about(c->path, x.refused_line, "%s", x.refused);
		rv = EXIT_USAGE;
	} else {
		if (x.phase != REPRODUCE_NOTHING && !cli_save_program(c->out, &x.program, c->json))
			rv = EXIT_USAGE;
		if (c->json)
			reproduce_print_json(c, &x);
		else
			reproduce_print_text(c, &x, file_is_stdout(c->out) ? stderr : stdout);
		if (x.phase != REPRODUCE_NOTHING)
			(void)report_finding(&c->report.report, c->out, &x.program, &x.finding, NULL);
		if (!cli_report_end(&c->report))
			rv = EXIT_USAGE;
	}
	reproduce_result_free(&x);
	return rv;
}

#define TO(type, field) OPTION_TO(struct reproduce_command, type, field)
static const struct option_row rows[] = {
	OPTION_SECONDS(TO(double, options.seconds), "time limit of the search, and of shrinking after it (default 30)"),
	OPTION_FLAG("--no-shrink", TO(bool, no_shrink), "do not shrink the program"),
	OPTION_SEED(TO(uint64_t, options.seed), "seed of all random choices (default 1)"),
	OPTION_TEXT("--out FILE", TO(const char *, out),
	    "write the program there (default: FILE-reproduced.vmt; \"-\": standard output)"),
	OPTION_TARGET(TO(struct cli_target, target)),
#include "harness/cli/report-rows.def"
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_ONE, "file" };

int
cmd_reproduce(int argc, char **argv)
{
	struct reproduce_command c = { .target = { .target = target_at(0) },
		.options = { .seconds = SECONDS_DEFAULT, .seed = 1 } };
	struct program p;
	char *usual;
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv < 0)
		rv = cli_engine_only(&c.target, "reproduce runs");
	if (rv >= 0)
		return rv;
	c.path = argv[optind];
	if (!vmt_read(c.path, &p))
		return EXIT_USAGE;
	usual = reproduce_default_out(c.path);
	if (c.out == NULL)
		c.out = usual;
	if (c.json && file_is_stdout(c.out)) {
		warnx("--json excludes --out -: standard output takes one of the two");
		rv = cli_usage();
	} else if (!cli_can_write(c.out) || !cli_report_begin(&c.report, c.json)) {
		rv = EXIT_USAGE;
	} else if (p.nr_threads == 0 || p.nr_verdicts == 0) {
		say_about(c.path, 0, "not a stress window: no %s", p.nr_threads == 0 ? "threads" : "verdict line");
		rv = EXIT_USAGE;
	} else {
		rv = reproduce_program(&c, &p);
	}
	program_free(&p);
	free(usual);
	return rv;
}
