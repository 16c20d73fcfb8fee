/* SPDX-License-Identifier: BSD-2-Clause */
/* cli.c - see cli.h. */
#include "harness/cli.h"

#include <err.h>
#include <errno.h>
#include <fts.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libbsd asks which of two strnvis() is meant; only strvis() is used. */
#define LIBBSD_OPENBSD_VIS
#include <vis.h>

#include <jansson.h>

#include "harness/checkfile.h"
#include "harness/keybuf.h"
#include "harness/vmt.h"

volatile int cli_stop;

long long
cli_number(const char *option, const char *text, long long min, long long max)
{
	const char *problem;
	long long n = strtonum(text, min, max, &problem);

	if (problem != NULL)
		errx(EXIT_USAGE, "%s %s: %s, expected a number from %lld to %lld", option, text, problem, min, max);
	return n;
}

double
cli_seconds(const char *option, const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(s) || s <= 0 || s > 1e9)
		errx(EXIT_USAGE, "%s %s: expected a number of seconds above 0", option, text);
	return s;
}

int
cli_usage(const char *command)
{
	fprintf(stderr, "try: wirestorm %s --help\n", command);
	return EXIT_USAGE;
}

bool
cli_stdout_tty(void)
{
	return isatty(STDOUT_FILENO) != 0;
}

bool
cli_stderr_tty(void)
{
	return isatty(STDERR_FILENO) != 0;
}

/* --- files --- */

static void
add_name(struct cli_files *files, const char *name)
{
	if (files->nr == files->cap) {
		files->cap = files->cap == 0 ? 64 : files->cap * 2;
		files->names = reallocarray(files->names, files->cap, sizeof(char *));
		if (files->names == NULL)
			err(EXIT_USAGE, "no memory for %zu file names", files->cap);
	}
	files->names[files->nr] = strdup(name);
	if (files->names[files->nr++] == NULL)
		err(EXIT_USAGE, "no memory for a file name");
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool
ends_in_vmt(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".vmt") == 0;
}

bool
cli_files_add(struct cli_files *files, const char *path)
{
	FTSENT *entry;
	FTS *tree;
	bool ok = true;
	char *copy;

	if (strcmp(path, "-") == 0) {
		add_name(files, path);
		return true;
	}
	copy = strdup(path);
	if (copy == NULL)
		err(EXIT_USAGE, "no memory for a file name");
	tree = fts_open((char *const[]){ copy, NULL }, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (tree == NULL)
		err(EXIT_USAGE, "%s", path);
	while ((entry = fts_read(tree)) != NULL) {
		switch (entry->fts_info) {
		case FTS_F:
			if (entry->fts_level == FTS_ROOTLEVEL || ends_in_vmt(entry->fts_name))
				add_name(files, entry->fts_path);
			break;
		case FTS_DEFAULT: /* a pipe, say: only if it was asked for */
			if (entry->fts_level == FTS_ROOTLEVEL)
				add_name(files, entry->fts_path);
			break;
		case FTS_SLNONE: /* a link that leads nowhere */
			if (entry->fts_level == FTS_ROOTLEVEL || ends_in_vmt(entry->fts_name)) {
				fprintf(stderr, "%s: the link leads to no file\n", entry->fts_path);
				ok = false;
			}
			break;
		case FTS_NS:
		case FTS_DNR:
		case FTS_ERR:
			fprintf(stderr, "%s: %s\n", entry->fts_path, strerror(entry->fts_errno));
			ok = false;
			break;
		default:
			break;
		}
	}
	(void)fts_close(tree);
	free(copy);
	return ok;
}

void
cli_files_free(struct cli_files *files)
{
	for (size_t i = 0; i < files->nr; i++)
		free(files->names[i]);
	free(files->names);
	*files = (struct cli_files){ 0 };
}

#define READ_SIZE 65536
#define FILE_MAX_SIZE ((size_t)16 << 20) /* far more than a program can be made of */

bool
cli_read_bytes(const char *path, struct keybuf *bytes)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	bool ok = f != NULL;

	for (size_t n = 1; ok && n > 0; bytes->len += n) {
		keybuf_reserve(bytes, READ_SIZE);
		n = fread(bytes->bytes + bytes->len, 1, READ_SIZE, f);
		ok = ferror(f) == 0;
		if (ok && bytes->len > FILE_MAX_SIZE) {
			errno = EFBIG;
			ok = false;
		}
	}
	if (!ok)
		warn("%s", path);
	if (f != NULL && f != stdin)
		(void)fclose(f);
	return ok;
}

