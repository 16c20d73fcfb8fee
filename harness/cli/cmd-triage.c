/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-triage.c - wirestorm triage: turns inputs that crashed a fuzz target into programs with a verdict. */
#include <assert.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/gen/gen.h"
#include "harness/hunt/hunt.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/show/show.h"
#include "harness/shrink/shrink.h"

static const char help_head[] =
    "usage: wirestorm triage [OPTION...] PATH...\n"
    "\n"
    "Reports what inputs of fuzz_seq and fuzz_sched have found, and turns each into a program: shrunk,\n"
    "with the schedule that shows the finding, the result and the verdicts, in the profile with the\n"
    "fewest quirks. It draws the runs, too. If the engine and the reference model give different results,\n"
    "the program expects the model's result. A file that ends in .vmt is read as text. A directory stands\n"
    "for all files in it.\n"
    "\n"
    "A text with an operation that the target cannot run is rejected. Other inputs lose such operations,\n"
    "as in a fuzz target for that target (docs/fuzzing.md). The model has the rules of the engine, so a\n"
    "target with other rules is not compared with it.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 no finding; 1 a finding; 2 wrong usage, or a file that cannot be read or written.\n"
    "\n"
    "Examples:\n"
    "  wirestorm triage crash-1b2c\n"
    "  wirestorm triage --out corpus/bugs crashes/\n"
    "  find . -name 'crash-*' -print0 | wirestorm triage --files-from -\n";

#define BUGS_MAX 999
#define SECONDS_DEFAULT 20.0
#define COLUMNS_SHOWN 100

struct triage_command {
	struct cli_target target;
	const char *out, *files_from;
	bool json, no_shrink;
	double seconds;
	struct sim *sim;
	struct cli_report report;
	json_t *all;                                            /* --json */
	unsigned long nr_new, nr_known, nr_nothing, nr_refused; /* files so far, by result */
};

/* The result for one crash. */
struct triage {
	bool found;
	struct strbuf what;  /* the finding as text */
	char path[PATH_MAX]; /* path of its file; "" if there is none */
	bool known;          /* the file existed before */
	bool unwritten;      /* a write error was reported */
};

/* --- reading --- */

static bool
triage_is_text(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && strcmp(dot, ".vmt") == 0;
}

/* Reads the program of a crash. *bytes owns the choices that *way refers to. */
static bool
triage_read_crash(
    struct triage_command *c, const char *path, struct program *p, struct keybuf *bytes, struct reproducer_way *way)
{
	size_t at;

	*way = (struct reproducer_way){ .by_schedule = true };
	if (triage_is_text(path)) {
		if (!vmt_read(path, p))
			return false;
	} else {
		if (!cli_read_encoded(path, bytes))
			return false;
		at = bytes_decode(bytes->bytes, bytes->len, p);
		*way = (struct reproducer_way){ .choices = bytes->bytes + at, .nr_choices = bytes->len - at };
	}
	cli_configure(&c->target, &p->config);
	p->config.profile_given |= c->target.profile_text != NULL;
	if (!way->by_schedule && c->target.target != &target_engine) /* as the fuzz target decodes it */
		random_suit_program(c->target.target, p);
	return true;
}

/* --- finding --- */

/* Shrinks the program, and gives its finding. False: the program does not show the finding. */
static bool
triage_make_small(struct triage_command *c, struct program *p, struct finding *f)
{
	const struct reproducer_way along = { .by_schedule = true };
	struct shrink_report report;
	struct shrink_options o = { .target = c->target.target,
		.sim = c->sim,
		.seed = 1,
		.seconds = c->seconds,
		.stop = &cli_stop,
		.progress = cli_shrink_progress };

	if (!shrink_by_verdict(p, &o, &report))
		return false;
	if (f->check != CHECK_circle) /* a livelock has no schedule */
		(void)reproducer_make(p, &along, c->target.target, c->sim, f);
	return true;
}

/* Handles a program whose verdict line says livelock, which no single run shows. */
static bool
triage_judge_livelock(struct triage_command *c, struct program *p, struct strbuf *what)
{
	struct finding f = { .check = CHECK_circle, .thread = -1, .text = "some schedules do not end" };

	if (program_verdict(p)->kind != PROGRAM_VERDICT_LIVELOCK || !triage_make_small(c, p, &f))
		return false;
	finding_print(&f, p, what);
	return true;
}

