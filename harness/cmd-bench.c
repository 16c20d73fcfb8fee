/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-bench.c - wirestorm bench: see bench.h. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "harness/bench.h"
#include "harness/cli.h"
#include "harness/strategy.h"

static const struct {
	const char *name;
	int (*function)(const struct bench_options *o, struct bench_report *r);
	const char *summary;
} benches[] = {
#define BENCH(name, function, summary) { (name), (function), (summary) },
#include "harness/benches.def"
#undef BENCH
};
#define NR_BENCHES (sizeof(benches) / sizeof(benches[0]))

void
bench_figure(struct bench_report *r, const char *key, double value)
{
	if (r->nr == BENCH_FIGURES_MAX)
		errx(EXIT_USAGE, "a bench has more than %d figures", BENCH_FIGURES_MAX);
	r->figures[r->nr].key = key;
	r->figures[r->nr++].value = value;
	if (r->live) {
		printf("%-24s %.6g\n", key, value);
		(void)fflush(stdout);
	}
}

double
bench_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void
print_help(void)
{
	printf("usage: wirestorm bench BENCH [OPTION...]\n\nWhat the hot paths cost on this machine, now. BENCH is one "
	       "of\n\n");
	for (size_t i = 0; i < NR_BENCHES; i++)
		printf("  %-8s %s\n", benches[i].name, benches[i].summary);
	printf("\n      --seconds S    about how long each measurement takes (default 1)\n"
	       "      --threads N    sched: threads, 1 to %d (default 3)\n"
	       "      --ops N        sched: increments per thread, 1 to %d (default 8)\n"
	       "      --strategy S   sched: random (default), pct, pos, ...: wirestorm run --help lists them; or "
	       "explore:\n"
	       "                     all interleavings, once\n"
	       "      --seed N       random choices and bytes (default 1)\n"
	       "      --corpus DIR   explore, reset: the programs (default corpus/freebsd)\n"
	       "      --json         one JSON object on standard output\n\n"
	       "Seconds are processor seconds of one core. Compare figures of one report with each other; those of two "
	       "reports only if nothing else changed.\n",
	    PROGRAM_THREADS_MAX, PROGRAM_OPS_MAX);
}

static void
print_json(const char *name, const struct bench_report *r)
{
	json_t *root;

	root = json_pack("{s:s}", "bench", name);
	for (size_t i = 0; i < r->nr; i++)
		json_object_set_new(root, r->figures[i].key, json_real(r->figures[i].value));
	if (json_dumpf(root, stdout, JSON_INDENT(1)) != 0)
		errx(EXIT_USAGE, "the JSON could not be written");
	printf("\n");
	json_decref(root);
}

enum { OPT_THREADS = 256, OPT_OPS, OPT_STRATEGY, OPT_CORPUS };

static const struct option long_options[] = {
	{ OPTION_SECONDS },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "ops", required_argument, NULL, OPT_OPS },
	{ "strategy", required_argument, NULL, OPT_STRATEGY },
	{ OPTION_SEED },
	{ "corpus", required_argument, NULL, OPT_CORPUS },
	{ OPTION_JSON },
	{ OPTION_HELP },
	{ 0 },
};

static int
parse_options(int argc, char **argv, struct bench_options *o, bool *json)
{
	const struct cli_options common = { .seed = &o->seed, .seconds = &o->seconds, .json = json };
	int opt;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_THREADS:
			o->threads = (unsigned)cli_number("--threads", optarg, 1, PROGRAM_THREADS_MAX);
			break;
		case OPT_OPS:
			o->ops = (unsigned)cli_number("--ops", optarg, 1, PROGRAM_OPS_MAX);
			break;
		case OPT_STRATEGY:
			if (strcmp(optarg, "explore") != 0 && strategy_find(optarg) == NULL)
				errx(EXIT_USAGE,
				    "--strategy %s: expected explore or one of the strategies of "
				    "wirestorm run --help",
				    optarg);
			o->strategy = optarg;
			break;
		case OPT_CORPUS:
			o->corpus = optarg;
			break;
		case CLI_HELP:
			print_help();
			return EXIT_OK;
		default:
			if (!cli_option(opt, &common))
				return cli_usage("bench");
		}
	}
	return -1;
}

int
cmd_bench(int argc, char **argv)
{
	struct bench_options o = {
		.threads = 3, .ops = 8, .strategy = "random", .seconds = 1, .seed = 1, .corpus = "corpus/freebsd"
	};
	struct bench_report report = { 0 };
	bool json = false;
	int rv = parse_options(argc, argv, &o, &json);

	if (rv >= 0)
		return rv;
	if (optind + 1 != argc) {
		fprintf(stderr, "wirestorm bench: expected the name of one bench\n");
		return cli_usage("bench");
	}
	report.live = !json;
	cli_catch_signals();
	for (size_t i = 0; i < NR_BENCHES; i++) {
		if (strcmp(argv[optind], benches[i].name) != 0)
			continue;
		rv = benches[i].function(&o, &report);
		if (cli_stop != 0)
			fprintf(stderr, "wirestorm bench: interrupted, the figures are of shorter runs\n");
		if (json)
			print_json(benches[i].name, &report);
		return rv;
	}
	fprintf(stderr, "wirestorm bench: no bench \"%s\"\n", argv[optind]);
	return cli_usage("bench");
}
