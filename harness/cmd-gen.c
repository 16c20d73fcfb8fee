/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-gen.c - wirestorm gen: random programs. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/cli.h"
#include "harness/random-program.h"
#include "harness/strbuf.h"
#include "harness/vmt.h"

static const char help[] =
    "usage: wirestorm gen [OPTION...]\n"
    "\n"
    "Prints a random concurrent program. The same options give the same program, everywhere and at any time;\n"
    "another profile gives the same program under that profile. In each program some operations are switched off\n"
    "and the others more or less likely than usual; ranges meet at the edges of what was named before.\n"
    "\n"
    "      --seed N       the program's number (default 1)\n"
    "      --count K      programs N to N+K-1, needs --out (default 1)\n"
    "      --out DIR      write files DIR/NNNNNN.vmt, named by their seeds; DIR is made if need be\n"
    "      --threads T    threads, 1 to 16 (default: 2 to 4, drawn)\n"
    "      --ops N        operations of a thread, at most, 1 to 64 (default 4)\n"
    "      --profile P    strict (default) or freebsd12, then +Q1 -Q2 ...\n"
    "      --target T     draw only operations that it can do (default engine)\n"
    "\n"
    "Exit status: 0 ok, 2 wrong usage, or a file cannot be written.\n"
    "\n"
    "Examples:\n"
    "  wirestorm gen --seed 7 | wirestorm explore -\n"
    "  wirestorm gen --seed 1 --count 1000 --threads 3 --ops 2 --out /tmp/programs\n";

struct gen_command {
	struct cli_target target;
	struct random_params params;
	uint64_t count;
	const char *out;
};

/* The first line says how to make the program again. */
static char *
head_of(const struct gen_command *c)
{
	struct strbuf head = { 0 };

	strbuf_printf(&head, "# wirestorm gen --seed %llu", (unsigned long long)c->params.seed);
	if (c->params.threads != 0)
		strbuf_printf(&head, " --threads %u", c->params.threads);
	if (c->params.ops != 0)
		strbuf_printf(&head, " --ops %u", c->params.ops);
	if (c->target.profile != NULL)
		strbuf_printf(&head, " --profile '%s'", c->target.profile);
	if (c->target.target != &target_engine)
		strbuf_printf(&head, " --target %s", c->target.target->name);
	strbuf_addc(&head, '\n');
	return strbuf_take(&head);
}

static bool
write_program(const struct gen_command *c, const struct program *p)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%06llu.vmt", c->out, (unsigned long long)c->params.seed) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		warn("%s", c->out);
		return false;
	}
	if (vmt_write(path, p))
		return true;
	warn("%s", path);
	return false;
}

static bool
print_program(const struct program *p)
{
	struct strbuf text = { 0 };
	bool ok;

	vmt_print(p, &text);
	ok = fputs(strbuf_text(&text), stdout) >= 0 && fflush(stdout) == 0;
	if (!ok)
		warn("standard output");
	strbuf_free(&text);
	return ok;
}

static int
generate(struct gen_command *c)
{
	uint64_t end = c->params.seed + c->count;

	if (c->out != NULL && mkdir(c->out, 0777) != 0 && errno != EEXIST) {
		warn("%s", c->out);
		return EXIT_USAGE;
	}
	for (; c->params.seed != end; c->params.seed++) {
		struct program p;
		bool ok;

		random_concurrent(&c->params, &p);
		random_suit_target(c->target.target, &p.config);
		p.head = head_of(c);
		ok = c->out != NULL ? write_program(c, &p) : print_program(&p);
		program_free(&p);
		if (!ok)
			return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* --- options --- */

enum { OPT_COUNT = 256, OPT_OUT, OPT_THREADS, OPT_OPS };

static const struct option long_options[] = {
	{ OPTION_SEED },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "ops", required_argument, NULL, OPT_OPS },
	{ OPTION_PROFILE },
	{ OPTION_TARGET },
	{ OPTION_HELP },
	{ 0 },
};

static int
parse_options(int argc, char **argv, struct gen_command *c)
{
	const struct cli_options common = { .target = &c->target, .seed = &c->params.seed };
	int opt;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_COUNT:
			c->count = (uint64_t)cli_number("--count", optarg, 1, INT32_MAX);
			break;
		case OPT_OUT:
			c->out = optarg;
			break;
		case OPT_THREADS:
			c->params.threads = (unsigned)cli_number("--threads", optarg, 1, PROGRAM_THREADS_MAX);
			break;
		case OPT_OPS:
			c->params.ops = (unsigned)cli_number("--ops", optarg, 1, PROGRAM_OPS_MAX);
			break;
		default:
			if (!cli_option(opt, &common))
				return cli_help_or_usage(opt, "gen", help);
		}
	}
	if (optind != argc) {
		fprintf(stderr, "wirestorm gen: expected options only, found \"%s\"\n", argv[optind]);
		return cli_usage("gen");
	}
	if (c->count > 1 && c->out == NULL) {
		fprintf(stderr, "wirestorm gen: --count needs --out DIR: standard output takes one program\n");
		return cli_usage("gen");
	}
	return -1;
}

int
cmd_gen(int argc, char **argv)
{
	struct gen_command c = { .target = { .target = cli_target_at(0) }, .params = { .seed = 1 }, .count = 1 };
	int rv = parse_options(argc, argv, &c);

	if (rv >= 0)
		return rv;
	if (c.target.target->sequential) {
		fprintf(stderr, "wirestorm gen: target %s runs sequential programs only, and these have threads\n",
		    c.target.target->name);
		return EXIT_USAGE;
	}
	c.params.freebsd12 = c.target.freebsd12;
	c.params.quirks = c.target.quirks;
	c.params.target = c.target.target;
	return generate(&c);
}
