/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * edges-report.h - the catalogue of edges that programs reach: how often, in how many programs, the smallest such
 * program, and the checker's judgement. Programs are explored one after the other, completely or up to a number of
 * states.
 */
#ifndef HARNESS_SHOW_EDGES_REPORT_H
#define HARNESS_SHOW_EDGES_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/edge.h"
#include "harness/base/base.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"

/* The part of a program in which an edge is reached. */
enum edges_part {
	EDGES_NOWHERE = 0,
	EDGES_INIT,    /* an init step */
	EDGES_THREADS, /* under the witness's schedule */
	EDGES_FINAL,   /* a final step, whatever ran before */
};

struct edges_row {
	uint64_t times;   /* operations that passed the edge, over all explored states and steps, each counted once */
	uint64_t invalid; /* the part of times that returned KERN_INVALID_ADDRESS */
	uint64_t programs;
	uint64_t found, quirks; /* programs with a finding about such an operation; quirks: only findings that quirks
	                         * explain */
	enum edges_part part;
	uint64_t size; /* size of the smallest program: its operations, then its threads */
	char *program; /* its file, or the command that prints it */
	unsigned preemptions;
	char *schedule; /* NULL: there is no choice */
};

struct edges_report {
	bool missing; /* also list the edges that were not reached */
	const struct vm_target *target;
	const struct explore_options *options;
	struct edges_row rows[VM_EDGE_COUNT];
	uint64_t nr_programs, nr_cut;
	uint64_t nr_refused;        /* rejected by the target */
	uint64_t nr_mutants;        /* programs with a mutant: skipped in every build */
	uint64_t states, schedules; /* schedules: UINT64_MAX means at least so many */
	uint64_t findings;          /* findings that no quirk explains, of any operation */
};

/*
 * Explores @p, which is named @name, on @sim. False: @p is unusable, and *error says why. A skipped program is counted,
 * and is not an error.
 */
bool edges_report_add(
    struct edges_report *e, const struct program *p, const char *name, struct sim *sim, struct strbuf *error);
/* Finds the witness for each edge whose smallest program is called @name. Call it with the same program again. */
void edges_report_witness(struct edges_report *e, const struct program *p, const char *name, struct sim *sim);
void edges_report_free(struct edges_report *e);

/* Does the edge belong to KERN_INVALID_ADDRESS: is this its code, or a fault's code, which can be this? */
bool edges_report_invalid(enum vm_edge edge);
/* Appends "in order", "quirk in 3 programs" or "FINDING in 1 program". */
void edges_report_verdict(const struct edges_row *row, struct strbuf *out);

/* Append the catalogue in a format. */
void edges_report_text(const struct edges_report *e, struct strbuf *out);
void edges_report_markdown(const struct edges_report *e, const char *command, struct strbuf *out);
void edges_report_html(const struct edges_report *e, struct strbuf *out);
struct json_t *edges_report_json(const struct edges_report *e);

#endif
