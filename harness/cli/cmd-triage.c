/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-triage.c - wirestorm triage: from what crashed a fuzz target to a program with a verdict. */
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
#include "harness/hunt/hunt.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/show/show.h"
#include "harness/shrink/shrink.h"

static const char help_head[] =
    "usage: wirestorm triage [OPTION...] PATH...\n"
    "\n"
    "Says what inputs of fuzz_seq and fuzz_sched have found, and makes programs of it: as small as shrink makes them,\n"
    "with the schedule that shows it, the result and the verdicts, in the profile with the fewest quirks; and draws\n"
    "their runs. A program that the engine runs unlike the reference model gets the model's result as what is\n"
    "expected. A file that ends in .vmt is read as text; of a directory, all files are taken.\n"
    "\n"
    "The target must be able to run the program; else the file is refused. The model has the rules of the engine, so\n"
    "a target of another kind is not compared with it.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 nothing was found, 1 something was, 2 wrong usage, or a file that cannot be read or written.\n"
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
	const char *out, *mutant, *files_from;
	bool json, no_shrink;
	double seconds;
	struct sim *sim;
	json_t *all;                                            /* --json */
	unsigned long nr_new, nr_known, nr_nothing, nr_refused; /* files so far, by what became of them */
};

/* What became of a crash. */
struct triage {
	bool found;
	struct strbuf what;  /* the finding in words */
	char path[PATH_MAX]; /* where it is, "" if nowhere */
	bool known;          /* and was before */
	bool unwritten;      /* it could not be written: that was said */
};

/* --- reading --- */

static bool
is_text(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && strcmp(dot, ".vmt") == 0;
}

/* The program of a crash; *bytes keeps the choices that *way is about. */
static bool
read_crash(
    struct triage_command *c, const char *path, struct program *p, struct keybuf *bytes, struct reproducer_way *way)
{
	size_t at;

	*way = (struct reproducer_way){ .by_schedule = true };
	if (is_text(path)) {
		if (!vmt_read(path, p))
			return false;
	} else {
		if (!cli_read_encoded(path, bytes))
			return false;
		at = bytes_decode(bytes->bytes, bytes->len, p);
		*way = (struct reproducer_way){ .choices = bytes->bytes + at, .nr_choices = bytes->len - at };
	}
	if (c->target.profile_text != NULL) {
		p->config.profile_given = true;
		p->config.profile = c->target.profile;
	}
	if (c->mutant != NULL)
		p->config.mutant = c->mutant;
	return true;
}

/* --- finding --- */

/* The smallest program with the same finding, and what the finding is there. False: the finding is not there at all. */
static bool
make_small(struct triage_command *c, struct program *p, struct finding *f)
{
	const struct program_verdict_line *v = program_verdict(p);
	char *detail = memory_text(v->detail != NULL ? v->detail : "", "a verdict");
	bool found;
	const struct reproducer_way along = { .by_schedule = true };
	struct shrink_verdict wanted;
	struct shrink_report report;
	const struct shrink_options o = { .target = c->target.target,
		.sim = c->sim,
		.wanted = &wanted.wanted,
		.seed = 1,
		.seconds = c->seconds,
		.stop = &cli_stop,
		.progress = cli_shrink_progress };

	if (detail == NULL)
		err(EXIT_USAGE, "a verdict");
	shrink_verdict_init(&wanted, v->kind, detail);
	found = shrink(p, &o, &report);
	if (found && f->check != CHECK_circle) /* which has no schedule to go along */
		(void)reproducer_make(p, &along, c->target.target, c->sim, f);
	shrink_verdict_free(&wanted);
	free(detail);
	return found;
}

/* A text that says it is a livelock: no single run shows that. */
static bool
judge_livelock(struct triage_command *c, struct program *p, struct strbuf *what)
{
	struct finding f = { .check = CHECK_circle, .thread = -1, .text = "there are schedules that do not end" };

	if (program_verdict(p)->kind != PROGRAM_VERDICT_LIVELOCK || !make_small(c, p, &f))
		return false;
	finding_print(&f, p, what);
	return true;
}

