/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-verdicts.c - the checker has nothing to say of an engine that is right: random programs, explored completely
 * with all checks on, give no finding in strict, and in freebsd12 none but those of quirks.
 *
 *	test-verdicts [--profile P] [--switches] [--wild] [--count N] [--from SEED] [--transitions N] [--verify]
 *	test-verdicts [--wild] --program SEED     prints one of the programs
 *	test-verdicts --canaries [--count N]      in a build with the mutants
 *	test-verdicts --mutants [--count N]       in a build with the mutants
 *	test-verdicts --mutants FILE...           the same of these programs
 *
 * --transitions goes on until so many have been explored. --verify explores by schedules as well, and wants the same
 * findings: what decides a later verdict is in the state key. A finding is printed with its program and a witness; exit
 * status 1. --wild makes the programs wilder: poison of every code, few frames, kernel maps, final steps, and content.
 *--canaries plants the fault of each check in turn, and wants that check to report it within N programs. --mutants
 * explores N programs with each mutant of the bank over states and by schedules, and wants the same outcomes as often.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mutant.h"
#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/explore/explore.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "harness/sim/sim.h"

#define STATES_MAX 50000
#define SCHEDULES_MAX 2000
#define FILE_SCHEDULES_MAX 500000
#define FINALS_MAX 3

/* Of programs. */
struct kind {
	enum vm_profile_id profile;
	bool wild;
	bool switches; /* strict with a random set of rules; every other program also with a random set of quirks */
};

struct totals {
	uint64_t programs, states, transitions, cut, verified;
	uint64_t failures;
	uint64_t excused[CHECK_COUNT]; /* programs in which a quirk explains a finding of this check */
};

static void
report(uint64_t seed, const struct program *p, const struct explore_finding *x)
{
	struct strbuf text = { 0 }, program = { 0 }, schedule = { 0 };

	finding_print(&x->f, p, &text);
	vmt_print(p, &program);
	schedule_print(&x->witness, &schedule);
	printf("seed %" PRIu64 ": %s\n%sschedule %s\n\n", seed, strbuf_text(&text), strbuf_text(&program),
	    strbuf_text(&schedule));
	strbuf_free(&text);
	strbuf_free(&program);
	strbuf_free(&schedule);
}

static bool
same_findings(const struct explore_result *a, const struct explore_result *b)
{
	size_t i, j;

	for (i = 0; i < a->nr_findings; i++) {
		for (j = 0; j < b->nr_findings && !finding_same(&a->findings[i].f, &b->findings[j].f); j++)
			;
		if (j == b->nr_findings)
			return false;
	}
	return a->nr_findings == b->nr_findings;
}

static void
verify(uint64_t seed, struct run *r, const struct explore_result *merged, struct totals *t)
{
	struct explore_options o = { .by_schedules = true, .schedules_max = SCHEDULES_MAX + 1 };
	struct explore_result single;

	if (merged->end != EXPLORE_COMPLETE || merged->livelock || merged->schedules > SCHEDULES_MAX)
		return;
	explore(r, &o, &single);
	t->verified++;
	if (!same_findings(merged, &single)) {
		t->failures++;
		printf("seed %" PRIu64 ": %zu findings over states, %zu by schedules\n", seed, merged->nr_findings,
		    single.nr_findings);
	}
	explore_result_free(&single);
}

/* Many operations become reads and writes of few pages, and evictions: content has somewhere to get lost. */
static void
make_about_content(struct prng *prng, struct program *p)
{
	static const uint8_t codes[] = { VM_OP_read, VM_OP_read, VM_OP_read, VM_OP_write, VM_OP_write, VM_OP_pageout };
	uint64_t page = p->threads[0].ops[0].start;

	for (unsigned t = 0; t < p->nr_threads; t++) {
		for (unsigned i = 0; i < p->threads[t].nr_ops; i++) {
			uint8_t code = codes[prng_below(prng, sizeof(codes))];
			struct vm_op op = { .code = code };

			if (prng_percent(prng, 40))
				continue;
			if (code == VM_OP_pageout)
				op.value = 1 + prng_below(prng, 4);
			else
				op.start = page + prng_below(prng, 2);
			if (code == VM_OP_write)
				op.value = 1 + prng_below(prng, 3);
			p->threads[t].ops[i] = op;
		}
	}
}