/* --- signals --- */

static void
on_signal(int sig)
{
	if (cli_stop != 0)
		_exit(128 + sig);
	cli_stop = sig;
}

void
cli_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}

/* --- targets --- */

static const struct vm_target *const targets[] = {
#define TARGET(name) &name,
#include "harness/targets.def"
#undef TARGET
};
#define NR_TARGETS (sizeof(targets) / sizeof(targets[0]))

const struct vm_target *const *cli_extra_targets;

const struct vm_target *
cli_target_at(size_t i)
{
	const struct vm_target *const *t = cli_extra_targets;

	for (; t != NULL && *t != NULL; t++, i--)
		if (i == 0)
			return *t;
	return i < NR_TARGETS ? targets[i] : NULL;
}

static void
set_profile(struct cli_target *t, const char *text)
{
	const char *word;

	if (!checkfile_parse_profile(text, &t->freebsd12, &t->quirks, &word))
		errx(EXIT_USAGE, "--profile %s: expected strict or freebsd12, then +Q1 or -Q1 and so on, found \"%s\"",
		    text, word);
	t->profile = text;
}

static void
set_target(struct cli_target *t, const char *text)
{
	for (size_t i = 0; cli_target_at(i) != NULL; i++) {
		if (strcmp(cli_target_at(i)->name, text) != 0)
			continue;
		t->target = cli_target_at(i);
		return;
	}
	fprintf(stderr, "wirestorm: --target %s: expected one of", text);
	for (size_t i = 0; cli_target_at(i) != NULL; i++)
		fprintf(stderr, " %s", cli_target_at(i)->name);
	fprintf(stderr, "\n");
	exit(EXIT_USAGE);
}

/* --- options --- */

bool
cli_option(int opt, const struct cli_options *to)
{
	switch (opt) {
	case CLI_PROFILE:
		set_profile(to->target, optarg);
		return true;
	case CLI_TARGET:
		set_target(to->target, optarg);
		return true;
	case CLI_NO_CHECKS:
		to->target->checker = NULL;
		return true;
	case CLI_SCHEDULE:
		*to->schedule = optarg;
		return true;
	case CLI_SEED:
		if (to->seed_given != NULL)
			*to->seed_given = true;
		*to->seed = (uint64_t)cli_number("--seed", optarg, 0, INT64_MAX);
		return true;
	case CLI_SECONDS:
		*to->seconds = cli_seconds("--seconds", optarg);
		return true;
	case CLI_STATES:
		*to->states_max = (uint64_t)cli_number("--max-states", optarg, 1, 1LL << 31);
		return true;
	case CLI_JSON:
		*to->json = true;
		return true;
	default:
		return false;
	}
}

int
cli_help_or_usage(int opt, const char *command, const char *help)
{
	if (opt != CLI_HELP)
		return cli_usage(command);
	fputs(help, stdout);
	return EXIT_OK;
}

int
cli_one_file(int argc, char **argv)
{
	if (optind + 1 == argc)
		return -1;
	fprintf(stderr, "wirestorm %s: expected one file\n", argv[0]);
	return cli_usage(argv[0]);
}

int
cli_target_and_file(int argc, char **argv, const char *help, struct cli_target *t)
{
	static const struct option options[] = { { OPTION_TARGET }, { OPTION_HELP }, { 0 } };
	const struct cli_options common = { .target = t };
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!cli_option(opt, &common))
			return cli_help_or_usage(opt, argv[0], help);
	return cli_one_file(argc, argv);
}

/* --- programs --- */

bool
cli_open_program(const struct cli_target *t, const char *path, const struct program *p, struct run *r)
{
	struct sim *sim = sim_create();

	if (sim == NULL)
		err(EXIT_USAGE, "no memory for the fibers");
	if (run_open_checked(r, p, t->target, sim, t->checker) == RUN_OPENED)
		return true;
	if (r->error_line != 0)
		fprintf(stderr, "%s:%u: %s\n", path, r->error_line, strbuf_text(&r->error));
	else
		fprintf(stderr, "%s: %s\n", path, strbuf_text(&r->error));
	return false;
}

