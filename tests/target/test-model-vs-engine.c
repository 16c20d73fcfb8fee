/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-model-vs-engine.c - random sequential programs on the engine and on the reference model: every result, every
 * state and both sides' own invariants, after each operation.
 *
 * usage: test-model-vs-engine [--seed N] [--count K] [--profile NAME] [--with OPERATION] [--canary]
 *
 * --profile: this one for all programs; --with: only programs with this operation.
 *
 * With --canary the model runs with one switch flipped, and the test fails unless it sees that: once for each quirk and
 * rule that a sequential program can show.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

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

static struct {
	bool profile_given;
	struct vm_profile profile;
	uint8_t with; /* VM_OP_INVALID: any program */
} wanted;

/* Draws the next program that is wanted; *seed is its seed, and then the one after it. */
static uint64_t
draw(uint64_t *seed, struct program *p)
{
	for (;;) {
		random_program((*seed)++, p);
		if (wanted.with == VM_OP_INVALID || program_has_op(p, wanted.with))
			break;
		program_free(p);
	}
	if (wanted.profile_given)
		p->config.profile = wanted.profile;
	return *seed - 1;
}

struct totals {
	uint64_t programs, trimmed;
	unsigned failures;
	struct seqdiff diff;
};

/* Compares until @failures_max programs differ; @self, if any, is to report them. */
static void
run(const struct vm_target *model, uint64_t first, uint64_t count, unsigned failures_max, const char *self,
    struct totals *t)
{
	struct sim *sim = sim_create();
	uint64_t next = first;

	if (sim == NULL)
		err(1, "no simulated world");
	for (; t->programs < count && t->failures < failures_max; t->programs++) {
		struct program p;
		uint64_t seed = draw(&next, &p);

		t->trimmed += seqrun_trim(&target_engine, &p);
		if (!seqdiff_targets(&t->diff, &target_engine, model, &p, sim)) {
			t->failures++;
			if (self != NULL)
				report(self, seed, &p, &t->diff);
		}
		program_free(&p);
	}
	sim_destroy(sim);
}

static bool
compare(const char *self, uint64_t first, uint64_t count)
{
	struct totals t = { 0 };

	run(&target_model, first, count, FAILURES_MAX, self, &t);
	printf("%" PRIu64 " programs, %zu steps compared, %" PRIu64
	       " steps that the engine cannot do, %u programs differ\n",
	    t.programs, t.diff.nr_steps, t.trimmed, t.failures);
	seqdiff_free(&t.diff);
	return t.failures == 0 && t.diff.nr_steps > 0;
}

static uint32_t canary_bit;
static struct program_config canary_config;

/* The model, told a lie about its quirks. */
static void *
canary_create(const struct program_config *cfg, struct sim *sim)
{
	canary_config = *cfg;
	canary_config.profile.on ^= canary_bit;
	return target_model.create(&canary_config, sim);
}

static bool
canary(const char *name, uint32_t bit, uint64_t first, uint64_t count)
{
	struct vm_target model = target_model;
	struct totals t = { 0 };

	canary_bit = bit;
	model.create = canary_create;
	run(&model, first, count, 1, NULL, &t);
	printf("%s flipped: %s after %" PRIu64 " programs\n", name, t.failures > 0 ? "seen" : "NOT SEEN", t.programs);
	seqdiff_free(&t.diff);
	return t.failures > 0;
}

/* These need a second thread. M8, for example: only another thread's entry stays apart. */
#define NEEDS_THREADS (VM_BEHAVIOUR_BIT(Q1) | VM_BEHAVIOUR_BIT(Q6) | VM_BEHAVIOUR_BIT(Q11) | VM_BEHAVIOUR_BIT(M8))

static bool
canaries(uint64_t first, uint64_t count)
{
	bool ok = true;

	for (unsigned i = 0; i < VM_BEHAVIOUR_COUNT; i++)
		if ((NEEDS_THREADS >> i & 1) == 0)
			ok = canary(vm_behaviour_table[i].id, (uint32_t)1 << i, first, count) && ok;
	return ok;
}

static uint8_t
op_named(const char *name)
{
	uint8_t code = VM_OP_CODE_MAX;

	while (code > 0 && strcmp(vm_op_table[code].name, name) != 0)
		code--;
	if (code == VM_OP_INVALID)
		errx(2, "not an operation: %s", name);
	return code;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "canary", no_argument, NULL, 'b' },
		{ "profile", required_argument, NULL, 'p' },
		{ "with", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t seed = 1, count = COUNT_DEFAULT;
	bool birds = false, ok;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			seed = number(optarg);
		else if (c == 'c')
			count = number(optarg);
		else if (c == 'b')
			birds = true;
		else if (c == 'p')
			wanted.profile_given = profile_find(optarg, strlen(optarg), &wanted.profile);
		else if (c == 'w')
			wanted.with = op_named(optarg);
		else
			return 2;
	}
	if (optind != argc)
		errx(2, "usage: %s [--seed N] [--count K] [--profile NAME] [--with OPERATION] [--canary]", argv[0]);
	ok = birds ? canaries(seed, count) : compare(argv[0], seed, count);
	return ok ? 0 : 1;
}
