/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-model-vs-engine.c - random sequential programs on the engine and on the reference model: every result, every
 * state and both sides' own invariants, after each operation.
 *
 * usage: test-model-vs-engine [--seed N] [--count K]
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/random-program.h"
#include "harness/seqrun.h"
#include "harness/sim.h"
#include "harness/vmt.h"

#define COUNT_DEFAULT 100000
#define FAILURES_MAX 3 /* printed, then it stops */

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 0);

	if (end == text || *end != '\0')
		errx(2, "not a number: %s", text);
	return v;
}

static void
report(const char *self, uint64_t seed, const struct program *p, const struct seqdiff *d)
{
	struct strbuf text = { 0 };

	vmt_print(p, &text);
	printf("seed %" PRIu64 ", %s\n%s\nrepeat: %s --seed %" PRIu64 " --count 1\n\n", seed, strbuf_text(&d->text),
	    strbuf_text(&text), self, seed);
	strbuf_free(&text);
}

static bool
run(const char *self, uint64_t first, uint64_t count)
{
	struct seqdiff d = { 0 };
	struct sim *sim = sim_create();
	uint64_t done = 0, trimmed = 0;
	unsigned failures = 0;

	if (sim == NULL)
		err(1, "no simulated world");
	for (; done < count && failures < FAILURES_MAX; done++) {
		struct program p;

		random_program(first + done, &p);
		trimmed += seqrun_trim(&target_engine, &p);
		if (!seqdiff_targets(&d, &target_engine, &target_model, &p, sim)) {
			report(self, first + done, &p, &d);
			failures++;
		}
		program_free(&p);
	}
	printf("%" PRIu64 " programs, %zu steps compared, %" PRIu64
	       " steps that the engine cannot do, %u programs differ\n",
	    done, d.nr_steps, trimmed, failures);
	seqdiff_free(&d);
	sim_destroy(sim);
	return failures == 0 && done > 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t seed = 1, count = COUNT_DEFAULT;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			seed = number(optarg);
		else if (c == 'c')
			count = number(optarg);
		else
			return 2;
	}
	if (optind != argc)
		errx(2, "usage: %s [--seed N] [--count K]", argv[0]);
	return run(argv[0], seed, count) ? 0 : 1;
}
