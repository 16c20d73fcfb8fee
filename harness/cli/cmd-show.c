/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-show.c - wirestorm show: one run as a picture, on the terminal, as SVG or HTML. */
#include <assert.h>
#include <err.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/expect/expect.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/show/show.h"

static const char help_head[] =
    "usage: wirestorm show [OPTION...] FILE\n"
    "\n"
    "Draws one run of the program. Each thread has a lane that shows\n"
    "  what each step did, and which threads it woke,\n"
    "  where the thread slept, and why,\n"
    "  which switches were preemptions,\n"
    "  what the operations returned, and the fact about the map that explains a failure.\n"
    "The map is drawn whenever it changed.\n"
    "\n"
    "The run is that under --schedule, by choices drawn from --seed, or under the schedule in the file.\n"
    "Without any of these, the program is explored, and the witness of the first finding is shown; if\n"
    "there is no finding, a run by choices drawn from seed 1. The second line of the output says which\n"
    "run it is.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 shown; 1 the run under the schedule in the file does not have the result or the\n"
    "verdicts that the file expects; 2 wrong usage, or an unusable file or schedule; 3 the run does not\n"
    "end.\n"
    "\n"
    "Examples:\n"
    "  wirestorm show corpus/litmus/wire-gone-after-wait.vmt\n"
    "  wirestorm show --html run.html --svg run.svg corpus/litmus/wire-gone-after-wait.vmt\n"
    "  wirestorm explore --until DEADLOCK corpus/litmus/remove-system-wired-deadlock.vmt | wirestorm show -\n";

/* States to explore when a program without a schedule is searched for a finding: about half a second. */
#define LOOK_STATES 10000
#define LOOK_SCHEDULES 5000
#define WIDTH_MIN 40
#define WIDTH_MAX 400

struct show_command {
	struct cli_target target;
	struct cli_which which;
	const char *path;
	struct cli_report report;
	unsigned width;
	bool ascii, json;
	enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color;
};

/* --- choosing the run --- */

struct chosen {
	struct schedule way;
	struct strbuf circle; /* the finding that some runs do not end, as text; @way leads into the cycle */
};

static int
show_parse_schedule(struct show_command *c, struct chosen *chosen, struct strbuf *how)
{
	struct vmt_error e;

	strbuf_add(how, "the schedule given");
	if (schedule_parse(c->which.schedule, &chosen->way, &e))
		return -1;
	warnx("--schedule: column %u: %s", e.column, e.text);
	return EXIT_USAGE;
}

/* The path to the first finding, preferably one that no quirk explains. False: none was found. */
static bool
show_find_finding(struct run *r, struct chosen *chosen, struct strbuf *how)
{
	struct explore_options options = { .want_witnesses = true,
		.states_max = LOOK_STATES,
		.schedules_max = LOOK_SCHEDULES,
		.progress = cli_explore_progress,
		.stop = &cli_stop };
	const struct explore_finding *first;
	struct explore_result x;
	char label[FINDING_TEXT_MAX];
	bool found;

	assert(chosen->way.nr == 0);
	progress_begin();
	explore(r, &options, &x);
	progress_erase();
	first = explore_first_finding(&x);
	for (size_t i = 0; i < x.nr_findings && first == NULL; i++)
		first = &x.findings[i];
	found = first != NULL && first->witness.nr > 0;
	if (found) {
		schedule_copy(&chosen->way, &first->witness);
		strbuf_printf(how, "the fewest preemptions to finding %s", finding_label(&first->f, label));
		if (first->f.check == CHECK_circle)
			finding_print(&first->f, r->program, &chosen->circle);
	} else {
		strbuf_add(how, x.end == EXPLORE_COMPLETE ? "no finding; " : "no finding before the search was cut; ");
	}
	explore_result_free(&x);
	return found;
}

