/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-properties.c - what holds in every state and at every end of random concurrent programs, each explored
 * completely.
 *
 * usage: test-properties [--seed N] [--count K] [--profile strict|freebsd12] [--canary | --verify]
 *
 * strict: at every state the target's check (the engine's invariants, the user-wire account, no lost wakeup) and the
 * book of system wirings (ledger.h); at every end no marks are left, and only allowed operations are blocked.
 *
 * freebsd12: the same, but that the account may be wrong: it must be right with Q1 and Q2 off. Each quirk must show:
 * the program written for it has other outcomes when the quirk alone is turned off. Among random programs the quirks
 * are counted. Q3 needs a counter below zero, and Q6 changes an outcome only with two operations that get into a sync
 * at the right time: they are seen once in 10^4 and 10^5 programs. What Q6 does to the number of schedules is seen more
 * often.
 *
 * --verify: every program that has few schedules once by merged states and once schedule by schedule: the outcomes and
 * how many schedules lead to each are the same, so the state key leaves nothing out.
 *
 * --canary: strict with a lie told to each check, one after the other: the test fails unless every lie is seen.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/vm.h"
#include "harness/explore/explore.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "harness/sim/sim.h"
#include "tests/explore/ledger.h"

#define COUNT_DEFAULT 1000
#define COUNT_FULL 20000
#define CANARY_COUNT_DEFAULT 1000
#define STATES_MAX 50000   /* of one program */
#define SCHEDULES_MAX 2000 /* of a program that is explored by schedules, too */
#define FAILURES_MAX 3     /* printed, then it stops */

static const char *self;

/* The profiles, with one or two quirks off. */
#define ALL ((uint32_t)VM_PROFILE_ON_freebsd12)
#define EXACT (ALL & ~(VM_BEHAVIOUR_BIT(Q1) | VM_BEHAVIOUR_BIT(Q2)))

/* Added to the values that a check reads, for canaries. */
static int64_t account_lie;
static bool blocked_lie;

/* One exploration of one program. */
struct watch {
	char why[160]; /* the first thing wrong; empty: nothing */
	bool drift;    /* the account was wrong at some end; only where it may be */
	bool exact;    /* it may not */
	uint64_t ends, deadlocks;
};

struct totals {
	uint64_t programs, states, transitions, ends, deadlocks, cut, drifted, explored;
	uint64_t shown[VM_BEHAVIOUR_COUNT];   /* programs in which this quirk shows in the outcomes */
	uint64_t counted[VM_BEHAVIOUR_COUNT]; /* or at least in the number of schedules */
	unsigned failures;
};

/* --- a crash in the engine has a seed too --- */

static char crash_note[256];

static void
on_abort(int sig)
{
	(void)sig;
	if (write(STDOUT_FILENO, crash_note, strlen(crash_note)) < 0)
		_exit(1);
}

static void
note_program(uint64_t seed, const char *profile)
{
	(void)snprintf(crash_note, sizeof(crash_note),
	    "the engine gave up\nrepeat: %s --profile %s --seed %" PRIu64 " --count 1\n", self, profile, seed);
}

/* --- at every state --- */

static void
fault_found(struct watch *w, const char *why, unsigned thread)
{
	if (w->why[0] != '\0')
		return;
	if (thread < PROGRAM_THREADS_MAX)
		(void)snprintf(w->why, sizeof(w->why), "%s (T%u)", why, thread);
	else
		(void)snprintf(w->why, sizeof(w->why), "%s", why);
}

#define NOBODY PROGRAM_THREADS_MAX

static void
check_left_over(struct watch *w, struct run *r)
{
	int64_t pages = 0;

	r->target->dump(r->self, &r->state);
	for (size_t i = 0; i < r->state.nr_runs; i++) {
		const struct vm_run *run = &r->state.runs[i];

		if (run->transition)
			fault_found(w, "end: an entry is left in transition", NOBODY);
		if (run->wired_count < 0)
			fault_found(w, "end: a negative wire count is left", NOBODY);
		if (run->guard && run->wired_count != 0)
			fault_found(w, "end: a guard is wired", NOBODY);
		pages += run->user_wired ? (int64_t)(run->end - run->start) : 0;
	}
	if (r->state.busy)
		fault_found(w, "end: the map is left busy", NOBODY);
	if (r->state.user_wired + account_lie != pages) {
		w->drift = true;
		if (w->exact)
			fault_found(w, "end: the user-wire counter is not the number of user-wired pages", NOBODY);
	}
}

