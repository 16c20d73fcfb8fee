/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-diff.c - wirestorm diff: one program on two sides, which differ in profile, target or mutant. */
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
#include "harness/explore/explore.h"
#include "harness/program/program.h"

static const char help_head[] =
    "usage: wirestorm diff [OPTION...] --profile A --profile B FILE\n"
    "       wirestorm diff [OPTION...] --target A --target B FILE\n"
    "       wirestorm diff [OPTION...] --mutant A --mutant B FILE\n"
    "\n"
    "Runs the program in every interleaving on two sides, A and B, and prints how they differ:\n"
    "  init steps with another result or state,\n"
    "  each outcome that is possible on one side only, with its probability and a witness,\n"
    "  the numbers of schedules, if they differ,\n"
    "  and where the runs part: the first step after which the same schedule gives another result or\n"
    "    state, or lets other threads run.\n"
    "What the program expects does not count, and no run is judged.\n"
    "\n"
    "An option that is given twice has a value for each side. An option that is given once is for both.\n"
    "If only one of these three options is given, and once, the program as it stands is side A.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 no difference; 1 a difference; 2 wrong usage, an unusable file, or a limit that was\n"
    "reached before a difference was found.\n"
    "\n"
    "Examples:\n"
    "  wirestorm diff --profile freebsd12 --profile freebsd-main corpus/freebsd/conc/001.vmt\n"
    "  wirestorm diff --profile freebsd-main --profile 'freebsd-main -M1' corpus/freebsd/conc/001.vmt\n"
    "  wirestorm diff --mutant wire_counts_first_entry corpus/litmus/wire-gone-after-wait.vmt\n";

#define SEARCH_STATES_MAX 200000 /* of both sides together, when looking for the step at which the runs part */

/* The values of an option, one for each side. */
struct diff_values {
	unsigned nr;
	const char *text[2];
};

struct diff_command {
	struct diff_values profiles, targets, mutants;
	struct explore_options options;
	struct behaviour_side sides[2];
	const char *path;
	bool json;
};

/* An outcome that only one side has, and how the other side goes under its witness. */
struct diff_only {
	unsigned side;
	const struct explore_outcome *o;
	struct parting parting;
};

struct diff {
	struct diff_command *c;
	struct program *p;
	struct sim *sims[2];
	struct behaviour b[2];
	unsigned found; /* BEHAVIOUR_*; 0: none */
	size_t nr_only;
	struct diff_only *only;
	struct parting parting; /* if no side has an outcome of its own, but the numbers of schedules differ */
};

static const char side_name[] = "AB";

/* --- comparing --- */

static void
diff_add_only(struct diff *d, unsigned side)
{
	const struct behaviour *mine = &d->b[side], *other = &d->b[!side];

	if (!mine->explored || !other->explored || !behaviour_complete(other))
		return;
	for (size_t i = 0; i < mine->x.nr_outcomes; i++) {
		const struct explore_outcome *o = &mine->x.outcomes[i];
		struct diff_only *only;

		if (behaviour_outcome(other, o->text) != NULL)
			continue;
		only = MEMORY_APPEND(d->only, d->nr_only, "a comparison");
		*only = (struct diff_only){ .side = side, .o = o };
		parting_follow(&only->parting, d->p, d->c->sides, d->sims, &o->witness);
	}
}

static void
diff_compare(struct diff *d)
{
	const struct explore_options *o = &d->c->options;

	for (unsigned i = 0; i < 2; i++)
		behaviour_find(&d->b[i], d->p, &d->c->sides[i], o, d->sims[i]);
	d->found = behaviour_differences(&d->b[0], &d->b[1]);
	for (unsigned i = 0; i < 2; i++)
		diff_add_only(d, i);
	if (d->nr_only == 0 && (d->found & BEHAVIOUR_SCHEDULES) != 0)
		parting_search(&d->parting, d->p, d->c->sides, d->sims,
		    o->states_max != 0 ? o->states_max : SEARCH_STATES_MAX, o->stop);
	assert((d->nr_only > 0) == ((d->found & BEHAVIOUR_OUTCOMES) != 0));
}

