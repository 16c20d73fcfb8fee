/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-shrink.c - wirestorm shrink: makes a program smaller while its verdict stays. */
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
#include "harness/program/program.h"
#include "harness/shrink/shrink.h"

static const char help_head[] =
    "usage: wirestorm shrink [OPTION...] FILE\n"
    "\n"
    "Makes a program smaller while it keeps its first verdict: fewer threads, operations, directives and\n"
    "flags, simpler arguments, pages closer together, and at the end the fewest preemptions. It stops\n"
    "when nothing more can be removed. The program goes to standard output or --out, with its schedule,\n"
    "its result and all verdicts of its run. Other expectations, final steps, and comments after the head\n"
    "are dropped.\n"
    "A livelock has no schedule. In its place one of these stays: the states form a cycle, or random runs\n"
    "do not end within 100000 steps.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Ctrl-C ends it early; the result is then the smallest program so far.\n"
    "\n"
    "Exit status: 0 done; 1 the program does not show its verdict; 2 wrong usage or an unusable file.\n"
    "\n"
    "Examples:\n"
    "  wirestorm shrink found.vmt\n"
    "  wirestorm shrink --seconds 60 --out found.vmt found.vmt\n";

#define WRITE_EACH 1.0 /* seconds */

struct shrink_command {
	struct cli_target target;
	struct shrink_options options;
	const char *path, *out;
	bool json;
	const struct program *original; /* the source of head and verdict */
	struct program pending;         /* to be written next; without threads: none */
	double written;                 /* seconds */
	bool unwritten;                 /* a write error was reported */
};

/*
 * Writes the smallest program so far, at most once a second, so that a killed process leaves it behind. Shrinking
 * continues after a write error, because there may be space later.
 */
static void
shrink_write_pending(struct shrink_command *c)
{
	if (c->pending.nr_threads == 0 || clock_seconds() - c->written < WRITE_EACH)
		return;
	c->written = clock_seconds();
	if (vmt_write(c->out, &c->pending)) {
		c->unwritten = false;
		program_free(&c->pending);
	} else if (!c->unwritten) {
		c->unwritten = true;
		warn("%s: cannot write the smallest program so far; trying again each second", c->out);
	}
}

static void
shrink_keep_smaller(void *arg, const struct program *p)
{
	struct shrink_command *c = arg;
	struct program whole = *p;
	struct strbuf text = { 0 };

	assert(c->original != NULL);
	if (c->out == NULL || !file_replaces(c->out))
		return;
	whole.head = c->original->head;
	whole.nr_verdicts = c->original->nr_verdicts;
	whole.verdicts = c->original->verdicts;
	vmt_print(&whole, &text);
	program_free(&c->pending);
	vmt_parse_own(strbuf_text(&text), "the reduced program", &c->pending);
	strbuf_free(&text);
	if (c->pending.has_schedule)
		(void)expect_run(&c->pending, c->options.target, c->options.sim);
	shrink_write_pending(c);
}

static void
shrink_show_progress(void *arg, uint64_t tried, uint64_t kept)
{
	shrink_write_pending(arg);
	cli_shrink_progress(NULL, tried, kept);
}

/* --- report --- */

static const char *
shrink_end_text(enum shrink_end end)
{
	switch (end) {
	case SHRINK_LOST:
		return "the program does not show its verdict";
	case SHRINK_FIXED_POINT:
		return "nothing more can be taken away";
	case SHRINK_CUT_SECONDS:
		return "cut: the time limit was reached";
	case SHRINK_CUT_STOPPED:
		return "cut: interrupted";
	}
	return "?";
}

static void
shrink_print_size(const char *name, const struct shrink_size *s)
{
	fprintf(stderr, "  %-7s %u thread%s, %u operation%s, %u init step%s, %u directive%s, %llu page%s", name,
	    s->threads, plural(s->threads), s->ops, plural(s->ops), s->init, plural(s->init), s->directives,
	    plural(s->directives), (unsigned long long)s->pages, plural(s->pages));
	if (s->steps > 0)
		fprintf(stderr, ", %u step%s, %u preemption%s\n", s->steps, plural(s->steps), s->preemptions,
		    plural(s->preemptions));
	else
		fprintf(stderr, ", no end\n");
}

static void
shrink_print_text(const struct shrink_command *c, const struct shrink_report *r)
{
	say_about(c->path, 0, "%s", shrink_end_text(r->end));
	shrink_print_size("before", &r->before);
	shrink_print_size("after", &r->after);
	fprintf(stderr, "  programs tried: %llu, smaller: %llu%s\n", (unsigned long long)r->tried,
	    (unsigned long long)r->kept, r->all_schedules ? "; no schedule has fewer preemptions" : "");
}