/*
 * Only a remove or fixed may be blocked. That it sleeps on an entry that carries NEEDS_WAKEUP is I22 of the target's
 * check; as no entry is in transition, that entry is system-wired.
 */
static void
check_blocked(struct watch *w, struct run *r)
{
	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		const struct program_thread *pt = &r->program->threads[t];
		uint8_t code;

		if (r->threads[t].nr_done == pt->nr_ops)
			continue;
		code = pt->ops[r->threads[t].nr_done].code;
		if ((code != VM_OP_remove && code != VM_OP_fixed) || blocked_lie)
			fault_found(w, "end: blocked, but neither a remove nor a fixed", t);
		if (r->program->config.kernel)
			fault_found(w, "end: blocked on a kernel map", t);
		if (sim_channel(r->sim, t) == SIM_CHANNEL_NONE)
			fault_found(w, "end: neither finished nor asleep", t);
	}
}

static bool
on_state(void *arg, struct run *r)
{
	struct watch *w = arg;
	uint32_t excuse;
	const char *bad;

	if (w->why[0] != '\0')
		return false;
	bad = target_check(r->target, r->self, true, &excuse);
	if (bad != NULL)
		fault_found(w, bad, NOBODY);
	if (run_enabled(r) == 0) {
		w->ends++;
		w->deadlocks += run_deadlocked(r);
		check_left_over(w, r);
		check_blocked(w, r);
	}
	return w->why[0] != '\0';
}

/* --- one program --- */

/* How to see it again, down to the step. */
static void
report(
    uint64_t seed, const char *profile, const struct program *p, const struct watch *w, const struct explore_result *x)
{
	struct strbuf text = { 0 }, schedule = { 0 };

	vmt_print(p, &text);
	schedule_print(&x->goal, &schedule);
	printf("seed %" PRIu64 ", %s\n%sschedule %s\n", seed, w->why, strbuf_text(&text), strbuf_text(&schedule));
	printf("repeat: %s --profile %s --seed %" PRIu64 " --count 1\n\n", self, profile, seed);
	strbuf_free(&text);
	strbuf_free(&schedule);
}

/* Explores @p; false: something is wrong, and is reported if @profile is not NULL. *x is the caller's to free. */
static bool
explore_watched(const struct program *p, uint64_t seed, const char *profile, struct sim *sim, struct totals *t,
    struct watch *w, struct explore_result *x)
{
	struct explore_options o = { .states_max = STATES_MAX, .on_state = on_state, .on_state_arg = w };
	struct run r;

	*w = (struct watch){ .exact = (p->config.profile.on & ~EXACT) == 0 };
	*x = (struct explore_result){ 0 };
	if (run_open(&r, p, &target_ledger, sim) != RUN_OPENED)
		fault_found(w, strbuf_text(&r.error), NOBODY);
	else
		explore(&r, &o, x);
	run_close(&r);
	t->explored++;
	t->states += x->states;
	t->transitions += x->transitions;
	t->ends += w->ends;
	t->deadlocks += w->deadlocks;
	t->cut += x->end != EXPLORE_COMPLETE;
	t->drifted += w->drift;
	if (x->livelock)
		fault_found(w, "there is a livelock", NOBODY);
	if (w->why[0] == '\0')
		return true;
	t->failures++;
	if (profile != NULL)
		report(seed, profile, p, w, x);
	return false;
}

static void
make_program(uint64_t seed, enum vm_profile_id profile, struct program *p)
{
	random_concurrent(
	    &(struct random_params){ .seed = seed, .profile = vm_profile(profile), .target = &target_ledger }, p);
}

static void
strict_program(uint64_t seed, const char *profile, struct sim *sim, struct totals *t)
{
	struct explore_result x;
	struct program p;
	struct watch w;

	make_program(seed, VM_PROFILE_strict, &p);
	(void)explore_watched(&p, seed, profile, sim, t, &w, &x);
	explore_result_free(&x);
	program_free(&p);
}

