/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checkfile.h - compares one .vmt file with what it expects: results and states of its init steps, the set of its
 * outcomes, the number of its schedules, the result and the verdicts of its schedule. All runs are judged. The run
 * under the schedule must show exactly the findings that the verdict lines list. In other runs, and without verdict
 * lines, a finding that no quirk of the profile explains is a failure.
 */
#ifndef HARNESS_EXPECT_CHECKFILE_H
#define HARNESS_EXPECT_CHECKFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/base.h"
#include "harness/explore/explore.h"

struct checkfile_options {
	const struct vm_target *target;
	bool target_named;        /* not the default target: the line on how to repeat names it */
	const char *profile_text; /* overrides the program's profile; NULL: the program's own */
	struct vm_profile profile;
	const char *mutant;     /* overrides the file's mutant; NULL: the file's own */
	bool no_mutant;         /* no mutant, whatever the file says; mutant is NULL */
	bool fixed;             /* ask whether the file's finding still happens (fixed.h), and compare nothing */
	bool counts;            /* also compare "schedules N" */
	bool verify;            /* also explore by schedules, and compare */
	uint64_t verify_max;    /* programs with more schedules are not verified */
	bool bless;             /* make new expectations instead of comparing */
	struct strbuf *blessed; /* bless: the program with new expectations is appended here */
	struct strbuf *notes;   /* NULL, or notes that are not failures are appended here (run_init_notes) */
	bool skip_refused;      /* skip a program that the target rejects; false: it fails */
	bool skip_mutants;      /* skip a program with a mutant in a build without mutants; false: it fails */
	bool no_checks;         /* do not judge the runs */
	bool lenient;           /* replay continues when a choice cannot run */
	uint64_t states_max;    /* limit of states, or of schedules if the target has no state key; 0: the explorer's
	                         * default */
	struct json_t *differences; /* NULL, or an array to which each difference is appended, as in docs/json.md */
	/* NULL, or a function that explorations call repeatedly, with NULL as first argument. */
	void (*progress)(void *unused, uint64_t states, uint64_t schedules);
	const volatile int *stop; /* NULL, or stop exploring when it becomes non-zero; the file has then failed */
};

enum checkfile_status {
	CHECKFILE_PASSED = 0,
	CHECKFILE_FAILED,  /* there is a difference */
	CHECKFILE_BAD,     /* not a program, or one that cannot be checked */
	CHECKFILE_CRASHED, /* the process that checked it died */
	CHECKFILE_SKIPPED, /* the target rejects it */
};

struct checkfile_report {
	uint8_t status;     /* enum checkfile_status */
	bool verified;      /* also explored by schedules */
	bool incomplete;    /* not all schedules were explored */
	bool blessed;       /* options.blessed has new expectations */
	bool verdict_shown; /* there is a verdict line, and the run under the schedule shows it */
	uint64_t states, transitions, steps;
	uint64_t schedules; /* UINT64_MAX: more than fit */
	uint32_t nr_outcomes;
	uint32_t nr_seq_steps; /* init and final steps compared */
	uint64_t quirk_checks; /* bit c: check c has a finding that a quirk explains, expected by a verdict line or
	                        * not */
};

/* Checks @path. Appends differences to *out, one line each, with a line end. */
struct checkfile_report checkfile(
    const char *path, const struct checkfile_options *options, struct sim *sim, struct strbuf *out);

/* The same for a program in memory, which is freed. @path is its name in messages. */
struct checkfile_report checkfile_program(
    const char *path, struct program *p, const struct checkfile_options *options, struct sim *sim, struct strbuf *out);

/* Puts the counts of an exploration into the report. */
void expect_keep_counts(const struct explore_result *got, struct checkfile_report *report);

/*
 * Appends "; repeat: wirestorm run --schedule ... FILE" and a line end: the command that shows the run on @way again.
 * @way NULL: a finding of all schedules together, which wirestorm explore shows.
 */
void checkfile_say_repeat(
    const char *path, const struct checkfile_options *options, const struct schedule *way, struct strbuf *out);

#endif