static json_t *
shrink_json_size(const struct shrink_size *s)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:I, s:i, s:i}", "threads", (int)s->threads, "operations", (int)s->ops,
	    "init_steps", (int)s->init, "directives", (int)s->directives, "pages", (json_int_t)s->pages,
	    "schedule_steps", (int)s->steps, "preemptions", (int)s->preemptions);
}

static void
shrink_print_json(const struct shrink_report *r)
{
	json_t *j = json_pack("{s:s, s:b, s:b, s:i, s:I, s:I, s:o, s:o}", "end", shrink_end_text(r->end), "fixed_point",
	    r->end == SHRINK_FIXED_POINT, "fewest_preemptions", r->all_schedules, "rounds", (int)r->rounds, "tried",
	    (json_int_t)r->tried, "kept", (json_int_t)r->kept, "before", shrink_json_size(&r->before), "after",
	    shrink_json_size(&r->after));

	json_print("shrink", j, JSON_INDENT(1), stdout);
}

static int
shrink_tell(const struct shrink_command *c, const struct program *p, const struct shrink_report *r)
{
	bool good = c->out == NULL || cli_save_program(c->out, p, c->json);

	if (c->json)
		shrink_print_json(r);
	else
		shrink_print_text(c, r);
	if (c->out == NULL)
		cli_print_program(p);
	return good ? EXIT_OK : EXIT_USAGE;
}

/* --- the program --- */

static int
shrink_program(struct shrink_command *c, struct program *p)
{
	struct shrink_report r;
	bool found;

	assert(p->nr_threads > 0 && p->nr_verdicts > 0);
	c->original = p;
	progress_begin();
	program_init(&c->pending);
	c->options.arg = c;
	c->options.on_smaller = shrink_keep_smaller;
	c->options.stop = &cli_stop;
	c->options.target = c->target.target;
	c->options.progress = shrink_show_progress;
	cli_catch_signals();
	found = shrink_by_verdict(p, &c->options, &r);
	program_free(&c->pending);
	progress_erase();
	if (found && p->has_schedule)
		(void)expect_run(p, c->options.target, c->options.sim);
	if (found)
		return shrink_tell(c, p, &r);
	if (c->json)
		shrink_print_json(&r);
	else
		say_about(c->path, 0, "the program does not show its verdict");
	return EXIT_FINDING;
}

/* Can the program be shrunk? If not, reports why. */
static bool
shrink_suits(const struct shrink_command *c, const struct program *p)
{
	const char *why = run_refusal(p, c->target.target);

	if (why != NULL) {
		say_about(c->path, 0, "target %s cannot run this: %s", c->target.target->name, why);
		return false;
	}
	if (p->nr_threads == 0) {
		say_about(c->path, 0, "the program has no threads: there is no schedule to shrink");
		return false;
	}
	if (p->nr_verdicts == 0) {
		say_about(c->path, 0, "the file has no verdict line: nothing to preserve");
		return false;
	}
	return true;
}

/* --- options --- */

#define TO(type, field) OPTION_TO(struct shrink_command, type, field)
static const struct option_row rows[] = {
	OPTION_TEXT("--out FILE", TO(const char *, out),
	    "write the smallest program so far to FILE, which may be the program itself; \"-\": standard "
	    "output"),
	OPTION_SECONDS(TO(double, options.seconds), "time limit; the result is then the smallest program so far"),
	OPTION_STATES(TO(uint64_t, options.states_max),
	    "an edited program with more states runs by strategies instead (default 20000)"),
	OPTION_NUMBER("--runs N", TO(unsigned, options.runs), 1, 1000000, "number of these runs (default 64)"),
	OPTION_SEED(TO(uint64_t, options.seed), "seed of these runs (default 1)"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_FLAG("--json", TO(bool, json), "one JSON object on standard output instead; needs --out"),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_ONE, "file" };

int
cmd_shrink(int argc, char **argv)
{
	struct shrink_command c = { .target = { .target = target_at(0) }, .options = { .seed = 1 } };
	struct program p;
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv >= 0)
		return rv;
	cli_take_dash(&c.out);
	if (c.json && c.out == NULL) {
		warnx("--json needs --out FILE: standard output takes one of the two");
		return cli_usage();
	}
	c.path = argv[optind];
	if (c.out != NULL && !cli_can_write(c.out))
		return EXIT_USAGE;
	if (!vmt_read(c.path, &p))
		return EXIT_USAGE;
	if (!shrink_suits(&c, &p)) {
		program_free(&p);
		return EXIT_USAGE;
	}
	c.options.sim = sim_create();
	rv = shrink_program(&c, &p);
	sim_destroy(c.options.sim);
	program_free(&p);
	return rv;
}
