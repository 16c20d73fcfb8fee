/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * edges-report.h - the catalogue of the edges that programs reach: how often, in how many, the smallest one that does,
 * and what the checker says of it. Programs are explored completely, up to a number of states, one after the other.
 */
#ifndef HARNESS_SHOW_EDGES_REPORT_H
#define HARNESS_SHOW_EDGES_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/edge.h"
#include "harness/base/base.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"

/* Where in a program it happens. */
enum edges_part {
	EDGES_NOWHERE = 0,
	EDGES_INIT,    /* an init step */
	EDGES_THREADS, /* by the witness's schedule */
	EDGES_FINAL,   /* a final step, whatever ran before */
};

struct edges_row {
	uint64_t times;   /* operations that ended so: of all states and steps explored, each counted once */
	uint64_t invalid; /* those of them that returned KERN_INVALID_ADDRESS */
	uint64_t programs;
	uint64_t found, quirks; /* programs in which a finding is about such an operation; only a quirk's finding */
	enum edges_part part;
	uint64_t size; /* of the smallest program: its operations, then its threads */
	char *program; /* its file, or the command that makes it */
	unsigned preemptions;
	char *schedule; /* NULL: nothing to choose */
};

struct edges_report {
	bool missing; /* list the edges that were not reached, too */
	const struct vm_target *target;
	const struct explore_options *options;
	struct edges_row rows[VM_EDGE_COUNT];
	uint64_t nr_programs, nr_cut;
	uint64_t nr_refused;        /* by the target */
	uint64_t nr_mutants;        /* about an engine with a bug put back: left out in every build */
	uint64_t states, schedules; /* schedules: UINT64_MAX is at least so many */
	uint64_t findings;          /* that no quirk explains, of whatever operation */
};

/*
 * Explores @p, which is named @name, in the world @sim. False: it cannot be used, *error says why; one that is left
 * out is counted, though, and is no error.
 */
bool edges_report_add(
    struct edges_report *e, const struct program *p, const char *name, struct sim *sim, struct strbuf *error);
/* The way to each edge whose smallest program is called @name: to be called with the same program again. */
void edges_report_witness(struct edges_report *e, const struct program *p, const char *name, struct sim *sim);
void edges_report_free(struct edges_report *e);

/* Does it belong to KERN_INVALID_ADDRESS: is that its code, or a fault's code, which can be that? */
bool edges_report_invalid(enum vm_edge edge);
/* "in order", "quirk in 3 programs", "FINDING in 1 program". */
void edges_report_verdict(const struct edges_row *row, struct strbuf *out);

/* The renderings, appended. */
void edges_report_text(const struct edges_report *e, struct strbuf *out);
void edges_report_markdown(const struct edges_report *e, const char *command, struct strbuf *out);
void edges_report_html(const struct edges_report *e, struct strbuf *out);
struct json_t *edges_report_json(const struct edges_report *e);

#endif
