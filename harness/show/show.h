/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show.h - a run as something to look at. The model is made once, by executing a schedule: one row for each step, with
 * what the step did, whom it woke, why it was this thread's turn, and the map behind it. The renderings (terminal, SVG,
 * HTML, JSON) only lay it out.
 *
 * Everything is derived from what any target offers: its texts of where a thread is, the canonical state before and
 * after a step, results, and who sleeps. Nothing here knows the engine.
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

#define SHOW_STEPS_MAX 20000 /* of a run; a longer one is nothing to look at */

/* A map at one instant. */
struct show_map {
	struct vm_state state;
	size_t nr_starts;
	uint64_t *starts; /* the first page of each entry, if the target tells */
};

enum show_kind {
	SHOW_OP,      /* an operation begins: "wire 20 24 user noholes" */
	SHOW_DO,      /* what the step was about to do: "fault page 21 for wiring" */
	SHOW_MORE,    /* how many steps like it are left out behind it */
	SHOW_CHANGE,  /* what became different: "mark 20-22, w0 -> w1" */
	SHOW_SLEEP,   /* "sleep until page 20 leaves its transition; T1 marked it" */
	SHOW_WAKE,    /* "wake T0" */
	SHOW_RESULT,  /* "=> KERN_SUCCESS" */
	SHOW_FAILURE, /* "=> KERN_INVALID_ADDRESS (wire_hole)" */
	SHOW_WHY,     /* what in the map explains it: "hole 22-24, since step 3: T1 remove 22 24" */
	SHOW_FOUND,   /* what the checker finds here: "spurious unfounded" */
};

struct show_event {
	enum show_kind kind;
	char *text;
};

/* What a thread is doing while a row happens. */
enum show_life {
	SHOW_IDLE = 0, /* between operations */
	SHOW_READY,    /* within one, and could go on */
	SHOW_RUNS,     /* this row is its step */
	SHOW_SLEEPS,
	SHOW_DONE,
};

/* Why it is this thread's turn. */
enum show_switch {
	SHOW_SAME = 0, /* it ran before, too */
	SHOW_SLEPT,    /* the one before sleeps */
	SHOW_ENDED,    /* the one before is finished */
	SHOW_PREEMPTED,
};

struct show_row {
	struct vm_op what; /* of a thread: its operation, as it is known after the step */
	const char *part;  /* "init" or "final": one operation, run alone; NULL: a step of a thread */
	size_t step;       /* 1..; of an init or final operation its number in its part */
	unsigned thread, op;
	enum show_switch why;
	unsigned from;       /* the thread before; valid unless why is SHOW_SAME */
	unsigned preemption; /* its number, if it is one */
	char *why_text;      /* NULL, or in words */
	size_t nr_events;
	struct show_event *events;
	uint8_t life[PROGRAM_THREADS_MAX]; /* enum show_life */
	uint8_t after;                     /* what its thread is doing behind it; enum show_life */
	uint32_t wakes;                    /* bit t: it wakes thread t */
	bool changed;                      /* the map */
	bool left_out;                     /* one of many alike: a picture passes over it */
	size_t map;                        /* the one behind it, of show.maps */
};

struct show {
	const struct program *program;
	const struct vm_target *target;
	const char *path; /* for people */
	const char *file,
	    *profile; /* for a command that repeats it: "-" for standard input; NULL: the file's own one */
	char *how;    /* which run this is: "the schedule in the file"; the caller's to set, like the next two */
	bool cut;     /* the schedule may end before the run does */
	char *circle; /* NULL, or what was found of all runs rather than of this one: that it need not end */
	char *title;  /* the first sentence of the head, or the path */
	char *about;  /* the rest of the head; may be empty */
	size_t nr_maps;
	struct show_map *maps; /* [0] is empty: before the first row */
	size_t nr_rows;
	struct show_row *rows;
	unsigned nr_preemptions;
	bool deadlock;
	uint64_t edges; /* VM_EDGE_BIT()s of all results */
	char *outcome, *schedule;
	size_t nr_findings; /* the checker's, of this run */
	struct finding *findings;
	size_t nr_notes;
	char **notes; /* what is to be said of the run: the findings in words, and who sleeps for ever */
};

/*
 * Runs the program by these choices and remembers it all. *s refers to @p, @t and @path. False: *error says why, and
 * *s is to be freed all the same.
 */
bool show_make(struct show *s, const struct program *p, const struct vm_target *t, struct sim *sim,
    const struct program_choice *choices, size_t nr_choices, struct strbuf *error);
void show_free(struct show *s);
/* What the notes are called: "verdict", if anything was found. */
const char *show_notes_name(const struct show *s);
void show_note(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct show_text_options {
	unsigned width; /* columns */
	bool ascii, color;
};

/* The renderings, appended. The same run gives the same text. */
void show_text(const struct show *s, const struct show_text_options *o, struct strbuf *out);
#define FORMAT(name, function, help) void function(const struct show *s, struct strbuf *out);
#include "harness/show/formats.def"
#undef FORMAT

enum show_format {
#define FORMAT(name, function, help) SHOW_FORMAT_##name,
#include "harness/show/formats.def"
#undef FORMAT
	SHOW_FORMATS
};

extern void (*const show_formats[SHOW_FORMATS])(const struct show *s, struct strbuf *out);
struct json_t *show_json(const struct show *s);

struct json_t *show_json_finding(const struct finding *f, const struct program *p);

/* The rest of what this room offers. */
#include "harness/show/edges-report.h"
#include "harness/show/explain.h"

#endif