static bool
same_outcomes(const struct explore_result *a, const struct explore_result *b)
{
	if (a->nr_outcomes != b->nr_outcomes)
		return false;
	for (size_t i = 0; i < a->nr_outcomes; i++)
		if (strcmp(a->outcomes[i].text, b->outcomes[i].text) != 0)
			return false;
	return true;
}

/* The program with all quirks, with each single one off, and with those off that make the account wrong. */
static void
freebsd12_program(uint64_t seed, const char *profile, struct sim *sim, struct totals *t)
{
	struct explore_result all, x;
	struct program p;
	struct watch w;

	make_program(seed, VM_PROFILE_freebsd12, &p);
	if (explore_watched(&p, seed, profile, sim, t, &w, &all)) {
		bool drift = w.drift;

		for (unsigned q = 0; q < VM_BEHAVIOUR_COUNT; q++) {
			p.config.profile.on = ALL & ~((uint32_t)1 << q);
			(void)explore_watched(&p, seed, profile, sim, t, &w, &x);
			if (x.end == EXPLORE_COMPLETE && all.end == EXPLORE_COMPLETE) {
				bool shows = !same_outcomes(&all, &x);

				t->shown[q] += shows;
				t->counted[q] += shows || x.schedules != all.schedules;
			}
			explore_result_free(&x);
		}
		p.config.profile.on = EXACT;
		if (drift) {
			(void)explore_watched(&p, seed, profile, sim, t, &w, &x);
			explore_result_free(&x);
		}
	}
	explore_result_free(&all);
	program_free(&p);
}

/* --- merging states --- */

static bool
same_counts(const struct explore_result *a, const struct explore_result *b)
{
	if (a->schedules != b->schedules || !same_outcomes(a, b))
		return false;
	for (size_t i = 0; i < a->nr_outcomes; i++)
		if (a->outcomes[i].count != b->outcomes[i].count)
			return false;
	return true;
}

/* Odd seeds strict, even ones freebsd12. Without the book, whose key would hide what the engine's leaves out. */
static void
verified_program(uint64_t seed, const char *profile, struct sim *sim, struct totals *t)
{
	struct explore_options o = { .states_max = STATES_MAX };
	struct explore_result merged, single = { 0 };
	struct watch w = { .why = "exploring by schedules gives something else" };
	struct program p;
	struct run r;

	make_program(seed, seed % 2 == 0 ? VM_PROFILE_freebsd12 : VM_PROFILE_strict, &p);
	if (run_open(&r, &p, &target_engine, sim) != RUN_OPENED)
		errx(1, "seed %" PRIu64 ": %s", seed, strbuf_text(&r.error));
	explore(&r, &o, &merged);
	if (merged.end == EXPLORE_COMPLETE && merged.schedules <= SCHEDULES_MAX) {
		o.by_schedules = true;
		explore(&r, &o, &single);
		t->explored++;
		t->states += merged.states;
		if (!same_counts(&merged, &single)) {
			t->failures++;
			report(seed, profile, &p, &w, &merged);
		}
	}
	explore_result_free(&merged);
	explore_result_free(&single);
	run_close(&r);
	program_free(&p);
}

/* --- the quirks, each by a program written for it --- */

#define TWO_ENTRIES "init insert 16 18 rw rwx\ninit insert 18 20 r rwx\n"
#define LOOKER "T1 lookup 16\n"