static void
diff_free(struct diff *d)
{
	for (size_t i = 0; i < d->nr_only; i++)
		parting_free(&d->only[i].parting);
	free(d->only);
	parting_free(&d->parting);
	for (unsigned i = 0; i < 2; i++) {
		behaviour_free(&d->b[i]);
		sim_destroy(d->sims[i]);
	}
}

/* --- printing --- */

/* Appends "freebsd-main", "target model", "strict, mutant wire_hole": what the sides have apart from each other. */
static void
diff_print_side(const struct diff_command *c, unsigned side, struct strbuf *out)
{
	const struct behaviour_side *s = &c->sides[side];

	strbuf_printf(out, "target %s, profile ", s->target->name);
	profile_print(s->profile, out);
	if (s->mutant != NULL)
		strbuf_printf(out, ", mutant %s", s->mutant);
}

/* "before the first step", or "at step 3 (T0.1 wire 20 24 user noholes)". */
static void
parting_print_place(const struct parting *x, const struct program *p, struct strbuf *out)
{
	if (x->path.nr_steps == 0) {
		strbuf_add(out, "before the first step");
		return;
	}
	strbuf_printf(out, "at step %llu (T%u.%u ", (unsigned long long)x->path.nr_steps, x->thread, x->op);
	vmt_print_op(&p->threads[x->thread].ops[x->op], out);
	strbuf_addc(out, ')');
}

static void
diff_print_parting(const struct diff *d, const struct parting *x)
{
	struct strbuf place = { 0 };

	if (x->entries[0] != NULL)
		printf("#   entries differ from step %llu on: A %s | B %s\n", (unsigned long long)x->entries_step,
		    x->entries[0], x->entries[1]);
	if (x->what == NULL)
		return;
	parting_print_place(x, d->p, &place);
	printf("#   the runs part %s, by the %s:\n#     A: %s\n#     B: %s\n", strbuf_text(&place), x->what, x->saw[0],
	    x->saw[1]);
	strbuf_free(&place);
}

static void
diff_print_only(const struct diff *d)
{
	char buf[40];

	for (size_t i = 0; i < d->nr_only; i++) {
		const struct diff_only *only = &d->only[i];
		const struct explore_outcome *o = only->o;
		const char *least = behaviour_complete(&d->b[only->side]) ? "" : "at least ";
		struct strbuf schedule = { 0 };

		schedule_print(&o->witness, &schedule);
		printf("only %c: outcome %s\n", side_name[only->side], o->text);
		printf("#   probability %s%.6g, %s%s schedule%s\n", least, o->probability, least,
		    explore_count_text(o->count, buf), plural(o->count));
		printf("#   witness, %u preemption%s: %s\n", o->witness.preemptions, plural(o->witness.preemptions),
		    strbuf_text(&schedule));
		diff_print_parting(d, &only->parting);
		strbuf_free(&schedule);
	}
}

static void
diff_print_init(const struct diff *d)
{
	size_t i = behaviour_init_difference(&d->b[0], &d->b[1]);
	struct strbuf op = { 0 };

	if ((d->found & BEHAVIOUR_INIT) == 0)
		return;
	vmt_print_op(&d->p->init[i].op, &op);
	printf("init step %zu, line %u: %s\n", i + 1, d->p->init[i].line, strbuf_text(&op));
	for (unsigned s = 0; s < 2; s++)
		if (i < d->b[s].nr_init)
			printf("#   %c: %s, then %s\n", side_name[s], d->b[s].init[i].result, d->b[s].init[i].state);
	strbuf_free(&op);
}

