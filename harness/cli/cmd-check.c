/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd-check.c - wirestorm check: checks many files in a few worker processes.
 *
 * A broken engine may panic. In a worker process this loses only one file, which is reported. The parent gives a worker
 * the number of a file; the worker answers with a report and text. The parent prints in file order, so the output does
 * not depend on the workers' speed.
 */
#include <assert.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/cli/patterns.h"
#include "harness/expect/expect.h"
#include "harness/program/program.h"

#define VERIFY_MAX 100000

static const char help_head[] =
    "usage: wirestorm check [OPTION...] PATH...\n"
    "\n"
    "Compares programs with what they expect. A PATH is a .vmt file, a directory of them, or \"-\" for\n"
    "standard input.\n"
    "  a sequential program  the result and the state after each init step\n"
    "  \"outcome\" lines       the set of outcomes over all interleavings: + is extra, - is missing\n"
    "  a \"schedule\" line     the result of the run under the schedule, and its findings: exactly those\n"
    "                        that the verdict lines list. A verdict about a mutant or a quirk must be\n"
    "                        gone without it.\n"
    "All runs are judged. In a program without verdict lines, a finding that no quirk of the profile\n"
    "explains is a failure. Findings that a quirk explains are counted (wirestorm help checks).\n"
    "\n";

static const char help_tail[] =
    "\n"
    "--fixed compares nothing. It asks whether the findings that the verdict lines list still happen,\n"
    "under any schedule. For a file without verdict lines it asks about any finding that no quirk of the\n"
    "profile explains. It tries the schedule of the file, then all schedules; if there are too many, 1000\n"
    "runs by strategies. The answer states the bound.\n"
    "\n"
    "Exit status: 0 all passed; 1 a mismatch; 2 no mismatch, but wrong usage, an unusable file, no file,\n"
    "or with --verify no program to explore a second time. With --expect-fail, a listed file that fails\n"
    "is not a mismatch, and a listed file that passes is one.\n"
    "\n"
    "With --fixed: 0 no finding still happens; 1 a finding still happens; 2 (with --bisect 125) no\n"
    "finding still happens, but a file cannot be run.\n"
    "\n"
    "Examples:\n"
    "  wirestorm check --fixed found/006-sync.vmt\n"
    "  wirestorm check --counts corpus/freebsd\n"
    "  wirestorm check --profile strict corpus/freebsd/conc/002.vmt\n"
    "  wirestorm check --profile freebsd12 --explain-difference corpus/freebsd-main\n"
    "  wirestorm check --junit report.xml --expect-fail known.txt --filter 'wire-*' corpus\n";

struct file_state {
	bool done;
	struct checkfile_report report;
	double seconds;
	char *text;
	char *notes; /* for standard error */
	json_t *differences;
	const struct pattern *expected; /* NULL, or the line of --expect-fail that matches it */
};

struct check_run {
	struct cli_target target;
	struct checkfile_options options;
	struct inputs files;
	struct file_state *states;
	struct work *work;                    /* one for each file */
	size_t nr_printed, nr_done, nr_notes; /* nr_notes: files with notes */
	unsigned nr_workers;
	struct cli_report report;
	const char *filter, *junit, *expect_fail_from;
	struct patterns expect_fail;
	bool incomplete;                   /* some operands could not be read */
	bool quiet;                        /* standard output is used for a report or a program */
	const char *files_from, *bless_to; /* bless_to: NULL, or the file for a blessed program from standard input */
	bool explain;                      /* say which switches are behind a difference (explain-difference.h) */
	bool bisect, json, unwritten;      /* unwritten: a blessed file could not be written */
};

/* --- the worker's side --- */

struct file_checker {
	const struct check_run *run;
	struct sim *sim;
	struct strbuf text, notes, blessed;
};

static void *
check_begin_worker(const void *arg)
{
	struct file_checker *w = memory_new(1, sizeof(*w), "a worker");

	w->run = arg;
	w->sim = sim_create();
	return w;
}