static const struct {
	unsigned quirk;
	const char *text;
} quirk_programs[] = {
	/* The first part of a failing wire is clipped meanwhile. */
	{ VM_BEHAVIOUR_Q1, "poison 19\ninit insert 16 20 rw rwx\nT0 wire 16 20 user noholes\nT1 clip 18\n" },
	{ VM_BEHAVIOUR_Q2, TWO_ENTRIES "init wire 16 18 system noholes\nT0 wire 16 18 user noholes\n" LOOKER },
	/* By Q2 the counter is -2, and one page more is a huge number. */
	{ VM_BEHAVIOUR_Q3, TWO_ENTRIES "init wire 16 18 system noholes\ninit wire 16 18 user noholes\n"
	                               "init unwire 16 18 system noholes\nT0 unwire 16 18 user noholes\n"
	                               "T0 wire 18 19 user noholes\n" LOOKER },
	{ VM_BEHAVIOUR_Q4, "init insert 18 20 rw rwx\nT0 find 4 rw rwx\n" LOOKER },
	/*
	 * To meet the hole while nothing of the range is user-wired, sync must have begun before the wire: later it
	 * would be KERN_INVALID_ARGUMENT. A sync that succeeds always could have done so at once, so no simpler program
	 * tells.
	 */
	{ VM_BEHAVIOUR_Q6, TWO_ENTRIES "T0 sync 16 20 invalidate\nT1 wire 16 18 user noholes\nT1 remove 18 20\n" },
};

static bool
quirk_shows(unsigned quirk, const char *text, struct sim *sim)
{
	struct explore_result with, without;
	struct totals t = { 0 };
	struct vmt_error e;
	struct program p;
	struct watch w;
	bool shows;

	if (!vmt_parse(text, strlen(text), &p, &e))
		errx(1, "%s, line %u: %s", vm_behaviour_table[quirk].id, e.line, e.text);
	p.config.profile_given = true;
	p.config.profile = vm_profile(VM_PROFILE_freebsd12);
	(void)explore_watched(&p, 0, NULL, sim, &t, &w, &with);
	p.config.profile.on = ALL & ~((uint32_t)1 << quirk);
	(void)explore_watched(&p, 0, NULL, sim, &t, &w, &without);
	shows = t.failures == 0 && !same_outcomes(&with, &without);
	if (!shows)
		printf("%s does not show in\n%s", vm_behaviour_table[quirk].id, text);
	explore_result_free(&with);
	explore_result_free(&without);
	program_free(&p);
	return shows;
}

static bool
quirks_show(void)
{
	struct sim *sim = sim_create();
	bool ok = true;

	if (sim == NULL)
		err(1, "no simulated world");
	for (size_t i = 0; i < sizeof(quirk_programs) / sizeof(quirk_programs[0]); i++)
		ok = quirk_shows(quirk_programs[i].quirk, quirk_programs[i].text, sim) && ok;
	sim_destroy(sim);
	return ok;
}

/* --- all of them --- */

typedef void program_fn(uint64_t seed, const char *profile, struct sim *sim, struct totals *t);

/* @profile: how failures name it; NULL: they are not printed. */
static void
run_programs(
    program_fn *one, uint64_t seed, uint64_t count, unsigned failures_max, const char *profile, struct totals *t)
{
	struct sim *sim = sim_create();

	if (sim == NULL)
		err(1, "no simulated world");
	ledger_totals = (struct ledger_totals){ 0 };
	for (; t->programs < count && t->failures < failures_max; t->programs++) {
		note_program(seed + t->programs, profile != NULL ? profile : "strict");
		one(seed + t->programs, profile, sim, t);
	}
	crash_note[0] = '\0';
	sim_destroy(sim);
}

static void
print_totals(const char *profile, const struct totals *t)
{
	printf("%s: %" PRIu64 " programs, %" PRIu64 " explorations (%" PRIu64 " cut), %" PRIu64 " states, %" PRIu64
	       " transitions, %" PRIu64 " ends, %" PRIu64 " deadlocks, %u failures\n",
	    profile, t->programs, t->explored, t->cut, t->states, t->transitions, t->ends, t->deadlocks, t->failures);
	printf("    %" PRIu64 " times a page was compared with the book, %" PRIu64
	       " times it was system-wired, %" PRIu64 " times in doubt\n",
	    ledger_totals.pages, ledger_totals.wired, ledger_totals.doubted);
}

/* A check that looked at nothing is no check; and hardly any program may be too large. */
static bool
looked(const struct totals *t)
{
	bool ok =
	    t->programs > 0 && t->ends > 0 && ledger_totals.wired > 0 && ledger_totals.doubted < ledger_totals.pages;

	if (!ok)
		printf("it did not look at what it should\n");
	return ok && t->cut * 100 <= t->explored;
}

