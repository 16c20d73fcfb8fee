/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt.h - programs that nobody wrote, judged, and what is found in them made small and kept.
 *
 * Programs come in generations, whose sizes are fixed. Each is drawn from its number, or is one kept earlier, changed a
 * little; which of them is a function of the seed and of what earlier generations kept. Small ones are explored
 * completely, larger ones run by a mix of strategies. A program that reached a new return, in which two operations met
 * in a new way, or that brought a page into a new condition, is kept for being changed. Findings are told apart by
 * check, quirks, return and kinds of operation; one of each is shrunk, replayed, and written to a directory.
 *
 * All of that happens in the order of the programs' numbers, whoever worked on them: the same seed and the same number
 * of programs have the same findings.
 */
#ifndef HARNESS_HUNT_HUNT_H
#define HARNESS_HUNT_HUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/gen/gen.h"

#define HUNT_STATES_MAX_DEFAULT 20000
#define HUNT_RUNS_DEFAULT 200

struct hunt_report;

struct hunt_limits {
	const struct vm_target *target;
	unsigned threads_min, threads_max;
	unsigned ops_max; /* of a thread */
};

struct hunt_finding {
	unsigned number; /* from 1, in order of discovery */
	char *name;      /* of its file, without directory */
	char *key;       /* what tells it from others */
	char *line;      /* what it is */
	char *text;      /* the program */
	char *known;     /* NULL, or the file that is about the same */
	bool baseline;   /* and that is one of the baseline */
	bool quirk;      /* the recorded kernel does so, too */
	bool replays;    /* three times, with the same result and the same finding */
	bool shrunk;
	char *complaint; /* what wirestorm check says of the program; NULL: it passes, or was not checked */
	int error;       /* 0, or: it is not in its file, because of this errno */
};

struct hunt_options {
	struct hunt_limits limits;
	struct vm_profile profile;
	const char *mutant; /* NULL: none */
	uint64_t seed;
	uint64_t end;      /* 0, or: programs seed to end - 1 are drawn, none is changed, and that is all */
	uint64_t programs; /* stop after so many; 0: never */
	double seconds;    /* stop after so long; 0: never */
	double processor;  /* the same, in processor seconds of all its processes */
	unsigned jobs;
	uint64_t states_max; /* a program with more is run by strategies instead; 0: the default */
	unsigned runs;       /* by them; 0: the default */
	const char *out;     /* a directory for findings, which is made if need be; NULL: nowhere */
	const char *known;   /* a directory of findings that are known; NULL: none */
	const char *baseline;
	const char *pool; /* a directory of programs that earlier hunts have kept, brought up to date; NULL: none */
	bool keep_going;  /* when a finding cannot be written: hunt on, and write it when there is room */
	const volatile int *stop;
	/* NULL, or: a finding, when it is kept. */
	void (*on_finding)(void *arg, const struct hunt_finding *f);
	/* NULL, or: a finding that could not be written has been now. */
	void (*on_written)(void *arg, const struct hunt_finding *f);
	/* NULL, or: now and then, on what has been done. */
	void (*progress)(void *arg, const struct hunt_report *r);
	void *arg;
};

struct hunt_report {
	double seconds, processor;
	bool stopped; /* interrupted */
	uint64_t programs, complete, sampled, refused, crashed, hung;
	uint64_t states, runs, steps;
	double schedules;           /* covered: by exploring, and each run of a strategy */
	uint64_t edges;             /* reached: bits by enum vm_edge */
	uint64_t features;          /* ways in which operations have met */
	uint64_t kept;              /* programs, for being changed */
	uint64_t seen;              /* findings before any was taken for the same as another */
	size_t nr_findings, nr_new; /* new: neither known nor in the baseline */
	struct {
		size_t loaded, added, removed; /* programs */
		size_t damaged;                /* files */
		bool unsaved;                  /* some program could not be written */
	} pool;
	size_t nr_unwritten; /* findings that are in no file, and should be */
	struct hunt_finding *findings;
};

/* False: said why on standard error; nothing was hunted. */
bool hunt(const struct hunt_options *options, struct hunt_report *report);
void hunt_report_free(struct hunt_report *report);

/* The rest of what this room offers. */
#include "harness/hunt/reproduce.h"
#include "harness/hunt/reproducer.h"

#endif