static void
diff_print_final(const struct diff *d)
{
	for (size_t i = 0; (d->found & BEHAVIOUR_FINAL) != 0 && i < d->b[0].x.nr_outcomes; i++) {
		const struct explore_outcome *o = behaviour_outcome(&d->b[1], d->b[0].x.outcomes[i].text);
		const char *other = o != NULL ? d->b[1].final[o - d->b[1].x.outcomes] : NULL;

		if (other != NULL && strcmp(d->b[0].final[i], other) != 0)
			printf(
			    "final steps after outcome %s\n#   A: %s\n#   B: %s\n", o->text, d->b[0].final[i], other);
	}
}

/* "6", "at least 6", "endless". */
static const char *
diff_count_text(const struct behaviour *b, char *buf, size_t size)
{
	char count[40];

	if (b->explored && b->x.livelock)
		return "endless";
	(void)snprintf(buf, size, "%s%s", behaviour_complete(b) ? "" : "at least ",
	    b->explored ? explore_count_text(b->x.schedules, count) : "0");
	return buf;
}

static void
diff_print_text(const struct diff *d)
{
	char buf[2][64];

	for (unsigned i = 0; i < 2; i++) {
		struct strbuf side = { 0 };

		diff_print_side(d->c, i, &side);
		printf("# %c: %s", side_name[i], strbuf_text(&side));
		if (d->b[i].explored)
			printf("; %zu outcome%s, %s", d->b[i].x.nr_outcomes, plural(d->b[i].x.nr_outcomes),
			    explore_end_text(d->b[i].x.end));
		printf("\n");
		strbuf_free(&side);
	}
	diff_print_init(d);
	diff_print_only(d);
	diff_print_final(d);
	if ((d->found & BEHAVIOUR_SCHEDULES) != 0) {
		printf("schedules: A %s, B %s\n", diff_count_text(&d->b[0], buf[0], sizeof(buf[0])),
		    diff_count_text(&d->b[1], buf[1], sizeof(buf[1])));
		diff_print_parting(d, &d->parting);
	}
	if (d->found != 0)
		return;
	printf(behaviour_complete(&d->b[0]) && behaviour_complete(&d->b[1])
	           ? "no difference\n"
	           : "no difference was found, but not all interleavings were compared\n");
}

/* --- JSON --- */

static json_t *
diff_json_texts(char *const text[2])
{
	return json_pack("[o, o]", json_text(text[0]), json_text(text[1]));
}

static json_t *
diff_json_parting(const struct diff *d, const struct parting *x)
{
	struct strbuf text = { 0 };
	json_t *j;

	if (x->what == NULL)
		return json_null();
	schedule_print(&x->path, &text);
	j = json_pack("{s:s, s:I, s:o, s:o}", "by", x->what, "step", (json_int_t)x->path.nr_steps, "schedule",
	    json_text(strbuf_text(&text)), "saw", diff_json_texts(x->saw));
	if (x->path.nr_steps > 0) {
		strbuf_clear(&text);
		vmt_print_op(&d->p->threads[x->thread].ops[x->op], &text);
		json_object_set_new(j, "thread", json_integer(x->thread));
		json_object_set_new(j, "op", json_integer(x->op));
		json_object_set_new(j, "operation", json_text(strbuf_text(&text)));
	}
	if (x->entries[0] != NULL)
		json_object_set_new(j, "entries", diff_json_texts(x->entries));
	strbuf_free(&text);
	return j;
}

static json_t *
diff_json_side(const struct diff *d, unsigned side)
{
	const struct behaviour_side *s = &d->c->sides[side];
	const struct behaviour *b = &d->b[side];
	struct strbuf profile = { 0 };
	char buf[40];
	json_t *j;

	profile_print(s->profile, &profile);
	j = json_pack("{s:s, s:s, s:b}", "target", s->target->name, "profile", strbuf_text(&profile), "complete",
	    behaviour_complete(b));
	if (s->mutant != NULL)
		json_object_set_new(j, "mutant", json_string(s->mutant));
	if (b->explored) {
		json_object_set_new(j, "end", json_string(explore_end_text(b->x.end)));
		json_object_set_new(j, "livelock", json_boolean(b->x.livelock));
		json_object_set_new(j, "schedules", json_string(explore_count_text(b->x.schedules, buf)));
		json_object_set_new(j, "nr_outcomes", json_integer((json_int_t)b->x.nr_outcomes));
	}
	strbuf_free(&profile);
	return j;
}