/* What the checker finds. */
static bool
judge(struct triage_command *c, struct program *p, const struct reproducer_way *way, struct strbuf *what)
{
	struct finding f;

	if (!reproducer_make(p, way, c->target.target, c->sim, &f))
		return judge_livelock(c, p, what);
	reproducer_reduce_profile(p, c->target.target, c->sim, &f);
	if (!c->no_shrink)
		(void)make_small(c, p, &f);
	finding_print(&f, p, what);
	return true;
}

/* The last init step expects what the model says. */
static void
expect_models(struct triage_command *c, struct program *p)
{
	struct program_step *last = &p->init[p->nr_init - 1];
	struct vm_state state = { 0 };
	struct strbuf text = { 0 };
	struct seqrun r;

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

/* What is unlike the model, one operation after the other, as fuzz_seq runs them. */
static bool
compare(struct triage_command *c, struct program *p, struct strbuf *what)
{
	struct seqdiff d = { 0 };
	bool differs;

	if (!c->target.target->judged) /* its rules are its own, so the model's results say nothing of it */
		return false;
	seqrun_flatten(p);
	(void)seqrun_trim(c->target.target, p);
	differs = seqrun_reason(&target_model, p) == NULL && seqrun_reason(c->target.target, p) == NULL &&
	          !seqdiff_targets(&d, c->target.target, &target_model, p, c->sim);
	if (differs) {
		p->nr_init = d.step + 1;
		expect_models(c, p);
		strbuf_add(what, "unlike the model: ");
		strbuf_add(what, strbuf_text(&d.text));
	}
	seqdiff_free(&d);
	return differs;
}

/* --- keeping --- */

/* Are they about the same? Then one of them will do. */
static bool
alike(const struct program *a, const struct program *b)
{
	int count[VM_OP_CODE_MAX + 1] = { 0 };

	if (!program_verdict_same(program_verdict(a), program_verdict(b)) ||
	    a->config.profile.on != b->config.profile.on || a->config.mutant != b->config.mutant ||
	    a->nr_threads != b->nr_threads)
		return false;
	for (unsigned t = 0; t < a->nr_threads; t++) {
		for (unsigned i = 0; i < a->threads[t].nr_ops; i++)
			count[a->threads[t].ops[i].code]++;
		for (unsigned i = 0; i < b->threads[t].nr_ops; i++)
			count[b->threads[t].ops[i].code]--;
	}
	for (size_t i = 0; a->nr_threads == 0 && i < a->nr_init; i++)
		count[a->init[i].op.code]++;
	for (size_t i = 0; b->nr_threads == 0 && i < b->nr_init; i++)
		count[b->init[i].op.code]--;
	for (unsigned i = 0; i <= VM_OP_CODE_MAX; i++)
		if (count[i] != 0)
			return false;
	return true;
}

/* A file of @out that is about the same as @p. */
static bool
find_alike(const char *out, const struct program *p, char *path)
{
	struct inputs files = { 0 };
	bool found = false;

	(void)inputs_add(&files, out, INPUTS_VMT,
	    say_about); /* what cannot be read is named, and is no reason to lose the program */
	for (size_t i = 0; i < files.nr && !found; i++) {
		struct program other;

		if (!vmt_read(files.names[i], &other))
			continue;
		found = alike(p, &other) && snprintf(path, PATH_MAX, "%s", files.names[i]) < PATH_MAX;
		program_free(&other);
	}
	inputs_free(&files);
	return found;
}

/*
 * Another process that numbers files there at the same time gets other numbers. False: said why on standard error, and
 * the caller prints the program.
 */
static bool
write_numbered(const char *out, const struct program *p, char *path)
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
	warnx("%s: %d programs are there already", out, BUGS_MAX);
	return false;
}

static void
keep(struct triage_command *c, struct program *p, struct triage *t)
{
	if (mkdir(c->out, 0777) != 0 && errno != EEXIST) {
		warn("%s", c->out);
		t->unwritten = true;
		return;
	}
	t->known = find_alike(c->out, p, t->path);
	t->unwritten = !t->known && !write_numbered(c->out, p, t->path);
	if (t->unwritten)
		t->path[0] = '\0';
}

