/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-regress.c - wirestorm regress: turns a fixed finding into a regression test. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/expect/expect.h"
#include "harness/program/program.h"

static const char help_head[] =
    "usage: wirestorm regress [OPTION...] FILE\n"
    "\n"
    "Turns a fixed finding into a regression test: drops schedule, result and verdicts of FILE, and adds\n"
    "the outcomes of all schedules. The test passes wirestorm check. It is written only if all schedules\n"
    "were explored and none shows a finding that FILE lists, or one that no quirk of the profile\n"
    "explains.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 written; 1 a finding still happens; 2 wrong usage, an unusable file, too many\n"
    "schedules to explore, or an existing file with other contents.\n"
    "\n"
    "Examples:\n"
    "  wirestorm regress found/006-sync.vmt --out corpus/litmus/sync-past-a-hole.vmt\n"
    "  wirestorm regress --mutant none corpus/bugs/rollback_twice.vmt\n";

struct regress_command {
	struct cli_target target;
	struct checkfile_options options;
	const char *path, *out;
};

static void
regress_print_error(const struct strbuf *text)
{
	progress_erase();
	fputs(strbuf_text(text), stderr);
}

/* EXIT_OK: none of the listed findings happens. Otherwise the reason was reported. */
static int
regress_ask_if_fixed(struct regress_command *c, const struct program *p, struct sim *sim)
{
	struct strbuf text = { 0 };
	uint8_t status = fixed_program(c->path, p, &c->options, sim, &text).status;

	if (status != CHECKFILE_PASSED)
		regress_print_error(&text);
	strbuf_free(&text);
	return status == CHECKFILE_PASSED ? EXIT_OK : status == CHECKFILE_FAILED ? EXIT_FINDING : EXIT_USAGE;
}

/* Writes "# Regression test: no schedule shows model marks, invariant I12." and the old head. */
static void
regress_write_head(struct program *p)
{
	struct strbuf head = { 0 };

	strbuf_add(&head, "# Regression test: no schedule shows ");
	expect_print(p, &head);
	strbuf_printf(&head, "%s\n%s", p->head != NULL ? ". The finding was:" : ".", p->head != NULL ? p->head : "");
	free(p->head);
	p->head = strbuf_take(&head);
}

static void
regress_drop_expectations(struct program *p)
{
	program_drop_verdicts(p);
	free(p->result);
	p->result = NULL;
	schedule_free(&p->schedule);
	schedule_free(&p->order);
	p->has_schedule = false;
}

/* Explores the program, which is freed, and sets *text to the test. EXIT_OK, or the reason was reported. */
static int
regress_make_test(struct regress_command *c, struct program *p, struct sim *sim, struct strbuf *text)
{
	struct strbuf complaints = { 0 };
	struct checkfile_options o = c->options;
	struct checkfile_report report;

	o.bless = true;
	o.blessed = text;
	report = checkfile_program(c->path, p, &o, sim, &complaints);
	if (report.status != CHECKFILE_PASSED)
		regress_print_error(&complaints);
	strbuf_free(&complaints);
	progress_erase();
	if (report.status == CHECKFILE_PASSED)
		return EXIT_OK;
	return report.status == CHECKFILE_BAD || report.incomplete ? EXIT_USAGE : EXIT_FINDING;
}

static int
regress_write_test(const struct regress_command *c, const struct strbuf *text)
{
	const char *out = c->out != NULL ? c->out : "-";
	struct program p;
	bool good;

	vmt_parse_own(strbuf_text(text), "the test", &p);
	good = file_replaces(out) ? cli_save_new_program(out, &p) : cli_save_program(out, &p, false);
	program_free(&p);
	return good ? EXIT_OK : EXIT_USAGE;
}

static int
regress_program(struct regress_command *c, struct program *p, struct sim *sim)
{
	struct strbuf text = { 0 };
	int rv;

	cli_configure(&c->target, &p->config);
	p->config.profile_given |= c->target.profile_text != NULL;
	rv = regress_ask_if_fixed(c, p, sim);
	if (rv == EXIT_OK) {
		regress_write_head(p);
		regress_drop_expectations(p);
		rv = regress_make_test(c, p, sim, &text);
	}
	if (rv == EXIT_OK)
		rv = regress_write_test(c, &text);
	strbuf_free(&text);
	return rv;
}

/* --- options --- */

#define TO(type, field) OPTION_TO(struct regress_command, type, field)
static const struct option_row rows[] = {
	OPTION_TEXT("--out FILE", TO(const char *, out),
	    "write the test to a new file (default: standard output); an existing file with other contents is kept"),
	OPTION_STATES(TO(uint64_t, options.states_max), "limit of states (default 4194304)"),
	OPTION_PROFILE(TO(struct cli_target, target), ": instead of the file's profile"),
	OPTION_MUTANT(TO(struct cli_target, target),
	    "none: do not put back the file's bug; or put another one back, in a build with -Dmutants=true"),
	OPTION_TARGET(TO(struct cli_target, target)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_ONE, "file" };

int
cmd_regress(int argc, char **argv)
{
	struct regress_command c = { .target = { .target = target_at(0) } };
	struct program p;
	struct sim *sim;
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv >= 0)
		return rv;
	c.path = argv[optind];
	cli_configure_checks(&c.target, &c.options);
	if (!vmt_read(c.path, &p))
		return EXIT_USAGE;
	sim = sim_create();
	c.options.progress = cli_explore_progress;
	progress_begin();
	cli_catch_signals();
	rv = regress_program(&c, &p, sim);
	sim_destroy(sim);
	program_free(&p);
	return rv;
}