static json_t *
diff_json_only(const struct diff *d)
{
	json_t *all = json_array();
	char buf[40];

	for (size_t i = 0; i < d->nr_only; i++) {
		const struct explore_outcome *o = d->only[i].o;

		json_array_append_new(all,
		    json_pack("{s:s, s:s, s:f, s:s, s:o, s:o}", "side", d->only[i].side == 0 ? "A" : "B", "outcome",
		        o->text, "probability", o->probability, "schedules", explore_count_text(o->count, buf),
		        "witness", cli_json_way(&o->witness), "parting", diff_json_parting(d, &d->only[i].parting)));
	}
	return all;
}

static json_t *
diff_json_init(const struct diff *d)
{
	size_t i = behaviour_init_difference(&d->b[0], &d->b[1]);
	json_t *saw = json_array(), *j;
	struct strbuf text = { 0 };

	if ((d->found & BEHAVIOUR_INIT) == 0) {
		json_decref(saw);
		return json_null();
	}
	for (unsigned s = 0; s < 2; s++) {
		strbuf_clear(&text);
		if (i < d->b[s].nr_init)
			strbuf_printf(&text, "%s, then %s", d->b[s].init[i].result, d->b[s].init[i].state);
		json_array_append_new(saw, json_text(strbuf_text(&text)));
	}
	strbuf_clear(&text);
	vmt_print_op(&d->p->init[i].op, &text);
	j = json_pack("{s:I, s:I, s:o, s:o}", "step", (json_int_t)i + 1, "line", (json_int_t)d->p->init[i].line,
	    "operation", json_text(strbuf_text(&text)), "saw", saw);
	strbuf_free(&text);
	return j;
}

static void
diff_print_json(const struct diff *d)
{
	static const char *const names[] = { "init", "outcomes", "schedules", "final" };
	json_t *kinds = json_array();

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((d->found >> i & 1) != 0)
			json_array_append_new(kinds, json_string(names[i]));
	json_print("diff",
	    json_pack("{s:b, s:b, s:o, s:[o, o], s:o, s:o, s:o}", "same", d->found == 0, "complete",
	        behaviour_complete(&d->b[0]) && behaviour_complete(&d->b[1]), "kinds", kinds, "sides",
	        diff_json_side(d, 0), diff_json_side(d, 1), "init", diff_json_init(d), "only", diff_json_only(d),
	        "parting", diff_json_parting(d, &d->parting)),
	    JSON_INDENT(1), stdout);
}

/* --- options --- */

static void
diff_add_value(struct diff_values *v, const char *option, const char *text)
{
	if (v->nr == 2)
		errx(EXIT_USAGE, "--%s %s: expected at most two sides, \"%s\" and \"%s\" are given", option, text,
		    v->text[0], v->text[1]);
	v->text[v->nr++] = text;
}

static void
diff_add_profile(void *command, const char *text)
{
	diff_add_value(&((struct diff_command *)command)->profiles, "profile", text);
}

static void
diff_add_target(void *command, const char *text)
{
	diff_add_value(&((struct diff_command *)command)->targets, "target", text);
}

static void
diff_add_mutant(void *command, const char *text)
{
	diff_add_value(&((struct diff_command *)command)->mutants, "mutant", text);
}

/* The value for a side; NULL: what the program says. */
static const char *
diff_value(const struct diff_values *v, unsigned side, bool alone)
{
	if (v->nr == 2)
		return v->text[side];
	return v->nr == 1 && (!alone || side == 1) ? v->text[0] : NULL;
}