void
cli_close_program(struct run *r)
{
	struct sim *sim = r->sim;

	run_close(r);
	if (sim != NULL)
		sim_destroy(sim);
	r->sim = NULL;
}

/* The map as it is when the finding shows: @r is taken there. */
static void
print_map_at(struct run *r, const struct explore_finding *x, struct strbuf *out)
{
	uint32_t left = x->f.step;

	run_begin(r);
	for (size_t i = 0; i < x->witness.nr_choices; i++)
		for (uint32_t n = 0; n < x->witness.choices[i].count && left > 0; n++, left--)
			run_step(r, x->witness.choices[i].thread);
	for (unsigned i = 0; x->f.final && i <= x->f.op; i++)
		(void)run_alone(r, &r->program->final[i].op);
	r->target->dump(r->self, &r->state);
	state_print(&r->state, out);
}

void
cli_print_findings(struct run *r, const struct explore_result *x)
{
	for (size_t i = 0; i < x->nr_findings; i++) {
		const struct explore_finding *f = &x->findings[i];
		struct strbuf text = { 0 }, map = { 0 }, schedule = { 0 };

		finding_print(&f->f, r->program, &text);
		print_map_at(r, f, &map);
		vmt_print_choices(f->witness.choices, f->witness.nr_choices, &schedule);
		printf("# FINDING %s\n#   the map %s: %s\n", strbuf_text(&text),
		    f->f.thread == SIM_INIT_THREAD && !f->f.final ? "after the init steps" : "then", strbuf_text(&map));
		if (f->witness.nr_choices > 0)
			printf("#   witness, %u preemption%s: %s\n", f->witness.preemptions,
			    f->witness.preemptions == 1 ? "" : "s", strbuf_text(&schedule));
		strbuf_free(&text);
		strbuf_free(&map);
		strbuf_free(&schedule);
	}
}

json_t *
cli_json_finding(const struct finding *f, const struct program *p)
{
	struct strbuf text = { 0 };
	char label[FINDING_TEXT_MAX];
	json_t *j;

	finding_print(f, p, &text);
	j = json_pack("{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:s}", "verdict", vmt_verdict_word(finding_kind(f)), "check",
	    finding_label(f, label), "quirk", f->quirk, "thread", (int)f->thread, "op", (int)f->op, "since",
	    (int)f->since, "step", (int)f->step, "text", strbuf_text(&text));
	strbuf_free(&text);
	return j;
}

json_t *
cli_json_findings(struct run *r, const struct explore_result *x)
{
	json_t *all = json_array();

	for (size_t i = 0; i < x->nr_findings; i++) {
		const struct explore_finding *f = &x->findings[i];
		struct strbuf map = { 0 }, schedule = { 0 };
		json_t *j = cli_json_finding(&f->f, r->program), *more;

		print_map_at(r, f, &map);
		vmt_print_choices(f->witness.choices, f->witness.nr_choices, &schedule);
		more = json_pack("{s:s, s:s, s:i}", "map", strbuf_text(&map), "schedule", strbuf_text(&schedule),
		    "preemptions", (int)f->witness.preemptions);
		(void)json_object_update(j, more);
		json_decref(more);
		(void)json_array_append_new(all, j);
		strbuf_free(&map);
		strbuf_free(&schedule);
	}
	return all;
}

json_t *
cli_json_text(const char *text)
{
	json_t *j = json_string(text);
	char *shown;

	if (j != NULL)
		return j;
	shown = malloc(strlen(text) * 4 + 1);
	if (shown == NULL)
		err(EXIT_USAGE, "no memory for a name");
	(void)strvis(shown, text, VIS_OCTAL | VIS_WHITE);
	j = json_string(shown);
	free(shown);
	return j;
}

bool
cli_open_run(const struct cli_target *t, const char *path, struct program *p, struct run *r)
{
	*r = (struct run){ 0 };
	if (!vmt_read(path, p))
		return false;
	if (t->profile != NULL) {
		p->config.profile_freebsd12 = t->freebsd12;
		p->config.quirks = t->quirks;
	}
	if (cli_open_program(t, path, p, r))
		return true;
	cli_close_run(p, r);
	return false;
}

void
cli_close_run(struct program *p, struct run *r)
{
	cli_close_program(r);
	program_free(p);
}