/* Cases that random programs seldom or never have. */
static void
make_wilder(uint64_t seed, struct program *p)
{
	struct prng prng = prng_mix(seed, 1, 0);
	size_t nr_final = prng_below(&prng, FINALS_MAX + 1);

	for (size_t i = 0; i < p->config.nr_poison; i++)
		p->config.poison[i].code = 1 + (int)prng_below(&prng, VM_KERN_COUNT - 1);
	if (prng_percent(&prng, 40))
		p->config.frames = 1 + prng_below(&prng, 6);
	p->config.kernel |= prng_percent(&prng, 25);
	if (prng_percent(&prng, 30))
		make_about_content(&prng, p);
	p->final = calloc(FINALS_MAX, sizeof(*p->final));
	if (p->final == NULL)
		err(1, "final steps");
	while (p->nr_final < nr_final) {
		const struct program_thread *t = &p->threads[prng_below(&prng, p->nr_threads)];

		p->final[p->nr_final++].op = t->ops[prng_below(&prng, t->nr_ops)];
	}
}

static uint32_t
random_switches(uint64_t seed)
{
	struct prng prng = prng_mix(seed, 2, 0);
	uint32_t on = (uint32_t)prng_below(&prng, VM_BEHAVIOURS_ALL) + 1;

	for (unsigned i = 0; i < VM_BEHAVIOUR_COUNT; i++)
		if (seed % 2 == 0 && vm_behaviour_table[i].kind == VM_BEHAVIOUR_IS_QUIRK)
			on &= ~((uint32_t)1 << i);
	return on;
}

static void
make(uint64_t seed, const struct kind *kind, struct program *p)
{
	struct vm_profile profile = vm_profile(kind->profile);

	if (kind->switches)
		profile.on = random_switches(seed);
	random_concurrent(&(struct random_params){ .seed = seed, .profile = profile, .target = &target_engine }, p);
	if (kind->wild)
		make_wilder(seed, p);
}

static void
one_program(uint64_t seed, const struct kind *kind, bool verified, struct sim *sim, struct totals *t)
{
	struct explore_options o = { .states_max = STATES_MAX };
	struct checker c = { 0 };
	struct explore_result x;
	struct program p;
	struct run r;
	uint64_t excused = 0;

	make(seed, kind, &p);
	if (run_open_checked(&r, &p, &target_engine, sim, &c) != RUN_OPENED)
		errx(1, "seed %" PRIu64 ": %s", seed, strbuf_text(&r.error));
	explore(&r, &o, &x);
	t->programs++;
	t->states += x.states;
	t->transitions += x.transitions;
	t->cut += x.end != EXPLORE_COMPLETE;
	for (size_t i = 0; i < x.nr_findings; i++) {
		if (x.findings[i].f.quirk) {
			excused |= (uint64_t)1 << x.findings[i].f.check;
			continue;
		}
		t->failures++;
		report(seed, &p, &x.findings[i]);
	}
	for (unsigned k = 0; k < CHECK_COUNT; k++)
		t->excused[k] += excused >> k & 1;
	if (verified)
		verify(seed, &r, &x, t);
	explore_result_free(&x);
	run_close(&r);
	checker_free(&c);
	program_free(&p);
}

/* Does the check report its planted fault on this program? */
static bool
canary_seen(uint64_t seed, enum check_id check, const char *mutant, struct sim *sim)
{
	struct explore_options o = { .states_max = 2000 };
	struct checker c = { 0 };
	struct explore_result x = { 0 };
	struct program p;
	struct run r;
	bool seen = false;

	make(seed, &(struct kind){ 0 }, &p);
	p.config.mutant = mutant;
	if (run_open_checked(&r, &p, &target_engine, sim, &c) == RUN_OPENED)
		explore(&r, &o, &x);
	for (size_t i = 0; i < x.nr_findings; i++)
		seen |= x.findings[i].f.check == check;
	explore_result_free(&x);
	run_close(&r);
	checker_free(&c);
	program_free(&p);
	return seen;
}

