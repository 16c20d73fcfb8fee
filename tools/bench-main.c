/* SPDX-License-Identifier: BSD-2-Clause */
/* bench-main.c - the program wirestorm-bench, for `wirestorm bench`: see bench.h. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "harness/run/run.h"
#include "tools/bench.h"

static const struct {
	const char *name;
	int (*function)(const struct bench_options *o, struct bench_report *r);
	const char *summary;
} benches[] = {
#define BENCH(name, function, summary) { (name), (function), (summary) },
#include "tools/benches.def"
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

static const char help_head[] = "usage: wirestorm bench BENCH [OPTION...]\n"
                                "\n"
                                "Measures what the hot paths cost on this machine. BENCH is one of those below.\n"
                                "\n";

static const char help_tail[] =
    "\n"
    "Seconds are processor seconds of one core. Compare figures of one report with each other. Compare\n"
    "two reports only if nothing else has changed.\n"
    "\n"
    "Exit status: 0 measured; 2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  wirestorm bench sched --strategy pct\n"
    "\n"
    "Benches:\n";

static void
bench_list(struct strbuf *out)
{
	for (size_t i = 0; i < NR_BENCHES; i++)
		strbuf_printf(out, "  %-8s %s\n", benches[i].name, benches[i].summary);
}

static void
bench_print_json(const char *name, const struct bench_report *r)
{
	json_t *figures = json_object(), *root;

	for (size_t i = 0; i < r->nr; i++)
		json_object_set_new(figures, r->figures[i].key, json_real(r->figures[i].value));
	root = json_pack("{s:s, s:o}", "bench", name, "figures", figures);
	json_print("bench", root, JSON_INDENT(1), stdout);
}

struct bench_command {
	struct cli_target target;
	struct bench_options options;
	bool json;
};

static void
bench_set_strategy(void *command, const char *text)
{
	struct bench_command *c = command;

	struct nearest n;

	nearest_begin(&n, text, strlen(text));
	nearest_offer(&n, "explore");
	strategy_offer(&n);
	if (strcmp(text, "explore") != 0 && strategy_find(text) == NULL)
		errx(EXIT_USAGE, "--strategy %s: expected explore or one of wirestorm help strategies%s", text,
		    nearest_hint(&n));
	c->options.strategy = text;
}

#define TO(type, field) OPTION_TO(struct bench_command, type, field)
static const struct option_row rows[] = {
	OPTION_SECONDS(TO(double, options.seconds), "approximate time of each measurement (default 1)"),
	OPTION_NUMBER("--threads N", TO(unsigned, options.threads), 1, PROGRAM_THREADS_MAX,
	    "sched: threads, 1 to 16 (default 3)"),
	OPTION_NUMBER("--ops N", TO(unsigned, options.ops), 1, PROGRAM_OPS_MAX,
	    "sched: increments per thread, 1 to 64 (default 8)"),
	OPTION_CALL("--strategy S", bench_set_strategy,
	    "sched: random (default), pct, pos, ...: wirestorm help strategies lists them; or explore: all "
	    "interleavings, once"),
	OPTION_SEED(TO(uint64_t, options.seed), "random choices and bytes (default 1)"),
	OPTION_TEXT(
	    "--corpus DIR", TO(const char *, options.corpus), "explore, reset: the programs (default the recordings)"),
	OPTION_TARGET(TO(struct cli_target, target)),
	OPTION_JSON(TO(bool, json)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, bench_list, OPERANDS_ONE, "bench" };

/* The folder of the first profile that has recordings. */
static const char *
bench_recordings(void)
{
	unsigned id = 0;

	while (id + 1 < VM_PROFILE_COUNT && vm_profile_table[id].recordings[0] == '\0')
		id++;
	return vm_profile_table[id].recordings;
}

static int
bench_run(int argc, char **argv)
{
	struct bench_command c = { .target = { .target = target_at(0) },
		.options = { .threads = 3,
		    .ops = 8,
		    .strategy = "random",
		    .seconds = 1,
		    .seed = 1,
		    .corpus = bench_recordings() } };
	struct bench_report report = { 0 };
	struct nearest n;
	int rv = options_parse(argc, argv, &usage, &c);

	if (rv < 0)
		rv = cli_engine_only(&c.target, "bench measures");
	if (rv >= 0)
		return rv;
	report.live = !c.json;
	cli_catch_signals();
	for (size_t i = 0; i < NR_BENCHES; i++) {
		if (strcmp(argv[optind], benches[i].name) != 0)
			continue;
		rv = benches[i].function(&c.options, &report);
		if (cli_stop != 0)
			warnx("interrupted: the figures are from shorter runs");
		if (c.json)
			bench_print_json(benches[i].name, &report);
		return rv;
	}
	nearest_begin(&n, argv[optind], strlen(argv[optind]));
	for (size_t i = 0; i < NR_BENCHES; i++)
		nearest_offer(&n, benches[i].name);
	warnx("no bench \"%s\"%s", argv[optind], nearest_hint(&n));
	return cli_usage();
}

int
main(int argc, char **argv)
{
	return external_main(&(struct cli_command){ .name = "bench", .function = bench_run }, argc, argv);
}