/* Runs the program with the checker. */
static bool
triage_judge(struct triage_command *c, struct program *p, const struct reproducer_way *way, struct strbuf *what)
{
	struct finding f;

	if (!reproducer_make(p, way, c->target.target, c->sim, &f))
		return triage_judge_livelock(c, p, what);
	reproducer_reduce_profile(p, c->target.target, c->sim, &f);
	if (!c->no_shrink)
		(void)triage_make_small(c, p, &f);
	finding_print(&f, p, what);
	return true;
}

/* Makes the last init step expect the model's result. */
static void
triage_expect_models(struct triage_command *c, struct program *p)
{
	struct program_step *last = &p->init[p->nr_init - 1];
	struct vm_state state = { 0 };
	struct strbuf text = { 0 };
	struct seqrun r;

	assert(p->nr_init > 0);
	seqrun_open(&r, &target_model, &p->config, c->sim);
	for (size_t i = 0; i < p->nr_init; i++)
		last->result = seqrun_step(&r, &p->init[i].op);
	last->has_result = true;
	target_model.dump(r.self, &state);
	state_print(&state, &text);
	last->state = strbuf_take(&text);
	state_free(&state);
	seqrun_close(&r);
}

/* Compares with the model, one operation after the other, as fuzz_seq does. */
static bool
triage_compare(struct triage_command *c, struct program *p, struct strbuf *what)
{
	struct seqdiff d = { 0 };
	bool differs;

	if (!c->target.target->judged) /* the target has rules of its own, so the model's results do not apply */
		return false;
	seqrun_flatten(p);
	(void)seqrun_trim(c->target.target, p);
	differs = seqrun_reason(&target_model, p) == NULL && seqrun_reason(c->target.target, p) == NULL &&
	          !seqdiff_targets(&d, c->target.target, &target_model, p, c->sim);
	if (differs) {
		p->nr_init = d.step + 1;
		triage_expect_models(c, p);
		strbuf_add(what, "unlike the model: ");
		strbuf_add(what, strbuf_text(&d.text));
	}
	seqdiff_free(&d);
	return differs;
}

/* --- keeping --- */

/* Adds @by to the count of each kind of operation: of the threads, or without threads of the init steps. */
static void
triage_count_ops(const struct program *p, int by, int count[VM_OP_CODE_MAX + 1])
{
	for (unsigned t = 0; t < p->nr_threads; t++)
		for (unsigned i = 0; i < p->threads[t].nr_ops; i++)
			count[p->threads[t].ops[i].code] += by;
	for (size_t i = 0; p->nr_threads == 0 && i < p->nr_init; i++)
		count[p->init[i].op.code] += by;
}

/* Do both show the same verdict with the same operations and quirks? */
static bool
triage_alike(const struct program *a, const struct program *b)
{
	const int none[VM_OP_CODE_MAX + 1] = { 0 };
	int count[VM_OP_CODE_MAX + 1] = { 0 };

	triage_count_ops(a, 1, count);
	triage_count_ops(b, -1, count);
	return program_verdict_same(program_verdict(a), program_verdict(b)) &&
	       a->config.profile.on == b->config.profile.on && a->config.mutant == b->config.mutant &&
	       a->nr_threads == b->nr_threads && memcmp(count, none, sizeof(count)) == 0;
}

/* Finds a program in @out that is like @p. */
static bool
triage_find_alike(const char *out, const struct program *p, char *path)
{
	struct inputs files = { 0 };
	bool found = false;

	(void)inputs_add(
	    &files, out, INPUTS_VMT, say_about); /* an unreadable file is reported, and does not stop the search */
	for (size_t i = 0; i < files.nr && !found; i++) {
		struct program other;

		if (!vmt_read(files.names[i], &other))
			continue;
		found = triage_alike(p, &other) && snprintf(path, PATH_MAX, "%s", files.names[i]) < PATH_MAX;
		program_free(&other);
	}
	inputs_free(&files);
	return found;
}

/*
 * Writes the program under the next free number; another process that writes there gets another number. False: the
 * error was reported, and the caller prints the program.
 */
