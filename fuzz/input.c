/* SPDX-License-Identifier: BSD-2-Clause */
/* input.c - see input.h. */
#include "fuzz/input.h"

#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mutant.h"
#include "harness/base/base.h"
#include "harness/expect/expect.h"
#include "harness/gen/gen.h"
#include "harness/hunt/hunt.h"
#include "harness/program/program.h"
#include "harness/sim/sim.h"

#ifdef WS_FIBER_ASAN
/* AddressSanitizer calls it; ASAN_OPTIONS overrides it. A small quarantine is enough for short inputs. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}
#endif

static struct {
	const char *profile_text, *mutant; /* NULL: the input's profile, no mutant */
	struct vm_profile profile;
} wanted;

/* Defined by WIRESTORM_MAIN in a program with targets of its own. */
extern const struct vm_target *const wirestorm_fuzz_targets[] __attribute__((weak));

static const struct vm_target *target;

/* Chooses the target, and makes the profiles of all known. */
static void
fuzz_choose_target(void)
{
	const char *name = getenv("WS_FUZZ_TARGET");

	if (&wirestorm_fuzz_targets != NULL)
		target_extra = wirestorm_fuzz_targets;
	for (size_t i = 0; target_at(i) != NULL; i++) {
		const char *why = target_unusable(target_at(i));

		if (why != NULL)
			errx(2, "target number %zu of this program: %s", i + 1, why);
		if (target == NULL && (name == NULL || strcmp(name, target_at(i)->name) == 0))
			target = target_at(i);
	}
	if (target == NULL)
		errx(2, "WS_FUZZ_TARGET=%s: expected the name of a target of this program, such as %s", name,
		    target_at(0)->name);
}

const struct vm_target *
fuzz_target(void)
{
	assert(target != NULL);
	return target;
}

void
fuzz_environment(void)
{
	const char *word, *why = NULL, *mutant = getenv("WS_FUZZ_MUTANT");

	fuzz_choose_target();
	wanted.profile_text = getenv("WS_FUZZ_PROFILE");
	if (wanted.profile_text != NULL && !profile_parse(wanted.profile_text, &wanted.profile, &word))
		errx(2, "WS_FUZZ_PROFILE=%s: expected %s, then +Q1 or -Q1 and so on, found \"%s\"", wanted.profile_text,
		    profile_names(), word);
	if (wanted.profile_text != NULL)
		why = target_profile_reason(target, wanted.profile);
	if (why != NULL)
		errx(2, "WS_FUZZ_PROFILE=%s: target %s cannot have it: %s", wanted.profile_text, target->name, why);
	if (mutant == NULL)
		return;
	wanted.mutant = vmt_mutant(mutant);
	if (wanted.mutant == NULL || !VM_HAS_MUTANTS)
		errx(2, "WS_FUZZ_MUTANT=%s: %s", mutant,
		    wanted.mutant == NULL ? "no such mutant" : "mutants are only in a build with -Dmutants=true");
}

bool
fuzz_wants_quirks(void)
{
	return wanted.profile_text != NULL;
}

static struct sim *sim;
static struct bytes_room room;

static void
input_at_end(void)
{
	sim_destroy(sim);
	bytes_room_free(&room);
}

struct sim *
fuzz_sim(void)
{
	if (sim == NULL) {
		sim = sim_create();
		if (atexit(input_at_end) != 0)
			memory_out("an exit handler");
	}
	return sim;
}

void
fuzz_input_decode(const uint8_t *bytes, size_t len, struct fuzz_input *in)
{
	size_t at = bytes_decode_in(bytes, len, &in->p, &room);

	in->choices = bytes + at;
	in->nr_choices = len - at < FUZZ_CHOICES_MAX ? len - at : FUZZ_CHOICES_MAX;
	if (wanted.profile_text != NULL)
		in->p.config.profile = wanted.profile;
	in->p.config.mutant = wanted.mutant;
	if (target != &target_engine)
		random_suit_program(target, &in->p);
	assert(in->nr_choices <= FUZZ_CHOICES_MAX);
}

void
fuzz_input_done(struct fuzz_input *in)
{
	bytes_recycle(&in->p, &room);
}

void
fuzz_report(struct fuzz_input *in)
{
	const struct reproducer_way way = { .choices = in->choices, .nr_choices = in->nr_choices };
	struct strbuf why = { 0 };
	struct finding f;

	assert(in->p.nr_threads <= PROGRAM_THREADS_MAX);
	if (!reproducer_make(&in->p, &way, target, fuzz_sim(), &f))
		fuzz_fail(&in->p, "a finding that does not come back: runs of an input differ");
	reproducer_reduce_profile(&in->p, target, fuzz_sim(), &f);
	finding_print(&f, &in->p, &why);
	fuzz_fail(&in->p, strbuf_text(&why));
}

void
fuzz_fail(const struct program *p, const char *why)
{
	struct strbuf text = { 0 };

	vmt_print(p, &text);
	fprintf(stderr, "%s\n%s\n", strbuf_text(&text), why);
	strbuf_free(&text);
	abort();
}