static int
show_run_at_random(struct show_command *c, struct run *r, struct chosen *chosen, struct strbuf *how)
{
	struct strategy_view view;

	strategy_view_init(&view, r);
	(void)c->which.strategy->function(r, &view, c->which.seed, replay_record, &chosen->way);
	strategy_view_free(&view);
	strbuf_printf(how, "strategy %s, seed %llu", c->which.strategy->name, (unsigned long long)c->which.seed);
	if (run_enabled(r) == 0)
		return -1;
	say_about(c->path, 0, "the run does not end within %d steps", STRATEGY_STEPS_MAX);
	return EXIT_HANG;
}

/* Chooses the run to show: sets *chosen, which the caller frees, and *how, a description. An exit code, or -1. */
static int
show_choose_run(
    struct show_command *c, const struct program *p, struct run *r, struct chosen *chosen, struct strbuf *how)
{
	if (c->which.schedule != NULL)
		return show_parse_schedule(c, chosen, how);
	if (p->has_schedule && !c->which.drawn) {
		strbuf_add(how, "the schedule in the file");
		schedule_copy(&chosen->way, &p->schedule);
		return -1;
	}
	if (p->nr_threads == 0) {
		strbuf_add(how, "there are no threads");
		return -1;
	}
	if (!c->which.drawn && show_find_finding(r, chosen, how))
		return -1;
	return show_run_at_random(c, r, chosen, how);
}

/* --- output --- */

static unsigned
show_width_of_terminal(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS"), *problem = NULL;
	long long n = 0;

	if (cli_stdout_tty() && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		n = size.ws_col;
	else if (columns != NULL)
		n = strtonum(columns, 1, 100000, &problem);
	if (n == 0 || problem != NULL)
		n = 80;
	return n < WIDTH_MIN ? WIDTH_MIN : n > WIDTH_MAX ? WIDTH_MAX : (unsigned)n;
}

/* Is UTF-8 the encoding of the locale? Does not call setlocale, which would also affect vis(3) and others. */
static bool
show_speaks_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = locale != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;

	if (locale != (locale_t)0)
		freelocale(locale);
	return utf8;
}

static bool
show_wants_color(const struct show_command *c)
{
	const char *no = getenv("NO_COLOR");

	if (c->color != COLOR_AUTO)
		return c->color == COLOR_ALWAYS;
	return (no == NULL || no[0] == '\0') && progress_escapes(STDOUT_FILENO);
}

static bool
show_render(struct show_command *c, const struct show *s)
{
	struct show_text_options options = { .width = c->width != 0 ? c->width : show_width_of_terminal(),
		.ascii = c->ascii || !show_speaks_utf8(),
		.color = show_wants_color(c) };
	struct strbuf text = { 0 };
	bool good = true;

	c->report.report.run = s;
	for (size_t i = 0; i < s->nr_findings; i++)
		(void)report_finding(&c->report.report, c->path, s->program, &s->findings[i], NULL);
	if (c->json) {
		json_print("show", show_json(&c->report.report), JSON_INDENT(1), stdout);
	} else if (!cli_report_asked(&c->report)) {
		show_text(s, &options, &text);
		good = cli_write_text("-", &text);
	}
	strbuf_free(&text);
	return cli_report_end(&c->report) && good;
}

/* Are the findings of the run those that the verdict lines list? True without verdict lines. */
static bool
show_compare_verdicts(const struct show_command *c, const struct program *p, const struct show *s)
{
	struct strbuf text = { 0 };
	bool same = true;

	for (size_t i = 0; i < p->nr_verdicts; i++) {
		if (findings_show_verdict(s->findings, s->nr_findings, s->deadlock, &p->verdicts[i]))
			continue;
		strbuf_clear(&text);
		vmt_print_verdict(&p->verdicts[i], &text);
		say_about(c->path, p->verdicts[i].line, "expected verdict %s, but the run does not show it",
		    strbuf_text(&text));
		same = false;
	}
	for (size_t i = 0; i < s->nr_findings && p->nr_verdicts > 0; i++) {
		if (expect_line_of(p, &s->findings[i]) != NULL)
			continue;
		strbuf_clear(&text);
		finding_print(&s->findings[i], p, &text);
		say_about(c->path, 0, "no verdict line lists %s", strbuf_text(&text));
		same = false;
	}
	strbuf_free(&text);
	return same;
}