static int
all_canaries(uint64_t count, uint64_t from, struct sim *sim)
{
	unsigned seen = 0, nr = 0;

	for (unsigned k = 1; k < CHECK_COUNT; k++) {
		char name[64];
		uint64_t n = 0;

		if (k == CHECK_never) /* judges "never" lines, which no random program has: canaries/never.vmt does */
			continue;
		nr++;
		(void)snprintf(name, sizeof(name), "canary_%s", check_table[k].name);
		while (n < count && !canary_seen(from + n, (enum check_id)k, name, sim))
			n++;
		if (n == count)
			printf(
			    "%s: not reported in %" PRIu64 " programs from seed %" PRIu64 " on\n", name, count, from);
		else
			printf("%s: reported in program %" PRIu64 "\n", name, n + 1);
		seen += n < count;
	}
	printf("%u of %u planted faults reported\n", seen, nr);
	return seen == nr ? 0 : 1;
}

/* Does exploring by states find the same as by schedules? Also true if there are too many schedules to compare. */
static bool
same_both_ways(struct run *r, uint64_t schedules_max, uint64_t *verified)
{
	struct explore_options o = { .states_max = 5000 };
	struct explore_result merged, single;
	bool same = true;

	explore(r, &o, &merged);
	if (merged.end == EXPLORE_WRONG_KEY)
		same = false;
	if (merged.end == EXPLORE_COMPLETE && !merged.livelock && merged.schedules <= schedules_max) {
		o.by_schedules = true;
		o.schedules_max = schedules_max + 1;
		explore(r, &o, &single);
		same = single.nr_outcomes == merged.nr_outcomes && same_findings(&merged, &single);
		for (size_t i = 0; i < single.nr_outcomes && same; i++)
			same = strcmp(single.outcomes[i].text, merged.outcomes[i].text) == 0 &&
			       single.outcomes[i].count == merged.outcomes[i].count;
		explore_result_free(&single);
		(*verified)++;
	}
	explore_result_free(&merged);
	return same;
}

/* Is the state key complete in this program, as far as that can be told? Frees the program. */
static bool
key_complete_of(struct program *p, uint64_t schedules_max, struct sim *sim, uint64_t *verified)
{
	struct checker c = { 0 };
	struct run r;
	bool same = true;

	if (run_open_checked(&r, p, &target_engine, sim, &c) == RUN_OPENED)
		same = same_both_ways(&r, schedules_max, verified);
	run_close(&r);
	checker_free(&c);
	program_free(p);
	return same;
}

/* Is the state key complete with this mutant? */
static bool
key_complete(const char *mutant, uint64_t count, uint64_t from, struct sim *sim)
{
	uint64_t verified = 0, wrong = 0;

	for (uint64_t seed = from; seed < from + count; seed++) {
		struct kind kind = { .wild = seed % 2 == 1 };
		struct program p;

		make(seed, &kind, &p);
		p.config.mutant = mutant;
		if (key_complete_of(&p, SCHEDULES_MAX, sim, &verified))
			continue;
		if (wrong++ == 0)
			printf("%s: seed %" PRIu64 " is not the same by schedules\n", mutant, seed);
	}
	if (wrong > 0 || verified == 0)
		printf(
		    "%s: %" PRIu64 " of %" PRIu64 " programs are not the same by schedules\n", mutant, wrong, verified);
	return wrong == 0 && verified > 0;
}

static int
all_mutants(uint64_t count, uint64_t from, struct sim *sim)
{
	unsigned nr = 0, good = 0;

	for (unsigned m = VM_MUTANT_none + 1; m < VM_MUTANT_END; m++) {
		if (vm_mutant_table[m].class == VM_MUTANT_CLASS_CANARY)
			continue;
		nr++;
		good += key_complete(vm_mutant_table[m].name, count, from, sim);
	}
	printf("the state key is complete with %u of %u mutants\n", good, nr);
	return good == nr ? 0 : 1;
}