static bool
triage_write_numbered(const char *out, const struct program *p, char *path)
{
	for (unsigned n = 1; n <= BUGS_MAX; n++) {
		if (snprintf(path, PATH_MAX, "%s/%03u.vmt", out, n) >= PATH_MAX)
			errno = ENAMETOOLONG;
		else if (vmt_write_new(path, p))
			return true;
		if (errno != EEXIST) {
			warn("%s/%03u.vmt", out, n);
			return false;
		}
	}
	warnx("%s: the directory has %d programs already, the most that there can be", out, BUGS_MAX);
	return false;
}

static void
triage_keep(struct triage_command *c, struct program *p, struct triage *t)
{
	assert(c->out != NULL);
	t->unwritten = !file_make_directory(c->out);
	if (t->unwritten)
		return;
	t->known = triage_find_alike(c->out, p, t->path);
	t->unwritten = !t->known && !triage_write_numbered(c->out, p, t->path);
	if (t->unwritten)
		t->path[0] = '\0';
}

/* --- reporting --- */

/* Draws the run as lanes. */
static void
triage_draw(struct triage_command *c, const char *crash, const struct program *p)
{
	const struct show_text_options o = { .width = COLUMNS_SHOWN };
	struct strbuf text = { 0 }, error = { 0 };
	struct show s = { .path = crash };

	if (show_make(&s, p, c->target.target, c->sim, &p->schedule, &error))
		show_text(&s, &o, &text);
	else
		say_about(crash, 0, "%s", strbuf_text(&error));
	fputs(strbuf_text(&text), stdout);
	show_free(&s);
	strbuf_free(&text);
	strbuf_free(&error);
}

static void
triage_print(struct triage_command *c, const char *crash, const struct program *p, const struct triage *t)
{
	struct strbuf text = { 0 };

	progress_erase();
	if (t->found)
		vmt_print(p, &text);
	if (c->json) {
		(void)json_array_append_new(
		    c->all, json_pack("{s:o, s:o, s:o, s:b, s:o}", "crash", json_text(crash), "finding",
		                t->found ? json_text(strbuf_text(&t->what)) : json_null(), "path",
		                t->path[0] != '\0' ? json_text(t->path) : json_null(), "known", t->known, "program",
		                t->found ? json_text(strbuf_text(&text)) : json_null()));
	} else if (!t->found) {
		printf("# %s: nothing found\n", crash);
	} else {
		printf("# %s: %s\n", crash, strbuf_text(&t->what));
		if (t->path[0] != '\0')
			printf("# %s: %s\n", t->known ? "as in" : "written to", t->path);
		else if (t->unwritten)
			printf("# could not be written to %s\n", c->out);
		/* Many crashes may give the same program, which is shown once. */
		if (!t->known)
			printf("%s\n", strbuf_text(&text));
		if (!t->known && p->has_schedule)
			triage_draw(c, crash, p);
	}
	strbuf_free(&text);
}

/* Adds the finding to the report. The rule is the check of its verdict; without a verdict, the model found it. */
static void
triage_report(struct triage_command *c, const char *crash, const struct program *p, const struct triage *t)
{
	const struct program_verdict_line *v = program_verdict(p);
	const char *rule = vmt_verdict_word(v->kind), *check;
	struct strbuf name = { 0 };
	size_t len;

	check = program_verdict_check(v, &len);
	if (check != NULL)
		strbuf_addn(&name, check, len);
	else
		strbuf_add(&name, rule != NULL ? rule : "model");
	report_add(&c->report.report, strbuf_text(&name), t->path[0] != '\0' ? t->path : crash, strbuf_text(&t->what))
	    ->failure = !t->known;
	strbuf_free(&name);
}