/* Does the run under the file's schedule differ from what the file expects? */
static int
show_compare(struct show_command *c, const struct program *p, const struct show *s)
{
	int rv = EXIT_OK;

	if (c->which.schedule != NULL || c->which.drawn || c->target.profile_text != NULL || !p->has_schedule)
		return EXIT_OK;
	if (p->result != NULL && strcmp(p->result, s->outcome) != 0) {
		say_about(c->path, p->lines[PROGRAM_LINE_result], "expected result %s, got %s", p->result, s->outcome);
		rv = EXIT_FINDING;
	}
	return show_compare_verdicts(c, p, s) ? rv : EXIT_FINDING;
}

static int
show_program(struct show_command *c, const struct program *p, struct run *r)
{
	struct chosen chosen = { 0 };
	struct show s = { .path = escape_path(c->path), .file = c->path, .profile = c->target.profile_text };
	struct strbuf error = { 0 }, how = { 0 };
	int rv = show_choose_run(c, p, r, &chosen, &how);

	assert(r->program == p);
	s.how = strbuf_take(&how);
	s.cut = chosen.circle.len > 0;
	s.circle = s.cut ? strbuf_take(&chosen.circle) : NULL;
	run_close(r); /* free the sim, which it uses */
	if (rv < 0) {
		rv = EXIT_USAGE;
		if (!show_make(&s, p, c->target.target, r->sim, &chosen.way, &error))
			say_about(c->path, 0, "%s", strbuf_text(&error));
		else if (show_render(c, &s))
			rv = show_compare(c, p, &s);
	}
	schedule_free(&chosen.way);
	strbuf_free(&error);
	show_free(&s);
	return rv;
}

/* --- options --- */

static void
show_set_color(void *command, const char *text)
{
	struct show_command *c = command;

	if (strcmp(text, "auto") == 0)
		c->color = COLOR_AUTO;
	else if (strcmp(text, "always") == 0)
		c->color = COLOR_ALWAYS;
	else if (strcmp(text, "never") == 0)
		c->color = COLOR_NEVER;
	else
		errx(EXIT_USAGE, "--color %s: expected auto, always or never", text);
}

#define TO(type, field) OPTION_TO(struct show_command, type, field)
static const struct option_row rows[] = {
	OPTIONS_WHICH(TO(struct cli_which, which),
	    "how choices are drawn (default random; wirestorm help strategies lists them)"),
#define REPORT_OF_RUN
#include "harness/cli/report-rows.def"
	OPTION_NUMBER("--width N", TO(unsigned, width), WIDTH_MIN, WIDTH_MAX,
	    "columns, 40 to 400 (default: the terminal's, or COLUMNS, or 80); if lanes are too narrow, threads become "
	    "tracks with the text to their right"),
	OPTION_CALL("--color WHEN", show_set_color, "auto (on a terminal, unless NO_COLOR is set), always or never"),
	OPTION_FLAG("--ascii", TO(bool, ascii), "no line-drawing characters (default if the locale is not UTF-8)"),
	OPTION_PROFILE(TO(struct cli_target, target), ": instead of the file's profile"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_ONE, "file" };

int
cmd_show(int argc, char **argv)
{
	struct checker checker = { 0 };
	struct show_command c = { .target = { .target = target_at(0), .checker = &checker },
		.which = { .strategy = strategy_at(0), .seed = 1 } };
	struct program p;
	struct run r;
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv < 0)
		rv = cli_which_check(&c.which);
	if (rv < 0 && !cli_report_begin(&c.report, c.json))
		rv = EXIT_USAGE;
	if (rv >= 0)
		return rv;
	c.path = argv[optind];
	if (!cli_open_run(&c.target, c.path, &p, &r))
		return EXIT_USAGE;
	cli_catch_signals();
	rv = show_program(&c, &p, &r);
	cli_close_run(&c.target, &p, &r);
	return rv;
}
