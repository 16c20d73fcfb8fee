/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checkfile.h - one .vmt file against what it expects: results and states of its init steps, the set of its outcomes,
 * the number of its schedules, the result and the verdicts of its schedule. All its runs are judged. The run by the
 * schedule shows exactly the findings that the verdict lines list; elsewhere, and without verdict lines, a finding that
 * no quirk of the profile explains is a failure.
 */
#ifndef HARNESS_EXPECT_CHECKFILE_H
#define HARNESS_EXPECT_CHECKFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/base.h"
#include "harness/explore/explore.h"

struct checkfile_options {
	const struct vm_target *target;
	bool target_named;        /* not the default one: a line on how to repeat names it */
	const char *profile_text; /* run in this one instead; NULL: the program's */
	struct vm_profile profile;
	const char *mutant;     /* a name of mutants.def: put back whatever the file says; NULL: the file's */
	bool no_mutant;         /* none, whatever the file says; mutant is NULL */
	bool fixed;             /* ask whether what the file is about still happens (fixed.h), compare nothing */
	bool counts;            /* compare "schedules N", too */
	bool verify;            /* explore by schedules as well and compare */
	uint64_t verify_max;    /* programs with more schedules are not verified */
	bool bless;             /* make new expectations instead of comparing */
	struct strbuf *blessed; /* bless: the program with them is appended here */
	struct strbuf *notes;   /* NULL, or: what is worth a line and no failure is appended here (run_init_notes) */
	bool skip_refused;      /* a program that the target refuses is skipped; false: it fails */
	bool skip_mutants;      /* a program about a mutant is skipped in a build without them; false: it fails */
	bool no_checks;         /* do not judge the runs */
	bool lenient;           /* replay goes on when a choice cannot run */
	uint64_t states_max;    /* schedules, if the target has no state key; 0: the explorer's default */
	struct json_t *differences; /* NULL, or an array: each difference is appended, as docs/json.md has it */
	/* NULL, or called now and then by an exploration, with NULL. */
	void (*progress)(void *unused, uint64_t states, uint64_t schedules);
	const volatile int *stop; /* NULL, or: stop exploring when it is not 0; the file has failed then */
};

enum checkfile_status {
	CHECKFILE_PASSED = 0,
	CHECKFILE_FAILED,  /* something is not as expected */
	CHECKFILE_BAD,     /* not a program, or not one that can be checked */
	CHECKFILE_CRASHED, /* the process that checked it died */
	CHECKFILE_SKIPPED, /* the target refuses it */
};

struct checkfile_report {
	uint8_t status;     /* enum checkfile_status */
	bool verified;      /* explored by schedules as well */
	bool incomplete;    /* not all schedules were explored */
	bool blessed;       /* options.blessed has new expectations */
	bool verdict_shown; /* there is a verdict line, and the run by the schedule shows it */
	uint64_t states, transitions, steps;
	uint64_t schedules; /* UINT64_MAX: more than that */
	uint32_t nr_outcomes;
	uint32_t nr_seq_steps; /* init and final steps compared */
	uint64_t quirk_checks; /* bit c: check c found what a quirk explains, expected by a verdict line or not */
};

/* Checks @path; what is wrong goes to *out, one line each, ending in a newline. */
struct checkfile_report checkfile(
    const char *path, const struct checkfile_options *options, struct sim *sim, struct strbuf *out);

/* The same for a program in memory, which is freed; @path is what messages name. */
struct checkfile_report checkfile_program(
    const char *path, struct program *p, const struct checkfile_options *options, struct sim *sim, struct strbuf *out);

/*
 * "; repeat: wirestorm run --schedule ... FILE" and a line end: how to see the run of this way again. @way NULL: what
 * all schedules together show, by explore.
 */
void checkfile_say_repeat(
    const char *path, const struct checkfile_options *options, const struct explore_path *way, struct strbuf *out);

#endif