static void
check_file(void *state, const struct keybuf *in, struct keybuf *out)
{
	struct file_checker *w = state;
	struct message_reader r = { .at = in->bytes, .end = in->bytes + in->len };
	struct checkfile_options options = w->run->options;
	struct checkfile_report report;
	double began = clock_seconds();
	char *differences;

	strbuf_clear(&w->text);
	strbuf_clear(&w->blessed);
	strbuf_clear(&w->notes);
	options.blessed = &w->blessed;
	options.notes = &w->notes;
	options.differences = json_array();
	report = (w->run->explain ? explain_difference : checkfile)(
	    w->run->files.names[message_read_number(&r)], &options, w->sim, &w->text);
	differences = json_dumps(options.differences, JSON_COMPACT);
	if (differences == NULL)
		memory_out("the JSON");
	message_text(out, (const char *)&report, sizeof(report));
	message_text(out, strbuf_text(&w->text), w->text.len);
	message_text(out, strbuf_text(&w->notes), w->notes.len);
	message_text(out, strbuf_text(&w->blessed), w->blessed.len);
	message_text(out, differences, strlen(differences));
	message_double(out, clock_seconds() - began);
	free(differences);
	json_decref(options.differences);
}

/* --- the parent's side --- */

static bool
check_failed_as_expected(const struct file_state *s)
{
	return s->expected != NULL && (s->report.status == CHECKFILE_FAILED || s->report.status == CHECKFILE_CRASHED);
}

static bool
check_passed_unexpectedly(const struct file_state *s)
{
	return s->expected != NULL && s->report.status == CHECKFILE_PASSED;
}

/* If the list contains the file, a failure is expected and a pass is a mismatch. */
static void
check_compare_with_list(struct check_run *c, struct file_state *s, const char *path)
{
	struct strbuf text = { 0 };

	s->expected = patterns_find(&c->expect_fail, path);
	if (!check_passed_unexpectedly(s))
		return;
	strbuf_printf(&text, "%s%s: passes, but %s:%u expects it to fail", s->text, escape_path(path),
	    c->expect_fail_from, s->expected->line);
	(void)json_array_append_new(s->differences,
	    json_pack("{s:s, s:n, s:s, s:s, s:n, s:o}", "what", "list", "line", "expected", "failed", "found", "passed",
	        "schedule", "text", json_text(strbuf_text(&text) + strlen(s->text))));
	strbuf_addc(&text, '\n');
	free(s->text);
	s->text = strbuf_take(&text);
}