/* The same of programs that name their mutants. */
static int
all_files(char *const *files, int nr, struct sim *sim)
{
	int good = 0;

	for (int i = 0; i < nr; i++) {
		uint64_t verified = 0;
		struct program p;

		if (!vmt_read(files[i], &p))
			return 2;
		if (key_complete_of(&p, FILE_SCHEDULES_MAX, sim, &verified) && verified > 0)
			good++;
		else
			printf("%s: it is not the same by schedules\n", files[i]);
	}
	printf("the state key is complete in %d of %d programs\n", good, nr);
	return good == nr ? 0 : 1;
}

static int
finish(const struct totals *t, enum vm_profile_id profile)
{
	printf("%" PRIu64 " programs, %" PRIu64 " states, %" PRIu64 " transitions, %" PRIu64 " cut", t->programs,
	    t->states, t->transitions, t->cut);
	if (t->verified > 0)
		printf(", %" PRIu64 " by schedules as well", t->verified);
	printf("; %" PRIu64 " failures\n", t->failures);
	for (unsigned k = 0; k < CHECK_COUNT; k++)
		if (t->excused[k] > 0)
			printf("a quirk explains %s in %" PRIu64 " programs\n", check_table[k].name, t->excused[k]);
	/* Enough programs must have been explored, and quirks seen, for the absence of findings to be meaningful. */
	if (t->programs == 0 || t->cut * 10 > t->programs ||
	    (profile != VM_PROFILE_strict && t->excused[CHECK_I19] == 0))
		return 1;
	return t->failures > 0 ? 1 : 0;
}

static void
print_program(uint64_t seed, const struct kind *kind)
{
	struct strbuf text = { 0 };
	struct program p;

	make(seed, kind, &p);
	vmt_print(&p, &text);
	fputs(strbuf_text(&text), stdout);
	strbuf_free(&text);
	program_free(&p);
}

static void
set_profile(const char *name, struct kind *kind)
{
	struct vm_profile p;

	if (!profile_find(name, strlen(name), &p))
		errx(2, "--profile %s: expected %s", name, profile_names());
	kind->profile = p.base;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "profile", required_argument, NULL, 'p' },
		{ "count", required_argument, NULL, 'c' }, { "from", required_argument, NULL, 'f' },
		{ "transitions", required_argument, NULL, 't' }, { "verify", no_argument, NULL, 'v' },
		{ "wild", no_argument, NULL, 'w' }, { "program", required_argument, NULL, 'P' },
		{ "canaries", no_argument, NULL, 'C' }, { "mutants", no_argument, NULL, 'm' },
		{ "switches", no_argument, NULL, 's' }, { 0 } };
	uint64_t count = 1000, from = 1, transitions = 0;
	bool verified = false, canaries = false, mutants = false;
	struct kind kind = { 0 };
	struct totals t = { 0 };
	struct sim *sim = sim_create();
	int opt;

	if (sim == NULL)
		err(1, "sim_create");
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'p')
			set_profile(optarg, &kind);
		else if (opt == 'w')
			kind.wild = true;
		else if (opt == 's')
			kind.switches = true;
		else if (opt == 'c')
			count = strtoull(optarg, NULL, 10);
		else if (opt == 'f')
			from = strtoull(optarg, NULL, 10);
		else if (opt == 't')
			transitions = strtoull(optarg, NULL, 10);
		else if (opt == 'v')
			verified = true;
		else if (opt == 'C')
			canaries = true;
		else if (opt == 'm')
			mutants = true;
		else if (opt == 'P')
			return print_program(strtoull(optarg, NULL, 10), &kind), 0;
		else
			return 2;
	}
	if (canaries || mutants) {
		sim_watch_crashes(); /* a crash inside a planted fault ends the run, not the test */
		if (canaries)
			opt = all_canaries(count, from, sim);
		else if (optind < argc)
			opt = all_files(argv + optind, argc - optind, sim);
		else
			opt = all_mutants(count, from, sim);
		sim_destroy(sim);
		return opt;
	}
	for (uint64_t seed = from; transitions > 0 ? t.transitions < transitions : seed < from + count; seed++)
		one_program(seed, &kind, verified, sim, &t);
	sim_destroy(sim);
	return finish(&t, kind.profile);
}
