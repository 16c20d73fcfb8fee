/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-gen.c - wirestorm gen: prints random programs. */
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"

static const char help_head[] =
    "usage: wirestorm gen [OPTION...]\n"
    "\n"
    "Prints a random program, concurrent unless --sequential is given. The same options give the same program, "
    "everywhere and at any\n"
    "time; another profile gives the same program under that profile. Each program has some operations\n"
    "switched off, and others more or less likely than usual. Its ranges meet at the edges of ranges that\n"
    "it has named before.\n"
    "\n";

static const char help_tail[] = "\n"
                                "Exit status: 0 ok; 1 interrupted; 2 wrong usage, or a file cannot be written.\n"
                                "\n"
                                "Examples:\n"
                                "  wirestorm gen --seed 7 | wirestorm explore -\n"
                                "  wirestorm gen --seed 7 --sequential --target model\n"
                                "  wirestorm gen --seed 1 --count 1000 --threads 3 --ops 2 --out /tmp/programs\n";

struct gen_command {
	struct cli_target target;
	struct random_params params;
	bool sequential;
	uint64_t count;
	const char *out;
};

/* The first line is the command that makes the program again. */
static char *
gen_head_of(const struct gen_command *c)
{
	struct strbuf head = { 0 };

	strbuf_printf(&head, "# wirestorm gen --seed %llu", (unsigned long long)c->params.seed);
	if (c->sequential)
		strbuf_add(&head, " --sequential");
	if (c->params.threads != 0)
		strbuf_printf(&head, " --threads %u", c->params.threads);
	if (c->params.ops != 0)
		strbuf_printf(&head, " --ops %u", c->params.ops);
	if (c->target.profile_text != NULL)
		strbuf_printf(&head, " --profile '%s'", c->target.profile_text);
	if (c->target.target != &target_engine)
		strbuf_printf(&head, " --target %s", c->target.target->name);
	strbuf_addc(&head, '\n');
	return strbuf_take(&head);
}

static bool
gen_write_program(const struct gen_command *c, const struct program *p)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%06llu.vmt", c->out, (unsigned long long)c->params.seed) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		warn("%s", c->out);
		return false;
	}
	return cli_save_new_program(path, p);
}

static int
gen_all(struct gen_command *c)
{
	uint64_t end = c->params.seed + c->count;

	assert(c->count > 0 && (c->out != NULL || c->count == 1));
	if (c->out != NULL && mkdir(c->out, 0777) != 0 && errno != EEXIST) {
		warn("%s", c->out);
		return EXIT_USAGE;
	}
	cli_catch_signals();
	for (; c->params.seed != end && cli_stop == 0; c->params.seed++) {
		struct program p;
		bool ok = true;

		if (c->sequential)
			random_sequential(&c->params, &p);
		else
			random_concurrent(&c->params, &p);
		random_suit_target(c->target.target, &p.config);
		p.head = gen_head_of(c);
		if (c->out != NULL)
			ok = gen_write_program(c, &p);
		else
			cli_print_program(&p);
		program_free(&p);
		if (!ok)
			return EXIT_USAGE;
	}
	if (c->params.seed != end)
		warnx("interrupted before seed %llu", (unsigned long long)c->params.seed);
	return c->params.seed != end ? EXIT_FINDING : EXIT_OK;
}

/* --- options --- */

#define TO(type, field) OPTION_TO(struct gen_command, type, field)
static const struct option_row rows[] = {
	OPTION_SEED(TO(uint64_t, params.seed), "the program's number (default 1)"),
	OPTION_COUNT(
	    "--count K", TO(uint64_t, count), 1, INT32_MAX, "print the programs N to N+K-1; needs --out (default 1)"),
	OPTION_TEXT("--out DIR", TO(const char *, out),
	    "write files DIR/NNNNNN.vmt, named by their seeds; DIR is made if necessary, and no file with another "
	    "program is overwritten"),
	OPTION_FLAG("--sequential", TO(bool, sequential),
	    "sequential programs, of init steps only. Most have boundaries of entries that the state does not show"),
	OPTION_NUMBER("--threads T", TO(unsigned, params.threads), 1, PROGRAM_THREADS_MAX,
	    "threads, 1 to 16 (default: 2 to 4 at random)"),
	OPTION_NUMBER("--ops N", TO(unsigned, params.ops), 1, PROGRAM_OPS_MAX,
	    "the most operations of a thread, 1 to 64 (default 4); with --sequential, the number of steps (default: 8 "
	    "to "
	    "24 at random)"),
	OPTION_PROFILE(TO(struct cli_target, target), " (default strict)"),
	OPTION_TARGET(TO(struct cli_target, target)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_NONE, NULL };

int
cmd_gen(int argc, char **argv)
{
	struct gen_command c = { .target = { .target = target_at(0) }, .params = { .seed = 1 }, .count = 1 };
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv >= 0)
		return rv;
	cli_take_dash(&c.out);
	if (c.count > 1 && c.out == NULL) {
		warnx("--count needs --out DIR: standard output takes one program");
		return cli_usage();
	}
	if (c.sequential && c.params.threads != 0) {
		warnx("--sequential and --threads exclude each other");
		return cli_usage();
	}
	if (c.target.target->sequential && !c.sequential) {
		warnx("target %s runs sequential programs only, and these have threads: add --sequential",
		    c.target.target->name);
		return EXIT_USAGE;
	}
	c.params.profile = c.target.profile;
	c.params.target = c.target.target;
	return gen_all(&c);
}