static char *
check_say_died(const char *name, int status)
{
	struct strbuf text = { 0 };

	strbuf_printf(&text, "%s: the process checking it ", name);
	if (WIFSIGNALED(status))
		strbuf_printf(&text, "died of signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		strbuf_printf(&text, "exited with status %d\n", WEXITSTATUS(status));
	return strbuf_take(&text);
}

/* The parent writes, because workers are killed when the run is interrupted. */
static void
check_write_blessed(struct check_run *c, struct file_state *s, const char *path, char *program)
{
	const char *to = c->bless_to != NULL ? c->bless_to : path;
	bool possible = c->bless_to != NULL || file_replaces(path); /* false for a pipe, for example */
	struct strbuf text = { 0 };

	assert(c->options.bless);
	strbuf_add(&text, program);
	if (possible && file_write_text(to, &text)) {
		strbuf_clear(&text);
		strbuf_printf(&text, "%s%s: blessed\n", s->text, escape_path(path));
	} else {
		strbuf_clear(&text);
		strbuf_printf(&text, "%s%s: cannot be rewritten: %s; the blessed program is:\n%s", s->text,
		    escape_path(path), possible ? strerror(errno) : "not a regular file", program);
		s->report.status = CHECKFILE_FAILED;
		s->report.blessed = false;
		c->unwritten = true;
	}
	free(s->text);
	s->text = strbuf_take(&text);
}

/* The status of a file whose worker died. With --fixed and no verdict line, the crash is the finding in question. */
static uint8_t
check_status_of_dead(const struct check_run *c, const char *path)
{
	struct strbuf text = { 0 }, error = { 0 };
	struct program p;
	bool about_it;

	if (!c->options.fixed)
		return CHECKFILE_CRASHED;
	about_it = vmt_load(path, &p, &text, &error) && p.nr_verdicts == 0;
	strbuf_free(&text);
	strbuf_free(&error);
	program_free(&p);
	return about_it ? CHECKFILE_FAILED : CHECKFILE_BAD;
}

static void
check_take_answer(void *arg, struct work *work)
{
	struct check_run *c = arg;
	size_t file = (size_t)(work - c->work);
	struct file_state *s = &c->states[file];

	assert(file < c->files.nr && !s->done);
	if (work->end == WORK_DONE) {
		struct message_reader r = { .at = work->out.bytes, .end = work->out.bytes + work->out.len };
		char *report = message_read_text(&r), *blessed;

		memcpy(&s->report, report, sizeof(s->report));
		free(report);
		s->text = message_read_text(&r);
		s->notes = message_read_text(&r);
		blessed = message_read_text(&r);
		if (s->report.blessed || (c->bless_to != NULL && blessed[0] != '\0'))
			check_write_blessed(c, s, c->files.names[file], blessed);
		free(blessed);
		report = message_read_text(&r);
		s->differences = json_loads(report, 0, NULL);
		free(report);
		s->seconds = message_read_double(&r);
	} else {
		s->report = (struct checkfile_report){ .status = check_status_of_dead(c, c->files.names[file]) };
		s->text = check_say_died(c->files.names[file], work->status);
		s->differences = json_array();
	}
	check_compare_with_list(c, s, c->files.names[file]);
	s->done = true;
	c->nr_done++;
	work_free(work);
}

static void
check_print_ready(struct check_run *c)
{
	for (; c->nr_printed < c->files.nr && c->states[c->nr_printed].done; c->nr_printed++) {
		const struct file_state *s = &c->states[c->nr_printed];

		cli_notes_print(&c->nr_notes, s->notes);
		if (c->quiet || s->text[0] == '\0' || check_failed_as_expected(s))
			continue;
		progress_erase();
		fputs(s->text, stdout);
		(void)fflush(stdout);
	}
	assert(c->nr_printed <= c->files.nr);
}

static void
check_show_progress(struct check_run *c)
{
	if (progress_due())
		progress_say("%zu of %zu files checked", c->nr_done, c->files.nr);
}

static bool
check_tick(void *arg)
{
	struct check_run *c = arg;

	check_print_ready(c);
	check_show_progress(c);
	return cli_stop != 0;
}

static void
check_all(struct check_run *c)
{
	struct workers_options options = { .nr = c->nr_workers,
		.begin = check_begin_worker,
		.begin_arg = c,
		.work = check_file,
		.tick = check_tick,
		.done = check_take_answer,
		.arg = c,
		.stop_at_once = true }; /* a file may take any time, and may be in a step that does not end */
	struct workers *workers;

	assert(c->files.nr > 0 && c->nr_workers > 0);
	c->work = memory_new(c->files.nr, sizeof(*c->work), "the files");
	for (size_t i = 0; i < c->files.nr; i++)
		keybuf_num(&c->work[i].in, i);
	workers = workers_start(&options);
	(void)workers_do(workers, c->work, c->files.nr);
	progress_erase();
	cli_notes_end(c->nr_notes);
	workers_stop(workers);
	for (size_t i = 0; i < c->files.nr; i++)
		work_free(&c->work[i]);
	free(c->work);
}

/* --- the end --- */

struct totals {
	size_t passed, failed, bad, crashed, skipped, verified, blessed, verdicts_shown;
	size_t expected, unexpected; /* expected failures do not count as failed; unexpected passes do */
	uint64_t schedules, states, transitions, steps;
	size_t quirk_checks[CHECK_COUNT]; /* for each check: programs in which a quirk explains a finding of it */
};

static struct totals
check_sum(const struct check_run *c)
{
	struct totals t = { 0 };

	for (size_t i = 0; i < c->files.nr; i++) {
		const struct file_state *s = &c->states[i];
		const struct checkfile_report *r = &s->report;

		if (!s->done)
			continue;
		t.expected += check_failed_as_expected(s);
		t.unexpected += check_passed_unexpectedly(s);
		t.passed += r->status == CHECKFILE_PASSED && !check_passed_unexpectedly(s);
		t.skipped += r->status == CHECKFILE_SKIPPED;
		t.failed +=
		    (r->status != CHECKFILE_PASSED && r->status != CHECKFILE_SKIPPED && !check_failed_as_expected(s)) ||
		    check_passed_unexpectedly(s);
		t.bad += r->status == CHECKFILE_BAD;
		t.crashed += r->status == CHECKFILE_CRASHED && !check_failed_as_expected(s);
		t.verified += r->verified;
		t.blessed += r->blessed;
		t.verdicts_shown += r->verdict_shown;
		t.schedules += r->schedules;
		t.states += r->states;
		t.transitions += r->transitions;
		t.steps += r->steps;
		for (unsigned k = 0; k < CHECK_COUNT; k++)
			t.quirk_checks[k] += r->quirk_checks >> k & 1;
	}
	assert(t.passed + t.failed + t.skipped + t.expected <= c->files.nr);
	return t;
}

/* Prints "explained by quirks: I19 in 364 programs, find in 185 programs". Each program counts once for each check. */
static void
check_print_quirk_checks(const struct totals *t)
{
	const char *before = "explained by quirks: ";

	for (unsigned k = 0; k < CHECK_COUNT; k++) {
		if (t->quirk_checks[k] == 0)
			continue;
		printf("%s%s in %zu program%s", before, check_table[k].name, t->quirk_checks[k],
		    plural(t->quirk_checks[k]));
		before = ", ";
	}
	if (before[0] == ',')
		printf("\n");
}

static json_t *
check_json_quirk_checks(const struct totals *t)
{
	json_t *all = json_object();

	for (unsigned k = 0; k < CHECK_COUNT; k++)
		if (t->quirk_checks[k] > 0)
			(void)json_object_set_new(
			    all, check_table[k].name, json_integer((json_int_t)t->quirk_checks[k]));
	return all;
}

/* How a file ended: the word for it, and its element in JUnit XML. */
struct check_end {
	const char *word, *junit;
};

static struct check_end
check_end_of(const struct file_state *s)
{
	static const struct check_end ends[] = {
		[CHECKFILE_PASSED] = { "passed", NULL },
		[CHECKFILE_FAILED] = { "failed", "failure" },
		[CHECKFILE_BAD] = { "bad", "error" },
		[CHECKFILE_CRASHED] = { "crashed", "error" },
		[CHECKFILE_SKIPPED] = { "skipped", "skipped" },
	};

	if (check_failed_as_expected(s))
		return (struct check_end){ "failed as expected", "skipped" };
	if (check_passed_unexpectedly(s))
		return (struct check_end){ "passed unexpectedly", "failure" };
	return ends[s->report.status];
}

static void
check_print_json(const struct check_run *c, const struct totals *t)
{
	json_t *files = json_array(), *root;

	assert(c->nr_done <= c->files.nr);
	for (size_t i = 0; i < c->files.nr; i++) {
		const struct file_state *s = &c->states[i];

		if (!s->done)
			continue;
		json_t *j = json_pack("{s:o, s:s, s:I, s:o, s:I, s:I, s:b, s:b, s:o, s:O}", "file",
		    json_text(c->files.names[i]), "status", check_end_of(s).word, "nr_outcomes",
		    (json_int_t)s->report.nr_outcomes, "schedules", json_count(s->report.schedules), "states",
		    (json_int_t)s->report.states, "transitions", (json_int_t)s->report.transitions, "verified",
		    s->report.verified, "blessed", s->report.blessed, "text", json_text(s->text), "differences",
		    s->differences);

		if (j == NULL || json_array_append_new(files, j) != 0)
			memory_out("the JSON");
	}
	root = json_pack("{s:I, s:I, s:I, s:I, s:b, s:o, s:I, s:I, s:I, s:o}", "passed", (json_int_t)t->passed,
	    "failed", (json_int_t)t->failed, "bad", (json_int_t)t->bad, "skipped", (json_int_t)t->skipped,
	    "interrupted", cli_stop != 0, "schedules", json_count(t->schedules), "states", (json_int_t)t->states,
	    "transitions", (json_int_t)t->transitions, "nr_verified", (json_int_t)t->verified, "files", files);
	if (root != NULL)
		(void)json_object_update_new(
		    root, json_pack("{s:o, s:b, s:I, s:I, s:I}", "quirk_verdicts", check_json_quirk_checks(t),
		              "complete", !c->incomplete && cli_stop == 0, "verdicts_shown",
		              (json_int_t)t->verdicts_shown, "failed_as_expected", (json_int_t)t->expected,
		              "passed_unexpectedly", (json_int_t)t->unexpected));
	json_print("check", root, JSON_INDENT(1), stdout);
}

/* Adds what is wrong with a file to the report: each difference, or the line about a file that has none. */
static void
report_file(struct check_run *c, const struct file_state *s, const char *path)
{
	struct report *r = &c->report.report;
	struct strbuf line = { 0 };
	json_t *difference;
	size_t i;

	assert(s->done);
	strbuf_addn(&line, s->text, strcspn(s->text, "\n"));
	if (json_array_size(s->differences) == 0)
		report_add(r, check_end_of(s).word, path, strbuf_text(&line))->failure = !check_failed_as_expected(s);
	json_array_foreach(s->differences, i, difference)
	{
		const char *schedule = json_string_value(json_object_get(difference, "schedule"));
		struct report_entry *e = report_add(r, json_string_value(json_object_get(difference, "what")), path,
		    json_string_value(json_object_get(difference, "text")));

		e->line = (unsigned)json_integer_value(json_object_get(difference, "line"));
		e->schedule = schedule != NULL ? memory_text(schedule, "the report") : NULL;
		e->failure = !check_failed_as_expected(s);
	}
	strbuf_free(&line);
}

static void
report_files(struct check_run *c)
{
	for (size_t i = 0; i < c->files.nr; i++) {
		const struct file_state *s = &c->states[i];

		if (s->done && s->report.status != CHECKFILE_SKIPPED &&
		    (s->report.status != CHECKFILE_PASSED || check_passed_unexpectedly(s)))
			report_file(c, s, c->files.names[i]);
	}
}

/* Text from files is escaped. */
static void
check_junit_file(const struct file_state *s, const char *path, struct strbuf *out)
{
	const char *tag = check_end_of(s).junit, *text = s->text;

	assert(s->done && s->text != NULL);
	strbuf_add(out, "<testcase classname=\"wirestorm.check\" name=\"");
	escape_xml(path, strlen(path), out);
	strbuf_printf(out, "\" time=\"%.3f\"", s->seconds);
	if (tag == NULL) {
		strbuf_add(out, "/>\n");
		return;
	}
	if (check_failed_as_expected(s))
		text = "failed as expected";
	else if (s->report.status == CHECKFILE_SKIPPED)
		text = "left out";
	strbuf_printf(out, "><%s message=\"", tag);
	escape_xml(text, strcspn(text, "\n"), out);
	strbuf_add(out, "\">");
	escape_xml(text, strlen(text), out);
	strbuf_printf(out, "</%s></testcase>\n", tag);
}

/* Writes a test report in JUnit XML, which CI systems read. */
static bool
check_write_junit(const struct check_run *c, const struct totals *t)
{
	struct strbuf numbers = { 0 }, text = { 0 };
	double seconds = 0;
	bool good;

	for (size_t i = 0; i < c->files.nr; i++)
		seconds += c->states[i].seconds;
	strbuf_printf(&numbers,
	    "name=\"wirestorm check\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
	    c->nr_done, t->failed - t->bad - t->crashed, t->bad + t->crashed, t->skipped + t->expected, seconds);
	strbuf_printf(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites %s>\n<testsuite %s>\n",
	    strbuf_text(&numbers), strbuf_text(&numbers));
	for (size_t i = 0; i < c->files.nr; i++)
		if (c->states[i].done)
			check_junit_file(&c->states[i], c->files.names[i], &text);
	strbuf_add(&text, "</testsuite>\n</testsuites>\n");
	good = cli_write_text(c->junit, &text);
	strbuf_free(&numbers);
	strbuf_free(&text);
	return good;
}

static void
check_print_totals(const struct check_run *c, const struct totals *t)
{
	if (t->schedules > 0 && t->states == 0)
		printf("%llu schedule%s, one by one\n", (unsigned long long)t->schedules, plural(t->schedules));
	else if (t->schedules > 0)
		printf("%llu schedule%s in %llu state%s and %llu transition%s\n", (unsigned long long)t->schedules,
		    plural(t->schedules), (unsigned long long)t->states, plural(t->states),
		    (unsigned long long)t->transitions, plural(t->transitions));
	check_print_quirk_checks(t);
	if (t->verdicts_shown > 0)
		printf("as verdict lines expect: %zu program%s\n", t->verdicts_shown, plural(t->verdicts_shown));
	if (c->options.verify)
		printf("%zu program%s explored by schedules as well\n", t->verified, plural(t->verified));
	if (c->options.bless)
		printf("%zu file%s blessed\n", t->blessed, plural(t->blessed));
	if (cli_stop != 0)
		printf("interrupted: not checked: %zu\n", c->files.nr - c->nr_done);
	printf("%zu passed, %zu failed", t->passed, t->failed);
	if (t->unexpected > 0)
		printf(" (%zu of them expected to fail)", t->unexpected);
	if (t->bad > 0 && t->failed > t->bad)
		printf(" (%zu of them could not be used)", t->bad);
	if (t->expected > 0)
		printf(", %zu failed as expected", t->expected);
	if (t->skipped > 0 && !c->options.skip_refused)
		printf(", %zu skipped: they need a build with -Dmutants=true", t->skipped);
	if (c->options.skip_refused)
		printf(", %zu skipped", t->skipped);
	printf("\n");
}

/* The summary of --fixed; each file has printed its own line. */
static void
check_print_fixed(const struct check_run *c, const struct totals *t)
{
	size_t still = t->failed - t->bad;

	if (c->files.nr > 1)
		printf("%zu fixed, %zu still happen%s, %zu cannot be run\n", t->passed, still, still == 1 ? "s" : "",
		    t->bad + c->files.nr - c->nr_done);
}

static void
check_free_states(struct check_run *c)
{
	for (size_t i = 0; i < c->files.nr; i++) {
		free(c->states[i].text);
		free(c->states[i].notes);
		json_decref(c->states[i].differences);
	}
	free(c->states);
	inputs_free(&c->files);
	patterns_free(&c->expect_fail);
}

/* Warns of patterns in the list that match no file: they may be misspelt. */
static void
check_warn_of_unused(const struct check_run *c)
{
	for (size_t i = 0; i < c->expect_fail.nr && c->filter == NULL && cli_stop == 0; i++)
		if (!c->expect_fail.list[i].used)
			say_about(c->expect_fail_from, c->expect_fail.list[i].line, "no file matches %s",
			    c->expect_fail.list[i].text);
}

static int
check_run_finish(struct check_run *c)
{
	struct totals t = check_sum(c);
	bool written = c->junit == NULL || check_write_junit(c, &t);

	assert(c->nr_printed <= c->nr_done);
	report_files(c);
	written &= cli_report_end(&c->report);
	check_warn_of_unused(c);
	if (c->json)
		check_print_json(c, &t);
	else if (!c->quiet && c->options.fixed)
		check_print_fixed(c, &t);
	else if (!c->quiet)
		check_print_totals(c, &t);
	check_free_states(c);
	if (c->unwritten || !written)
		return EXIT_USAGE;
	/* An unusable file must not hide a mismatch. */
	if (t.failed > t.bad || (cli_stop != 0 && !c->options.fixed))
		return EXIT_FINDING;
	if (c->options.verify && t.verified == 0) {
		warnx("--verify: no program was explored by schedules as well: none has threads and at most %d "
		      "schedules",
		    VERIFY_MAX);
		return EXIT_USAGE;
	}
	/* If nothing was checked, the status must not be "passed". */
	return t.bad > 0 || c->incomplete || cli_stop != 0 || t.passed + t.failed + t.expected == 0 ? EXIT_USAGE
	                                                                                            : EXIT_OK;
}

/* --- options --- */

#define TO(type, field) OPTION_TO(struct check_run, type, field)
static const struct option_row rows[] = {
	OPTION_NUMBER("-j, --jobs N", TO(unsigned, nr_workers), 1, WORKERS_MAX,
	    "worker processes (default: the number of processors)"),
	OPTION_PROFILE(TO(struct cli_target, target), ": instead of the file's profile"),
	OPTION_MUTANT(TO(struct cli_target, target),
	    "put this bug back, or none, whatever the file says; a NAME needs a build with -Dmutants=true"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_FLAG("--fixed", TO(bool, options.fixed),
	    "compare nothing; ask whether the findings that the verdict lines list still happen under any schedule"),
	OPTION_FLAG("--bisect", TO(bool, bisect),
	    "with --fixed: exit status 125 instead of 2, so that git bisect run skips the commit"),
	OPTION_FLAG("--explain-difference", TO(bool, explain),
	    "where a file does not go as it expects: name the smallest sets of the profile's switches with which it "
	    "does, numbers of schedules included"),
	OPTION_FLAG("--counts", TO(bool, options.counts), "also compare the number of schedules"),
	OPTION_FLAG("--verify", TO(bool, options.verify),
	    "explore again without merging states, and compare (up to 100000 schedules)"),
	OPTION_FLAG("--no-checks", TO(bool, options.no_checks), "only compare; do not judge the runs"),
	OPTION_FLAG("--skip-refused", TO(bool, options.skip_refused),
	    "skip and count the programs that the target cannot run; programs with a mutant in a directory "
	    "are always skipped in a build without mutants"),
	OPTION_FLAG(
	    "--lenient", TO(bool, options.lenient), "continue a schedule with another thread if a choice cannot run"),
	OPTION_STATES(TO(uint64_t, options.states_max),
	    "limit of states for each program (or of schedules, if the target has no state key)"),
	OPTION_FLAG("--bless", TO(bool, options.bless),
	    "make the actual results the expectations: rewrite the files, and list changed ones; \"-\" becomes "
	    "standard "
	    "output, with the report on standard error"),
	OPTION_FILES_FROM(TO(const char *, files_from)),
	OPTION_TEXT("--filter GLOB", TO(const char *, filter),
	    "only files whose path, or its end after a slash, matches: 'wire-*', 'conc/0*'"),
	OPTION_TEXT("--expect-fail FILE", TO(const char *, expect_fail_from),
	    "a list of files that are expected to fail: a glob as above on each line, # for comments. A listed file "
	    "that "
	    "fails is not a mismatch; one that passes is"),
	OPTION_TEXT("--junit FILE", TO(const char *, junit), "write a report in JUnit XML, for CI systems"),
#include "harness/cli/report-rows.def"
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_SOME, "file or directory" };

static bool
check_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* NULL, or why these options exclude each other. */
static const char *
check_disagreement(const struct check_run *c)
{
	const struct checkfile_options *o = &c->options;

	if (o->bless && c->target.profile_text != NULL)
		return "--bless and --profile exclude each other: the new expectations are for the file's own profile";
	if (o->bless && c->target.mutant_given)
		return "--bless and --mutant exclude each other: the new expectations are for the file's own mutant";
	if (o->fixed && (o->bless || o->no_checks))
		return "--fixed excludes --bless and --no-checks: it looks for findings, and compares nothing";
	if (c->explain && (o->bless || o->fixed || o->verify))
		return "--explain-difference excludes --bless, --fixed and --verify";
	if (c->bisect && !o->fixed)
		return "--bisect needs --fixed";
	return NULL;
}

/* Checks combinations of options. -1, or an exit code. */
static int
check_options(struct check_run *c, int nr, char **operands)
{
	const char *wrong = check_disagreement(c);

	assert(nr >= 0);
	if (wrong != NULL) {
		warnx("%s", wrong);
		return cli_usage();
	}
	if (!cli_report_begin(&c->report, c->json))
		return EXIT_USAGE;
	if ((c->json || c->options.bless) && c->junit != NULL && file_is_stdout(c->junit)) {
		warnx("--junit -: standard output takes only the report; --json and --bless need another file");
		return cli_usage();
	}
	c->quiet = c->json || (c->junit != NULL && file_is_stdout(c->junit));
	for (int i = 0; i < nr; i++) {
		if (c->options.bless && file_is_stdout(operands[i])) {
			if (nr > 1 || c->files_from != NULL || c->json) {
				warnx("--bless -: standard output takes the program, and nothing else");
				return cli_usage();
			}
			c->bless_to = cli_split_stdout();
		}
		c->options.skip_mutants |= check_is_directory(operands[i]);
	}
	return -1;
}

/* False: an operand cannot be read, which was reported. The readable files are checked all the same. */
static bool
check_take_files(struct check_run *c, int nr, char **operands)
{
	size_t kept = 0;

	if (c->expect_fail_from != NULL && !patterns_read(&c->expect_fail, c->expect_fail_from))
		return false;
	c->incomplete = !cli_files_take(&c->files, INPUTS_VMT, c->files_from, nr, operands);
	for (size_t i = 0; i < c->files.nr; i++) {
		if (c->filter == NULL || pattern_matches(c->filter, c->files.names[i]))
			c->files.names[kept++] = c->files.names[i];
		else
			free(c->files.names[i]);
	}
	if (kept == 0 && c->files.nr > 0)
		warnx("--filter %s: no file matches", c->filter);
	assert(kept <= c->files.nr);
	c->files.nr = kept;
	return kept > 0;
}

static int
check_files(struct check_run *c, int nr, char **operands)
{
	cli_configure_checks(&c->target, &c->options);
	if (!check_take_files(c, nr, operands)) {
		inputs_free(&c->files);
		patterns_free(&c->expect_fail);
		return EXIT_USAGE;
	}
	if (c->nr_workers > c->files.nr)
		c->nr_workers = (unsigned)c->files.nr;
	c->states = memory_new(c->files.nr, sizeof(*c->states), "the files");
	progress_begin();
	cli_catch_signals();
	check_all(c);
	return check_run_finish(c);
}

int
cmd_check(int argc, char **argv)
{
	struct check_run c = { .target = { .target = target_at(0) },
		.options = { .verify_max = VERIFY_MAX },
		.nr_workers = workers_nr_default() };
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv < 0)
		rv = check_options(&c, argc - optind, argv + optind);
	if (rv >= 0)
		return rv;
	rv = check_files(&c, argc - optind, argv + optind);
	return c.bisect && rv == EXIT_USAGE ? EXIT_SKIP_COMMIT : rv;
}