/* Sets a side from its options, and from the program where there are none. */
static void
diff_set_side(struct diff_command *c, unsigned side, bool alone, const struct program *p)
{
	const char *profile = diff_value(&c->profiles, side, alone), *target = diff_value(&c->targets, side, alone);
	const char *mutant = diff_value(&c->mutants, side, alone), *why;
	struct cli_target t = { .target = target_at(0), .profile = p->config.profile, .mutant = p->config.mutant };

	if (target != NULL)
		option_set_target("target", &t, target);
	if (profile != NULL)
		option_set_profile("profile", &t, profile);
	if (mutant != NULL)
		option_set_mutant(&t, mutant);
	c->sides[side] = (struct behaviour_side){ t.target, t.profile, t.mutant };
	why = profile != NULL ? target_profile_reason(t.target, t.profile) : NULL;
	if (why != NULL)
		errx(EXIT_USAGE, "--profile %s: target %s cannot have it: %s", profile, t.target->name, why);
}

/* -1, or EXIT_USAGE after a message. *alone: there is one value in all, for side B. */
static int
diff_check_options(const struct diff_command *c, bool *alone)
{
	unsigned nr = c->profiles.nr + c->targets.nr + c->mutants.nr;

	*alone = nr == 1;
	if (c->profiles.nr == 2 || c->targets.nr == 2 || c->mutants.nr == 2 || nr == 1)
		return -1;
	warnx(nr == 0 ? "expected two sides: --profile A --profile B, or the same with --target or --mutant"
	              : "expected one option with two values, one for each side: --profile A --profile B");
	return cli_usage();
}

static int
diff_one(struct diff_command *c, struct program *p)
{
	struct diff d = { .c = c, .p = p };
	int rv = EXIT_OK;

	c->options.want_witnesses = true;
	c->options.stop = &cli_stop;
	c->options.progress = cli_explore_progress;
	for (unsigned i = 0; i < 2; i++)
		d.sims[i] = sim_create();
	progress_begin();
	cli_catch_signals();
	diff_compare(&d);
	progress_erase();
	for (unsigned i = 0; i < 2 && rv == EXIT_OK; i++) {
		if (d.b[i].refused != NULL) {
			say_about(c->path, d.b[i].line, "side %c: %s", side_name[i], d.b[i].refused);
			rv = EXIT_USAGE;
		}
	}
	if (rv == EXIT_OK && c->json)
		diff_print_json(&d);
	else if (rv == EXIT_OK)
		diff_print_text(&d);
	if (rv == EXIT_OK && d.found != 0)
		rv = EXIT_FINDING;
	else if (rv == EXIT_OK && !(behaviour_complete(&d.b[0]) && behaviour_complete(&d.b[1])))
		rv = EXIT_USAGE;
	diff_free(&d);
	return rv;
}

#define TO(type, field) OPTION_TO(struct diff_command, type, field)
static const struct option_row rows[] = {
	OPTION_PROFILE_CALL(diff_add_profile, ": of a side, instead of the file's profile"),
	OPTION_TARGET_CALL(diff_add_target, "the code under test of a side; wirestorm help lists the targets"),
	OPTION_MUTANT_CALL(
	    diff_add_mutant, "put this bug back on a side, or none; a NAME needs a build with -Dmutants=true"),
	OPTION_SECONDS(TO(double, options.seconds), "time limit of each side"),
	OPTION_STATES(TO(uint64_t, options.states_max), "limit of states of each side (default 4194304)"),
	OPTION_COUNT("--max-schedules N", TO(uint64_t, options.schedules_max), 1, 1LL << 60,
	    "limit of schedules, for a target without a state key (default 100000)"),
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_ONE, "file" };

int
cmd_diff(int argc, char **argv)
{
	struct diff_command c = { 0 };
	struct program p;
	bool alone;
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv < 0)
		rv = diff_check_options(&c, &alone);
	if (rv >= 0)
		return rv;
	c.path = argv[optind];
	if (!vmt_read(c.path, &p))
		return EXIT_USAGE;
	for (unsigned i = 0; i < 2; i++)
		diff_set_side(&c, i, alone, &p);
	rv = diff_one(&c, &p);
	program_free(&p);
	return rv;
}
