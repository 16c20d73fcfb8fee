/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show.h - the room show: runs as text, pictures and pages, and explanations of names.
 *
 * For: pictures of a run (terminal, SVG, HTML, JSON); the catalogue of edges; `wirestorm explain`.
 * Includes: base/, program/, sim/, target/, check/, run/, explore/.
 * Start reading: here, then show-run.c and show-text.c.
 *
 * The model of a run is made once, by executing a schedule: a row for each step, with what the step did, the threads it
 * woke, why this thread ran, and the map after it. The pictures only lay out the model.
 *
 * The model uses only what any target offers: its texts of where a thread is, the canonical state before and after a
 * step, results, and which threads sleep. It knows nothing of the engine.
 */
#ifndef HARNESS_SHOW_SHOW_H
#define HARNESS_SHOW_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

#define SHOW_STEPS_MAX 20000 /* the most steps of a run; a longer picture is of no use */

/* A map at one moment. */
struct show_map {
	struct vm_state state;
	size_t nr_starts;
	uint64_t *starts; /* the first page of each entry, if the target lists them */
};

enum show_kind {
	SHOW_OP,      /* an operation starts: "wire 20 24 user noholes" */
	SHOW_DO,      /* what the step does: "fault page 21 for wiring" */
	SHOW_MORE,    /* the number of similar steps that are left out after it */
	SHOW_CHANGE,  /* a difference: "mark 20-22, w0 -> w1" */
	SHOW_SLEEP,   /* "sleep until page 20 leaves its transition; T1 marked it" */
	SHOW_WAKE,    /* "wake T0" */
	SHOW_RESULT,  /* "=> KERN_SUCCESS" */
	SHOW_FAILURE, /* "=> KERN_INVALID_ADDRESS (wire_hole)" */
	SHOW_WHY,     /* the fact about the map that explains it: "hole 22-24, since step 3: T1 remove 22 24" */
	SHOW_FOUND,   /* a finding of the checker: "spurious unfounded" */
};

struct show_event {
	enum show_kind kind;
	char *text;
};

/* The state of a thread during a row. */
enum show_life {
	SHOW_IDLE = 0, /* between operations */
	SHOW_READY,    /* inside an operation, and able to run */
	SHOW_RUNS,     /* takes this step */
	SHOW_SLEEPS,
	SHOW_DONE,
};

/* Why this thread takes the step. */
enum show_switch {
	SHOW_SAME = 0, /* it took the last one, too */
	SHOW_SLEPT,    /* the thread of the last step sleeps */
	SHOW_ENDED,    /* the thread of the last step has finished */
	SHOW_PREEMPTED,
};

struct show_row {
	struct vm_op what; /* step of a thread: its operation, as known after the step */
	const char *part;  /* "init" or "final": an operation that runs alone; NULL: a step of a thread */
	size_t step;       /* from 1; for an init or final operation, its number in that part */
	unsigned thread, op;
	enum show_switch why;
	unsigned from;       /* the thread of the last step; valid unless why is SHOW_SAME */
	unsigned preemption; /* number of the preemption, if it is one */
	char *why_text;      /* NULL, or the reason as text */
	size_t nr_events;
	struct show_event *events;
	uint8_t life[PROGRAM_THREADS_MAX]; /* enum show_life */
	uint8_t after;                     /* state of its thread after the row; enum show_life */
	uint32_t wakes;                    /* bit t: it wakes thread t */
	bool changed;                      /* the map changed */
	bool left_out;                     /* one of many similar steps: pictures leave it out */
	size_t map;                        /* index in show.maps of the map after the row */
};

struct show {
	const struct program *program;
	const struct vm_target *target;
	const char *path; /* the file's name for messages */
	const char *file,
	    *profile; /* for the command that repeats the run: "-" for standard input; profile NULL: the file's own */
	char *how;    /* which run this is: "the schedule in the file"; the caller sets it and the next two */
	bool cut;     /* the schedule may end before the run does */
	char *circle; /* NULL, or a finding about all runs: that a run may not end */
	char *title;  /* the first sentence of the head, or the path */
	char *about;  /* the rest of the head; may be empty */
	size_t nr_maps;
	struct show_map *maps; /* maps[0] is empty: before the first row */
	size_t nr_rows;
	struct show_row *rows;
	unsigned nr_preemptions;
	bool deadlock;
	uint64_t edges; /* VM_EDGE_BIT()s of all results */
	char *outcome, *schedule;
	size_t nr_findings; /* findings of the checker in this run */
	struct finding *findings;
	size_t nr_notes;
	char **notes; /* notes about the run: its findings as text, and threads that sleep forever */
};

/*
 * Runs the program under this schedule, and records everything. *s refers to @p, @t and @path. False: *error says why,
 * and *s must be freed, too.
 */
bool show_make(struct show *s, const struct program *p, const struct vm_target *t, struct sim *sim,
    const struct schedule *schedule, struct strbuf *error);
void show_free(struct show *s);
/* The heading of the notes: "verdict", if there is a finding. */
const char *show_notes_name(const struct show *s);
/* Does the row show a failure or a finding? */
bool show_row_is_bad(const struct show_row *row);
/* The number of rows of init steps, which come first. */
size_t show_nr_init(const struct show *s);
/* Appends an operation that ran alone as one line, "wire 20 24 user noholes => KERN_SUCCESS". True: it failed. */
bool show_row_alone(const struct show_row *row, struct strbuf *out);
/* Appends "T0*2 T1 (1 preemption)". */
void show_schedule(const struct show *s, struct strbuf *out);
void show_note(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct show_text_options {
	unsigned width; /* width of the output */
	bool ascii, color;
};

/* Appends the run as it looks on a terminal. The same run gives the same text, as in all formats (report.h). */
void show_text(const struct show *s, const struct show_text_options *o, struct strbuf *out);
/* The rest of this room's headers. */
#include "harness/show/edges-report.h"
#include "harness/show/explain.h"
#include "harness/show/report.h"

/* The run and its findings. */
json_t *show_json(const struct report *r);

#endif
