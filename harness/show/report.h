/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - what a command has found: each finding with its program, its schedule and the map at that moment.
 *
 * All commands that find something fill a report. Each format is a function of it: text and JSON on standard output,
 * and the rows of formats.def, which are options of the commands.
 */
#ifndef HARNESS_SHOW_REPORT_H
#define HARNESS_SHOW_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/explore/explore.h"

struct show;

/* One finding. The report owns the texts; NULL: there is none. */
struct report_entry {
	char *rule;     /* the check, "I19"; or the kind of a difference, "outcome" */
	char *text;     /* the finding as one line */
	char *file;     /* of the program; "-": standard input */
	unsigned line;  /* of the program; 0: no particular line */
	char *schedule; /* a run that shows it */
	unsigned preemptions;
	char *map;      /* the state at the moment of the finding */
	bool init;      /* the finding is in an init step */
	bool failure;   /* no quirk explains it, and it was not known before */
	json_t *fields; /* its object in JSON */
};

struct report {
	const struct show *run; /* the one run that the report is about; NULL: it is about many */
	size_t nr, cap;
	struct report_entry *entries;
};

/* Adds a finding in @file, with the first line of @text. The caller sets the other members. */
struct report_entry *report_add(struct report *r, const char *rule, const char *file, const char *text);
/* Adds a finding of a checker in the program @p. @witness: NULL, or a schedule that shows it. */
struct report_entry *report_finding(struct report *r, const char *file, const struct program *p,
    const struct finding *f, const struct schedule *witness);
/* Adds all findings of the checker, which may be NULL. */
void report_checked(struct report *r, const char *file, const struct program *p, const struct checker *c);
/* Adds all findings of an exploration of @run, each with its witness and map. Runs @run. */
void report_explored(struct report *r, const char *file, struct run *run, const struct explore_result *x);
void report_free(struct report *r);

/* Appends each finding as comment lines of a program. */
void report_text(const struct report *r, struct strbuf *out);
/* The findings as a JSON array. */
json_t *report_json(const struct report *r);

/* RUN_FORMAT: r->run must be set. */
#define FORMAT(name, function, help) void function(const struct report *r, struct strbuf *out);
#define RUN_FORMAT FORMAT
#include "harness/show/formats.def"
#undef RUN_FORMAT
#undef FORMAT

enum report_format {
#define FORMAT(name, function, help) REPORT_##name,
#define RUN_FORMAT FORMAT
#include "harness/show/formats.def"
#undef RUN_FORMAT
#undef FORMAT
	REPORT_FORMATS
};

extern void (*const report_formats[REPORT_FORMATS])(const struct report *r, struct strbuf *out);

#endif