/* --- reporting --- */

/* The run as lanes. */
static void
draw(struct triage_command *c, const char *crash, const struct program *p)
{
	const struct show_text_options o = { .width = COLUMNS_SHOWN };
	struct strbuf text = { 0 }, error = { 0 };
	struct show s = { .path = crash };

	if (show_make(&s, p, c->target.target, c->sim, p->choices, p->nr_choices, &error))
		show_text(&s, &o, &text);
	else
		say_about(crash, 0, "%s", strbuf_text(&error));
	fputs(strbuf_text(&text), stdout);
	show_free(&s);
	strbuf_free(&text);
	strbuf_free(&error);
}

static void
report(struct triage_command *c, const char *crash, const struct program *p, const struct triage *t)
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
		/* A night has hundreds of files that crash alike: each program is shown once. */
		if (!t->known)
			printf("%s\n", strbuf_text(&text));
		if (!t->known && p->has_schedule)
			draw(c, crash, p);
	}
	strbuf_free(&text);
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

	if (!read_crash(c, crash, &p, &bytes, &way)) {
		keybuf_free(&bytes);
		return EXIT_USAGE;
	}
	refusal = run_refusal(&p, c->target.target);
	t.found = judge(c, &p, &way, &t.what) || compare(c, &p, &t.what);
	if (!t.found && refusal != NULL) {
		say_about(crash, 0, "target %s cannot run this: %s", c->target.target->name, refusal);
		rv = EXIT_USAGE;
		c->nr_refused++;
		goto out;
	}
	rv = t.found ? EXIT_FINDING : EXIT_OK;
	if (t.found && c->out != NULL)
		keep(c, &p, &t);
	if (t.unwritten)
		rv = EXIT_USAGE;
	report(c, crash, &p, &t);
	c->nr_nothing += !t.found;
	c->nr_known += t.found && t.known;
	c->nr_new += t.found && !t.known;
out:
	strbuf_free(&t.what);
	keybuf_free(&bytes);
	program_free(&p);
	return rv;
}

/* What a night has come to, behind all its lines. */
static void
print_sum(const struct triage_command *c)
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

static void
set_mutant(void *command, const char *text)
{
	struct triage_command *c = command;

	struct nearest n;

	c->mutant = vmt_mutant(text);
	nearest_begin(&n, text, strlen(text));
	vmt_offer_mutants(&n);
	if (c->mutant == NULL)
		errx(EXIT_USAGE, "--mutant %s: unknown mutant; wirestorm bugs list has them%s", text, nearest_hint(&n));
}

#define TO(type, field) OPTION_TO(struct triage_command, type, field)
static const struct option_row rows[] = {
	OPTION_TEXT("--out DIR", TO(const char *, out),
	    "write each as DIR/NNN.vmt, unless a program there is about the same: verdict, operations, quirks. "
	    "Without, or with \"-\", programs go to standard output"),
	OPTION_PROFILE(TO(struct cli_target, target), ": run all in it, as WS_FUZZ_PROFILE had asked for"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_FILES_FROM(TO(const char *, files_from)),
	OPTION_CALL("--mutant NAME", set_mutant,
	    "put this mutant into each program, as WS_FUZZ_MUTANT had; only in a build with mutants"),
	OPTION_FLAG("--no-shrink", TO(bool, no_shrink), "the program as it is"),
	OPTION_SECONDS(TO(double, seconds), "shrink each for so long at most (default 20)"),
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
			progress_say("%zu of %zu files looked at", i, files.nr);
		rv = triage(&c, files.names[i]);
		worst = rv > worst ? rv : worst;
	}
	progress_erase();
	if (cli_stop != 0)
		warnx("interrupted: the rest was not looked at");
	else if (!c.json && files.nr > 1)
		print_sum(&c);
	if (c.json)
		json_print("triage", json_pack("{s:O}", "crashes", c.all), JSON_INDENT(1), stdout);
	json_decref(c.all);
	inputs_free(&files);
	sim_destroy(c.sim);
	return worst;
}