/* EXIT_OK, EXIT_FINDING or EXIT_USAGE. */
static int
triage(struct triage_command *c, const char *crash)
{
	struct triage t = { 0 };
	struct keybuf bytes = { 0 };
	struct reproducer_way way;
	const char *refusal;
	struct program p;
	int rv;

	if (!triage_read_crash(c, crash, &p, &bytes, &way)) {
		keybuf_free(&bytes);
		return EXIT_USAGE;
	}
	refusal = run_refusal(&p, c->target.target);
	t.found = triage_judge(c, &p, &way, &t.what) || triage_compare(c, &p, &t.what);
	if (!t.found && refusal != NULL) {
		say_about(crash, 0, "target %s cannot run this: %s", c->target.target->name, refusal);
		rv = EXIT_USAGE;
		c->nr_refused++;
		goto out;
	}
	rv = t.found ? EXIT_FINDING : EXIT_OK;
	if (t.found && c->out != NULL)
		triage_keep(c, &p, &t);
	if (t.unwritten)
		rv = EXIT_USAGE;
	triage_print(c, crash, &p, &t);
	if (t.found)
		triage_report(c, crash, &p, &t);
	c->nr_nothing += !t.found;
	c->nr_known += t.found && t.known;
	c->nr_new += t.found && !t.known;
out:
	strbuf_free(&t.what);
	keybuf_free(&bytes);
	program_free(&p);
	return rv;
}

/* Prints the summary of all files. */
static void
triage_print_sum(const struct triage_command *c)
{
	unsigned long nr = c->nr_new + c->nr_known + c->nr_nothing + c->nr_refused;

	printf("# %lu files: %lu %s, ", nr, c->nr_new, c->nr_new == 1 ? "program" : "programs");
	if (c->out != NULL)
		printf("%lu like one that is in %s, ", c->nr_known, c->out);
	printf("%lu with nothing found", c->nr_nothing);
	if (c->nr_refused > 0)
		printf(", %lu that the target cannot run", c->nr_refused);
	printf("\n");
}

/* --- options --- */

#define TO(type, field) OPTION_TO(struct triage_command, type, field)
static const struct option_row rows[] = {
	OPTION_TEXT("--out DIR", TO(const char *, out),
	    "write each as DIR/NNN.vmt, unless a program there has the same verdict, operations and quirks. "
	    "Without --out, or with \"-\", programs go to standard output"),
	OPTION_PROFILE(
	    TO(struct cli_target, target), ": run all programs in it, as the fuzzer did with WS_FUZZ_PROFILE"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_FILES_FROM(TO(const char *, files_from)),
	OPTION_MUTANT(TO(struct cli_target, target),
	    "put this mutant into each program, as the fuzzer did with WS_FUZZ_MUTANT; needs a build with mutants"),
	OPTION_FLAG("--no-shrink", TO(bool, no_shrink), "do not shrink the programs"),
	OPTION_SECONDS(TO(double, seconds), "time limit for shrinking each program (default 20)"),
#include "harness/cli/report-rows.def"
	OPTION_FLAG("--json", TO(bool, json), "one JSON array on standard output"),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_SOME, "file or directory" };

int
cmd_triage(int argc, char **argv)
{
	struct triage_command c = { .target = { .target = target_at(0) }, .seconds = SECONDS_DEFAULT };
	struct inputs files = { 0 };
	int rv = options_parse(argc, argv, &usage, &c), worst = EXIT_OK;

	if (rv >= 0)
		return rv;
	if (!cli_report_begin(&c.report, c.json))
		return EXIT_USAGE;
	if (!cli_files_take(&files, INPUTS_ALL, c.files_from, argc - optind, argv + optind)) {
		inputs_free(&files);
		return EXIT_USAGE;
	}
	cli_take_dash(&c.out);
	c.sim = sim_create();
	c.all = json_array();
	cli_catch_signals();
	for (size_t i = 0; i < files.nr && cli_stop == 0; i++) {
		if (progress_due())
			progress_say("%zu of %zu files processed", i, files.nr);
		rv = triage(&c, files.names[i]);
		worst = rv > worst ? rv : worst;
	}
	progress_erase();
	if (cli_stop != 0)
		warnx("interrupted: the remaining files were not processed");
	else if (!c.json && files.nr > 1)
		triage_print_sum(&c);
	if (c.json)
		json_print("triage", json_pack("{s:O}", "crashes", c.all), JSON_INDENT(1), stdout);
	if (!cli_report_end(&c.report))
		worst = EXIT_USAGE;
	json_decref(c.all);
	inputs_free(&files);
	sim_destroy(c.sim);
	return worst;
}