static bool
strict(uint64_t seed, uint64_t count)
{
	struct totals t = { 0 };

	run_programs(strict_program, seed, count, FAILURES_MAX, "strict", &t);
	print_totals("strict", &t);
	return t.failures == 0 && (count < COUNT_DEFAULT || looked(&t));
}

static bool
freebsd12(uint64_t seed, uint64_t count)
{
	struct totals t = { 0 };
	bool shown = quirks_show();

	run_programs(freebsd12_program, seed, count, FAILURES_MAX, "freebsd12", &t);
	print_totals("freebsd12", &t);
	printf("    %" PRIu64 " explorations end with a wrong account; quirks that show:", t.drifted);
	for (unsigned q = 0; q < VM_BEHAVIOUR_COUNT; q++)
		printf(
		    " %s in %" PRIu64 " (%" PRIu64 " with counts)", vm_behaviour_table[q].id, t.shown[q], t.counted[q]);
	printf("\n");
	if (t.failures > 0 || !shown || count < COUNT_DEFAULT)
		return t.failures == 0 && shown;
	if (count >= COUNT_FULL && t.shown[VM_BEHAVIOUR_Q1] == 0)
		return false;
	return looked(&t) && t.drifted > 0 && t.shown[VM_BEHAVIOUR_Q2] > 0 && t.shown[VM_BEHAVIOUR_Q4] > 0 &&
	       t.counted[VM_BEHAVIOUR_Q6] > 0;
}

static bool
verify(uint64_t seed, uint64_t count)
{
	struct totals t = { 0 };

	run_programs(verified_program, seed, count, FAILURES_MAX, "strict --verify", &t);
	printf("%" PRIu64 " programs, %" PRIu64 " explored in both ways, %u failures\n", t.programs, t.explored,
	    t.failures);
	return t.failures == 0 && (count < COUNT_DEFAULT || t.explored > count / 2);
}

static bool
lie_seen(const char *what, uint64_t seed, uint64_t count)
{
	struct totals t = { 0 };

	run_programs(strict_program, seed, count, 1, NULL, &t);
	printf("%s: %s after %" PRIu64 " programs\n", what, t.failures > 0 ? "seen" : "NOT SEEN", t.programs);
	return t.failures > 0;
}

static bool
canaries(uint64_t seed, uint64_t count)
{
	bool ok;

	account_lie = 1;
	ok = lie_seen("one page too many in the account", seed, count);
	account_lie = 0;
	ledger_lie = -1;
	ok = lie_seen("one system wiring less", seed, count) && ok;
	ledger_lie = 1;
	ok = lie_seen("one system wiring more", seed, count) && ok;
	ledger_lie = 0;
	blocked_lie = true;
	ok = lie_seen("a blocked operation that may not be", seed, count) && ok;
	blocked_lie = false;
	return ok;
}

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 0);

	if (end == text || *end != '\0')
		errx(2, "not a number: %s", text);
	return v;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "profile", required_argument, NULL, 'p' },
		{ "canary", no_argument, NULL, 'b' },
		{ "verify", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *profile = "";
	uint64_t seed = 1, count = 0;
	bool birds = false, verifying = false, ok = true;
	int c;

	self = argv[0];
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			seed = number(optarg);
		else if (c == 'c')
			count = number(optarg);
		else if (c == 'p')
			profile = optarg;
		else if (c == 'b')
			birds = true;
		else if (c == 'v')
			verifying = true;
		else
			return 2;
	}
	if (optind != argc || (*profile != '\0' && strcmp(profile, "strict") != 0 && strcmp(profile, "freebsd12") != 0))
		errx(2, "usage: %s [--seed N] [--count K] [--profile strict|freebsd12] [--canary | --verify]", argv[0]);
	(void)signal(SIGABRT, on_abort);
	if (birds)
		return canaries(seed, count != 0 ? count : CANARY_COUNT_DEFAULT) ? 0 : 1;
	count = count != 0 ? count : COUNT_DEFAULT;
	if (verifying)
		return verify(seed, count) ? 0 : 1;
	if (strcmp(profile, "freebsd12") != 0)
		ok = strict(seed, count);
	if (strcmp(profile, "strict") != 0)
		ok = freebsd12(seed, count) && ok;
	return ok ? 0 : 1;
}
