/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt.h - the room hunt: draws programs, judges their runs, and shrinks and keeps what it finds.
 *
 * For: hunts; searching a schedule for a stress window (reproduce.h); reproducers of findings (reproducer.h).
 * Includes: base/ to expect/.
 * Start reading: here, then hunt-loop.c and hunt-attempt.c.
 *
 * Programs come in generations of fixed size. A program is drawn from its number, or mutates one that was kept earlier;
 * the seed and the earlier generations decide which. Small programs are explored completely; larger ones run by a mix
 * of strategies. A program is kept if it reaches a new return, a new way in which two operations meet, or a new
 * condition of a page. Two findings are equal if check, quirks, return and kinds of operation are. One of each is
 * shrunk, replayed, and written to a directory.
 *
 * All this happens in the order of the programs' numbers, whichever worker ran them: the same seed and the same number
 * of programs give the same findings.
 */
#ifndef HARNESS_HUNT_HUNT_H
#define HARNESS_HUNT_HUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/gen/gen.h"

#define HUNT_STATES_MAX_DEFAULT 20000
#define HUNT_RUNS_DEFAULT 200

struct behaviour_side;
struct hunt_report;

struct hunt_limits {
	const struct vm_target *target;
	unsigned threads_min, threads_max;
	unsigned ops_max; /* of a thread */
};

struct hunt_finding {
	unsigned number; /* from 1, in order of discovery */
	char *name;      /* of its file, without the directory */
	char *key;       /* equal findings have equal keys */
	char *line;      /* the finding as one line */
	char *text;      /* the program's text */
	char *known;     /* NULL, or the file with an equal finding */
	bool baseline;   /* the known file is in the baseline */
	bool quirk;      /* an active quirk explains it */
	bool replays;    /* three replays gave the same result and the same finding */
	bool shrunk;
	char *complaint; /* what wirestorm check says of the program; NULL: it passes, or was not checked */
	int error;       /* 0, or the errno because of which it is in no file */
};

struct hunt_options {
	struct hunt_limits limits;
	struct vm_profile profile;
	const char *mutant; /* NULL: none */
	/*
	 * NULL, or the other side: the runs are not judged, and a finding is a program that behaves differently there
	 * (hunt-against.c)
	 */
	const struct behaviour_side *against;
	uint64_t seed;
	uint64_t end;      /* 0, or the range of seeds: draws the programs seed to end - 1, mutates none, and stops */
	uint64_t programs; /* limit of programs; 0: none */
	double seconds;    /* time limit; 0: none */
	double processor;  /* limit of processor seconds of all its processes; 0: none */
	unsigned jobs;
	uint64_t states_max; /* a program with more states runs by strategies instead; 0: the default */
	unsigned runs;       /* number of these runs; 0: the default */
	const char *out;     /* directory for findings, which is made if necessary; NULL: none */
	const char *known;   /* directory of known findings; NULL: none */
	const char *baseline;
	const char *pool; /* directory of programs that earlier hunts kept, which is updated; NULL: none */
	bool keep_going;  /* if a finding cannot be written: continue, and write it when there is space */
	const volatile int *stop;
	/* NULL, or called when a finding is kept. */
	void (*on_finding)(void *arg, const struct hunt_finding *f);
	/* NULL, or called when a finding is written that could not be written before. */
	void (*on_written)(void *arg, const struct hunt_finding *f);
	/* NULL, or called repeatedly with what was done so far. */
	void (*progress)(void *arg, const struct hunt_report *r);
	void *arg;
};

struct hunt_report {
	double seconds, processor;
	bool stopped; /* interrupted */
	uint64_t programs, complete, sampled, refused, crashed, hung;
	uint64_t states, runs, steps;
	double schedules;           /* covered by exploration, plus each run of a strategy */
	uint64_t edges;             /* edges reached, by enum vm_edge */
	uint64_t features;          /* different features */
	uint64_t kept;              /* programs kept for mutation */
	uint64_t seen;              /* findings, before equal ones were joined */
	size_t nr_findings, nr_new; /* new: neither known nor in the baseline */
	struct {
		size_t loaded, added, removed; /* programs */
		size_t damaged;                /* files */
		bool unsaved;                  /* a program could not be written */
	} pool;
	size_t nr_unwritten; /* findings that could not be written */
	struct hunt_finding *findings;
};

/* False: the hunt did not start; the error is on standard error. */
bool hunt(const struct hunt_options *options, struct hunt_report *report);
void hunt_report_free(struct hunt_report *report);

/* The rest of this room's headers. */
#include "harness/hunt/reproduce.h"
#include "harness/hunt/reproducer.h"

#endif
